"""ISO/IEC 14443-4 from the card's side: activation, ATS, PPS, blocks, chaining, retransmission.

    idle ── REQA, WUPA ──▶ ready ── select ──▶ active ── RATS ──▶ protocol ── DESELECT ──▶ halted
    halted ──── WUPA ────▶ ready

* What the card understands as whole messages is an `Applet`; this is what carries them.
* Before RATS a wrong move is silence and back to idle (or halted). In the protocol a block that
  cannot be read gets silence, and the reader asks again.
* No S(WTX) is ever asked for: the model answers at once, and its time is virtual (`pace`).

Source: ISO/IEC 14443-3 and -4 (rules 1 to 13 and A to E of 7.5.3); cards.md 1.2, 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Protocol

from hw_sim import air
from hw_sim.air import ClassicWork, Pace
from hw_sim.frames import (
    CASCADE_TAG,
    HLTA,
    REQA,
    SEL,
    WUPA,
    cascade,
    crc_fits,
    rest_of_level,
    with_crc,
)

FRAME_BYTES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
"""The longest frame for FSDI and FSCI 0…8; more means 256."""
RATES = (106, 212, 424, 848)
RATS, PPS = 0xE0, 0xD0
MESSAGE_BYTES_MAX = 65_600
"""An extended APDU and a little more; what is longer is dropped with silence."""
SAK_MORE_UID, SAK_ISO_DEP = b"\x04", b"\x20"

I_BLOCK, R_ACK, R_NAK, S_DESELECT = 0x02, 0xA2, 0xB2, 0xC2
CHAINING, HAS_CID, HAS_NAD, NAK_BIT = 0x10, 0x08, 0x04, 0x10


def frame_bytes(index: int) -> int:
    """The longest frame in bytes, CRC included, for an FSDI or FSCI of 0…15."""
    return FRAME_BYTES[min(index, len(FRAME_BYTES) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ats:
    """An answer to select, taken apart. Rates in kbit/s, as far as interface byte TA offers them.
    What an ATS leaves out has its default (ISO/IEC 14443-4 5.2)."""

    fsci: int = 2
    pcd_to_picc: tuple[int, ...] = (106,)
    picc_to_pcd: tuple[int, ...] = (106,)
    same_rate_only: bool = False
    sfgi: int = 0
    fwi: int = 4
    nad: bool = False
    cid: bool = True
    historical: bytes = b""

    @classmethod
    def parse(cls, ats: bytes) -> Ats | None:
        """The ATS from its length byte on; None if it is not one."""
        if not ats or ats[0] != len(ats):
            return None
        if len(ats) == 1:
            return cls()
        rest, found = ats[2:], cls(fsci=ats[1] & 0x0F)
        count = (ats[1] >> 4 & 7).bit_count()
        if len(rest) < count:
            return None
        values = dict(zip((bit for bit in (4, 5, 6) if ats[1] >> bit & 1), rest, strict=False))
        ta, tb, tc = values.get(4, 0), values.get(5, 0x40), values.get(6, 0x02)
        return cls(
            fsci=found.fsci,
            pcd_to_picc=_rates(ta & 7),
            picc_to_pcd=_rates(ta >> 4 & 7),
            same_rate_only=bool(ta & 0x80),
            sfgi=tb & 0x0F,
            fwi=tb >> 4,
            nad=bool(tc & 1),
            cid=bool(tc & 2),
            historical=rest[count:],
        )


def _rates(bits: int) -> tuple[int, ...]:
    return (106, *(rate for n, rate in enumerate(RATES[1:]) if bits >> n & 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a card says of itself: UID of 4 or 7 bytes, ATQA in the order of the air, ATS."""

    uid: bytes
    atqa: bytes
    ats: bytes


class Applet(Protocol):
    """What lives behind the blocks. No verb ever raises."""

    @property
    def work_us(self) -> float:
        """How long the last message kept it busy."""
        ...

    def identity(self) -> Identity:
        """Asked once whenever the field comes on: a random UID is drawn here."""
        ...

    def reset(self) -> None:
        """The protocol begins or ends: all but the memory is forgotten."""
        ...

    def transmit(self, message: bytes) -> bytes:
        """One whole message in, one out."""
        ...


class State(Enum):
    """Where the card stands between two frames."""

    IDLE = "idle"
    HALTED = "halted"
    READY = "ready"
    READY_2 = "ready_2"
    ACTIVE = "active"
    PROTOCOL = "protocol"


class IsoDepCard:
    """A card that speaks whole messages (hw_sim.field.Picc).

    `rates_kbps`: the rates that PPS has set, from the reader and from the card. `pace`: what the
    frame that came last took of time.
    """

    def __init__(self, applet: Applet) -> None:
        self.state = State.IDLE
        self.rates_kbps = (106, 106)
        self.pace = Pace()
        self._applet = applet
        self._identity: Identity | None = None
        self._ats = Ats()
        self._rest = State.IDLE
        self._reader_bytes = 0  # FSD
        self._cid = 0
        self._number = 1  # the block number
        self._fresh = False  # RATS was the last frame, so that a PPS may come
        self._incoming = b""
        self._outgoing = b""
        self._last: bytes | None = None  # the last block sent, to send again
        self._with_cid = False

    def answer(self, frame: bytes) -> bytes | None:
        """One frame in, one frame or silence out; any bytes at all, never an exception."""
        self.pace = Pace()
        answer = self._answer(frame)
        if answer is None and self.state is State.PROTOCOL:
            self.pace = Pace(work_fc=air.WAIT_FC << self._ats.fwi)
        elif answer is None:
            self.pace = air.classic_pace(ClassicWork.SILENCE)
        return answer

    def _answer(self, frame: bytes) -> bytes | None:
        if self.state is not State.PROTOCOL:
            return self._activation(frame)
        fresh, self._fresh = self._fresh, False
        if not crc_fits(frame) or len(frame) > frame_bytes(self._ats.fsci):
            return None
        if fresh and frame[0] >> 4 == PPS >> 4:
            return self._pps(frame[:-2])
        return self._block(frame[0], frame[1:-2])

    def tear(self, frame: bytes, rng: Random, *, locks: bool) -> None:
        """The power goes while the card works on this frame."""
        self.answer(frame)
        self.power_off()

    def power_off(self) -> None:
        """The field is gone: all but the memory is forgotten."""
        self._leave_protocol()
        self.state = self._rest = State.IDLE
        self._identity = None

    # --- waking and selection

    @property
    def _self(self) -> Identity:
        if self._identity is None:
            self._identity = self._applet.identity()
        return self._identity

    def _activation(self, frame: bytes) -> bytes | None:
        woken_by = {State.IDLE: (REQA, WUPA), State.HALTED: (WUPA,)}.get(self.state, ())
        if frame in woken_by:
            self.state = State.READY
            return self._self.atqa
        if self.state in (State.READY, State.READY_2):
            return self._select(frame)
        if self.state is State.ACTIVE and crc_fits(frame):
            if frame[0] == RATS and len(frame) == 4:
                return self._rats(frame[1])
            if frame[:-2] == HLTA:
                self._rest = State.HALTED
        return self._leave()

    def _select(self, frame: bytes) -> bytes | None:
        second = self.state is State.READY_2
        sel, level = SEL[second], cascade(self._self.uid)[second]
        if frame[:1] == bytes((sel,)) and frame[1:2] != b"\x70":
            return rest_of_level(frame, level) or self._leave()
        if frame != with_crc(bytes((sel, 0x70)) + level):
            return self._leave()
        if level[0] == CASCADE_TAG and not second:
            self.state = State.READY_2
            return with_crc(SAK_MORE_UID)
        self.state = State.ACTIVE
        return with_crc(SAK_ISO_DEP)

    def _leave(self) -> bytes | None:
        """Silence, and no longer selected."""
        self.state = self._rest
        return None

    # --- RATS and PPS

    def _rats(self, parameter: int) -> bytes | None:
        ats = Ats.parse(self._self.ats)
        if ats is None or parameter & 0x0F == 0x0F:  # CID 15 is reserved
            return self._leave()
        self._leave_protocol()
        self._ats, self._cid = ats, parameter & 0x0F
        self._reader_bytes = frame_bytes(parameter >> 4)
        self.state, self._fresh = State.PROTOCOL, True
        self.pace = Pace(guard_fc=max(air.GUARD_FC, air.WAIT_FC << ats.sfgi if ats.sfgi else 0))
        return with_crc(self._self.ats)

    def _leave_protocol(self) -> None:
        self._applet.reset()
        self._number, self._incoming, self._outgoing, self._last = 1, b"", b"", None
        self.rates_kbps = (106, 106)

    def _pps(self, frame: bytes) -> bytes | None:
        """`Dc 11 yy`, or `Dc 01` without rates. What was not offered gets silence."""
        if frame[0] & 0x0F != self._cid or frame[1:2] not in (b"\x11", b"\x01"):
            return None
        with_rates = frame[1] == 0x11
        if len(frame) != 2 + with_rates:
            return None
        rates = (RATES[frame[2] & 3], RATES[frame[2] >> 2 & 3]) if with_rates else (106, 106)
        if rates[0] not in self._ats.pcd_to_picc or rates[1] not in self._ats.picc_to_pcd:
            return None
        if self._ats.same_rate_only and rates[0] != rates[1]:
            return None
        self.rates_kbps = rates
        return with_crc(frame[:1])

    # --- blocks

    def _block(self, pcb: int, rest: bytes) -> bytes | None:
        self._with_cid = bool(pcb & HAS_CID)
        if self._with_cid:
            if not rest or not self._ats.cid or rest[0] & 0x0F != self._cid:
                return None
            rest = rest[1:]
        elif self._cid:
            return None
        plain = pcb & ~HAS_CID
        if plain & 0xEE == I_BLOCK and not pcb & HAS_NAD:
            return self._i_block(rest, more=bool(pcb & CHAINING))
        if plain & 0xEE == R_ACK and not rest:
            return self._r_block(number=pcb & 1, nak=bool(pcb & NAK_BIT))
        if plain == S_DESELECT and not rest:
            return self._deselect()
        return None

    def _head(self, pcb: int) -> bytes:
        return bytes((pcb | HAS_CID, self._cid)) if self._with_cid else bytes((pcb,))

    def _i_block(self, inf: bytes, *, more: bool) -> bytes | None:
        self._number ^= 1  # rule D: whatever number came
        self._outgoing = b""
        self._incoming += inf
        if len(self._incoming) > MESSAGE_BYTES_MAX:
            self._incoming = b""
            return None
        if more:
            return self._sent(self._head(R_ACK | self._number))
        message, self._incoming = self._incoming, b""
        self._outgoing = self._applet.transmit(message)
        self.pace = Pace(work_fc=air.fc_of(self._applet.work_us))
        return self._next_part()

    def _next_part(self) -> bytes:
        """The next block of the answer: it may be as long as the reader's frames."""
        room = self._reader_bytes - (4 if self._with_cid else 3)
        part, self._outgoing = self._outgoing[:room], self._outgoing[room:]
        pcb = I_BLOCK | self._number | (CHAINING if self._outgoing else 0)
        return self._sent(self._head(pcb) + part)

    def _sent(self, block: bytes) -> bytes:
        self._last = with_crc(block)
        return self._last

    def _r_block(self, *, number: int, nak: bool) -> bytes | None:
        if number == self._number:
            return self._last  # rule 11: send the last block again
        if nak:
            return with_crc(self._head(R_ACK | self._number))  # rule 12
        if not self._outgoing:
            return None
        self._number ^= 1  # rule E
        return self._next_part()  # rule 13

    def _deselect(self) -> bytes:
        answer = with_crc(self._head(S_DESELECT))
        self._leave_protocol()
        self.state = self._rest = State.HALTED
        return answer
