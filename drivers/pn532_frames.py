"""Frames of a PN532 on a serial line, found again after stray bytes. No I/O.

Source: PN532 user manual UM0701-02, 6.2.1 (cards.md 8).
"""

from __future__ import annotations

import re
import struct

ACK = bytes.fromhex("0000FF00FF00")
_HEAD = struct.Struct(">3sBB")  # 00 00 FF, length of TFI and data, its check byte
_LONG_HEAD = struct.Struct(">5sHB")  # 00 00 FF FF FF, the same with two bytes of length
_TAIL_BYTES = 2  # data check byte, postamble


def first_frame(seen: bytearray) -> slice | None:
    """Where the first whole PN532 frame in `seen` is, whatever stands before it (cards.md 8)."""
    for match in re.finditer(rb"(?=\x00\x00\xff)", seen):
        start = match.start()
        rest = seen[start:]
        if rest.startswith(ACK):
            return slice(start, start + len(ACK))
        long = rest[3:5] == b"\xff\xff"
        head = _LONG_HEAD if long else _HEAD
        if len(rest) < head.size:
            continue
        *_, length, check = head.unpack_from(rest)
        sound = (length // 256 + length + check) & 0xFF == 0
        if sound and length and len(rest) >= head.size + length + _TAIL_BYTES:
            return slice(start, start + head.size + length + _TAIL_BYTES)
    return None
