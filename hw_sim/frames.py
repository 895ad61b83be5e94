"""Frames of ISO/IEC 14443-3 type A as bytes: CRC_A, BCC, and the answers of four bits.

A frame here is what the air carries without start, end and parity bits. A short frame of seven
bits (REQA, WUPA) and a MIFARE Classic answer of four bits (ACK, NAK) are one byte each.
Source: ISO/IEC 14443-3; MF1S50yyX/V1 data sheet; cards.md 1.2, 2.6.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

REQA = b"\x26"
WUPA = b"\x52"
HLTA = b"\x50\x00"
CASCADE_TAG = 0x88
SEL = (0x93, 0x95)
"""SEL codes of cascade levels 1 and 2."""

ACK = b"\x0a"
NAK_INVALID = 0x0
NAK_CRC = 0x1
NAK_NO_BUFFER = 0x4
"""Added to a NAK when the transfer buffer holds nothing valid (data sheet table 10)."""


def _crc_step(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x8408 if byte & 1 else 0)
    return byte


_CRC_STEPS = tuple(_crc_step(byte) for byte in range(256))


def crc_a(data: bytes) -> bytes:
    """CRC_A over `data`, 2 bytes as sent (low byte first). Source: ISO/IEC 14443-3 annex B."""
    register = 0x6363
    for byte in data:
        register = register >> 8 ^ _CRC_STEPS[(register ^ byte) & 0xFF]
    return register.to_bytes(2, "little")


def with_crc(data: bytes) -> bytes:
    """A standard frame: `data` and its CRC_A."""
    return data + crc_a(data)


def crc_fits(frame: bytes) -> bool:
    """True if the last 2 bytes are the CRC_A of what stands before them, at least one byte."""
    return len(frame) > 2 and crc_a(frame[:-2]) == frame[-2:]


def bcc(uid_part: bytes) -> int:
    """The check byte of one cascade level: XOR of its 4 bytes."""
    return reduce(xor, uid_part, 0)


def cascade(uid: bytes) -> tuple[bytes, ...]:
    """The 5-byte answers (4 bytes, BCC), one a cascade level, of a UID of 4 or 7 bytes."""
    parts = (uid,) if len(uid) == 4 else (bytes((CASCADE_TAG,)) + uid[:3], uid[3:])
    return tuple(part + bytes((bcc(part),)) for part in parts)


def rest_of_level(frame: bytes, level: bytes) -> bytes | None:
    """A card's answer to ANTICOLLISION `SEL NVB [bits]`: the 5 bytes `level` from the byte in
    which the reader's bits end, those bits zero. None if they are not this card's, or the NVB
    (bytes and bits that the reader has sent, `20`…`67`) does not fit."""
    if len(frame) < 2:
        return None
    whole, bits = (frame[1] >> 4) - 2, frame[1] & 0x0F
    if not 0 <= whole < len(level) or bits > 7 or len(frame) != 2 + whole + (bits > 0):
        return None
    known = (1 << 8 * whole + bits) - 1
    own, said = int.from_bytes(level, "little"), int.from_bytes(frame[2:], "little")
    if own & known != said & known:
        return None
    return (own & ~known).to_bytes(len(level), "little")[whole:]


def proof(key: bytes) -> bytes:
    """The second frame of an authentication, 8 bytes: where the air carries {nR}{aR}, which a
    card accepts only from one who knows the key, this air carries the 6-byte key itself."""
    return key + bytes(2)
