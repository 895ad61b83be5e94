"""A simulated DESFire and the terminal's side of it, with the air between open to the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from apdu.desfire.card import Desfire, Session
from apdu.desfire.commands import KeyRights
from apdu.desfire.files import DataFile, File, Mode, RecordFile, Rights, ValueFile
from apdu.desfire.framing import WRAPPED
from apdu.desfire.key import AesKey, DesKey, Key, KeyType
from apdu.errors import DesfireRefused
from apdu.secret import Secret
from hw_sim import Field, ReaderChip
from hw_sim.picc import card_of
from hw_sim.stock import new_desfire

AID = bytes.fromhex("f48120")
APDU_BYTES_MAX = 5 + WRAPPED.body_bytes_max + 1
ANSWER_BYTES_MAX = 59 + 2

ALL_RIGHTS = Rights(read=1, write=1, read_write=1, change=0)
MODES = tuple(Mode)
SIZE = 150
RECORD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a session is opened: on which chip, with which key, by which handshake."""

    name: str
    chip: str
    key: Key
    legacy: bool = False

    def open(self, card: Desfire, key_no: int, key: Key | None = None) -> Session:
        key = key or self.key
        if self.legacy:
            assert isinstance(key, DesKey)
            return card.authenticate_d40(key_no, key)
        return card.authenticate(key_no, key)


SINGLE = DesKey(Secret(bytes.fromhex("0123456789abcdef")))
DOUBLE = DesKey(Secret(bytes.fromhex("0123456789abcdef23456789abcdef01")))
ADVANCED = AesKey(Secret(bytes.fromhex("00112233445566778899aabbccddeeff")), 7)

FAMILIES = (
    Family(name="D40-des", chip="EV2", key=SINGLE, legacy=True),
    Family(name="D40-2k3des", chip="EV1", key=DOUBLE, legacy=True),
    Family(name="EV1-des", chip="EV1", key=SINGLE),
    Family(name="EV1-2k3des", chip="EV2", key=DOUBLE),
    Family(name="EV1-aes", chip="EV1", key=ADVANCED),
    Family(name="EV2-aes", chip="EV2", key=ADVANCED),
)


of_each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def refused(code: int, *, command: str = "") -> pytest.RaisesExc[DesfireRefused]:
    return pytest.RaisesExc(
        DesfireRefused,
        check=lambda fault: fault.status == code and fault.command.startswith(command),
    )


@dataclass
class Air:
    """Carries APDUs, counts them, and holds the limits of every frame; a test may bend either
    way."""

    chip: ReaderChip
    bend_out: Callable[[bytes], bytes] = bytes
    bend_back: Callable[[bytes], bytes] = bytes
    sent: list[bytes] = field(default_factory=list)

    def __call__(self, apdu: bytes) -> bytes:
        assert len(apdu) <= APDU_BYTES_MAX
        self.sent.append(apdu)
        answer = self.chip.transmit(self.bend_out(apdu))
        assert len(answer) <= ANSWER_BYTES_MAX
        return self.bend_back(answer)


def factory(chip: str) -> tuple[Desfire, Air]:
    """An EV1 or EV2 from the box, in the field."""
    image = new_desfire(Random(7), uid=None, ev1=chip == "EV1")
    air = Air(ReaderChip(Field(card_of(image))))
    assert air.chip.power_on()
    return Desfire(air, random=Random(8).randbytes), air


def zero(key: Key) -> Key:
    return AesKey.ZERO if key.type is KeyType.AES else DesKey.ZERO


def with_application(family: Family) -> tuple[Desfire, Air]:
    """A card with our application, whose keys 0 and 1 are the family's."""
    card, air = factory(family.chip)
    family_key, old = family.key, zero(family.key)
    card.create_application(AID, KeyRights(), keys=3, type=family_key.type)
    card.select(AID)
    family.open(card, 0, old).change_key(1, family_key, old=old)
    family.open(card, 0, old).change_key(0, family_key)
    return card, air


def kinds(mode: Mode) -> dict[str, File]:
    """The five kinds of file, all under key 1."""
    return {
        "standard": DataFile(backup=False, mode=mode, rights=ALL_RIGHTS, size_bytes=SIZE),
        "backup": DataFile(backup=True, mode=mode, rights=ALL_RIGHTS, size_bytes=SIZE),
        "value": ValueFile(
            mode=mode, rights=ALL_RIGHTS, lower=-60, upper=32_767, limited_credit=True
        ),
        "linear": RecordFile(
            cyclic=False, mode=mode, rights=ALL_RIGHTS, record_bytes=RECORD, records_max=60
        ),
        "cyclic": RecordFile(
            cyclic=True, mode=mode, rights=ALL_RIGHTS, record_bytes=RECORD, records_max=4
        ),
    }


def number(kind: str, mode: Mode) -> int:
    """The file number of a kind in a mode."""
    return tuple(kinds(mode)).index(kind) * len(MODES) + MODES.index(mode)


def with_files(family: Family) -> tuple[Desfire, Air]:
    """All kinds in all modes, and a session's key proven."""
    card, air = with_application(family)
    session = family.open(card, 0)
    for mode in MODES:
        for kind, file in kinds(mode).items():
            session.create_file(number(kind, mode), file)
    return card, air
