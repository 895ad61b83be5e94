"""Access bits of a MIFARE Classic sector, as the chip obeys them.

The three bits C1 C2 C3 of a block are one number here: C1 is worth 4, C2 2, C3 1.
Source: MF1S50yyX/V1 data sheet 8.7, tables 6 to 8; cards.md 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

KEY_A, ACCESS, KEY_B = slice(0, 6), slice(6, 9), slice(10, 16)
"""Where the parts of a trailer are; byte 9 is the user byte and shares the rights of ACCESS."""
ACCESS_AND_USER = slice(6, 10)


class Op(Enum):
    """What a command does to a data block. Decrement, restore and transfer share one right."""

    READ = 0
    WRITE = 1
    INCREMENT = 2
    DECREMENT = 3


NOBODY, A, B, BOTH = "", "A", "B", "AB"

DATA_RIGHTS: dict[int, tuple[str, str, str, str]] = {
    # read, write, increment, decrement/transfer/restore
    0b000: (BOTH, BOTH, BOTH, BOTH),
    0b010: (BOTH, NOBODY, NOBODY, NOBODY),
    0b100: (BOTH, B, NOBODY, NOBODY),
    0b110: (BOTH, B, B, BOTH),
    0b001: (BOTH, NOBODY, NOBODY, BOTH),
    0b011: (B, B, NOBODY, NOBODY),
    0b101: (B, NOBODY, NOBODY, NOBODY),
    0b111: (NOBODY, NOBODY, NOBODY, NOBODY),
}


@dataclass(frozen=True, slots=True)
class TrailerRights:
    """Who may do what to a trailer. Key A is never readable; the access bits are readable by
    every key that is one."""

    key_a_write: str
    access_write: str
    key_b_read: str
    key_b_write: str


TRAILER_RIGHTS: dict[int, TrailerRights] = {
    0b000: TrailerRights(A, NOBODY, A, A),
    0b010: TrailerRights(NOBODY, NOBODY, A, NOBODY),
    0b100: TrailerRights(B, NOBODY, NOBODY, B),
    0b110: TrailerRights(NOBODY, NOBODY, NOBODY, NOBODY),
    0b001: TrailerRights(A, A, A, A),
    0b011: TrailerRights(B, B, NOBODY, B),
    0b101: TrailerRights(NOBODY, B, NOBODY, NOBODY),
    0b111: TrailerRights(NOBODY, NOBODY, NOBODY, NOBODY),
}


def conditions(trailer: bytes) -> tuple[int, int, int, int] | None:
    """C1C2C3 of the three data blocks and the trailer itself, from the 16 bytes of a trailer.

    None: a bit and its inverted copy disagree, and the chip blocks the sector for good.
    """
    low, middle, high = trailer[ACCESS]
    c1, c2, c3 = middle >> 4, high & 0xF, high >> 4
    if (low & 0xF, low >> 4, middle & 0xF) != (c1 ^ 0xF, c2 ^ 0xF, c3 ^ 0xF):
        return None
    of = [(c1 >> i & 1) << 2 | (c2 >> i & 1) << 1 | c3 >> i & 1 for i in range(4)]
    return of[0], of[1], of[2], of[3]


def allowed(trailer: bytes, index: int, op: Op, *, key: str) -> bool:
    """True if `key` ("A" or "B") may do `op` to a data block of the sector that condition
    `index` (0…2) governs.

    Where key B can be read it is data and no key: whoever opened the sector with it may do
    nothing (data sheet table 8, note 1).
    """
    of = conditions(trailer)
    if of is None or is_data(of[3], key=key):
        return False
    return key in DATA_RIGHTS[of[index]][op.value]


def trailer_rights(trailer: bytes, *, key: str) -> TrailerRights | None:
    """The rights over a trailer if `key` may touch it at all, else None."""
    of = conditions(trailer)
    return None if of is None or is_data(of[3], key=key) else TRAILER_RIGHTS[of[3]]


def is_data(trailer_condition: int, *, key: str) -> bool:
    """True if `key` is B and these access bits of the trailer make key B plain data."""
    return key == B and TRAILER_RIGHTS[trailer_condition].key_b_read != NOBODY
