"""Checksums of the air and of DESFire messages.

Source: ISO/IEC 14443-3 annex B (CRC_A); AN12196 (CRC32 without its last inversion); cards.md 1.2,
5.4. Both travel low byte first.
"""

from __future__ import annotations

import zlib
from functools import reduce
from operator import xor
from typing import Final

CRC_A_BYTES: Final = 2
CRC32_BYTES: Final = 4

_CRC_A_START = 0x6363
_CRC_A_POLYNOMIAL = 0x8408  # x¹⁶ + x¹² + x⁵ + 1, reflected


def _crc_a_of(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (_CRC_A_POLYNOMIAL if index & 1 else 0)
    return index


_CRC_A_TABLE = tuple(_crc_a_of(index) for index in range(256))


def crc_a(data: bytes) -> bytes:
    """CRC_A, 2 bytes; in DESFire's D40 messages it is called CRC16."""
    register = _CRC_A_START
    for byte in data:
        register = register >> 8 ^ _CRC_A_TABLE[(register ^ byte) & 0xFF]
    return register.to_bytes(CRC_A_BYTES, "little")


def crc32(data: bytes) -> bytes:
    """DESFire's CRC32, 4 bytes: the usual one with the last inversion left out."""
    return (zlib.crc32(data) ^ 0xFFFFFFFF).to_bytes(CRC32_BYTES, "little")


def bcc(uid_part: bytes) -> int:
    """The check byte behind the four bytes of a cascade level: their XOR (ISO/IEC 14443-3)."""
    return reduce(xor, uid_part, 0)
