"""PC/SC part 3 commands to a storage card, as values. They are for the reader, not for the card.

Source: PC/SC part 3, 3.2.2 (cards.md 3.2). Value operations have no common form and are not here.
"""

from __future__ import annotations

from apdu.classic.geometry import BLOCK_BYTES, KEY_BYTES
from apdu.iso7816 import Command
from apdu.secret import Secret

_CLA = 0xFF
_KEY_A, _KEY_B = 0x60, 0x61

GET_UID = Command(cla=_CLA, ins=0xCA, ne=0x100)


def load_key(key: Secret, *, p1: int, slot: int) -> Command:
    """Put a 6-byte key into the reader's `slot`. `p1`: 00 volatile, 20 non-volatile memory."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes are no Classic key")
    return Command(cla=_CLA, ins=0x82, p1=p1, p2=slot, data=key.reveal())


def authenticate(block: int, *, key_b: bool, slot: int) -> Command:
    """Open the sector of `block` with the key in `slot`."""
    kind = _KEY_B if key_b else _KEY_A
    data = bytes((0x01, *block.to_bytes(2, "big"), kind, slot))
    return Command(cla=_CLA, ins=0x86, data=data)


def read_block(block: int) -> Command:
    """Read Binary of one block, 16 bytes."""
    high, low = block.to_bytes(2, "big")
    return Command(cla=_CLA, ins=0xB0, p1=high, p2=low, ne=BLOCK_BYTES)


def update_block(block: int, data: bytes) -> Command:
    """Update Binary of one block, 16 bytes."""
    if len(data) != BLOCK_BYTES:
        raise ValueError(f"{len(data)} bytes are no block")
    high, low = block.to_bytes(2, "big")
    return Command(cla=_CLA, ins=0xD6, p1=high, p2=low, data=data)
