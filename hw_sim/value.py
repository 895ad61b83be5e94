"""Value blocks: 4-byte signed value three times, once inverted, and an address byte four times.

Source: MF1S50yyX/V1 data sheet 8.6.2.1; cards.md 2.3.
"""

from __future__ import annotations

VALUE_MIN, VALUE_MAX = -(2**31), 2**31 - 1


def encode(value: int, address: int) -> bytes:
    """The 16 bytes of a value block. `value` is signed, 32 bits; `address` 0…255.
    Raises ValueError outside these."""
    if not (VALUE_MIN <= value <= VALUE_MAX and 0 <= address <= 0xFF):
        raise ValueError(f"value={value} address={address}")
    plain, inverted = (
        value.to_bytes(4, "little", signed=True),
        (~value).to_bytes(4, "little", signed=True),
    )
    return plain + inverted + plain + bytes((address, address ^ 0xFF) * 2)


def decode(block: bytes) -> tuple[int, int] | None:
    """Value and address of a 16-byte block, or None if its copies disagree anywhere."""
    value, address = int.from_bytes(block[:4], "little", signed=True), block[12]
    return (value, address) if encode(value, address) == block else None
