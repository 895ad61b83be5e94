"""Crypto1 from the reader's side, for a reader that sends raw frames with their parity bits.

The readers that we support do this in their chip; a raw-frame reader has to do it itself. The
cipher has been public and broken since 2008: it keeps nothing secret, it is what the card speaks.
Source: cards.md 2.4 (vectors crypto1-1 and -3 to -6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NONCE_BYTES: Final = 4
_KEY_BITS: Final = 48
_TAPS: Final = sum(
    1 << at for at in (0, 5, 9, 10, 12, 14, 15, 17, 19, 24, 25, 27, 29, 35, 39, 41, 42, 43)
)
_A, _B = 0xD938, 0xF22C
# Table and lowest of the four state bits, every other one, that index it.
_FILTER: Final = ((_A, 9), (_B, 17), (_B, 25), (_A, 33), (_B, 41))
_LAST: Final = 0xEC57E80A
_NONCE_TAPS: Final = 1 << 16 | 1 << 18 | 1 << 19 | 1 << 21
_STEPS_OF_READER, _STEPS_OF_CARD = 64, 96


@dataclass(frozen=True, slots=True)
class Bits:
    """Bytes as they are on air, and the parity bit behind each (0 or 1)."""

    data: bytes
    parity: tuple[int, ...]

    @property
    def broken(self) -> tuple[bool, ...]:
        """Per byte: its parity is not odd, as traces mark with `!`. Enciphered ones often are."""
        return tuple(bit != odd(byte) for byte, bit in zip(self.data, self.parity, strict=True))


def odd(byte: int) -> int:
    """The parity bit that makes the number of ones odd."""
    return ~byte.bit_count() & 1


def successor(nonce: bytes, steps: int) -> bytes:
    """The card's generator, `steps` further: 16 bits of state inside a nonce of 4 bytes."""
    state = int.from_bytes(nonce, "little")
    for _ in range(steps):
        state = state >> 1 | ((state & _NONCE_TAPS).bit_count() & 1) << 31
    return state.to_bytes(NONCE_BYTES, "little")


class Crypto1:
    """One authentication and the session after it, with one key (6 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._state = int.from_bytes(key, "little")
        self._nonce = b""

    # --- authentication

    def start(self, uid: bytes, nonce: bytes) -> None:
        """The card's nonce came in the open: the first authentication after a selection. `uid`:
        4 bytes, of a longer one the last four."""
        self._nonce = nonce
        for one, other in zip(uid, nonce, strict=True):
            self._byte(one ^ other)

    def start_nested(self, uid: bytes, nonce: Bits) -> bytes:
        """The nonce came enciphered under the new key, inside a session; the nonce itself."""
        plain = b""
        for one, other in zip(uid, nonce.data, strict=True):
            plain += bytes((other ^ self._byte(one ^ other, enciphered=True),))
        self._nonce = plain
        return plain

    def prove(self, chosen: bytes) -> Bits:
        """{nR}{aR}: our nonce of 4 bytes, and the proof that we know the key."""
        return self._sent(chosen, feeds=True, then=successor(self._nonce, _STEPS_OF_READER))

    def is_proven(self, answer: Bits) -> bool:
        """Whether {aT} is that of a card that knows the key."""
        return self.receive(answer) == successor(self._nonce, _STEPS_OF_CARD)

    # --- the session

    def send(self, frame: bytes) -> Bits:
        """A frame, its CRC included, as it goes on air."""
        return self._sent(frame)

    def receive(self, answer: Bits) -> bytes | None:
        """What an enciphered answer says; None: a parity bit is wrong."""
        plain = bytearray()
        for byte, parity in zip(answer.data, answer.parity, strict=True):
            plain.append(byte ^ self._byte())
            if parity ^ self._peek() != odd(plain[-1]):
                return None
        return bytes(plain)

    def receive_nibble(self, nibble: int) -> int:
        """An ACK or NAK: four enciphered bits without parity."""
        return nibble ^ sum(self._step() << at for at in range(4))

    # --- the cipher

    def _sent(self, plain: bytes, *, feeds: bool = False, then: bytes = b"") -> Bits:
        """`plain` goes into the state where it `feeds` (our nonce); `then` follows and does not."""
        data, parity = bytearray(), []
        for at, byte in enumerate(plain + then):
            data.append(byte ^ self._byte(byte if feeds and at < len(plain) else 0))
            parity.append(odd(byte) ^ self._peek())  # with the bit that the next one will use
        return Bits(bytes(data), tuple(parity))

    def _byte(self, fed: int = 0, *, enciphered: bool = False) -> int:
        return sum(self._step(fed >> at & 1, enciphered=enciphered) << at for at in range(8))

    def _step(self, fed: int = 0, *, enciphered: bool = False) -> int:
        out = self._peek()
        new = (self._state & _TAPS).bit_count() & 1 ^ fed ^ (out if enciphered else 0)
        self._state = self._state >> 1 | new << (_KEY_BITS - 1)
        return out

    def _peek(self) -> int:
        index = 0
        for n, (table, at) in enumerate(_FILTER):
            x = self._state >> at
            four = (x & 1) << 3 | (x >> 2 & 1) << 2 | (x >> 4 & 1) << 1 | x >> 6 & 1
            index |= (table >> four & 1) << n
        return _LAST >> index & 1
