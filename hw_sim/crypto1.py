"""Crypto1, the cipher of a MIFARE Classic, and the nonces that its cards draw.

The state is one number of 48 bits, bit n of it being x[n]: a step shifts x[0] out at the bottom and
the new x[47] in at the top. Bits go lowest first, bytes in the order of the air, so that the bits
of a key, a UID or a nonce are those of the little-endian number. Source: cards.md 2.4.
"""

from __future__ import annotations

from functools import cache

STATE_BITS = 48
TAPS = (0, 5, 9, 10, 12, 14, 15, 17, 19, 24, 25, 27, 29, 35, 39, 41, 42, 43)
TAPPED = sum(1 << tap for tap in TAPS)
FILTERS = ((0xD938, 9), (0xF22C, 17), (0xF22C, 25), (0xD938, 33), (0xF22C, 41))
"""Table and first bit of each group of four, which lie two apart; the first is worth 8."""
LAST_FILTER = 0xEC57E80A
NONCE_BYTES = 4
NONCES = 65_535
"""So many steps, and the shift register of 16 bits is where it was."""


class Crypto1:
    """One cipher, its key (6 bytes) loaded."""

    def __init__(self, key: bytes) -> None:
        self._state = int.from_bytes(key, "little")

    def peek(self) -> int:
        """The keystream bit that the next step will give."""
        index = 0
        for place, (table, first) in enumerate(FILTERS):
            four = self._state >> first
            nibble = four << 3 & 8 | four & 4 | four >> 3 & 2 | four >> 6 & 1
            index |= (table >> nibble & 1) << place
        return LAST_FILTER >> index & 1

    def step(self, given: int = 0) -> int:
        """One keystream bit; a plain bit is shifted in with it."""
        out = self.peek()
        new = (self._state & TAPPED).bit_count() & 1 ^ given
        self._state = self._state >> 1 | new << STATE_BITS - 1
        return out

    def take(self, enciphered: int) -> int:
        """Decipher a bit, and shift in what it stood for."""
        plain = enciphered ^ self.peek()
        self.step(plain)
        return plain


def odd_parity(byte: int) -> int:
    """The ninth bit that makes the ones odd."""
    return byte.bit_count() & 1 ^ 1


def successor(nonce: bytes, steps: int) -> bytes:
    """The nonce (4 bytes, of which the last two follow from the first) so many steps later."""
    state = int.from_bytes(nonce, "little")
    for _ in range(steps):
        new = (state >> 16 ^ state >> 18 ^ state >> 19 ^ state >> 21) & 1
        state = state >> 1 | new << 31
    return state.to_bytes(NONCE_BYTES, "little")


@cache
def _stream() -> int:
    """The bits that the register gives in one round, and the next 32; the first one lowest."""
    bits, state = [], 1
    for _ in range(NONCES + 8 * NONCE_BYTES):
        bits.append(str(state & 1))
        new = (state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1
        state = state >> 1 | new << 15
    return int("".join(reversed(bits)), 2)


def nonce_at(step: int) -> bytes:
    """What a card draws so many steps after its register began to run."""
    word = _stream() >> step % NONCES & 0xFFFFFFFF
    return word.to_bytes(NONCE_BYTES, "little")
