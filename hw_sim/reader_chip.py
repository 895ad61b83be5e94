"""A PC/SC reader: pseudo-APDUs for storage cards turned into frames of the air, whole APDUs for
cards of ISO/IEC 14443-4 carried in blocks (hw_sim.reader_blocks). A card with contacts gets its
APDUs all, in blocks of T=1 (hw_sim.reader_t1), as a reader with a slot for both does.

It answers as a plain reader of the ACS kind does: `63 00` for whatever failed, `64 00` when no
card answers any more. Both value dialects, `ff-c2` and `ff-d7`, are understood. After a refusal
the card has left the selected state; the chip selects it again before the next frame.
Any bytes at all get an answer; before `power_on` the card is mute (b"").

Source: PC/SC part 3 rev 2.01.09 and its supplement; ACR122U and ACR1252U manuals; cards.md 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import xor

from hw_sim import classic, value
from hw_sim.field import Field
from hw_sim.frames import ACK, CASCADE_TAG, SEL, WUPA, crc_fits, proof, with_crc
from hw_sim.iso_dep import Ats
from hw_sim.reader_blocks import Blocks
from hw_sim.reader_t1 import T1
from hw_sim.selection import find_level

OK, FAILED, GONE = b"\x90\x00", b"\x63\x00", b"\x64\x00"
END_BEFORE_LE = b"\x62\x82"
WRONG_LENGTH, NO_FUNCTION, NO_BLOCK = b"\x67\x00", b"\x6a\x81", b"\x6a\x82"
NO_INS, LE_IS_16 = b"\x6d\x00", b"\x6c\x10"

LE_ALL = 256
GET_DATA = 0xCA
SAK_ISO_DEP = 0x20
KEY_BYTES = 6
KEY_SLOTS = frozenset((0x00, 0x01))
KEY_PLACES = frozenset((0x00, 0x20))
"""P1 of Load Keys that are taken: volatile and non-volatile; the slots are the same ones."""
CARD_NAMES = {0x08: 0x0001, 0x18: 0x0002, 0x00: 0x0003, 0x09: 0x0026, 0x88: 0xFF88}
"""SAK → the card name of PC/SC part 3; all others have none (0000)."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """A short command APDU of class FF. `le` 1…256, or None if there is no Le field."""

    p1: int
    p2: int
    data: bytes
    le: int | None

    @classmethod
    def parse(cls, apdu: bytes) -> Apdu | None:
        """None: the length fields do not fit. 256 stands for Le = 00."""
        body = apdu[4:]
        if len(body) < 2:
            return cls(apdu[2], apdu[3], b"", (body[0] or LE_ALL) if body else None)
        data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
        if body[0] == 0 or len(data) != body[0] or len(rest) > 1:
            return None
        return cls(apdu[2], apdu[3], data, (rest[0] or LE_ALL) if rest else None)


class ReaderChip:
    """One reader with one antenna. `field` holds the card; keys are kept while the chip lives."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._keys: dict[int, bytes] = {}
        self._uid = b""
        self._powered = False
        self._selected = False
        self._blocks: Blocks | None = None  # of a card that speaks whole APDUs
        self._contacts: T1 | None = None  # of one that lies in the slot

    def power_on(self) -> bytes:
        """Select a card. Its ATR as PC/SC part 3 forms it; b"" if none answers."""
        with self.field.inside:
            return self._power_on()

    def _power_on(self) -> bytes:
        self.power_off()
        if atr := self.field.reset():
            self._contacts = T1(self.field.exchange, atr=atr)
            self._powered = True
            return atr
        sak = self._select()
        if sak is None:
            return b""
        if sak & SAK_ISO_DEP:
            self._blocks = Blocks.activate(self.field.exchange)
            if self._blocks is None:
                return b""
        self._powered = True
        return storage_card_atr(sak) if self._blocks is None else iso_dep_atr(self._history())

    def power_off(self) -> None:
        """Switch the field off; loaded keys stay."""
        self.field.off()
        self._powered = self._selected = False
        self._blocks = self._contacts = None

    def transmit(self, apdu: bytes) -> bytes:
        """One APDU or pseudo-APDU in, data and status word out. b"" while the card has no power,
        and where one that takes whole APDUs is silent: no status word is the reader's then."""
        with self.field.inside:
            return self._transmit(apdu)

    def _transmit(self, apdu: bytes) -> bytes:
        if not self._powered:
            return b""
        if self._contacts is not None:
            return self._contacts.transmit(apdu) or b""
        if self._blocks is not None and apdu[:1] != b"\xff":
            return self._blocks.transmit(apdu) or b""
        if not self.field.present:
            return GONE
        if len(apdu) < 4:
            return WRONG_LENGTH
        if apdu[0] != 0xFF:
            return NO_FUNCTION
        if self._blocks is not None and apdu[1] != GET_DATA:
            return NO_FUNCTION
        if apdu[1] == 0x88:
            return self._authenticate_old(apdu)
        run = INSTRUCTIONS.get(apdu[1])
        if run is None:
            return NO_INS
        parsed = Apdu.parse(apdu)
        return WRONG_LENGTH if parsed is None else run(self, parsed)

    def _history(self) -> bytes:
        """The historical bytes of the card's ATS."""
        found = Ats.parse(self._blocks.ats) if self._blocks is not None else None
        return b"" if found is None else found.historical

    # --- the air

    def _select(self) -> int | None:
        """WUPA and the cascade; the SAK, or None if no card answers."""
        self._selected = False
        if self.field.exchange(WUPA) is None:
            return None
        uid = b""
        for sel in SEL:
            level = find_level(self.field, sel)
            if level is None:
                return None
            sak = self.field.exchange(with_crc(bytes((sel, 0x70)) + level))
            if sak is None or not crc_fits(sak):
                return None
            if level[0] != CASCADE_TAG:
                self._uid, self._selected = uid + level[:4], True
                return sak[0]
            uid += level[1:4]
        return None  # a third cascade level: no Classic has one

    def _ask(self, frame: bytes) -> bytes | None:
        """One frame to the selected card, which is selected first if it is not."""
        if not self._selected and self._select() is None:
            return None
        return self.field.exchange(frame)

    def _failed(self) -> bytes:
        self._selected = False
        return FAILED if self.field.present else GONE

    def _read_block(self, block: int) -> bytes | None:
        answer = self._ask(with_crc(bytes((classic.READ, block))))
        return answer[:16] if answer and len(answer) == 18 and crc_fits(answer) else None

    def _write_block(self, block: int, data: bytes) -> bool:
        part_1 = self._ask(with_crc(bytes((classic.WRITE, block))))
        return part_1 == ACK and self.field.exchange(with_crc(data)) == ACK

    def _count(self, opcode: int, block: int, operand: bytes, *, into: int) -> bool:
        """Both parts of a value operation, then the TRANSFER that makes it true."""
        if self._ask(with_crc(bytes((opcode, block)))) != ACK:
            return False
        if self.field.exchange(with_crc(operand)) is not None:
            return False  # a NAK; silence is consent
        return self.field.exchange(with_crc(bytes((classic.TRANSFER, into)))) == ACK

    def _done(self, *, well: bool) -> bytes:
        return OK if well else self._failed()

    # --- instructions

    def _get_data(self, apdu: Apdu) -> bytes:
        if (apdu.p1, apdu.p2) == (1, 0) and self._blocks is not None:
            return _cut(self._history(), apdu.le)
        if (apdu.p1, apdu.p2) != (0, 0):
            return NO_FUNCTION  # 01 00: a storage card has no ATS
        return _cut(self._uid, apdu.le)

    def _load_key(self, apdu: Apdu) -> bytes:
        if apdu.p1 not in KEY_PLACES or apdu.p2 not in KEY_SLOTS:
            return FAILED
        if len(apdu.data) != KEY_BYTES:
            return WRONG_LENGTH
        self._keys[apdu.p2] = apdu.data
        return OK

    def _authenticate(self, apdu: Apdu) -> bytes:
        if len(apdu.data) != 5:
            return WRONG_LENGTH
        version, high, block, key_type, slot = apdu.data
        if (apdu.p1, apdu.p2, version) != (0, 0, 1):
            return NO_FUNCTION
        return NO_BLOCK if high else self._open(block, key_type, slot)

    def _authenticate_old(self, apdu: bytes) -> bytes:
        """`FF 88 00 block 60|61 slot`: rev 2.01's form, which has no length field."""
        if len(apdu) != 6:
            return WRONG_LENGTH
        return NO_BLOCK if apdu[2] else self._open(*apdu[3:6])

    def _open(self, block: int, key_type: int, slot: int) -> bytes:
        key = self._keys.get(slot)
        if key is None or key_type not in (classic.AUTH_A, classic.AUTH_B):
            return FAILED
        nonce = self._ask(with_crc(bytes((key_type, block))))
        well = nonce is not None and len(nonce) == classic.NONCE_BYTES
        return self._done(well=well and self.field.exchange(proof(key)) is not None)

    def _read(self, apdu: Apdu) -> bytes:
        if apdu.p1:
            return NO_BLOCK
        if apdu.data or apdu.le is None:
            return WRONG_LENGTH
        if apdu.le < 16:
            return LE_IS_16
        data = self._read_block(apdu.p2)
        return self._failed() if data is None else _cut(data, apdu.le)

    def _update(self, apdu: Apdu) -> bytes:
        if len(apdu.data) != 16:
            return WRONG_LENGTH
        return NO_BLOCK if apdu.p1 else self._done(well=self._write_block(apdu.p2, apdu.data))

    def _value_c2(self, apdu: Apdu) -> bytes:
        """Dialect ff-c2: `A0|A1 09 80 01 block 81 04 le32`; the answer's TLV says how it went."""
        data = apdu.data
        if (apdu.p1, apdu.p2) != (0, 3):
            return NO_FUNCTION
        opcode = {0xA0: classic.INCREMENT, 0xA1: classic.DECREMENT}.get(data[0] if data else 0)
        if opcode is None or len(data) != 11:
            return WRONG_LENGTH
        if (data[1:4], data[5:7]) != (b"\x09\x80\x01", b"\x81\x04"):
            return NO_FUNCTION
        sw = self._done(well=self._count(opcode, data[4], data[7:11], into=data[4]))
        return sw if sw == GONE else bytes((0xC0, 3, sw != OK)) + sw + OK

    def _value_d7(self, apdu: Apdu) -> bytes:
        """Dialect ff-d7 (ACS): store, increment, decrement, or copy to another block."""
        if apdu.p1:
            return NO_BLOCK
        op, rest = apdu.data[:1], apdu.data[1:]
        if op == b"\x03" and len(rest) == 1:
            copied = self._count(classic.RESTORE, apdu.p2, bytes(4), into=rest[0])
            return self._done(well=copied)
        if op not in (b"\x00", b"\x01", b"\x02") or len(rest) != 4:
            return WRONG_LENGTH
        if op == b"\x00":
            amount = int.from_bytes(rest, "big", signed=True)
            stored = self._write_block(apdu.p2, value.encode(amount, apdu.p2))
            return self._done(well=stored)
        opcode = classic.INCREMENT if op == b"\x01" else classic.DECREMENT
        return self._done(well=self._count(opcode, apdu.p2, rest[::-1], into=apdu.p2))

    def _read_value(self, apdu: Apdu) -> bytes:
        """`FF B1 00 block 04`: a value block's value, 4 bytes, high byte first."""
        if apdu.p1:
            return NO_BLOCK
        if apdu.le is None or apdu.data:
            return WRONG_LENGTH
        data = self._read_block(apdu.p2)
        if data is None:
            return self._failed()
        amount = value.decode(data)
        return (
            FAILED if amount is None else _cut(amount[0].to_bytes(4, "big", signed=True), apdu.le)
        )


INSTRUCTIONS: dict[int, Callable[[ReaderChip, Apdu], bytes]] = {
    GET_DATA: ReaderChip._get_data,
    0x82: ReaderChip._load_key,
    0x86: ReaderChip._authenticate,
    0xB0: ReaderChip._read,
    0xD6: ReaderChip._update,
    0xC2: ReaderChip._value_c2,
    0xD7: ReaderChip._value_d7,
    0xB1: ReaderChip._read_value,
}


def storage_card_atr(sak: int) -> bytes:
    """The ATR of an ISO 14443 A part 3 card, 20 bytes (cards.md 3.1)."""
    name = CARD_NAMES.get(sak, 0x0000).to_bytes(2, "big")
    body = bytes.fromhex("8f8001804f0ca000000306") + b"\x03" + name + bytes(4)
    return b"\x3b" + body + bytes((reduce(xor, body, 0),))


def iso_dep_atr(historical: bytes) -> bytes:
    """The ATR of an ISO 14443-4 A card with these historical bytes, at most 15 (cards.md 3.1)."""
    body = bytes((0x80 | len(historical[:15]), 0x80, 0x01)) + historical[:15]
    return b"\x3b" + body + bytes((reduce(xor, body, 0),))


def _cut(data: bytes, le: int | None) -> bytes:
    """`data` as far as Le asks for it, with the status word that fits."""
    if le is None:
        return WRONG_LENGTH
    if le == LE_ALL or le == len(data):
        return data + OK
    return data + END_BEFORE_LE if le > len(data) else bytes((0x6C, len(data)))
