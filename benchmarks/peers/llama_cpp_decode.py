"""Sampling N completions side by side with llama.cpp (llama-cpp-python): `decode-N`, from the file given or at `precision`."""

from common import ROOT, SAMPLING, measure, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import random
from pathlib import Path

import llama_cpp as llama


def model_file():
    """The quantised file as it is for precision=q4_1, otherwise the plain one that compare.mjs wrote with plain_gguf.py."""
    if settings.model != "smollm2-135m":
        return Path(settings.model)
    if settings.precision == "q4_1":
        return next(iter(sorted((ROOT / "data/cache/models/smollm2-135m").glob("*.gguf"))))
    return ROOT / f"benchmarks/peers/.models/smollm2-135m-{settings.precision}.gguf"


def open_context(rows):
    """A context with room for the rows' prompts and completions, each of which has its own part of the cache."""
    llama.llama_backend_init()
    quiet = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(quiet, None)
    model = llama.llama_model_load_from_file(str(model_file()).encode(), llama.llama_model_default_params())
    if not model:
        raise SystemExit(f"{model_file()} cannot be loaded; node benchmarks/compare.mjs makes it.")
    params = llama.llama_context_default_params()
    # llama.cpp rounds each row's part up to a multiple of 256.
    length = -(-(settings.prompt_tokens + settings.completion_tokens) // 256) * 256
    params.n_ctx = rows * length
    params.n_batch = rows * settings.prompt_tokens
    params.n_seq_max = rows
    params.n_threads = params.n_threads_batch = settings.threads
    return quiet, model, llama.llama_init_from_model(model, params)


def sampler(seed):
    """Top-k, top-p and temperature like ours; neither min_p nor penalties."""
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    for link in (
        llama.llama_sampler_init_top_k(SAMPLING["top_k"]),
        llama.llama_sampler_init_top_p(SAMPLING["top_p"], 1),
        llama.llama_sampler_init_temp(SAMPLING["temperature"]),
        llama.llama_sampler_init_dist(seed),
    ):
        llama.llama_sampler_chain_add(chain, link)
    return chain


def fill(batch, entries):
    """Entries of (token, position, row, whether its logits are wanted) into a batch."""
    batch.n_tokens = len(entries)
    for i, (token, position, row, wanted) in enumerate(entries):
        batch.token[i], batch.pos[i], batch.logits[i] = token, position, wanted
        batch.n_seq_id[i], batch.seq_id[i][0] = 1, row


def main(rows):
    quiet, model, context = open_context(rows)
    length, new = settings.prompt_tokens, settings.completion_tokens
    size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    draw = random.Random(settings.seed)
    prompts = [[draw.randrange(size // 100, size) for _ in range(length)] for _ in range(rows)]
    samplers = [sampler(settings.seed + row) for row in range(rows)]
    batch = llama.llama_batch_init(rows * length, 0, 1)

    def decode(entries):
        fill(batch, entries)
        if llama.llama_decode(context, batch) != 0:
            raise SystemExit("llama.cpp could not decode the batch.")

    def sample():
        # End tokens are tokens like any other here, so the length is exact.
        decode([(t, i, row, i == length - 1) for row, prompt in enumerate(prompts) for i, t in enumerate(prompt)])
        at = [(row + 1) * length - 1 for row in range(rows)]
        for position in range(length, length + new):
            tokens = [llama.llama_sampler_sample(chain, context, i) for chain, i in zip(samplers, at)]
            if position < length + new - 1:
                decode([(token, position, row, True) for row, token in enumerate(tokens)])
            at = range(rows)

    def forget():
        llama.llama_memory_clear(llama.llama_get_memory(context), True)

    return measure(settings, sample, forget)


kind, _, count = settings.stage.partition("-")
if kind != "decode" or not count.isdigit():
    raise SystemExit(f"There is no stage {settings.stage} here, only decode-N.")
report(settings, main(int(count)), int(count) * settings.completion_tokens, ["llama_cpp_python"])
