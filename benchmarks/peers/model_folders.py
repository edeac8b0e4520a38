"""Compares log-probabilities of model folders and adapters with transformers and PEFT; prints the table of docs/models.md.

    python model_folders.py FIXTURES RCSD...    # tests/fixtures, and the command (node dist/app/cli/main.js)
"""

import json
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, logging

logging.set_verbosity_error()
FIXTURES, RCSD = Path(sys.argv[1]), sys.argv[2:]
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
OLD_ROPE = {"rope_parameters": None, "rope_theta": 10000.0}
SLIDING, FULL = "sliding_attention", "full_attention"
WINDOW = {"use_sliding_window": True, "sliding_window": 4}


def extra(name, value):
    return lambda tensors: tensors | {name: value}


def head(tensors):
    return tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"].flip(0).contiguous()}


# (what, model of tests/fixtures/models, fields of config.json, change of the tensors, adapter, its fields)
CASES = [
    ("tied embeddings", "llama-tied", {}, None, None, {}),
    ("a stored head that equals the tied embeddings", "llama-tied", {}, lambda t: t | {"lm_head.weight": t["model.embed_tokens.weight"].clone()}, None, {}),
    ("a head of its own beside tied embeddings", "llama-tied", {}, head, None, {}),
    ("biases on attention and MLP", "llama-bias", {}, None, None, {}),
    ("Llama 3's rotary scaling, older spelling", "llama3-rope-scaling", {}, None, None, {}),
    ("Llama 3's rotary scaling in rope_parameters", "llama3-rope-parameters", {}, None, None, {}),
    ("its original length beside the scaling", "llama3-rope-scaling", {"original_max_position_embeddings": 16}, None, None, {}),
    ("its original length left out", "llama-tied", OLD_ROPE | {"rope_scaling": LLAMA3}, None, None, {}),
    ("rope_scaling beside rope_parameters", "llama-tied", {"rope_scaling": LLAMA3 | {"rope_theta": 500.0}}, None, None, {}),
    ("no sliding window (qwen2)", "qwen2", {}, None, None, {}),
    ("a window from the second layer on (max_window_layers)", "qwen2", WINDOW | {"max_window_layers": 1, "layer_types": None}, None, None, {}),
    ("layer_types: full, sliding (qwen2)", "qwen2", WINDOW | {"layer_types": [FULL, SLIDING]}, None, None, {}),
    ("layer_types: sliding, full (qwen3)", "qwen3", WINDOW | {"layer_types": [SLIDING, FULL]}, None, None, {}),
    ("a window in all layers (mistral)", "mistral", {}, None, None, {}),
    ("layer_types: full, sliding (mistral)", "mistral", {"layer_types": [FULL, SLIDING]}, None, None, {}),
    ("an unused tensor of type BOOL", "llama-tied", {}, extra("model.mask", torch.tensor([True])), None, {}),
    ("an unused tensor of type I64", "llama-tied", {}, extra("model.position_ids", torch.arange(3)), None, {}),
    ("saved rotary frequencies", "llama-tied", {}, extra("model.layers.0.self_attn.rotary_emb.inv_freq", torch.ones(4)), None, {}),
    ("a layer more in the weights", "llama-tied", {"num_hidden_layers": 1}, None, None, {}),
    ("norms of queries in a Llama", "llama-tied", {}, extra("model.layers.0.self_attn.q_norm.weight", torch.ones(8)), None, {}),
    ("rotary scaling longrope", "llama-tied", OLD_ROPE | {"rope_scaling": {"rope_type": "longrope", "factor": 4.0}}, None, None, {}),
    ("plain LoRA", "llama-tied", {}, None, "all-projections", {}),
    ("rank-stabilised LoRA", "llama-tied", {}, None, "rslora", {}),
    ("LoRA on attention", "llama-tied", {}, None, "attention-only", {}),
    ("LoRA with other initial values", "llama-tied", {}, None, "attention-only", {"init_lora_weights": "gaussian"}),
    ("aLoRA", "llama-tied", {}, None, "attention-only", {"alora_invocation_tokens": [7, 9]}),
    ("PiSSA", "llama-tied", {}, None, "attention-only", {"init_lora_weights": "pissa_niter_4"}),
    ("alpha by module", "llama-tied", {}, None, "attention-only", {"alpha_pattern": {"q_proj": 1}}),
]


def change_json(path, fields):
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def prepare(folder, case):
    _, name, fields, change, adapter, adapter_fields = case
    model = folder / "model"
    shutil.copytree(FIXTURES / "models" / name, model)
    change_json(model / "config.json", fields)
    if change:
        save_file(change(load_file(model / "model.safetensors")), model / "model.safetensors", metadata={"format": "pt"})
    if adapter is None:
        return model, None
    shutil.copytree(FIXTURES / "adapters" / adapter, folder / "adapter")
    change_json(folder / "adapter" / "adapter_config.json", adapter_fields)
    return model, folder / "adapter"


def rows(vocab):
    generator = torch.Generator().manual_seed(11)
    draw = lambda n: torch.randint(3, vocab, (n,), generator=generator).tolist()
    return [{"id": i, "prompt_ids": draw(9 + 4 * i), "completion_ids": draw(8)} for i in range(3)]


@torch.no_grad()
def theirs(model, adapter, data):
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    if adapter:
        loaded = PeftModel.from_pretrained(loaded, adapter)
    out = []
    for row in data:
        ids = torch.tensor([row["prompt_ids"] + row["completion_ids"]])
        logprobs = loaded(input_ids=ids).logits[0].log_softmax(-1)
        start = len(row["prompt_ids"])
        out.append([float(logprobs[start + t - 1, token]) for t, token in enumerate(row["completion_ids"])])
    return out


def ours(model, adapter, data):
    words = RCSD + ["score", "--model", str(model)] + (["--adapter", str(adapter)] if adapter else [])
    done = subprocess.run(words, input="\n".join(map(json.dumps, data)), capture_output=True, text=True)
    if done.returncode == 2:
        return done.stderr.strip().split("\n")[-1]
    return [json.loads(line)["logprobs"] for line in done.stdout.strip().split("\n")]


def verdict(case):
    with tempfile.TemporaryDirectory() as place:
        model, adapter = prepare(Path(place), case)
        data = rows(json.loads((model / "config.json").read_text())["vocab_size"])
        found = ours(model, adapter, data)
        if isinstance(found, str):
            return "refused: " + found.replace(place, "").split(": ", 1)[-1].split("; ")[0].rstrip(".")
        expected = theirs(model, adapter, data)
        distance = max(abs(a - b) for x, y in zip(found, expected) for a, b in zip(x, y))
        return f"equal, {distance:.0e}" if distance < 1e-4 else f"DIFFERENT, {distance:.2f}"


if __name__ == "__main__":
    print(f"Against transformers {version('transformers')} and PEFT {version('peft')}, in fp32:\n")
    print("| folder or adapter | log-probabilities, largest distance |\n|---|---|")
    for case in CASES:
        print(f"| {case[0]} | {verdict(case)} |", flush=True)
