"""ISO/IEC 14443-4 from the reader chip's side: RATS, blocks, chaining, asking again.

Source: ISO/IEC 14443-4 7.5.3 (rules 1 to 8 of the reader); cards.md 1.3.
"""

from __future__ import annotations

from collections.abc import Callable

from hw_sim.frames import crc_fits, with_crc
from hw_sim.iso_dep import CHAINING, I_BLOCK, R_ACK, R_NAK, RATS, Ats, frame_bytes

FSDI = 8
FSD_BYTES = 256
TRIES = 3
"""How often a block is sent before the card counts as mute."""


class Blocks:
    """One card in the protocol, as the reader drives it. `ats` as it came, from its length on."""

    def __init__(self, exchange: Callable[[bytes], bytes | None], ats: bytes, room: int) -> None:
        self.ats = ats
        self._exchange = exchange
        self._room = room
        self._number = 0

    @classmethod
    def activate(cls, exchange: Callable[[bytes], bytes | None]) -> Blocks | None:
        """RATS with CID 0 to a selected card; None if it gives no ATS."""
        ats = exchange(with_crc(bytes((RATS, FSDI << 4))))
        found = Ats.parse(ats[:-2]) if ats and crc_fits(ats) else None
        if ats is None or found is None:
            return None
        return cls(exchange, ats[:-2], frame_bytes(found.fsci) - 3)

    def transmit(self, message: bytes) -> bytes | None:
        """One whole message to the card, one back; None once it does not answer."""
        parts = [message[n : n + self._room] for n in range(0, len(message), self._room)] or [b""]
        for part in parts[:-1]:
            if self._turn(bytes((I_BLOCK | CHAINING | self._number,)) + part) is None:
                return None
        answer = self._turn(bytes((I_BLOCK | self._number,)) + parts[-1])
        whole = b""
        while answer is not None:
            if answer[0] & 0xE2 != I_BLOCK:
                return None
            whole += answer[1:]
            if not answer[0] & CHAINING:
                return whole
            answer = self._turn(bytes((R_ACK | self._number,)))
        return None

    def _turn(self, block: bytes) -> bytes | None:
        """Send a block; the card's, without CRC, once its number says that ours has come. A block
        that is lost or broken is asked for again."""
        sent = block
        for _ in range(TRIES):
            answer = self._exchange(with_crc(sent))
            if answer is None or not crc_fits(answer) or len(answer) > FSD_BYTES:
                asks = block[0] & 0xE2 == I_BLOCK
                sent = bytes((R_NAK | self._number,)) if asks else block
            elif answer[0] & 1 == self._number:
                self._number ^= 1
                return answer[:-2]
            else:
                sent = block  # R(ACK) of the block before: ours was never heard
        return None
