"""MIFARE Classic 1K and 4K, from the card's side: states, moves, memory.

    idle ── REQA, WUPA ──▶ ready ── select ──▶ active ── AUTH, proof ──▶ open
    halted ──── WUPA ────▶ ready              open ── WRITE, 16 bytes ──▶ open
                                              open ── INC/DEC/RESTORE, operand, TRANSFER ──▶ open

* What is not in `MOVES` is a wrong move: silence, and back to idle (or halted, if the card was
  woken from there). A refusal is a NAK and costs the same: the reader must select again.
* Nothing but `_program` changes the memory, and only after the last frame of a command has come
  whole. The transfer buffer is no memory.
* Crypto1 is not spoken here: frames are what stands in them once deciphered, and the proof of
  the key is the key (`frames.proof`). Nonces have the right length and no meaning. `hw_sim.raw`
  puts the cipher before it, bit by bit.
* Any bytes at all get an answer or silence, never an exception.

Source: MF1S50yyX/V1 data sheet; cards.md 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from hw_sim import access, air, value
from hw_sim.access import ACCESS_AND_USER, KEY_A, KEY_B, Op
from hw_sim.air import ClassicWork, Pace
from hw_sim.frames import (
    ACK,
    CASCADE_TAG,
    HLTA,
    NAK_CRC,
    NAK_INVALID,
    NAK_NO_BUFFER,
    REQA,
    SEL,
    WUPA,
    cascade,
    crc_fits,
    rest_of_level,
    with_crc,
)
from hw_sim.geometry import TRAILER_GROUP, blocks_of, group_of, sector_of, trailer_of
from hw_sim.image import CardImage

NONCE_BYTES = 4
SAK_MORE_UID = b"\x04"
AUTH_A, AUTH_B, READ, WRITE = 0x60, 0x61, 0x30, 0xA0
DECREMENT, INCREMENT, RESTORE, TRANSFER = 0xC0, 0xC1, 0xC2, 0xB0


class State(Enum):
    """Where the card stands between two frames."""

    IDLE = "idle"
    HALTED = "halted"
    READY = "ready"  # cascade level 1 next
    READY_2 = "ready_2"  # cascade level 2 next, UIDs of 7 bytes only
    ACTIVE = "active"  # selected
    CHALLENGED = "challenged"  # nT sent, the proof of the key comes next
    OPEN = "open"  # a sector is authenticated
    WRITING = "writing"  # the 16 bytes come next
    COUNTING = "counting"  # the operand of INC, DEC or RESTORE comes next


READABLE = frozenset((State.ACTIVE, State.OPEN, State.WRITING, State.COUNTING))
"""States in which a broken CRC or parity gets a NAK. Before them, and in place of a proof, it gets
silence."""


@dataclass(frozen=True, slots=True)
class Move:
    """What the card does with a frame of `size` bytes (None: it sees for itself), not counting the
    CRC_A that comes with it if `crc`."""

    size: int | None
    run: Callable[[ClassicCard, bytes], bytes | None]
    crc: bool


class ClassicCard:
    """One card. Its memory is `image`, changed in place; `image.writes` tells that it was."""

    rates_kbps = (106, 106)  # it never leaves them

    def __init__(self, image: CardImage) -> None:
        self.image = image
        self.state = State.IDLE
        self._work = ClassicWork.NOTHING  # on the last frame
        self._rest = State.IDLE  # where it falls back to: HALTED once it was halted
        self._sector = 0
        self._key = access.A
        self._block = 0  # of a command in two parts
        self._opcode = 0
        self._buffer: tuple[int, int] | None = None  # value and address byte

    def answer(self, frame: bytes) -> bytes | None:
        """One frame in, one frame or silence out; any bytes at all, never an exception."""
        self._work = ClassicWork.NOTHING
        if not frame:
            return self._unreadable()
        move = next((m for size in (2, 1, 0) if (m := MOVES.get((self.state, frame[:size])))), None)
        if move is None:
            return self._leave()
        if move.crc:
            if not crc_fits(frame):
                return self._unreadable()
            frame = frame[:-2]
        return move.run(self, frame) if move.size in (None, len(frame)) else self._leave()

    @property
    def pace(self) -> Pace:
        """What the frame that came last took of time."""
        return air.classic_pace(self._work)

    def tear(self, frame: bytes, rng: Random, *, locks: bool = False) -> None:
        """The power goes while the card works on this frame. A block that it was programming is
        old, new or each bit of either; a trailer is old or new, with `locks` neither: its access
        bits disagree and the sector is lost (cards.md 2.7)."""
        before = list(self.image.blocks)
        self.answer(frame)
        for block, old in enumerate(before):
            if (new := self.image.blocks[block]) != old:
                trailer = trailer_of(block) == block
                torn = _locked(new) if trailer and locks else _torn(old, new, rng, whole=trailer)
                self.image.program(block, torn)
        self.power_off()

    def power_off(self) -> None:
        """The field is gone: all but the memory is forgotten."""
        self.state = self._rest = State.IDLE
        self._buffer = None

    # --- leaving

    def _leave(self) -> bytes | None:
        """Silence, and the session is gone."""
        self.state, self._buffer, self._work = self._rest, None, ClassicWork.SILENCE
        return None

    def _nak(self, why: int = NAK_INVALID) -> bytes:
        nak = bytes((why | (0 if self._buffer else NAK_NO_BUFFER),))
        self._leave()
        self._work = ClassicWork.NOTHING
        return nak

    def _unreadable(self) -> bytes | None:
        """A frame whose CRC or parity is wrong."""
        return self._nak(NAK_CRC) if self.state in READABLE else self._leave()

    def _refuse(self, _frame: bytes) -> bytes:
        return self._nak()

    # --- waking and selection

    def _wake(self, _frame: bytes) -> bytes:
        self.state = State.READY
        return self.image.atqa

    def _level(self) -> bytes:
        return cascade(self.image.uid)[self.state is State.READY_2]

    def _anticollision(self, frame: bytes) -> bytes | None:
        return rest_of_level(frame, self._level()) or self._leave()

    def _select(self, frame: bytes) -> bytes | None:
        if frame[2:] != self._level():
            return self._leave()
        if frame[2] == CASCADE_TAG:
            self.state = State.READY_2
            return with_crc(SAK_MORE_UID)
        self.state = State.ACTIVE
        return with_crc(bytes((self.image.sak,)))

    def _halt(self, _frame: bytes) -> bytes | None:
        self._rest = State.HALTED
        return self._leave()

    # --- authentication

    def _challenge(self, frame: bytes) -> bytes:
        self._buffer = None
        if frame[1] >= len(self.image.blocks):
            return self._nak()
        self.state, self._sector = State.CHALLENGED, sector_of(frame[1])
        self._work = ClassicWork.AUTH_1
        self._key = access.A if frame[0] == AUTH_A else access.B
        return bytes(NONCE_BYTES)

    def asked_key(self) -> bytes:
        """The key that the last challenge was for, 6 bytes."""
        trailer = self.image.blocks[blocks_of(self._sector)[-1]]
        return trailer[KEY_A if self._key == access.A else KEY_B]

    def _prove(self, frame: bytes) -> bytes | None:
        # A sector whose access bits are broken is never opened again, not even with its key.
        trailer = self.image.blocks[blocks_of(self._sector)[-1]]
        if frame != self.asked_key() + bytes(2) or access.conditions(trailer) is None:
            return self._leave()
        self.state = State.OPEN
        return bytes(NONCE_BYTES)

    # --- memory

    def _may(self, block: int, op: Op) -> bool:
        """The open sector has this data block, and its access bits allow `op` with our key."""
        group = group_of(block)
        return (
            block in blocks_of(self._sector)
            and group != TRAILER_GROUP
            and access.allowed(self.image.trailer(block), group, op, key=self._key)
        )

    def _is_our_trailer(self, block: int) -> bool:
        return block == blocks_of(self._sector)[-1]

    def _read(self, frame: bytes) -> bytes:
        block = frame[1]
        if self._is_our_trailer(block):
            return self._read_trailer(block)
        if not self._may(block, Op.READ):
            return self._nak()
        return with_crc(self.image.blocks[block])

    def _read_trailer(self, block: int) -> bytes:
        trailer = self.image.blocks[block]
        rights = access.trailer_rights(trailer, key=self._key)
        if rights is None:
            return self._nak()
        shown = bytearray(16)
        shown[ACCESS_AND_USER] = trailer[ACCESS_AND_USER]
        if self._key in rights.key_b_read:
            shown[KEY_B] = trailer[KEY_B]
        return with_crc(bytes(shown))

    def _trailer_parts(self, block: int) -> tuple[slice, ...]:
        """The parts of the trailer that the open key may write."""
        rights = access.trailer_rights(self.image.blocks[block], key=self._key)
        if rights is None:
            return ()
        parts = (
            (KEY_A, rights.key_a_write),
            (ACCESS_AND_USER, rights.access_write),
            (KEY_B, rights.key_b_write),
        )
        return tuple(part for part, who in parts if self._key in who)

    def _write(self, frame: bytes) -> bytes:
        block = frame[1]
        trailer = self._is_our_trailer(block)
        may = bool(self._trailer_parts(block)) if trailer else self._may(block, Op.WRITE)
        if not may or block == 0:  # block 0 is the manufacturer's
            return self._nak()
        self.state, self._block = State.WRITING, block
        return ACK

    def _write_data(self, frame: bytes) -> bytes:
        if self._is_our_trailer(self._block):
            old = bytearray(self.image.blocks[self._block])
            for part in self._trailer_parts(self._block):
                old[part] = frame[part]  # inferred: parts without the right stay as they are
            frame = bytes(old)
        return self._program(self._block, frame, ClassicWork.WRITE_2)

    def _program(self, block: int, data: bytes, work: ClassicWork) -> bytes:
        self.image.program(block, data)
        self.state, self._work = State.OPEN, work
        return ACK

    # --- value blocks

    def _count(self, frame: bytes) -> bytes:
        opcode, block = frame
        op = Op.INCREMENT if opcode == INCREMENT else Op.DECREMENT
        if not self._may(block, op) or value.decode(self.image.blocks[block]) is None:
            return self._nak()
        self.state, self._block, self._opcode = State.COUNTING, block, opcode
        return ACK

    def _operand(self, frame: bytes) -> bytes | None:
        """No ACK: silence is consent. The operand has no sign, so that a decrement never counts
        up (a choice of ours). Overflow: NAK (inferred)."""
        source = value.decode(self.image.blocks[self._block])
        if source is None:
            return self._nak()
        operand = int.from_bytes(frame, "little")
        amount = source[0] + {INCREMENT: operand, DECREMENT: -operand, RESTORE: 0}[self._opcode]
        if not value.VALUE_MIN <= amount <= value.VALUE_MAX:
            return self._nak()
        self.state, self._buffer = State.OPEN, (amount, source[1])
        self._work = ClassicWork.COUNT_2
        return None

    def _transfer(self, frame: bytes) -> bytes:
        block = frame[1]
        if self._buffer is None or block == 0 or not self._may(block, Op.DECREMENT):
            return self._nak()
        return self._program(block, value.encode(*self._buffer), ClassicWork.TRANSFER)


def _torn(old: bytes, new: bytes, rng: Random, *, whole: bool) -> bytes:
    outcome = rng.choice(("old", "new") if whole else ("old", "new", "mixed"))
    if outcome != "mixed":
        return old if outcome == "old" else new
    took = rng.randbytes(len(old))
    return bytes((o & ~t) | (n & t) for o, n, t in zip(old, new, took, strict=True))


def _locked(trailer: bytes) -> bytes:
    """A trailer torn for good: the inverted copy of an access bit disagrees."""
    torn = bytearray(trailer)
    torn[6] ^= 0x01
    return bytes(torn)


def _selecting(state: State, sel: int) -> dict[tuple[State, bytes], Move]:
    return {
        (state, bytes((sel,))): Move(None, ClassicCard._anticollision, crc=False),
        (state, bytes((sel, 0x70))): Move(7, ClassicCard._select, crc=True),
    }


def _commands(state: State) -> dict[tuple[State, bytes], Move]:
    """What a selected card understands. Without an open sector all but AUTH is refused."""
    open_ = state is State.OPEN

    def move(run: Callable[[ClassicCard, bytes], bytes | None]) -> Move:
        return Move(2, run if open_ else ClassicCard._refuse, crc=True)

    return {
        (state, bytes((AUTH_A,))): Move(2, ClassicCard._challenge, crc=True),
        (state, bytes((AUTH_B,))): Move(2, ClassicCard._challenge, crc=True),
        (state, HLTA): Move(2, ClassicCard._halt, crc=True),
        (state, bytes((READ,))): move(ClassicCard._read),
        (state, bytes((WRITE,))): move(ClassicCard._write),
        (state, bytes((DECREMENT,))): move(ClassicCard._count),
        (state, bytes((INCREMENT,))): move(ClassicCard._count),
        (state, bytes((RESTORE,))): move(ClassicCard._count),
        (state, bytes((TRANSFER,))): move(ClassicCard._transfer),
    }


MOVES: dict[tuple[State, bytes], Move] = {
    (State.IDLE, REQA): Move(1, ClassicCard._wake, crc=False),
    (State.IDLE, WUPA): Move(1, ClassicCard._wake, crc=False),
    (State.HALTED, WUPA): Move(1, ClassicCard._wake, crc=False),
    **_selecting(State.READY, SEL[0]),
    **_selecting(State.READY_2, SEL[1]),
    **_commands(State.ACTIVE),
    **_commands(State.OPEN),
    # The second halves: whatever the first byte is.
    (State.CHALLENGED, b""): Move(8, ClassicCard._prove, crc=False),
    (State.WRITING, b""): Move(16, ClassicCard._write_data, crc=True),
    (State.COUNTING, b""): Move(4, ClassicCard._operand, crc=True),
}
"""A state and the first bytes of a frame (the longest that is here counts) → the move."""
