"""ISO/IEC 14443-4 from the reader's side: RATS, PPS, blocks, chaining, waiting, asking again.

    selected ── RATS, ATS ──▶ protocol ── PPS ──▶ protocol, faster ── S(DESELECT) ──▶ halted

What carries single frames is an `Air`; nothing here knows a chip. A block that is lost or broken is
asked for again, so that a command that the card carried out is never carried out twice: the block
number tells (ISO/IEC 14443-4 7.5.4, 7.5.5; rules 1 to 8 and A to C). No CID is used.
Lengths are in bytes, times in seconds (cards.md 1.3).
"""

from __future__ import annotations

from time import sleep
from typing import Protocol

from apdu.ats import FRAME_BYTES, Ats

_RATS, _PPS, _PPS_WITH_RATES = 0xE0, 0xD0, 0x11
_I_BLOCK, _R_ACK, _R_NAK, _S_DESELECT, _S_WTX = 0x02, 0xA2, 0xB2, 0xC2, 0xF2
_CHAINING, _NUMBER, _KIND = 0x10, 0x01, 0xE2
_WTXM = 0x3F  # bits of the wait's multiplier; the others tell the card's power
_OVERHEAD_BYTES = 3  # PCB and CRC
_TRIES = 3
_ATS_WAIT_S = 0.005  # 65,536/fc, the activation's frame waiting time
_FWT_MAX_S = 4.95
_WAITED_MAX_S = 30.0
"""How long a card may hold off one answer before it counts as mute (a choice of ours)."""
_MESSAGE_BYTES_MAX = 65_538
"""The longest response APDU."""


class Air(Protocol):
    """The chip that carries frames. CRCs are its work; a frame has none here."""

    @property
    def frame_bytes(self) -> int:
        """The longest frame it carries either way, CRC included."""
        ...

    @property
    def rate_index(self) -> int:
        """The fastest rate that it is asked for: an index into `apdu.ats.RATES_KBPS`."""
        ...

    def turn(self, frame: bytes, wait_s: float) -> bytes | None:
        """One frame out, the answer back; None: silence for `wait_s`, or a broken answer."""
        ...

    def set_rate(self, index: int) -> None:
        """From the next frame on, both ways."""
        ...


def activate(air: Air, *, rate_index: int) -> Blocks | None:
    """Bring the selected card into the protocol, at `rate_index` at most.

    None: it gave no ATS, or was lost on the way to a faster rate; it must be selected again.
    """
    fsdi = max(n for n, size in enumerate(FRAME_BYTES) if size <= air.frame_bytes)
    ats = Ats.parse(air.turn(bytes((_RATS, fsdi << 4)), _ATS_WAIT_S) or b"")
    if ats is None:
        return None
    sleep(ats.sfgt_s)
    blocks = Blocks(air, ats)
    index = ats.rate_index_up_to(rate_index)
    return blocks if not index or blocks.speed_up(index) else None


class Blocks:
    """One card in the protocol. `ats`: what it said. Not thread-safe."""

    def __init__(self, air: Air, ats: Ats) -> None:
        self.ats = ats
        self._air = air
        self._room = min(ats.fsc, air.frame_bytes) - _OVERHEAD_BYTES
        self._number = 0

    def speed_up(self, index: int) -> bool:
        """PPS, only before the first block. False: at the new rate the card is not heard."""
        request = bytes((_PPS, _PPS_WITH_RATES, index << 2 | index))
        if self._air.turn(request, self.ats.fwt_s) != bytes((_PPS,)):
            return False
        self._air.set_rate(index)
        return self.there()

    def transmit(self, message: bytes) -> bytes | None:
        """One whole message to the card, one back; None: it does not answer any more."""
        parts = [message[n : n + self._room] for n in range(0, len(message), self._room)] or [b""]
        for part in parts[:-1]:
            block = bytes((_I_BLOCK | _CHAINING | self._number,)) + part
            said = self._turn(block, again=self._nak())
            if said is None or said[0] & _KIND != _R_ACK & _KIND:
                return None
        answer = self._turn(bytes((_I_BLOCK | self._number,)) + parts[-1], again=self._nak())
        whole = b""
        while answer is not None and answer[0] & _KIND == _I_BLOCK:
            part = answer[1:]
            whole += part
            # A chain of empty blocks would never end.
            if len(whole) > _MESSAGE_BYTES_MAX or (answer[0] & _CHAINING and not part):
                return None
            if not answer[0] & _CHAINING:
                return whole
            more = bytes((_R_ACK | self._number,))
            answer = self._turn(more, again=more)
        return None

    def there(self) -> bool:
        """Whether the card still answers; its state stays as it is."""
        return any(self._air.turn(self._nak(), self.ats.fwt_s) for _ in range(_TRIES))

    def deselect(self) -> None:
        """Let the card go; whether it heard that does not matter any more."""
        self._air.turn(bytes((_S_DESELECT,)), self.ats.fwt_s)

    def _nak(self) -> bytes:
        return bytes((_R_NAK | self._number,))

    def _turn(self, block: bytes, *, again: bytes) -> bytes | None:
        """Send `block`; the card's, once its number says that ours has come. `again`: what asks
        for an answer that was lost."""
        sent, wait_s, waited_s, tries = block, self.ats.fwt_s, 0.0, 0
        while tries < _TRIES and waited_s < _WAITED_MAX_S:
            answer = self._air.turn(sent, wait_s)
            wait_s = self.ats.fwt_s
            if answer is None or not _sound(answer):
                sent, tries = again, tries + 1
            elif answer[0] == _S_WTX:
                multiplier = answer[1] & _WTXM
                sent = bytes((_S_WTX, multiplier))
                wait_s = min(max(multiplier, 1) * self.ats.fwt_s, _FWT_MAX_S)
                waited_s, tries = waited_s + wait_s, 0
            elif answer[0] & _NUMBER == self._number:
                self._number ^= _NUMBER
                return answer
            else:  # rule 6, R(ACK) of the block before: ours was never heard
                heard_not = answer[0] & _KIND == _R_ACK & _KIND
                sent, tries = block if heard_not else again, tries + 1
        return None


def _sound(answer: bytes) -> bool:
    """Whether this is a block that a card may send."""
    pcb, inf = answer[:1], answer[1:]
    if pcb == bytes((_S_WTX,)):
        return len(inf) == 1
    if not pcb:
        return False
    if pcb[0] & ~(_CHAINING | _NUMBER) == _I_BLOCK:
        return True
    return pcb[0] & ~_NUMBER == _R_ACK and not inf
