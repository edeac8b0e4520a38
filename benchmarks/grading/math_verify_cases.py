"""Runs Math-Verify's own test cases through `rcsd grade`, through Math-Verify, and through lm-eval's extractors.

    python benchmarks/grading/math_verify_cases.py                 # downloads the source distribution of Math-Verify 0.9.0 with pip
    python benchmarks/grading/math_verify_cases.py --sdist FILE    # or reads one that is there
    python benchmarks/grading/math_verify_cases.py --mistakes

The cases are read at run time out of the distribution's tests (without running them) and are not kept here. A prediction that is one
piece of mathematics is put into a box; every other is graded as it stands. Some cases state a policy (strictness, rounding, where mathematics may
stand in a line) rather than a fact, so agreement on all of them is not the aim.
"""

import argparse
import ast
import collections
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from graders import grade
from rows import last_box

PACKAGE = "math-verify==0.9.0"
GRADERS = {
    "corrected": "`corrected`: wrongly right + wrongly wrong",
    "math-verify": "Math-Verify",
    "lm-eval-strict": "`lm-eval-strict`",
    "hendrycks-box": "hendrycks_math on the last box",
}
# Names that the tests use for what should come out.
EXPECTED = ("expected", "result")
DELIMITED = re.compile(r"\$\$?([^$]+)\$\$?|\\\((.+)\\\)|\\\[(.+)\\\]", re.S)
PROSE = re.compile(r"\$|(?<![\\A-Za-z{])[A-Za-z]{3,}")


def download(folder):
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, PACKAGE], check=True)
    return next(Path(folder).glob("*.tar.gz"))


def cases_of(sdist):
    """Rows of every parametrized test whose parameters are a reference, a prediction and what is expected of them."""
    with tarfile.open(sdist) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            if re.search(r"/tests/test_\w+\.py$", member.name):
                tree = ast.parse(archive.extractfile(member).read())
                for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
                    yield from rows_of(f"{Path(member.name).stem}.{function.name}", function)


def rows_of(name, function):
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call) or len(decorator.args) != 2 or not isinstance(decorator.args[0], ast.Constant):
            continue
        names = [part.strip() for part in decorator.args[0].value.split(",")]
        outcome = next((name for name in EXPECTED if name in names), None)
        if not {"gold", "pred"} <= set(names) or outcome is None:
            continue
        for number, element in enumerate(decorator.args[1].elts):
            try:
                case = dict(zip(names, ast.literal_eval(element)))
            except ValueError:  # computed by the test
                continue
            if isinstance(case["gold"], str) and isinstance(case["pred"], str):
                row = {"task": "math", "answer": bare(case["gold"]), "response": as_response(case["pred"])}
                yield {"id": f"{name}-{number}", "test": name, "want": bool(case[outcome]), **row}


def bare(gold):
    """The reference as data sets give it: what its last box holds, or else the text without the dollars around it."""
    match = DELIMITED.fullmatch(gold.strip())
    return last_box(gold) or (next(group for group in match.groups() if group) if match else gold).strip()


def as_response(pred):
    """The prediction, in a box where all of it is mathematics."""
    plain = pred.strip()
    match = DELIMITED.fullmatch(plain)
    piece = next(group for group in match.groups() if group) if match else None if PROSE.search(plain) else plain
    return pred if piece is None or "boxed" in piece else f"$\\boxed{{{piece.strip()}}}$"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sdist", help="source distribution of Math-Verify; default: pip downloads it")
    arguments.add_argument("--mistakes", action="store_true", help="print the cases that the mode corrected decides otherwise")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = list(cases_of(options.sdist or download(folder)))
    verdicts = {grader: grade(grader, rows) for grader in GRADERS}
    tests = collections.defaultdict(collections.Counter)
    for i, row in enumerate(rows):
        for key in (row["test"], "**all**"):
            tests[key]["n"] += 1
            for grader in GRADERS:
                tests[key][grader, "right"] += verdicts[grader][i] and not row["want"]
                tests[key][grader, "wrong"] += row["want"] and not verdicts[grader][i]
        if options.mistakes and verdicts["corrected"][i] != row["want"]:
            print(f"{row['id']}: {row['answer']!r} and {row['response'][-200:]!r} should be {'right' if row['want'] else 'wrong'}")
    print(f"| test | cases | {' | '.join(GRADERS.values())} |\n|---|---|{'---|' * len(GRADERS)}")
    for test, counts in sorted(tests.items(), key=lambda item: item[0] == "**all**"):
        cells = (f"{counts[g, 'right']} + {counts[g, 'wrong']}" for g in GRADERS)
        print(f"| {test} | {counts['n']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
