"""Numbers of people: their shapes and the one checksum. Pure; never repeats a number in an error.

Source: domain.md 6 (`pub.ui`); folding `ours.fold`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from issuance.errors import NumberBopomofo, NumberChecksum, NumberShape, NumberTwelveDigits

NumberKind = Literal["national", "resident_new", "resident_old"]

LETTER_VALUES: Final = dict(
    zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True)
)  # the order of the alphabet, but for I 34, O 35, W 32 and what moves up for them

WEIGHTS: Final = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)

SHAPES: Final[tuple[tuple[NumberKind, re.Pattern[str]], ...]] = (
    ("national", re.compile(r"[A-Z][12][0-9]{8}")),
    ("resident_new", re.compile(r"[A-Z][89][0-9]{8}")),  # since 2021-01-02
    ("resident_old", re.compile(r"[A-Z][A-D][0-9]{8}")),  # until 2030-12-31
)

_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)}
_UPPER = {ord("a") + i: ord("A") + i for i in range(26)}
_UPPER_FULL_WIDTH = {0xFF41 + i: ord("A") + i for i in range(26)}
_FOLD: Final = _FULL_WIDTH | _UPPER | _UPPER_FULL_WIDTH

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_BOPOMOFO = re.compile("[\u3105-\u312f\u31a0-\u31bf]")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonNumber:
    """A number that passed `check_number`: ten characters, upper case. `repr` hides them."""

    value: str
    kind: NumberKind

    def __repr__(self) -> str:
        return f"PersonNumber({self.kind})"


def check_number(text: str, *, field: str = "number") -> PersonNumber:
    """Fold `text` and check shape and checksum; `field` is where it stands, for the error.

    Raises `NumberBopomofo`, `NumberTwelveDigits`, `NumberShape`, `NumberChecksum`. A swap of the
    last two digits passes (both weigh 1): show the number in groups and have it compared.
    """
    if _BOPOMOFO.search(text):
        raise NumberBopomofo(field=field)
    folded = fold(text)
    if _TWELVE_DIGITS.fullmatch(folded):
        raise NumberTwelveDigits(field=field)
    kind = next((kind for kind, shape in SHAPES if shape.fullmatch(folded)), None)
    if kind is None:
        raise NumberShape(field=field)
    if checksum(folded) % 10:
        raise NumberChecksum(field=field)
    return PersonNumber(value=folded, kind=kind)


def fold(text: str) -> str:
    """Full-width and lower-case Latin to plain capitals, spaces of any width away.

    Only those: Unicode's own foldings also turn letters of other alphabets into Latin ones.
    """
    return "".join(text.split()).translate(_FOLD)


def checksum(number: str) -> int:
    """The weighted sum of a number of one of `SHAPES`; good if it is a multiple of 10."""
    first, second, rest = number[0], number[1], number[2:]
    if second in LETTER_VALUES:  # an old residence number: the units digit of its value
        second = str(LETTER_VALUES[second] % 10)
    digits = f"{LETTER_VALUES[first]}{second}{rest}"
    return sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
