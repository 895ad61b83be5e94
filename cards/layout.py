"""How a record is declared, and what all records share: versions, days, seconds, building, parsing.

Version first and MAC last in every layout version (cards.md 2.10). A body that this version cannot
say in full, whatever its version byte, is `NewerLayout`: read-only, never overwritten, never taken
for absent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any, TypeVar

from construct import Bytes, FormatField, Struct

from cards.errors import NewerLayout

T = TypeVar("T")

LAYOUT_VERSION = 1
DAY_ZERO = date(2000, 1, 1)
SECOND_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
YEAR_ZERO = 2000
PRODUCTS = {"flora": 1, "child": 2, "student": 3}
PRODUCT_OF = {number: product for product, number in PRODUCTS.items()}
CARD_NUMBER_DIGITS = 10


@dataclass(frozen=True, kw_only=True)  # no slots: what stands in a body is looked up once
class Layout:
    """One record: `name` goes into its MAC, so that no record can stand in for another. Its body
    is big-endian integers and bytes of fixed length, one after the other."""

    name: bytes
    body: Struct
    body_bytes: int
    mac_bytes: int
    example: bytes  # a body, as written

    @property
    def sealed_bytes(self) -> int:
        """Body and MAC."""
        return self.body_bytes + self.mac_bytes

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the fields, in their order."""
        return tuple(str(field.name) for field in self.body.subcons)

    @cached_property
    def packing(self) -> struct.Struct:
        """The declaration as the standard library packs it: a tap reads and writes eight records,
        and takes a tenth of construct's time so."""
        return struct.Struct(">" + "".join(map(_code, self.body.subcons)))


def _code(field: Any) -> str:
    kind = field.subcon
    if isinstance(kind, Bytes):
        return f"{kind.sizeof()}s"
    if not isinstance(kind, FormatField) or kind.fmtstr[0] != ">":
        raise TypeError(f"{field.name} is no plain field")
    return str(kind.fmtstr[1:])


def build(layout: Layout, fields: dict[str, Any]) -> bytes:
    """The body. Raises ValueError where a value has no place in it: our fault."""
    values = tuple(fields[name] for name in layout.names)
    try:
        body = layout.packing.pack(*values)
    except struct.error as e:
        raise ValueError(f"{layout.name.decode()}: {e}") from e
    if layout.packing.unpack(body) != values:  # bytes of another length are cut or filled up
        raise ValueError(f"{layout.name.decode()}: bytes of another length")
    return body


def parse(layout: Layout, body: bytes) -> SimpleNamespace:
    """The fields of a body. Raises `NewerLayout`."""
    if len(body) != layout.body_bytes:
        raise ValueError(f"{layout.name.decode()} of {len(body)} bytes")
    record = SimpleNamespace(**dict(zip(layout.names, layout.packing.unpack(body), strict=True)))
    if record.version != LAYOUT_VERSION:
        raise NewerLayout(version=record.version)
    return record


def whole(value: T, body: bytes, pack: Callable[[T], bytes]) -> T:
    """`value`, if writing it again gives every bit of `body`: spare bits are a newer version's."""
    try:
        if pack(value) == body:
            return value
    except (ValueError, KeyError):
        pass
    raise NewerLayout(version=LAYOUT_VERSION)


def packed_digits(number: str) -> bytes:
    """Ten decimal digits in five bytes BCD. Raises ValueError."""
    if len(number) != CARD_NUMBER_DIGITS or not (number.isascii() and number.isdecimal()):
        raise ValueError("a card number is ten decimal digits")
    return bytes.fromhex(number)


def days(day: date | None) -> int:
    """Days since 2000-01-01, 0 for None."""
    if day is None:
        return 0
    if day <= DAY_ZERO:
        raise ValueError(f"{day} is before the card's calendar")  # 0 is taken: it means none
    return (day - DAY_ZERO).days


def day_of(number: int) -> date | None:
    """The inverse of `days`."""
    return DAY_ZERO + timedelta(days=number) if number else None


def seconds(at: datetime) -> int:
    """Seconds since 2000-01-01 UTC."""
    # A whole number of seconds, or what is read back would not be what was written.
    if at.tzinfo is None or at.microsecond:
        raise ValueError(f"{at} is not an aware time in whole seconds")
    return int((at - SECOND_ZERO).total_seconds())


def instant_of(number: int) -> datetime:
    """The inverse of `seconds`."""
    return SECOND_ZERO + timedelta(seconds=number)
