"""PC/SC part 3 commands to a storage card, as values. They are for the reader, not for the card.

Source: PC/SC part 3, 3.2.2 (cards.md 3.2). Value operations have no common form: which one a reader
understands is the reader table's to say (drivers/reader_table.py).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import Enum

from apdu.classic.geometry import BLOCK_BYTES, KEY_BYTES
from apdu.iso7816 import Command
from apdu.secret import Secret

_CLA = 0xFF
_KEY_A, _KEY_B = 0x60, 0x61
_AMOUNT_MAX = 0x7FFFFFFF

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


class ValueDialect(Enum):
    """How a reader is told to count a value block up or down (cards.md 3.2, vector pcsc-value-1).
    All but `RAW` make the change lasting by themselves."""

    FF_C2 = "ff-c2"  # the amendment to PC/SC part 3
    FF_D4 = "ff-d4"
    FF_D7 = "ff-d7"  # ACS
    FF_F0 = "ff-f0"  # SCM, Identiv
    RAW = "raw"  # the chip's own commands, handed through to a PN532


def change_value(dialect: ValueDialect, block: int, by: int) -> tuple[Command, ...]:
    """Count the value of `block` up (`by` > 0) or down (`by` < 0), by at most 0x7FFFFFFF: the
    commands to send one after the other. Raises ValueError."""
    if not by or abs(by) > _AMOUNT_MAX:
        raise ValueError(f"no value is counted by {by}")
    return _VALUE_FORMS[dialect](block, by > 0, abs(by))


def _value_c2(block: int, up: bool, amount: int) -> tuple[Command, ...]:  # noqa: FBT001 - a row
    body = _VALUE_C2.pack(0xA0 if up else 0xA1, 9, 0x80, 1, block, 0x81, 4, amount)
    return (Command(cla=_CLA, ins=0xC2, p2=0x03, data=body, ne=256),)


def _value_d4(block: int, up: bool, amount: int) -> tuple[Command, ...]:  # noqa: FBT001
    ins = 0xD4 if up else 0xD8
    return (Command(cla=_CLA, ins=ins, p2=block, data=_VALUE_D4.pack(amount)),)


def _value_d7(block: int, up: bool, amount: int) -> tuple[Command, ...]:  # noqa: FBT001
    return (Command(cla=_CLA, ins=0xD7, p2=block, data=_VALUE_D7.pack(1 if up else 2, amount)),)


def _value_f0(block: int, up: bool, amount: int) -> tuple[Command, ...]:  # noqa: FBT001
    body = _VALUE_F0.pack(_INCREMENT if up else _DECREMENT, block, amount)
    return (Command(cla=_CLA, ins=0xF0, p2=block, data=body),)


def _value_raw(block: int, up: bool, amount: int) -> tuple[Command, ...]:  # noqa: FBT001
    count = _VALUE_F0.pack(_INCREMENT if up else _DECREMENT, block, amount)
    return tuple(
        Command(cla=_CLA, ins=0x00, data=_PN532_EXCHANGE + told)
        for told in (count, bytes((_TRANSFER, block)))
    )


_INCREMENT, _DECREMENT, _TRANSFER = 0xC1, 0xC0, 0xB0  # the card's own commands (cards.md 2.6)
_PN532_EXCHANGE = bytes.fromhex("D44001")  # InDataExchange with the first card (cards.md 8)
_VALUE_C2 = struct.Struct("<BBBBBBBI")  # up or down, tag 80 the block, tag 81 the amount
_VALUE_D4 = struct.Struct("<I")
_VALUE_D7 = struct.Struct(">BI")  # the one with the high byte first
_VALUE_F0 = struct.Struct("<BBI")
_VALUE_FORMS: dict[ValueDialect, Callable[[int, bool, int], tuple[Command, ...]]] = {
    ValueDialect.FF_C2: _value_c2,
    ValueDialect.FF_D4: _value_d4,
    ValueDialect.FF_D7: _value_d7,
    ValueDialect.FF_F0: _value_f0,
    ValueDialect.RAW: _value_raw,
}
