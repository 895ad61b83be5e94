"""What a PN532 does on the air as an initiator: finding type A cards, and talking to them.

* A search without a UID sends REQA, so that a halted card stays where it is; one with a UID
  sends WUPA and selects without anticollision (inferred: libnfc lists cards by halting each and
  selects one of them again by its UID; nfcpy finds 26 in the FIFO where no card answered).
* A card that is a Classic by its SAK is spoken to in the chip's own commands: the chip runs the
  authentication. A refusal, or a lost answer, is status 01, a refused key 14; the card has left
  the selected state then, and the host must select it again.
* A card of ISO/IEC 14443-4, once RATS has gone out by itself, gets whole messages in blocks.

Source: PN532 user manual UM0701-02, 7.3; cards.md 8; stacks.md 4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from random import SystemRandom

from hw_sim import classic
from hw_sim.crypto1 import NONCES
from hw_sim.field import Field
from hw_sim.frames import (
    ACK,
    CASCADE_TAG,
    HLTA,
    REQA,
    SEL,
    WUPA,
    bcc,
    cascade,
    crc_fits,
    proof,
    with_crc,
)
from hw_sim.iso_dep import PPS, R_NAK, RATS, S_DESELECT, Ats, frame_bytes
from hw_sim.raw import Bits, RawPort
from hw_sim.reader_blocks import Blocks

FSDI = 5
"""The chip takes frames of 64 bytes (RATS `E0 50`)."""
SAK_CLASSIC, SAK_ISO_DEP = 0x08, 0x20
COUNTING = (classic.DECREMENT, classic.INCREMENT, classic.RESTORE)
RATES_MAX = 2
"""The fastest rate of the chip with a card: 424 kbit/s, code 2."""

_AUTHENTICATE = struct.Struct("2s6s4s")  # command and block, key, the UID's last bytes


class Status(IntEnum):
    """How an exchange went, in the answer's first byte."""

    OK = 0x00
    TIMEOUT = 0x01
    CRC = 0x02
    PARITY = 0x03
    AUTHENTICATION = 0x14
    PARAMETER = 0x10
    NOT_ALLOWED = 0x26
    CONTEXT = 0x27


@dataclass(slots=True, kw_only=True)
class Target:
    """One card in the chip's list. `ats` and `blocks` only after an automatic RATS."""

    uid: bytes
    atqa: bytes
    sak: int
    ats: bytes = b""
    blocks: Blocks | None = None
    selected: bool = True
    rates: tuple[int, int] = (0, 0)  # codes, reader to card and back

    def described(self, number: int) -> bytes:
        """As InListPassiveTarget reports it."""
        head = bytes((number,)) + bytes(reversed(self.atqa)) + bytes((self.sak, len(self.uid)))
        return head + self.uid + self.ats


class Radio:
    """The antenna. `turn_on` gives the field whenever it is switched on."""

    def __init__(self, turn_on: Callable[[], Field]) -> None:
        self._turn_on = turn_on
        self._field: Field | None = None
        self._port: RawPort | None = None
        self._chance = SystemRandom()

    @property
    def on(self) -> bool:
        return self._field is not None

    def switch(self, *, on: bool) -> None:
        """The field on or off; a card that loses it forgets everything but its memory."""
        if on and self._field is None:
            self._begin()
        elif not on and self._field is not None:
            self._field.off()
            self._field = self._port = None

    def changed(self) -> None:
        """Another card, or none, lies there now."""
        if self._field is not None:
            self._begin()

    def _begin(self) -> None:
        self._field = self._turn_on()
        # When the host gets to its first authentication is chance, and the register has run on.
        self._port = RawPort(self._field, start=self._chance.randrange(NONCES))

    def exchange(self, frame: bytes) -> bytes | None:
        """One frame to the card, the chip's own cipher between where one runs; None for silence,
        and where the field is off."""
        return None if self._port is None else self._port.clear(frame)

    def exchange_bits(self, bits: Bits) -> Bits | None:
        """One frame as the host made it, bit by bit; the chip's cipher stays out of it."""
        return None if self._port is None else self._port.exchange(bits)

    # --- finding

    def find(self, uid: bytes, *, rats: bool) -> Target | None:
        """The next card that answers, selected; with `uid` (4 or 7 bytes) that one. With `rats`
        a card of ISO/IEC 14443-4 is brought into its protocol."""
        atqa = self.exchange(WUPA if uid else REQA)
        if atqa is None or len(atqa) != 2:
            return None
        found = self._cascade(uid)
        if found is None:
            return None
        target = Target(uid=found[0], atqa=atqa, sak=found[1])
        if rats and target.sak & SAK_ISO_DEP and not self._activate(target):
            return None
        return target

    def select_again(self, target: Target, *, rats: bool) -> bool:
        """Bring back a card that was deselected."""
        found = self.find(target.uid, rats=rats)
        if found is None:
            return False
        target.blocks, target.selected, target.rates = found.blocks, True, (0, 0)
        return True

    def _cascade(self, wanted: bytes) -> tuple[bytes, int] | None:
        """UID and SAK of the card that is ready; None if it fails to come through."""
        uid = b""
        levels = iter(cascade(wanted) if wanted else ())
        for sel in SEL:
            level = next(levels, None) or self.exchange(bytes((sel, 0x20)))
            if level is None or len(level) != 5 or bcc(level[:4]) != level[4]:
                return None
            sak = self.exchange(with_crc(bytes((sel, 0x70)) + level))
            if sak is None or not crc_fits(sak):
                return None
            if level[0] != CASCADE_TAG:
                return uid + level[:4], sak[0]
            uid += level[1:4]
        return None

    def _activate(self, target: Target) -> bool:
        answer = self.exchange(with_crc(bytes((RATS, FSDI << 4))))
        if answer is None or not crc_fits(answer) or (ats := Ats.parse(answer[:-2])) is None:
            return False
        target.ats = answer[:-2]
        target.blocks = Blocks(self.exchange, target.ats, frame_bytes(ats.fsci) - 3)
        return True

    # --- talking

    def deselect(self, target: Target) -> None:
        """S(DESELECT) to a card in its protocol, HLTA to any other; it is halted then."""
        if target.selected:
            last = bytes((S_DESELECT,)) if target.blocks is not None else HLTA
            self.exchange(with_crc(last))
        target.selected = False

    def is_there(self, target: Target) -> bool:
        """Whether a card in its protocol still answers; nothing changes for it."""
        return target.blocks is not None and self.exchange(with_crc(bytes((R_NAK,)))) is not None

    def set_rates(self, target: Target, rates: tuple[int, int]) -> Status:
        """PPS: codes 0…2 for 106, 212 and 424 kbit/s, reader to card and back."""
        if target.blocks is None or max(rates) > RATES_MAX:
            return Status.NOT_ALLOWED
        request = bytes((PPS, 0x11, rates[1] << 2 | rates[0]))
        if self.exchange(with_crc(request)) != with_crc(bytes((PPS,))):
            return Status.TIMEOUT
        target.rates = rates
        return Status.OK

    def talk(self, target: Target, message: bytes) -> tuple[Status, bytes]:
        """One command to the card as its kind is spoken to, and its answer."""
        if target.blocks is not None:
            answer = target.blocks.transmit(message)
            return (Status.TIMEOUT, b"") if answer is None else (Status.OK, answer)
        if target.sak & SAK_CLASSIC and message:
            return self._classic(target, message)
        return self.raw(message, crc_out=True, crc_back=True)

    def raw(self, frame: bytes, *, crc_out: bool, crc_back: bool) -> tuple[Status, bytes]:
        """One frame as it is, with a CRC_A added and one taken off where the registers say so."""
        answer = self.exchange(with_crc(frame) if crc_out else frame)
        if answer is None:
            return Status.TIMEOUT, b""
        if not crc_back:
            return Status.OK, answer
        return (Status.OK, answer[:-2]) if crc_fits(answer) else (Status.CRC, b"")

    def _classic(self, target: Target, message: bytes) -> tuple[Status, bytes]:
        command, rest = message[0], message[2:]
        if command in (classic.AUTH_A, classic.AUTH_B):
            return self._authenticate(target, message), b""
        part_2 = {classic.WRITE: 16, **dict.fromkeys(COUNTING, 4)}.get(command, 0)
        if len(message) < 2 or len(rest) != part_2:
            return self.raw(message, crc_out=True, crc_back=True)
        answer = self.exchange(with_crc(message[:2]))
        if command == classic.READ:
            well = answer is not None and crc_fits(answer)
            return (Status.OK, answer[:-2]) if answer and well else (Status.TIMEOUT, b"")
        if answer == ACK and part_2:
            answer = self.exchange(with_crc(rest))
            if command in COUNTING:
                answer = ACK if answer is None else None  # silence is consent
        return (Status.OK if answer == ACK else Status.TIMEOUT), b""

    def _authenticate(self, target: Target, message: bytes) -> Status:
        """`60|61 block`, the key, the last four bytes of the UID."""
        if len(message) != _AUTHENTICATE.size:
            return Status.PARAMETER
        command, key, uid = _AUTHENTICATE.unpack(message)
        nonce = self.exchange(with_crc(command))
        if nonce is None or len(nonce) != classic.NONCE_BYTES:
            return Status.TIMEOUT
        # With another UID the chip's cipher starts elsewhere than the card's: no proof comes out.
        shown = proof(key) if uid == target.uid[-4:] else b"\xff" * len(proof(key))
        return Status.AUTHENTICATION if self.exchange(shown) is None else Status.OK
