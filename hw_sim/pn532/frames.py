"""The PN532's host frames: framing, and finding frames in what came over the line.

    00 00 FF LEN LCS TFI … DCS 00        LEN + LCS = 0, TFI … + DCS = 0 (mod 256)
    00 00 FF FF FF LENm LENl LCS TFI … DCS 00         the same for more than 255 bytes

Source: PN532 user manual UM0701-02, 6.2.1; cards.md 8.
"""

from __future__ import annotations

import struct
from enum import Enum

ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")
"""What the chip answers instead of data: it does not know this command, or not in this form."""
TO_CHIP, TO_HOST = 0xD4, 0xD5

NORMAL_MAX = 255
EXTENDED_MAX = 265
"""Bytes from TFI on: 264 of data and the TFI itself."""

_START = b"\x00\xff"
_HEAD = struct.Struct(">2sBB")
_LONG_HEAD = struct.Struct(">4sBBB")
_TAIL_BYTES = 1  # the data's check byte; the postamble after it may be missing


class Mark(Enum):
    """A frame without data."""

    ACK = "ack"
    NACK = "nack"


_MARKS = {(0x00, 0xFF): Mark.ACK, (0xFF, 0x00): Mark.NACK}


def framed(data: bytes) -> bytes:
    """The frame around `data`, TFI first, 1 to 265 bytes. Raises ValueError."""
    if not 1 <= len(data) <= EXTENDED_MAX:
        raise ValueError(f"{len(data)} bytes")
    size = len(data).to_bytes(1 if len(data) <= NORMAL_MAX else 2, "big")
    long = b"\xff\xff" if len(size) == 2 else b""
    return b"\x00\x00\xff" + long + size + _check(size) + data + _check(data) + b"\x00"


def _check(part: bytes) -> bytes:
    return bytes((-sum(part) & 0xFF,))


class Inbox:
    """What came over the line and is no frame yet."""

    def __init__(self) -> None:
        self._seen = b""

    @property
    def waiting(self) -> bool:
        """A frame has begun, or may have."""
        return bool(self._seen)

    def clear(self) -> None:
        """Forget what is not whole."""
        self._seen = b""

    def feed(self, piece: bytes) -> list[bytes | Mark]:
        """The frames that are whole now: their data from TFI on, or a mark. What is no frame is
        passed over, and so is one whose check bytes are wrong."""
        self._seen += piece
        found: list[bytes | Mark] = []
        while (start := self._seen.find(_START)) >= 0:
            self._seen = self._seen[start:]
            whole = self._whole()
            if whole is None:
                return found
            frame, size = whole
            # Of no frame only its first byte goes: the next start may be inside.
            self._seen = self._seen[size:]
            if frame is not None:
                found.append(frame)
        self._seen = self._seen[-1:] if self._seen.endswith(b"\x00") else b""
        return found

    def _whole(self) -> tuple[bytes | Mark | None, int] | None:
        """(data or mark or None for no frame, how many bytes it took); None: not whole yet."""
        if len(self._seen) < _HEAD.size:
            return None
        _, length, check = _HEAD.unpack_from(self._seen)
        if (mark := _MARKS.get((length, check))) is not None:
            return mark, _HEAD.size
        head = _HEAD
        if (length, check) == (0xFF, 0xFF):
            if len(self._seen) < _LONG_HEAD.size:
                return None
            head = _LONG_HEAD
            _, high, low, check = _LONG_HEAD.unpack_from(self._seen)
            length = high << 8 | low
            check += high + low - length
        if (length + check) & 0xFF or not 1 <= length <= EXTENDED_MAX:
            return None, 1
        end = head.size + length
        if len(self._seen) < end + _TAIL_BYTES:
            return None
        data = self._seen[head.size : end]
        return (data, end + _TAIL_BYTES) if _check(data)[0] == self._seen[end] else (None, 1)
