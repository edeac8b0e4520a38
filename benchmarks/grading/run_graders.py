"""Runs graders side by side on a half of data/grading-truth and counts their mistakes by kind.

    python benchmarks/grading/run_graders.py choosing              # a table on standard output
    python benchmarks/grading/run_graders.py choosing --rows       # also the ids of the mistakes of the mode `corrected`
    python benchmarks/grading/run_graders.py measuring --label before --docs

`--label` writes results/HALF-LABEL.json, `--docs` puts the table into docs/grading.md between the half's markers. A file of
other rows of the same form may be given instead of a half. Of the measuring half only totals by kind are ever written.
"""

import argparse
import collections
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from graders import MODES, grade, known_to
from rows import HALVES, ROOT, path_of, read_rows

OURS = "corrected"
GRADERS = [OURS, "math-verify", "hendrycks-box", *(mode for mode in MODES if mode != OURS)]
TITLES = {"math-verify": "Math-Verify", "hendrycks-box": "hendrycks_math on the last box"}
RESULTS = Path(__file__).parent / "results"
DOCS = ROOT / "docs" / "grading.md"


def count(rows, verdicts):
    """Responses, those that are wrongly called right, and those that are wrongly called wrong."""
    pairs = [(row["want"], verdict) for row, verdict in zip(rows, verdicts)]
    return {"n": len(pairs), "wrongly_right": pairs.count((False, True)), "wrongly_wrong": pairs.count((True, False))}


def measure(rows):
    """Counts of every grader on the rows that it knows: in all, by kind, and those of the mode `corrected` on the same rows."""
    verdicts, measured = {}, {}
    for grader in GRADERS:
        known = [row for row in rows if known_to(grader, row)]
        verdicts[grader] = dict(zip((row["id"] for row in known), grade(grader, known)))
        kinds = collections.defaultdict(list)
        for row in known:
            kinds[row["kind"]].append(row)

        def counted(some, by):
            return count(some, [verdicts[by][row["id"]] for row in some])

        measured[grader] = {
            "all": counted(known, grader),
            "corrected_on_the_same": counted(known, OURS),
            "kinds": {kind: counted(of_kind, grader) for kind, of_kind in kinds.items()},
        }
    return measured, verdicts[OURS]


def cell(counts):
    return f"{counts['wrongly_right']} + {counts['wrongly_wrong']}" if counts else "–"


def table(measured):
    """Markdown: a line for each kind, and in each cell how many are wrongly right + wrongly wrong."""
    lines = [
        "| kind | responses | " + " | ".join(TITLES.get(g, f"`{g}`") for g in GRADERS) + " |",
        "|---|---|" + "---|" * len(GRADERS),
    ]
    for kind, ours in measured[OURS]["kinds"].items():
        cells = (measured[g]["kinds"].get(kind) for g in GRADERS)
        lines.append(f"| {kind} | {ours['n']} | " + " | ".join(_partly(c, ours["n"]) if c else "–" for c in cells) + " |")
    totals = [measured[g]["all"] for g in GRADERS]
    lines.append(f"| **all that it knows** | {totals[0]['n']} | " + " | ".join(f"**{cell(t)}** of {t['n']}" for t in totals) + " |")
    same = (cell(measured[g]["corrected_on_the_same"]) for g in GRADERS)
    lines.append("| `corrected` on the same responses | | " + " | ".join(same) + " |")
    return "\n".join(lines)


def _partly(counts, n):
    return cell(counts) if counts["n"] == n else f"{cell(counts)} of {counts['n']}"


def put_into_docs(half, text):
    begin, end = f"<!-- grading-truth {half} -->", f"<!-- /grading-truth {half} -->"
    page = DOCS.read_text(encoding="utf-8")
    changed = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n\n{text}\n\n{end}", page, flags=re.S)
    if begin not in page:
        sys.exit(f"{DOCS} has no markers {begin} and {end}; write them where the table belongs.")
    DOCS.write_text(changed, encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("half", help="choosing, measuring, or a file of rows")
    arguments.add_argument("--label", help="write results/HALF-LABEL.json")
    arguments.add_argument("--docs", action="store_true", help="put the table into docs/grading.md")
    arguments.add_argument(
        "--rows", action="store_true", help="print the ids of the mistakes of the mode corrected; not of the measuring half"
    )
    options = arguments.parse_args()
    half = Path(options.half).stem
    path = path_of(half) if options.half in HALVES else Path(options.half)
    if options.rows and half == "measuring":
        sys.exit("The measuring half is for measuring: only its totals by kind are shown. Use the choosing half to look at rows.")
    rows = read_rows(path)
    measured, verdicts = measure(rows)
    print(table(measured))
    if options.docs:
        put_into_docs(half, table(measured))
    if options.label:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        versions = {name: version(name) for name in ("math-verify", "latex2sympy2_extended", "sympy", "antlr4-python3-runtime")}
        result = {"rows": half, "commit": commit, "versions": versions, "graders": measured}
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{half}-{options.label}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.rows:
        for row in rows:
            if verdicts[row["id"]] != row["want"]:
                print(f"{row['id']} is wrongly called {'right' if verdicts[row['id']] else 'wrong'}")


if __name__ == "__main__":
    main()
