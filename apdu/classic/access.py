"""Access bits and sector trailers of a MIFARE Classic, and the trailer that would lock us out.

A condition is the number C1C2C3 (0–7). Source: MF1S50yyX/V1 8.7 (cards.md 2.2).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from apdu.classic.geometry import TRAILER_GROUP, group_of
from apdu.secret import Secret

_LAYOUT = struct.Struct("6s3sB6s")  # key A, access bits, user byte, key B

Keys = Literal["", "A", "B", "AB"]
"""Which keys have a right; an empty string: none."""


class DataRights(NamedTuple):
    """Of a data block. Decrement, transfer and restore share one right."""

    read: Keys
    write: Keys
    increment: Keys
    decrement: Keys


class TrailerRights(NamedTuple):
    """Of a trailer. Key A is never read; where key B is, it is data and no key."""

    key_a_write: Keys
    access_read: Keys
    access_write: Keys
    key_b_read: Keys
    key_b_write: Keys


DATA_RIGHTS: Final = (
    DataRights("AB", "AB", "AB", "AB"),  # 000, transport
    DataRights("AB", "", "", "AB"),  # 001, a value that only goes down
    DataRights("AB", "", "", ""),  # 010
    DataRights("B", "B", "", ""),  # 011
    DataRights("AB", "B", "", ""),  # 100
    DataRights("B", "", "", ""),  # 101
    DataRights("AB", "B", "B", "AB"),  # 110, a value
    DataRights("", "", "", ""),  # 111
)
TRAILER_RIGHTS: Final = (
    TrailerRights("A", "A", "", "A", "A"),  # 000
    TrailerRights("A", "A", "A", "A", "A"),  # 001, transport
    TrailerRights("", "A", "", "A", ""),  # 010
    TrailerRights("B", "AB", "B", "", "B"),  # 011
    TrailerRights("B", "AB", "", "", "B"),  # 100
    TrailerRights("", "AB", "B", "", ""),  # 101
    TrailerRights("", "AB", "", "", ""),  # 110
    TrailerRights("", "AB", "", "", ""),  # 111
)


@dataclass(frozen=True, slots=True)
class Access:
    """The conditions of the three data blocks and of the trailer."""

    data: tuple[int, int, int]
    trailer: int

    def __bytes__(self) -> bytes:
        """The three access bytes (6–8 of a trailer), inverted copies included."""
        blocks = (*self.data, self.trailer)
        c1, c2, c3 = (
            sum((condition >> bit & 1) << i for i, condition in enumerate(blocks))
            for bit in (2, 1, 0)
        )
        n1, n2, n3 = c1 ^ 0xF, c2 ^ 0xF, c3 ^ 0xF
        return bytes((n2 << 4 | n1, c1 << 4 | n3, c3 << 4 | c2))

    def rights(self, block: int) -> DataRights | TrailerRights:
        """What may be done to `block` (0–255), which lies in a sector with these bits. A key B
        that is data has no right."""
        group = group_of(block)
        keys = TRAILER_RIGHTS[self.trailer]
        if group == TRAILER_GROUP:
            return keys
        found = DATA_RIGHTS[self.data[group]]
        return DataRights(*(_without_b(right) for right in found)) if keys.key_b_read else found

    @classmethod
    def parse(cls, raw: bytes) -> Access | None:
        """Read three access bytes; None where an inverted copy is wrong: that sector is lost."""
        c1, c2, c3 = raw[1] >> 4, raw[2] & 0xF, raw[2] >> 4
        conditions = [(c1 >> i & 1) << 2 | (c2 >> i & 1) << 1 | (c3 >> i & 1) for i in range(4)]
        found = cls((conditions[0], conditions[1], conditions[2]), conditions[3])
        return found if bytes(found) == raw else None

    def locks_out(self) -> str | None:
        """Why a trailer with these bits could never be changed or used by us again, or None."""
        keys = TRAILER_RIGHTS[self.trailer]
        if not (keys.key_a_write and keys.key_b_write):
            return "keys could never be changed again"
        if keys.key_b_read and any("B" in DATA_RIGHTS[condition] for condition in self.data):
            return "a data block needs key B, which is data there"
        return None


def _without_b(right: Keys) -> Keys:
    return "A" if "A" in right else ""


TRANSPORT = Access((0b000, 0b000, 0b000), 0b001)  # FF 07 80: as the factory delivers
VALUE_BY_B = Access((0b110, 0b110, 0b110), 0b011)  # 08 77 8F: EasyCard stock, and ours


def trailer(*, key_a: Secret, access: Access, user_byte: int, key_b: Secret) -> bytes:
    """The 16 bytes of a trailer, whole: both keys from the plan, never from what was read.

    Raises ValueError for a trailer that would lock us out, or with a key of zeros (key A *reads*
    as zeros, so such a key is one that was read: cards.md 2.9).
    """
    if why := access.locks_out():
        raise ValueError(why)
    if not any(key_a.reveal()) or not any(key_b.reveal()):
        raise ValueError("a key of zeros was read, not planned")
    return _LAYOUT.pack(key_a.reveal(), bytes(access), user_byte, key_b.reveal())


def access_of(block: bytes) -> Access | None:
    """The access bits of a trailer as read (16 bytes; its keys are not looked at)."""
    _key_a, raw, _user_byte, _key_b = _LAYOUT.unpack(block)
    return Access.parse(raw)
