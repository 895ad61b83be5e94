"""Files on a DESFire: how they are declared, and what GetFileSettings tells of them.

Source: cards.md 5.5, 5.6. Numbers travel low byte first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

FREE: Final = 14
NEVER: Final = 15
"""In place of a key number: everybody, nobody."""

_HEAD = struct.Struct("<BBH")  # type, communication, rights
_VALUE = struct.Struct("<iiiB")  # lower, upper, limited credit, enabled
_SIZE_BYTES = 3


class Mode(IntEnum):
    """How a file's data travel: open, under a MAC, enciphered."""

    PLAIN = 0
    MAC = 1
    FULL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Which key each way of access needs: 0–13, `FREE` or `NEVER`."""

    read: int
    write: int
    read_write: int
    change: int

    @property
    def word(self) -> int:
        """16 bits, read on top. Raises ValueError beyond four bits a right."""
        named = (self.read, self.write, self.read_write, self.change)
        if not all(0 <= right <= NEVER for right in named):
            raise ValueError(f"rights {named}")
        return self.read << 12 | self.write << 8 | self.read_write << 4 | self.change

    @classmethod
    def of(cls, word: int) -> Rights:
        """The rights in 16 bits."""
        read, write, read_write, change = (word >> shift & 0xF for shift in (12, 8, 4, 0))
        return cls(read=read, write=write, read_write=read_write, change=change)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """Bytes. With `backup` a write counts from the commit on, else at once."""

    backup: bool
    mode: Mode
    rights: Rights
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFile:
    """A signed 32-bit number between two bounds, both included."""

    mode: Mode
    rights: Rights
    lower: int
    upper: int
    limited_credit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """Records of one size. A cyclic file forgets its oldest and holds one less than its maximum."""

    cyclic: bool
    mode: Mode
    rights: Rights
    record_bytes: int
    records_max: int


File = DataFile | ValueFile | RecordFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """A file as the card describes it: `file` equals what it was created as. `records_now` counts
    what is committed; `limited_credit` is what LimitedCredit may still give back."""

    file: File
    records_now: int | None = None
    limited_credit: int | None = None


def size(number: int) -> bytes:
    """A length, an offset or a count, 3 bytes. Raises OverflowError beyond them."""
    return number.to_bytes(_SIZE_BYTES, "little")


def access(mode: Mode, rights: Rights) -> bytes:
    """Communication and rights, 3 bytes, as creating and changing a file take them."""
    return struct.pack("<BH", mode, rights.word)


def parse_settings(data: bytes) -> FileSettings:
    """What GetFileSettings answers. Raises ValueError, also for a file of a kind we do not know."""
    try:
        kind, comm, word = _HEAD.unpack_from(data)
        # Newer cards keep further flags in the byte's upper bits.
        mode, rights, rest = Mode(comm & 0x03), Rights.of(word), data[_HEAD.size :]
        if kind in (0, 1):
            (size_bytes,) = _sizes(rest, 1)
            return FileSettings(
                file=DataFile(backup=kind == 1, mode=mode, rights=rights, size_bytes=size_bytes)
            )
        if kind == 2:
            lower, upper, limited, enabled = _VALUE.unpack(rest)
            return FileSettings(
                file=ValueFile(
                    mode=mode,
                    rights=rights,
                    lower=lower,
                    upper=upper,
                    limited_credit=bool(enabled & 1),
                ),
                limited_credit=limited,
            )
        if kind not in (3, 4):
            raise ValueError(f"file type {kind}")
        record_bytes, records_max, records_now = _sizes(rest, 3)
        file = RecordFile(
            cyclic=kind == 4,
            mode=mode,
            rights=rights,
            record_bytes=record_bytes,
            records_max=records_max,
        )
        return FileSettings(file=file, records_now=records_now)
    except struct.error as short:
        raise ValueError(f"{len(data)} bytes of file settings") from short


def _sizes(data: bytes, count: int) -> tuple[int, ...]:
    if len(data) != count * _SIZE_BYTES:
        raise ValueError(f"{len(data)} bytes are not {count} sizes")
    steps = range(0, len(data), _SIZE_BYTES)
    return tuple(int.from_bytes(data[at : at + _SIZE_BYTES], "little") for at in steps)
