"""Rows of data/grading-truth, and boxes in responses."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data" / "grading-truth"
HALVES = ("choosing", "measuring")


def read_rows(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def path_of(half):
    return DATA / f"{half}.jsonl"


def last_box(response):
    """Content of the last \\boxed{...}, by counting braces; None without one, or where it does not close."""
    start = response.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed{")
    for at in range(begin, len(response)):
        depth += {"{": 1, "}": -1}.get(response[at], 0)
        if depth < 0:
            return response[begin:at]
    return None
