"""The notation of the fields `value` and `states` of data/grading-truth, and when two of them are the same.

SymPy's own notation, and beside it: a letter or words in quotes; `none` (nothing is settled on) and `Many(...)` (several answers where one
is asked for), which are the same as nothing; `Q(65.49, 'kJ/mol')`, a quantity, the same within 5 % in any unit of its dimension;
`Dec('3.14')`, a decimal that was rounded to the digits shown; `deg(60)`; `base('1011', 2)`; a set in braces; a tuple in brackets.
"""

import decimal
import itertools
import re

import sympy
from sympy import Eq, FiniteSet, Rational, S, Tuple
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.sets.sets import Set

SYMBOLS = {
    name: sympy.Symbol(name, real=True)
    for name in "x y z t a b c k m n p q r g h u v A B C F P R V I_ m_1 m_2 alpha beta theta omega".split()
}
TOLERANCE = 0.05
DIGITS = 50
# Values for letters, positive since powers and logarithms of letters are meant for positive ones.
POINTS = [
    [Rational(7, 5), Rational(12, 7), Rational(23, 9), Rational(5, 11)],
    [Rational(3, 1), Rational(2, 1), Rational(5, 1), Rational(7, 1)],
]


class Nothing:
    """No single answer."""


class Quantity:
    def __init__(self, number, unit):
        self.number, self.unit = float(number), unit


class Rounded:
    def __init__(self, digits):
        self.digits = decimal.Decimal(digits)


_UNITS = {
    # symbol: factor, exponents of m kg s A K mol
    "m": (1, (1, 0, 0, 0, 0, 0)), "g": (1e-3, (0, 1, 0, 0, 0, 0)), "s": (1, (0, 0, 1, 0, 0, 0)), "A": (1, (0, 0, 0, 1, 0, 0)),
    "K": (1, (0, 0, 0, 0, 1, 0)), "mol": (1, (0, 0, 0, 0, 0, 1)), "N": (1, (1, 1, -2, 0, 0, 0)), "Pa": (1, (-1, 1, -2, 0, 0, 0)),
    "J": (1, (2, 1, -2, 0, 0, 0)), "C": (1, (0, 0, 1, 1, 0, 0)), "V": (1, (2, 1, -3, -1, 0, 0)), "L": (1e-3, (3, 0, 0, 0, 0, 0)),
    "eV": (1.602177e-19, (2, 1, -2, 0, 0, 0)), "atm": (101325, (-1, 1, -2, 0, 0, 0)), "bar": (1e5, (-1, 1, -2, 0, 0, 0)),
    "angstrom": (1e-10, (1, 0, 0, 0, 0, 0)), "min": (60, (0, 0, 1, 0, 0, 0)), "h": (3600, (0, 0, 1, 0, 0, 0)),
    "%": (0.01, (0,) * 6), "deg": (0.017453292519943295, (0,) * 6),
}  # fmt: skip
_PREFIXES = {"": 1, "M": 1e6, "k": 1e3, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def unit_in_si(unit):
    """A unit such as `kJ/mol` or `m/s^2` as its factor to SI and its exponents of m, kg, s, A, K, mol."""
    factor, exponents = 1.0, (0,) * 6
    for sign, symbol, power in re.findall(r"(/?)([A-Za-z%]+)(?:\^(\d+))?", unit):
        prefix = next(p for p in ("", *_PREFIXES) if symbol.startswith(p) and symbol[len(p) :] in _UNITS)
        scale, base = _UNITS[symbol[len(prefix) :]]
        by = int(power or 1) * (-1 if sign else 1)
        factor *= (_PREFIXES[prefix] * scale) ** by
        exponents = tuple(e + by * d for e, d in zip(exponents, base))
    return factor, exponents


NAMES = {
    **{name: getattr(sympy, name) for name in sympy.__all__},
    **SYMBOLS,
    "Q": Quantity,
    "Dec": Rounded,
    "Many": lambda *answers: Nothing,
    "none": Nothing,
    "EmptySet": S.EmptySet,
    "Reals": S.Reals,
    "Naturals": S.Naturals,
    "deg": lambda x: sympy.sympify(x) * sympy.pi / 180,
    "base": lambda digits, base: ("number of base", sympy.Integer(int(digits, base)), base),
    "Complement": lambda a, b: sympy.Complement(a, FiniteSet(*b)),
}


def evaluate(text):
    """The value of a field `value` or `states`. The fields are the project's own; nothing else may be given."""
    found = eval(text, {"__builtins__": {}}, dict(NAMES))  # noqa: S307
    return found if isinstance(found, (str, set, tuple, Quantity, Rounded)) or found is Nothing else sympy.sympify(found)


def same(a, b, exact=True):
    """Whether two evaluated fields are the same answer. Not `exact`: floating-point numbers may differ in the tenth digit, as a parser's do."""
    if a is Nothing or b is Nothing:
        return False
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        (fa, da), (fb, db) = unit_in_si(a.unit), unit_in_si(b.unit)
        return da == db and abs(a.number * fa - b.number * fb) <= TOLERANCE * max(abs(a.number * fa), abs(b.number * fb))
    if isinstance(a, Rounded):
        return _rounds_to(a, b)
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    if _is_based(a) or _is_based(b):
        return _is_based(a) and _is_based(b) and a == b
    if isinstance(a, (set, FiniteSet)) and isinstance(b, (set, FiniteSet)):
        return len(a) == len(b) and all(any(same(x, y, exact) for y in b) for x in a)
    if isinstance(a, (tuple, Tuple)) and isinstance(b, (tuple, Tuple)):
        return len(a) == len(b) and all(same(x, y, exact) for x, y in zip(a, b))
    a, b = (sympy.sympify(side) for side in (a, b))
    if isinstance(a, sympy.MatrixBase) or isinstance(b, sympy.MatrixBase):
        both = isinstance(a, sympy.MatrixBase) and isinstance(b, sympy.MatrixBase) and a.shape == b.shape
        return both and all(same(x, y, exact) for x, y in zip(a, b))
    if isinstance(a, Eq) and isinstance(b, Eq):
        ratio = sympy.simplify((a.lhs - a.rhs) / (b.lhs - b.rhs))
        return not ratio.free_symbols and ratio != 0
    if isinstance(a, (Set, Relational, Boolean)) or isinstance(b, (Set, Relational, Boolean)):
        return _same_sets(a, b)
    return _same_numbers(a, b, 1e-40 if exact else 1e-10)


def _is_based(value):
    return isinstance(value, tuple) and len(value) == 3 and value[0] == "number of base"


def _rounds_to(reference, stated):
    places = reference.digits.as_tuple().exponent
    if isinstance(stated, Rounded):
        if stated.digits.as_tuple().exponent > places:
            return False
        exact = stated.digits
    else:
        exact = decimal.Decimal(str(sympy.N(stated, DIGITS)))
    return exact.quantize(reference.digits, decimal.ROUND_HALF_UP) == reference.digits


def _same_sets(a, b):
    """Sets, and relations of one letter as the set of its values; relations of different letters are not the same."""
    letters = [side.free_symbols for side in (a, b) if isinstance(side, (Relational, Boolean))]
    if len(letters) == 2 and letters[0] != letters[1]:
        return False
    if not all(isinstance(side, (Set, Relational, Boolean)) for side in (a, b)):
        return False
    left, right = (side if isinstance(side, Set) else side.as_set() for side in (a, b))
    return bool(left.is_subset(right)) and bool(right.is_subset(left))


def _same_numbers(a, b, nearness):
    if a == b:
        return True
    if isinstance(a, sympy.Integer) and isinstance(b, sympy.Integer) or a.has(sympy.oo, -sympy.oo) or b.has(sympy.oo, -sympy.oo):
        return False
    letters = sorted(a.free_symbols | b.free_symbols, key=str)
    for points in POINTS if letters else [[]]:
        at = dict(zip(letters, itertools.cycle(points)))
        left, right = (sympy.N(side.subs(at), DIGITS) for side in (a, b))
        if not abs(left - right) <= nearness * max(abs(left), abs(right)):
            return False
    return True
