"""T=1, the block protocol of contact cards, from the card's side: blocks, chaining, asking again.

A frame is one block: NAD PCB LEN, LEN bytes, LRC. What the card understands as whole messages is
an `Applet`; this is what carries them. The contacts' reset is `reset()`, and before it the card is
silent. No waiting time extension is ever asked for: the model answers at once.

Source: ISO/IEC 7816-3:2006 11 (block frame, error-free operation, rules 1 to 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from random import Random
from typing import Protocol

from hw_sim.air import Pace

INF_BYTES_MAX = 254
FIRST_INF_BYTES = 32
"""The longest information field before anything else was said (IFSC and IFSD, 11.4.2)."""
NUMBER_BIT, MORE = 0x40, 0x20
R_BLOCK, R_NUMBER_BIT = 0x80, 0x10
WRONG_EDC, WRONG_ELSE = 1, 2
S_RESYNCH, S_IFS, S_ABORT, S_RESPONSE = 0xC0, 0xC1, 0xC2, 0x20
MESSAGE_BYTES_MAX = 65_600
"""An extended APDU and a little more; what is longer is given up."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block, its check byte left out."""

    pcb: int
    inf: bytes = b""

    def __bytes__(self) -> bytes:
        body = bytes((0, self.pcb, len(self.inf))) + self.inf
        return body + bytes((lrc(body),))

    @classmethod
    def parse(cls, frame: bytes) -> Block | int:
        """The block; or the number of an error: `WRONG_EDC`, `WRONG_ELSE`."""
        if len(frame) < 4 or frame[2] != len(frame) - 4 or frame[2] > INF_BYTES_MAX:
            return WRONG_ELSE
        if lrc(frame):
            return WRONG_EDC
        return cls(frame[1], frame[3:-1]) if frame[0] == 0 else WRONG_ELSE

    @property
    def is_i(self) -> bool:
        """An I-block: it carries a part of a message."""
        return not self.pcb & 0x80

    @property
    def is_r(self) -> bool:
        """An R-block: it says which part is wanted next."""
        return self.pcb & 0xC0 == R_BLOCK


def lrc(data: bytes) -> int:
    """The check byte: XOR of all before it; 0 over a whole block that is right."""
    return reduce(xor, data, 0)


class Applet(Protocol):
    """What lives behind the blocks. No verb ever raises."""

    def reset(self) -> None:
        """The contacts get power, or lose it: all but the memory is forgotten."""
        ...

    def transmit(self, message: bytes) -> bytes:
        """One whole message in, one out."""
        ...


class T1Card:
    """A card with contacts (hw_sim.field.Picc and `Contacts`). No radio frame reaches it."""

    def __init__(self, applet: Applet, *, atr: bytes) -> None:
        self.rates_kbps = (106, 106)
        self.pace = Pace()
        self.atr = atr
        self._applet = applet
        self._powered = False
        self._start()

    def reset(self) -> bytes:
        """Power and reset at the contacts; the ATR."""
        self._applet.reset()
        self._start()
        self._powered = True
        return self.atr

    def power_off(self) -> None:
        """The contacts lose power."""
        self._applet.reset()
        self._powered = False

    def tear(self, frame: bytes, rng: Random, *, locks: bool) -> None:
        """The power goes while the card works on this block."""
        self.answer(frame)
        self.power_off()

    def answer(self, frame: bytes) -> bytes | None:
        """One block in, one out; silence (None) before the first reset."""
        if not self._powered:
            return None
        block = Block.parse(frame)
        if isinstance(block, int):
            return self._say(self._wanted(block))
        if block.is_i:
            return self._say(self._i_block(block))
        answer = self._r_block(block) if block.is_r else self._s_block(block)
        return self._say(answer)

    def _start(self) -> None:
        self._room = FIRST_INF_BYTES
        self._mine = 1  # N(S) of the I-block that we sent last
        self._theirs = 0  # N(S) that the next I-block must have
        self._incoming = self._outgoing = b""
        self._last = Block(R_BLOCK)  # sent again when asked for

    def _say(self, block: Block) -> bytes:
        if not (block.is_r and block.pcb & (WRONG_EDC | WRONG_ELSE)):
            self._last = block  # after a complaint, what was sent before can still be asked for
        return bytes(block)

    def _wanted(self, error: int = 0) -> Block:
        """The I-block that we wait for."""
        return Block(R_BLOCK | (R_NUMBER_BIT if self._theirs else 0) | error)

    def _i_block(self, block: Block) -> Block:
        if bool(block.pcb & NUMBER_BIT) != bool(self._theirs) or block.pcb & 0x1F or self._outgoing:
            return self._wanted(WRONG_ELSE)
        self._theirs ^= 1
        self._incoming += block.inf
        if len(self._incoming) > MESSAGE_BYTES_MAX:
            self._incoming = b""
            return Block(S_ABORT)
        if block.pcb & MORE:
            return self._wanted()
        message, self._incoming = self._incoming, b""
        self._outgoing = self._applet.transmit(message)
        return self._next_part()

    def _next_part(self) -> Block:
        part, self._outgoing = self._outgoing[: self._room], self._outgoing[self._room :]
        self._mine ^= 1
        return Block((NUMBER_BIT if self._mine else 0) | (MORE if self._outgoing else 0), part)

    def _r_block(self, block: Block) -> Block:
        if block.pcb & 0x2C or block.inf:
            return self._wanted(WRONG_ELSE)
        wants_next = bool(block.pcb & R_NUMBER_BIT) != bool(self._mine)
        if wants_next and self._last.is_i and self._outgoing:
            return self._next_part()
        return self._last  # rule 7.1: lost or broken on its way

    def _s_block(self, block: Block) -> Block:
        if block.pcb == S_RESYNCH and not block.inf:
            self._start()
        elif block.pcb == S_IFS and len(block.inf) == 1 and 1 <= block.inf[0] <= INF_BYTES_MAX:
            self._room = block.inf[0]
        elif block.pcb == S_ABORT and not block.inf:
            self._incoming = self._outgoing = b""
        elif block.pcb == S_ABORT | S_RESPONSE and self._last.pcb == S_ABORT:
            return self._wanted()
        else:
            return self._wanted(WRONG_ELSE)
        return Block(block.pcb | S_RESPONSE, block.inf)
