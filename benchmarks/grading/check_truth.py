"""Checks by SymPy that `want` of every row of data/grading-truth is true to the mathematics.

    python benchmarks/grading/check_truth.py            # both halves; exit status 1 if anything fails
    python benchmarks/grading/check_truth.py --differ   # also the choosing half's rows that the second reading reads otherwise

A row says in SymPy's notation what its reference is worth (`value`) and what its response settles on (`states`). Three things are checked:
the form of the rows; that `want` is true exactly where both are the same; and, as a second reading by a parser that does not know the
notes, that latex2sympy2_extended reads the answer and the last box as `value` and `states` say, wherever it can read them at all.
No grader of this project is involved.
"""

import argparse
import collections
import re
import sys

import sympy
from latex2sympy2_extended import latex2sympy

from rows import HALVES, last_box, path_of, read_rows
from truth_notation import evaluate, same

FIELDS = {"id", "kind", "task", "response", "answer", "choices", "unit", "want", "value", "states", "note"}
LEAST = 20


def faults_of_form(half, rows):
    """Sentences about rows that are not of the documented form, and about kinds that are too small or not balanced."""
    faults = []
    if len({row["id"] for row in rows}) < len(rows):
        faults.append(f"{half}: ids repeat")
    for row in rows:
        if set(row) - FIELDS or not isinstance(row["want"], bool):
            faults.append(f"{row['id']}: unknown fields, or want is not true or false")
        if row["task"] == "multiple-choice" and not "A" <= row["answer"] < chr(ord("A") + len(row["choices"])):
            faults.append(f"{row['id']}: the answer is not one of the choices")
    for kind, of_kind in by_kind(rows).items():
        right = sum(row["want"] for row in of_kind)
        if len(of_kind) < LEAST or 2 * right != len(of_kind):
            faults.append(f"{half}: {kind} has {right} right answers of {len(of_kind)}")
    return faults


def by_kind(rows):
    kinds = collections.defaultdict(list)
    for row in rows:
        kinds[row["kind"]].append(row)
    return kinds


def second_reading(latex, value):
    """True or False: whether latex2sympy2_extended reads the same value; None where it reads nothing that can be compared."""
    if isinstance(value, (str, tuple)):  # words, pairs (which the parser reads as intervals) and numbers of a base
        return None
    plain = re.sub(r"\\(?:,|;|!|quad)|~|\$", "", latex)
    plain = re.sub(r"\^\{?\\circ\}?", r"\\cdot\\frac{\\pi}{180}", plain)
    try:
        read_value = latex2sympy(plain)
        renamed = {s: sympy.I if s.name == "i" else sympy.Symbol(s.name, real=True) for s in read_value.free_symbols}
        return same(value, read_value.xreplace(renamed), exact=False)
    except Exception:  # the parser raises many kinds of errors on what it does not know
        return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--differ", action="store_true", help="print rows of the choosing half that the second reading reads otherwise")
    options = arguments.parse_args()
    faults, questions = [], {}
    print("| half | kind | answers | right | `want` agrees with SymPy | second reading: read | agrees |")
    print("|---|---|---|---|---|---|---|")
    for half in HALVES:
        rows = read_rows(path_of(half))
        faults += faults_of_form(half, rows)
        questions[half] = {(row["kind"], row["answer"], *row.get("choices", [])) for row in rows}
        all_kinds = collections.Counter()
        for kind, of_kind in by_kind(rows).items():
            counts = collections.Counter(answers=len(of_kind), right=sum(row["want"] for row in of_kind))
            for row in of_kind:
                value, states = evaluate(row["value"]), evaluate(row["states"])
                if same(value, states) == row["want"]:
                    counts["proved"] += 1
                else:
                    faults.append(f"{row['id']}: want is {row['want']}, but value {row['value']} and states {row['states']} say otherwise")
                if row["task"] != "math":
                    continue
                for latex, stated in ((row["answer"], value), (last_box(row["response"]), states)):
                    verdict = None if latex is None else second_reading(latex, stated)
                    counts["read"] += verdict is not None
                    counts["agrees"] += verdict is True
                    if verdict is False and options.differ and half == "choosing":
                        print(f"{row['id']}: {latex!r} is not read as {stated}", file=sys.stderr)
            all_kinds += counts
            print_counts(half, kind, counts)
        print_counts(half, "**all**", all_kinds)
    if questions["choosing"] & questions["measuring"]:
        faults.append(f"questions in both halves: {questions['choosing'] & questions['measuring']}")
    print(*faults, sep="\n", file=sys.stderr)
    sys.exit(1 if faults else 0)


def print_counts(half, kind, counts):
    columns = (counts[name] for name in ("answers", "right", "proved", "read", "agrees"))
    print(f"| {half} | {kind} | " + " | ".join(map(str, columns)) + " |")


if __name__ == "__main__":
    main()
