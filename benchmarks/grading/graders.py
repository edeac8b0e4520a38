"""
The graders that are compared: each takes rows as `rcsd grade` reads them and returns, for each row, whether it calls the response right.

They are the modes of `rcsd grade`, Math-Verify, and `hendrycks-box`: the equivalence of hendrycks_math (the mode `lm-eval-strict`) behind
an extractor of boxes, since lm-eval's own takes all between the first and the last dollar.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from rows import ROOT, last_box

RCSD = ("node", str(ROOT / "dist" / "app" / "cli" / "main.js"))

FOUR = 4
_CHOICES = {"multiple-choice"}
# The tasks that each mode of `rcsd grade` knows.
MODES = {
    "corrected": {"multiple-choice", "numeric", "math", "open"},
    "open-science": {"multiple-choice", "numeric"},
    "lm-eval-strict": {"multiple-choice", "math"},
    "lm-eval-flexible": _CHOICES,
    "mmlu-pro": _CHOICES,
    "simple-evals": _CHOICES,
}


def known_to(grader, row):
    """Whether a grader is made for such a row. Math-Verify does not claim open answers; simple-evals knows four choices."""
    if grader == "math-verify":
        return row["task"] != "open"
    if grader == "hendrycks-box":
        return row["task"] == "math"
    if grader == "simple-evals" and len(row.get("choices", [])) != FOUR:
        return False
    return row["task"] in MODES[grader]


def grade(grader, rows):
    if grader == "math-verify":
        return math_verify(rows)
    return rcsd("lm-eval-strict", [unboxed(row) for row in rows]) if grader == "hendrycks-box" else rcsd(grader, rows)


def unboxed(row):
    """A row whose response is the content of its last box in dollars, if it has one: what lm-eval's hendrycks_math reads an answer from."""
    box = last_box(row["response"])
    return row if box is None else {**row, "response": f"${box}$"}


def rcsd(mode, rows):
    """Verdicts of `rcsd grade --mode MODE` on rows, which it gets without what the truth set says of them."""
    asked = ({key: row[key] for key in ("id", "task", "response", "answer", "choices", "unit") if key in row} for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        given, graded = Path(folder, "rows.jsonl"), Path(folder, "graded.jsonl")
        given.write_text("".join(json.dumps(row) + "\n" for row in asked), encoding="utf-8")
        subprocess.run([*RCSD, "grade", "--mode", mode, "--input", str(given), "--output", str(graded)], check=True)
        return [json.loads(line)["correct"] for line in graded.read_text(encoding="utf-8").splitlines()]


def math_verify(rows):
    """
    Verdicts of Math-Verify, set as its README recommends: boxes first in predictions, and for choices the letters as strings and nothing
    else. The reference gets its unit.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, StringExtractionConfig, parse, verify

    def verdict(row):
        if row["task"] == "multiple-choice":
            letters = tuple(chr(ord("A") + i) for i in range(len(row["choices"])))
            targets = [StringExtractionConfig(strings=letters, lowercase=False)]
            return verify(parse(row["answer"], targets), parse(row["response"], targets))
        unit = row.get("unit", "").replace("$", "").strip()
        gold = f"${row['answer']} {unit}$" if unit else f"${row['answer']}$"
        targets = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
        return verify(parse(gold), parse(row["response"], targets))

    return [bool(verdict(row)) for row in rows]
