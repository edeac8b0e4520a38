"""Opens what `rcsd export` writes with transformers, PEFT and llama.cpp, and compares log-probabilities of the same tokens.

    python compare.py RCSD... [--model PATH --adapter PATH]    # the command (node dist/app/cli/main.js); a model of your own instead

The models are random ones of each family, with an adapter of PEFT's on all projections; prints a table in Markdown. Fails where a
form in fp32 is further from rcsd than 1e-4 nats.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import torch
import xllamacpp
from peft import AutoPeftModelForCausalLM, LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config, logging

logging.set_verbosity_error()
ROOT = Path(__file__).parents[2]
TOKENIZER = ROOT / "tests/fixtures/models/chat"
LIMIT = 1e-4
POSITIONS = 12
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SHAPE = {
    "vocab_size": 386,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = PLAIN | {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = PLAIN | {"rope_type": "linear", "factor": 4.0}
YARN = PLAIN | {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64}
FAMILIES = {
    "llama, tied": LlamaConfig(**SHAPE, tie_word_embeddings=True, rope_parameters=PLAIN),
    "llama, biases": LlamaConfig(**SHAPE, attention_bias=True, mlp_bias=True, tie_word_embeddings=False, rope_parameters=PLAIN),
    "llama 3, scaled": LlamaConfig(**SHAPE, tie_word_embeddings=False, rope_parameters=LLAMA3),
    "llama, linear": LlamaConfig(**SHAPE, tie_word_embeddings=False, rope_parameters=LINEAR),
    "qwen3, YaRN": Qwen3Config(**SHAPE, head_dim=32, tie_word_embeddings=True, rope_parameters=YARN),
    "qwen2": Qwen2Config(**SHAPE, tie_word_embeddings=True, rope_parameters=PLAIN),
    "qwen3": Qwen3Config(**SHAPE, head_dim=32, tie_word_embeddings=True, rope_parameters=PLAIN),
    "mistral": MistralConfig(**SHAPE, head_dim=32, sliding_window=None, tie_word_embeddings=False, rope_parameters=PLAIN),
}


def make(config, folder):
    """A random model with norms away from 1 and biases away from 0, and an adapter; saved by transformers and PEFT."""
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder / "model")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER / name, folder / "model")
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, target_modules=ALL))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn_like(parameter) * 0.1)
    adapted.save_pretrained(folder / "adapter")
    return folder / "model", folder / "adapter"


def run(command, *words, given=None):
    done = subprocess.run([*command, *map(str, words)], input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def largest(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def by_torch(model, ids):
    with torch.no_grad():
        logprobs = model(torch.tensor([ids])).logits[0].float().log_softmax(-1)
    return [float(logprobs[i, token]) for i, token in enumerate(ids[1:])]


def by_llama_cpp(path, ids, letter):
    """Log-probability of each token behind those before it. Keys, values and attention in fp32, as elsewhere. The bias makes the server
    choose a token that it can print, without which it reports nothing; what it reports is without the bias."""
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_gpu_layers, params.warmup, params.verbosity = str(path), 512, 0, False, -1
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(params)
    found = []
    for i in range(1, len(ids)):
        asked = {"prompt": ids[:i], "n_predict": 1, "n_probs": 1_000_000, "samplers": [], "cache_prompt": False}
        asked["logit_bias"] = [[letter, 1000.0]]
        content = server.handle_completions(asked)["choices"][0]["logprobs"]["content"][0]
        found.append(next(each["logprob"] for each in content["top_logprobs"] if each["id"] == ids[i]))
    return found


def distances(command, source, adapter, work):
    """Largest distance to rcsd's own log-probabilities in fp32, by form."""
    score = ["score", "--model", source] + (["--adapter", adapter] if adapter else [])
    export = ["export", source] + (["--adapter", adapter] if adapter else [])
    said = {}
    for form, kind in (("merged", "fp32"), ("merged", "bf16"), ("gguf", "fp32"), ("gguf", "bf16"), ("gguf", "q8_0")):
        out = run(command, *export, "--format", form, "--dtype", kind, "--output", work / f"{form}-{kind}")
        said[f"{form}-{kind}"] = float(re.search(r"differ from the model's by (\S+) nats", out).group(1))
    opened = AutoModelForCausalLM.from_pretrained(work / "merged-fp32")
    tokenizer = AutoTokenizer.from_pretrained(work / "merged-fp32")
    ids, letter = trial_ids(tokenizer, opened.config.vocab_size), tokenizer.convert_tokens_to_ids("A")
    row = json.dumps({"id": 0, "prompt_ids": ids[:1], "completion_ids": ids[1:]})
    own = json.loads(run(command, *score, given=row))["logprobs"]
    found = {"transformers fp32": largest(own, by_torch(opened, ids))}
    narrow = AutoModelForCausalLM.from_pretrained(work / "merged-bf16", dtype=torch.float32)
    found["transformers bf16"] = largest(own, by_torch(narrow, ids))
    if adapter or is_run(source):
        base = work / "base"
        run(command, "export", base_of(source), "--output", base)
        run(command, *export, "--format", "peft", "--base", base, "--output", work / "peft")
        found["AutoPeft"] = largest(own, by_torch(AutoPeftModelForCausalLM.from_pretrained(work / "peft", dtype=torch.float32), ids))
    for kind in ("fp32", "bf16", "q8_0"):
        (path,) = (work / f"gguf-{kind}").glob("*.gguf")
        found[f"llama.cpp {kind}"] = largest(own, by_llama_cpp(path, ids, letter))
    return found | {f"rounding {kind}": said[f"gguf-{kind}"] for kind in ("bf16", "q8_0")}


def is_run(source):
    return (Path(source) / "stage-2").exists() or (Path(source) / "checkpoints").exists()


def base_of(source):
    """The model that a run began with."""
    config = json.loads((Path(source) / "config.json").read_text())
    return config["settings"]["model"] if "settings" in config else source


def trial_ids(tokenizer, vocabulary):
    text = tokenizer.encode("A ball falls from 20 m. How long does it take?", add_special_tokens=False)
    drawn = random.Random(5).sample(range(3, min(vocabulary, len(tokenizer))), POSITIONS // 2)
    return (text[: POSITIONS // 2] + drawn)[:POSITIONS]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rcsd", nargs="+")
    parser.add_argument("--model")
    parser.add_argument("--adapter")
    given = parser.parse_args()
    print("; ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft", "xllamacpp")))
    rows = {}
    for name, config in FAMILIES.items() if given.model is None else [(given.model, None)]:
        with tempfile.TemporaryDirectory() as temporary:
            work = Path(temporary)
            source, adapter = make(config, work) if config else (given.model, given.adapter)
            rows[name] = distances(given.rcsd, source, adapter, work)
            print(name, rows[name], file=sys.stderr, flush=True)
    columns = list(next(iter(rows.values())))
    print(f"\n| model | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name, found in rows.items():
        print(f"| {name} | {' | '.join(f'{found[column]:.0e}' for column in columns)} |")
    exact = ("transformers fp32", "AutoPeft", "llama.cpp fp32")
    far = [name for name, found in rows.items() if any(not found.get(form, 0) <= LIMIT for form in exact)]
    if far:
        sys.exit(f"further apart than {LIMIT} nats: {', '.join(far)}")


if __name__ == "__main__":
    main()
