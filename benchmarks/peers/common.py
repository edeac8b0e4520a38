"""What the peers share: the settings (the same names and defaults as `rcsd benchmark`), the clock, memory, the line of JSON.

Call: python peers/NAME.py STAGE [name=value ...]
"""

import gc
import json
import os
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = dict(
    model="smollm2-135m",
    batch_size=8,
    microbatch_size=4,
    prompt_tokens=128,
    teacher_tokens=384,
    completion_tokens=128,
    rank=64,
    questions=16,
    choice_tokens=8,
    groups=8,
    grpo_tokens=64,
    precision="fp32",
    repeats=3,
    seed=1,
    threads=len(os.sched_getaffinity(0)),
    merge=0,
    device="cpu",
)
SAMPLING = dict(temperature=1.2, top_k=20, top_p=0.95)
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Settings(dict):
    """Settings by name; `settings.stage` is what to measure."""

    __getattr__ = dict.__getitem__


def read_settings():
    """The stage and the settings of the command line."""
    if len(sys.argv) < 2 or "=" in sys.argv[1]:
        sys.exit(f"Usage: {sys.argv[0]} STAGE [name=value ...]")
    settings = Settings(DEFAULTS, stage=sys.argv[1])
    for word in sys.argv[2:]:
        name, _, value = word.partition("=")
        if name not in DEFAULTS:
            sys.exit(f"There is no setting {name}; known are {', '.join(DEFAULTS)}.")
        settings[name] = type(DEFAULTS[name])(value)
    return settings


def use_threads(settings):
    """Before torch is imported: OpenMP reads its number of threads once."""
    os.environ.setdefault("OMP_NUM_THREADS", str(settings.threads))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


def model_folder(settings):
    """The model as a Hugging Face folder; `compare.mjs` writes smollm2-135m's once, by convert.py."""
    named = {"smollm2-135m": ROOT / "benchmarks/peers/.models/smollm2-135m", "microscience": ROOT / "data/microscience"}
    path = named.get(settings.model, Path(settings.model))
    if (path / "config.json").exists():
        return str(path)
    sys.exit(f"{path} is not a Hugging Face folder; node benchmarks/compare.mjs makes that of smollm2-135m.")


def load_model(settings):
    """The model in fp32 or bf16, with PyTorch's fused attention and without end tokens, so that lengths are exact."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    torch.set_default_device(settings.device)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[settings.precision]
    model = AutoModelForCausalLM.from_pretrained(model_folder(settings), dtype=dtype, attn_implementation="sdpa")
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    return model.to(settings.device).eval()


def lora_config(settings):
    from peft import LoraConfig

    return LoraConfig(
        r=settings.rank, lora_alpha=2 * settings.rank, target_modules=PROJECTIONS, lora_dropout=0.0, task_type="CAUSAL_LM"
    )


class Meter:
    """Times calls from `begin` to `end`, and watches memory from its making on. The first call stands apart: it warms up."""

    def __init__(self, settings):
        self.settings = settings
        gc.collect()
        self.resident, self.peak_before = memory()
        reset_peak()
        self.load = os.getloadavg()[0]
        self.wall, self.cpu = [], []

    def begin(self):
        print(f"{self.settings.stage} {len(self.wall)}/{self.settings.repeats + 1}", file=sys.stderr, flush=True)
        wait_for_device(self.settings)
        self.started, self.used = time.perf_counter(), time.process_time()

    def end(self):
        wait_for_device(self.settings)
        self.wall.append(time.perf_counter() - self.started)
        self.cpu.append(time.process_time() - self.used)

    def result(self):
        _, peak = memory()
        return dict(
            first_seconds=self.wall[0],
            seconds=self.wall[1:],
            median_seconds=statistics.median(self.wall[1:]),
            cpu_seconds=self.cpu[1:],
            peak_rss_bytes=max(peak, self.peak_before),
            working_bytes=max(0, peak - self.resident),
            load_average=self.load,
        )


def wait_for_device(settings):
    """A GPU computes behind the program's back; a time is right only when it has finished."""
    if settings.device != "cpu":
        import torch

        torch.cuda.synchronize()


def measure(settings, call, before=None):
    """Times the first call and `repeats` more; `before` runs ahead of every call, untimed."""
    meter = Meter(settings)
    for _ in range(settings.repeats + 1):
        if before:
            before()
        meter.begin()
        call()
        meter.end()
    return meter.result()


def memory():
    """Resident bytes of this process now and at their peak."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(1024 * int(lines[field].split()[0]) for field in ("VmRSS", "VmHWM"))


def reset_peak():
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass  # Some containers forbid it; the peak of the start then stays in the figure.


def report(settings, measured, tokens, packages):
    """Prints the result as one line of JSON, in the words of `rcsd benchmark`."""
    versions = {"python": sys.version.split()[0], **{name: version(name) for name in packages}}
    per_second = tokens / measured["median_seconds"] if tokens else None
    print(json.dumps(dict(settings, **measured, tokens=tokens, tokens_per_second=per_second, versions=versions)))
