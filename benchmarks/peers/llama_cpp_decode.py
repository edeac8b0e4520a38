"""Sampling one completion with llama.cpp (llama-cpp-python), from the quantised file as it is: `decode-1` only."""

from common import ROOT, SAMPLING, measure, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import random
from pathlib import Path

from llama_cpp import Llama


def main():
    if settings.stage != "decode-1":
        raise SystemExit(f"There is no stage {settings.stage} here, only decode-1.")
    path = ROOT / "data/cache/models/smollm2-135m" if settings.model == "smollm2-135m" else Path(settings.model)
    file = next(iter(sorted(path.glob("*.gguf"))), path)
    length = settings.prompt_tokens + settings.completion_tokens
    model = Llama(
        str(file),
        n_ctx=length,
        n_batch=512,
        n_threads=settings.threads,
        n_threads_batch=settings.threads,
        seed=settings.seed,
        verbose=False,
    )
    size = model.n_vocab()
    draw = random.Random(settings.seed)
    prompt = [draw.randrange(size // 100, size) for _ in range(settings.prompt_tokens)]
    filters = dict(temp=SAMPLING["temperature"], top_k=SAMPLING["top_k"], top_p=SAMPLING["top_p"])

    def sample():
        # `generate` yields end tokens like any other, so the length is exact; min_p and penalties are switched off.
        tokens = model.generate(prompt, min_p=0.0, repeat_penalty=1.0, **filters)
        for _ in range(settings.completion_tokens):
            next(tokens)

    def forget():
        # Otherwise the prompt would be found in the cache.
        model.reset()
        model._ctx.kv_cache_clear()

    return measure(settings, sample, forget)


report(settings, main(), settings.completion_tokens, ["llama_cpp_python"])
