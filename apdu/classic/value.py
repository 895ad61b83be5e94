"""Value blocks: a signed number kept three times, and an address byte kept four times.

Source: MF1S50yyX/V1 8.6.2.1 (cards.md 2.3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# value, its complement, value again (signed, low byte first); address, complement, twice.
_LAYOUT = struct.Struct("<iIi4B")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueBlock:
    """`value` signed, 32 bits (in a purse: NT$), `address` 0–255."""

    value: int
    address: int

    def __bytes__(self) -> bytes:
        """The 16 bytes of the block. Raises struct.error outside the ranges."""
        not_address = self.address ^ 0xFF
        return _LAYOUT.pack(
            self.value,
            ~self.value & 0xFFFFFFFF,
            self.value,
            self.address,
            not_address,
            self.address,
            not_address,
        )

    @classmethod
    def parse(cls, block: bytes) -> ValueBlock | None:
        """Read a 16-byte block; None where any copy disagrees: it is no value block."""
        value, _, _, address, *_ = _LAYOUT.unpack(block)
        found = cls(value=value, address=address)
        return found if bytes(found) == block else None
