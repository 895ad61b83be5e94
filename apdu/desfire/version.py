"""What GetVersion tells of a card: its maker, its generation, its size, its UID and its batch.

Source: cards.md 5.5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_PART = struct.Struct("<7B")
_VERSION = struct.Struct("<7s7s7s5sBB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Hardware or software, as GetVersion tells of it. `storage`: 16, 18, 1A hex = 2, 4, 8 K."""

    vendor: int
    type: int
    subtype: int
    major: int
    minor: int
    storage: int
    protocol: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """GetVersion's answer. `uid` is zeros where the card shows a random one. `week`, `year`: BCD
    digits as numbers (2026 is 26)."""

    hardware: Part
    software: Part
    uid: bytes
    batch: bytes
    week: int
    year: int

    @property
    def family(self) -> str | None:
        """`D40`, `EV1`, `EV2` or `EV3`; None: a chip we do not know."""
        return _FAMILIES.get(self.hardware.major)


# proxmark3's table; the upper nibble of the hardware's major number is for variants.
_FAMILIES: Final = {0x00: "D40", 0x01: "EV1", 0x12: "EV2", 0x22: "EV2", 0x33: "EV3"}


def parse_version(data: bytes) -> Version:
    """GetVersion's 28 bytes. Raises struct.error at any other length."""
    hardware, software, uid, batch, week, year = _VERSION.unpack(data)
    return Version(
        hardware=_part(hardware),
        software=_part(software),
        uid=uid,
        batch=batch,
        week=_bcd(week),
        year=_bcd(year),
    )


def _part(data: bytes) -> Part:
    vendor, kind, subtype, major, minor, storage, protocol = _PART.unpack(data)
    return Part(
        vendor=vendor,
        type=kind,
        subtype=subtype,
        major=major,
        minor=minor,
        storage=storage,
        protocol=protocol,
    )


def _bcd(byte: int) -> int:
    return (byte >> 4) * 10 + (byte & 0x0F)
