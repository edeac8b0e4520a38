"""Grades reference answers against themselves, and against altered answers that must be wrong; prints the shares of right verdicts.

    python benchmarks/grading/self_grading.py                         # data/grading-truth/answers.jsonl
    python benchmarks/grading/self_grading.py --file scibench.jsonl   # {id, answer, unit}, as one makes it of the real SciBench
    python benchmarks/grading/self_grading.py --mistakes              # also what is graded wrongly

Every answer is given as a model would give it: in a box, in a sentence, with its unit in dollars or in the box. It is altered in its sign,
in a digit, in its power of ten or exponent, in its unit's dimension, and to the question's other options.
"""

import argparse
import collections
import re

from graders import rcsd
from rows import DATA, read_rows

# What a unit is replaced with to change its dimension: the first that is no part of it, where degrees may be kelvins.
OTHER_UNITS = ("K", "kg", "s")
POWER = re.compile(r"\s*10\s*\^\s*(?:\{\s*(-?\d+)\s*\}|(-?\d+))")
WORDS = re.compile(r"\\(?:text|textbf|mathrm|mbox)\s*\{[^{}]*\}")


def responses_of(row):
    """Triples of the form's name, the response, and whether it is right."""
    by_task = {"multiple-choice": choice_responses, "math": math_responses, "numeric": numeric_responses}
    yield from by_task[row.get("task", "numeric")](row)


def choice_responses(row):
    for letter, text in zip("ABCD", row["choices"]):
        right = letter == row["answer"]
        name = "own" if right else "other"
        yield f"{name} letter, boxed", f"We compare the four. \\boxed{{{letter}}}", right
        yield f"{name} letter, in a sentence", f"The answer is {letter}.", right
        yield f"{name} option's text, boxed", f"So \\boxed{{{text.replace('$', '')}}}.", right
        yield f"{name} option's text, in a sentence", f"The answer is {text}", right


def math_responses(row):
    answer = row["answer"]
    yield "own, boxed", f"So we get $\\boxed{{{answer}}}$.", True
    yield "own, boxed, displayed", f"\\[ \\boxed{{ {answer} }} \\]", True
    yield "own, in a sentence", f"The answer is ${answer}$.", True
    for name, altered in altered_math(answer):
        yield f"{name}, boxed", f"So we get $\\boxed{{{altered}}}$.", False
        yield f"{name}, in a sentence", f"The answer is ${altered}$.", False


def altered_math(answer):
    """The answer with another sign, last digit or exponent, as far as it has such a thing outside words; none of them has its value."""
    spaces = [m.span() for m in WORDS.finditer(answer)]

    def outside_words(at):
        return not any(a <= at < b for a, b in spaces)

    if re.match(r"-?(\d|\\[dt]?frac|\\sqrt|\\pi)", answer) and not re.search(
        r"[,=<>]|\\(?:le|ge|ne|pm|circ)|_", answer.replace(r"{,}", "").replace(r",\!", "")
    ):
        yield "other sign", answer[1:] if answer.startswith("-") and not re.search(r"(?<!^)[+-]", answer) else f"-({answer})"
    digits = [m for m in re.finditer(r"(?<![\d^_{])\d+(?![\d_])", answer) if outside_words(m.start())]
    if digits:
        last = digits[-1]
        yield "other digit", answer[: last.start()] + str(int(last[0]) + 1) + answer[last.end() :]
    exponent = re.search(r"(?<=\^)(\d)|(?<=\^\{)(-?\d+)(?=\})", answer)
    if exponent and outside_words(exponent.start()):
        yield "other exponent", answer[: exponent.start()] + str(int(exponent[0]) + 2) + answer[exponent.end() :]


def numeric_responses(row):
    number, unit = row["answer"].strip(), row.get("unit", "").strip()
    power, bare = split_power(unit)
    times = f" \\times 10^{{{power}}}" if power else ""
    value = f"{number}{times}"
    if bare:
        dollars = bare if "$" not in unit and not re.search(r"[\\^]", bare) else f"${bare}$"
        yield "own, boxed with its unit", f"Thus \\boxed{{{value} {bare}}}.", True
        yield "own, in a sentence with its unit in dollars", f"The answer is ${value}$ {dollars}.", True
    yield "own, boxed", f"Thus \\boxed{{{value}}}.", True
    yield "own, in a sentence", f"The answer is ${value}$.", True
    if not re.search("[1-9]", number):
        return
    other = {"other sign": number[1:] if number[0] in "-−" else f"-{number.lstrip('+')}", "other digit": other_digit(number)}
    for name, altered in other.items():
        yield name, f"Thus \\boxed{{{altered}{times} {bare}}}.", False
    yield "other power of ten", f"Thus \\boxed{{{number} \\times 10^{{{power + 2}}} {bare}}}.", False
    if power and bare:
        yield "power of ten left out", f"Thus \\boxed{{{number} {bare}}}.", False
    if bare:
        parts = re.sub(r"\\circ", "K", bare)
        symbol = next(s for s in OTHER_UNITS if not re.search(rf"(?<![A-Za-z]){s}(?![A-Za-z])", parts))
        yield "other dimension", f"Thus \\boxed{{{value}\\ \\mathrm{{{symbol}}}}}.", False
        yield "other dimension, in a sentence", f"The answer is ${value}$ $\\mathrm{{{symbol}}}$.", False


def split_power(unit):
    """The power of ten at the start of a unit (0 without one), and the rest of the unit without dollars."""
    plain = re.sub(r"(?<!\\)\$", "", unit).strip()
    plain = re.sub(r"^\\mathrm\{(10\^(?:\{-?\d+\}|\d+))\}", r"\1", plain)
    match = POWER.match(plain)
    return (int(match[1] or match[2]), plain[match.end() :].strip()) if match else (0, plain)


def other_digit(number):
    """The number with its leading digit raised, or lowered from 9: at least 10 % away."""
    at = re.search(r"[1-9]", number).start()
    return number[:at] + (str(int(number[at]) + 1) if number[at] != "9" else "7") + number[at + 1 :]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--file", default=str(DATA / "answers.jsonl"), help="rows {id, task?, answer, unit?, choices?}; default: the project's own"
    )
    arguments.add_argument("--mistakes", action="store_true", help="print what is graded wrongly")
    options = arguments.parse_args()
    rows = []
    for row in read_rows(options.file):
        for name, response, want in responses_of(row):
            task = row.get("task", "numeric")
            given = {key: row[key] for key in ("answer", "unit", "choices") if key in row}
            rows.append({"id": f"{row['id']} {name}", "task": task, "form": name, "response": response, "want": want, **given})
    shares = collections.defaultdict(lambda: [0, 0])
    for row, verdict in zip(rows, rcsd("corrected", rows)):
        for key in ((row["task"], row["want"], row["form"]), (row["task"], row["want"], "**all**")):
            shares[key][0] += verdict == row["want"]
            shares[key][1] += 1
        if options.mistakes and verdict != row["want"]:
            print(
                f"{row['id']}: {row['response']!r} is called {'right' if verdict else 'wrong'} for {row['answer']!r} {row.get('unit', '')}"
            )
    print("| task | must be | form | responses | so graded |\n|---|---|---|---|---|")
    for (task, want, form), (good, n) in sorted(shares.items(), key=lambda item: (item[0][0], not item[0][1], item[0][2])):
        print(f"| {task} | {'right' if want else 'wrong'} | {form} | {n} | {100 * good / n:.1f} % |")


if __name__ == "__main__":
    main()
