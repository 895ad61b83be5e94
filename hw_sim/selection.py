"""Anticollision from the reader chip's side: finding one card among several.

Where two cards' bits collide the chip goes on with those that say 1 there, as reader chips do; the
others fall back to idle and answer the next REQA. Source: ISO/IEC 14443-3 6.5.3.
"""

from __future__ import annotations

from hw_sim.field import Field
from hw_sim.frames import bcc

LEVEL_BYTES = 5
NOTHING_KNOWN = 0x20
"""NVB: SEL and NVB are all that was sent."""


def find_level(field: Field, sel: int) -> bytes | None:
    """The 5 bytes (4 of the UID, BCC) of one card on the cascade level of `sel`; None if no card
    answers, or what it says is no level."""
    known, bits = 0, 0
    for _ in range(8 * LEVEL_BYTES):
        answer = field.exchange(_asked(sel, known, bits))
        if answer is None or len(answer) != LEVEL_BYTES - bits // 8:
            return None
        heard = known | int.from_bytes(answer, "little") << bits // 8 * 8
        if field.collision is None:
            level = heard.to_bytes(LEVEL_BYTES, "little")
            return level if bcc(level[:4]) == level[4] else None
        at = bits // 8 * 8 + field.collision
        known, bits = heard & (1 << at) - 1 | 1 << at, at + 1
    return None


def _asked(sel: int, known: int, bits: int) -> bytes:
    """SEL, NVB and the bits that are known, the last byte filled with zeros."""
    whole, rest = divmod(bits, 8)
    nvb = NOTHING_KNOWN + 0x10 * whole + rest
    return bytes((sel, nvb)) + known.to_bytes(LEVEL_BYTES, "little")[: whole + (rest > 0)]
