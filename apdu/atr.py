"""ATRs of contactless cards as PC/SC part 3 forms them, and what the bytes say of the card.

Source: PC/SC part 3, 3.1.3.2.3 and its supplement of card names (cards.md 3.1). Only what the
bytes show: a name tells a chip family, never an owner.
"""

from __future__ import annotations

import struct
from functools import reduce
from operator import xor

# 3B 8F 80 01 80 4F 0C, RID of the PC/SC workgroup, SS, NN NN, four bytes RFU, TCK.
_STORAGE = struct.Struct(">7s5sBH4sB")
_HEAD = bytes.fromhex("3B8F8001804F0C")
_HISTORICAL_BYTES_MAX = 15
_RID = bytes.fromhex("A000000306")

ISO_14443_A_3 = 0x03
CLASSIC_1K = 0x0001
CLASSIC_4K = 0x0002
CLASSIC_MINI = 0x0026
INFINEON_1K = 0xFF88  # answers SAK 88 on air: a Classic 1K all the same (cards.md 2.8)

CARD_NAMES: dict[int, str] = {
    CLASSIC_1K: "MIFARE Classic 1K",
    CLASSIC_4K: "MIFARE Classic 4K",
    0x0003: "MIFARE Ultralight",
    CLASSIC_MINI: "MIFARE Mini",
    0x003B: "FeliCa",
    INFINEON_1K: "Infineon SLE 66R35",
}


def tck_of(atr: bytes) -> int:
    """The check byte that belongs at the end of `atr` (given without it): XOR of all but TS."""
    return reduce(xor, atr[1:], 0)


def storage_card(atr: bytes) -> int | None:
    """The PC/SC name number of a storage card (`CARD_NAMES`; 0 = no name given).

    None: `atr` is no storage card's, or its check byte does not fit.
    """
    if len(atr) != _STORAGE.size or tck_of(atr[:-1]) != atr[-1]:
        return None
    head, rid, _standard, name, _rfu, _tck = _STORAGE.unpack(atr)
    return int(name) if (head, rid) == (_HEAD, _RID) else None


def storage_atr(name: int, *, standard: int = ISO_14443_A_3) -> bytes:
    """The 20-byte ATR of a storage card by its name number: what a driver without PC/SC shows."""
    body = _STORAGE.pack(_HEAD, _RID, standard, name, bytes(4), 0)[:-1]
    return body + bytes((tck_of(body),))


def iso_dep_atr(historical: bytes) -> bytes:
    """The ATR of an ISO/IEC 14443-4 type A card by the historical bytes of its ATS, of which an
    ATR holds 15: what a driver without PC/SC shows."""
    shown = historical[:_HISTORICAL_BYTES_MAX]
    body = b"\x3b" + bytes((0x80 | len(shown), 0x80, 0x01)) + shown
    return body + bytes((tck_of(body),))


def is_classic(atr: bytes) -> bool:
    """Whether these bytes name a MIFARE Classic of any size and maker."""
    return storage_card(atr) in (CLASSIC_1K, CLASSIC_4K, CLASSIC_MINI, INFINEON_1K)
