"""Commands, settings, rights and keys as values: what they become on the wire and back."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.desfire import commands, status
from apdu.desfire.card import Desfire, Session
from apdu.desfire.change_key import change_own_key
from apdu.desfire.commands import CARD_LEVEL, Call, KeyRights, R
from apdu.desfire.files import NEVER, DataFile, Mode, RecordFile, Rights, ValueFile
from apdu.desfire.files import parse_settings as parsed
from apdu.desfire.key import AesKey, DesKey, KeyType
from apdu.desfire.session import Ev1
from apdu.desfire.version import Version
from apdu.errors import DesfireAnswerWrong, DesfireRefused
from apdu.secret import Secret
from tests.apdu.desfire_rig import amid, card

RIGHTS = Rights(read=2, write=1, read_write=NEVER, change=0)
SECRET = bytes(range(0x40, 0x50))


def test_how_commands_look() -> None:
    """Each once, as cards.md 5.5 lists them."""
    backup = DataFile(backup=True, mode=Mode.MAC, rights=RIGHTS, size_bytes=0x33)
    standard = DataFile(backup=False, mode=Mode.FULL, rights=RIGHTS, size_bytes=0x012345)
    purse = ValueFile(mode=Mode.MAC, rights=RIGHTS, lower=-60, upper=32_767, limited_credit=True)
    linear = RecordFile(
        cyclic=False, mode=Mode.PLAIN, rights=RIGHTS, record_bytes=32, records_max=11
    )
    cyclic = RecordFile(
        cyclic=True, mode=Mode.PLAIN, rights=RIGHTS, record_bytes=32, records_max=11
    )
    rights = KeyRights(create_free=False, change_key=14)
    looks: dict[str, Call[None] | Call[int] | Call[bytes] | Call[tuple[bytes, ...]]] = {
        "ca f48120 eb 85": commands.create_application(
            b"\xf4\x81\x20", rights, keys=5, type=KeyType.AES, iso_id=None, df_name=b""
        ),
        "ca f48120 0f 22 10f1 4142": commands.create_application(
            b"\xf4\x81\x20",
            KeyRights(),
            keys=2,
            type=KeyType.DES,
            iso_id=b"\x10\xf1",
            df_name=b"AB",
        ),
        "cb 01 01 f021 330000": commands.create_file(1, backup, value=0, iso_id=None),
        "cd 02 05e1 03 f021 452301": commands.create_file(2, standard, value=0, iso_id=b"\x05\xe1"),
        "cc 03 01 f021 c4ffffff ff7f0000 05000000 01": commands.create_file(
            3, purse, value=5, iso_id=None
        ),
        "c1 04 00 f021 200000 0b0000": commands.create_file(4, linear, value=0, iso_id=None),
        "c0 04 00 f021 200000 0b0000": commands.create_file(4, cyclic, value=0, iso_id=None),
        "df 04": commands.delete_file(4),
        "da f48120": commands.delete_application(b"\xf4\x81\x20"),
        "fc": commands.format_picc(),
        "64 02": commands.get_key_version(2),
        "6e": commands.free_memory(),
        "61": commands.get_iso_file_ids(),
        "bd 01 020000 330000": commands.read_data(1, mode=Mode.PLAIN, offset=2, length=0x33),
        "3d 01 020000 030000 616263": commands.write_data(1, b"abc", mode=Mode.PLAIN, offset=2),
        "6c 03": commands.get_value(3, mode=Mode.PLAIN),
        "0c 03 01020000": commands.credit(3, 0x0201, mode=Mode.PLAIN),
        "dc 03 01020000": commands.debit(3, 0x0201, mode=Mode.PLAIN),
        "1c 03 01020000": commands.limited_credit(3, 0x0201, mode=Mode.PLAIN),
        "3b 04 010000 020000 6162": commands.write_record(4, b"ab", mode=Mode.PLAIN, offset=1),
        "bb 04 010000 020000": commands.read_records(
            4, mode=Mode.PLAIN, record_bytes=32, first=1, count=2
        ),
        "eb 04": commands.clear_records(4),
        "c7": commands.commit(),
        "a7": commands.abort(),
    }
    for look, call in looks.items():
        assert bytes((call.code,)) + call.head + call.data == bytes.fromhex(look), call.name


@given(st.integers(0, 0xFFFF))
def test_rights_are_a_word(word: int) -> None:
    assert Rights.of(word).word == word


@given(st.integers(0, 0xFF))
def test_key_rights_are_a_byte(ks1: int) -> None:
    assert int(KeyRights.of(ks1)) == ks1


@given(st.binary(max_size=20))
def test_settings_of_any_bytes_are_settings_or_refused(data: bytes) -> None:
    try:
        found = parsed(data)
    except ValueError:
        return
    file = found.file
    assert isinstance(file, DataFile | ValueFile | RecordFile)
    assert file.rights.word == int.from_bytes(data[2:4], "little")


def test_newer_flags_beside_the_mode_are_left_alone() -> None:
    assert parsed(bytes.fromhex("0143f021330000")).file == DataFile(
        backup=True, mode=Mode.FULL, rights=RIGHTS, size_bytes=0x33
    )


@pytest.mark.parametrize("code", ["05", "06"])
def test_a_kind_of_file_that_is_not_ours_is_refused(code: str) -> None:
    with pytest.raises(DesfireAnswerWrong):
        card(("f501", f"00{code}000000330000")).file_settings(1)


def test_what_cannot_be_said_is_not_sent() -> None:
    open_ = card()
    with pytest.raises(ValueError, match="bytes of AID"):
        open_.select(b"ab")
    with pytest.raises(ValueError, match="15 keys"):
        open_.create_application(b"abc", KeyRights(), keys=15)
    with pytest.raises(ValueError, match="ISO id"):
        open_.create_application(b"abc", KeyRights(), keys=1, iso_id=b"a")
    with pytest.raises(ValueError, match="rights"):
        open_.create_file(
            1,
            DataFile(
                backup=True,
                mode=Mode.MAC,
                rights=Rights(read=16, write=0, read_write=0, change=0),
                size_bytes=1,
            ),
        )
    with pytest.raises(ValueError, match="needs a session"):
        open_.read(1, mode=Mode.MAC)


VERSION = "0401011200 1a05 0401010201 1a05 04a1b2c3d4e5f6 0102030405 39 26"


@pytest.mark.parametrize(
    ("major", "family"),
    [("00", "D40"), ("01", "EV1"), ("12", "EV2"), ("22", "EV2"), ("33", "EV3"), ("a0", None)],
)
def test_a_version_tells_the_family(major: str, family: str | None) -> None:
    told = VERSION.replace("04010112", "040101" + major, 1)
    found: Version = commands.get_version().read(bytes.fromhex(told))
    assert found.family == family
    assert (found.week, found.year, found.uid.hex()) == (39, 26, "04a1b2c3d4e5f6")
    assert (found.hardware.storage, found.software.major) == (0x1A, 2)


def test_an_answer_of_the_wrong_length_is_not_read() -> None:
    wrong: tuple[tuple[str, str, Callable[[Desfire], object]], ...] = (
        ("6e", "000102", lambda c: c.free_memory()),
        ("6400", "00", lambda c: c.key_version(0)),
        ("6400", "000102", lambda c: c.key_version(0)),
        ("45", "000f", lambda c: c.key_settings()),
        ("6a", "00010203ff", lambda c: c.applications()),
        ("6c01", "00010203", lambda c: c.value(1, mode=Mode.PLAIN)),
        ("bd01000000020000", "0001", lambda c: c.read(1, mode=Mode.PLAIN, length=2)),
        ("c7", "0001", lambda c: c.commit()),
        ("60", "00" + "04" * 27, lambda c: c.version()),
    )
    for frame, back, ask in wrong:
        with pytest.raises(DesfireAnswerWrong) as found:
            ask(card((frame, back)))
        assert found.value.wrong == "length"


def sent_in_the_open(open_: Desfire, call: Call[R]) -> R:
    return open_.run(call)


def test_a_key_has_no_way_out_but_a_session() -> None:
    """mypy holds this (the two comments below are errors of their own once they are unused); and
    where it is not asked, nothing leaves either."""
    sealed = change_own_key(CARD_LEVEL, 0, AesKey(Secret(SECRET)))
    silent = card()
    with pytest.raises(ValueError, match="needs a session"):
        sent_in_the_open(silent, sealed)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs a session"):
        silent.run(commands.set_configuration(1, SECRET))  # type: ignore[arg-type]
    assert not {"change_key", "set_default_key", "change_key_settings"} & set(dir(Desfire))


def test_nothing_shows_a_key() -> None:
    key = AesKey(Secret(SECRET), 3)
    for shown in (key, DesKey(Secret(SECRET)), change_own_key(b"APP", 1, key)):
        assert SECRET.hex() not in repr(shown)
        assert str(SECRET) not in repr(shown)
        assert str(list(SECRET)) not in repr(shown)


def test_keys_are_what_they_are() -> None:
    single = DesKey(Secret(bytes.fromhex("0011223344556677")))
    assert single.single
    assert single.wire == bytes.fromhex("0011223344556677" * 2)
    twins = DesKey(Secret(bytes.fromhex("00112233445566770110233245546776")))
    assert twins.single  # they differ in the bits that the cipher does not look at
    assert not DesKey(Secret(SECRET)).single
    assert AesKey.ZERO.wire == DesKey.ZERO.wire == bytes(16)
    for wrong in (b"", b"short", bytes(17)):
        with pytest.raises(ValueError, match="bytes"):
            AesKey(Secret(wrong))
        with pytest.raises(ValueError, match="bytes"):
            DesKey(Secret(wrong))
    with pytest.raises(ValueError, match="version 256"):
        AesKey(Secret(SECRET), 256)


def test_another_key_needs_its_old_value() -> None:
    session: Session = amid(Ev1(bytes(16), aes=True))
    with pytest.raises(ValueError, match="old value"):
        session.change_key(1, AesKey.ZERO)
    assert not session.over


def test_faults_can_be_handed_on() -> None:
    for fault in (
        DesfireRefused(command="Debit", status=status.BOUNDARY),
        DesfireAnswerWrong(command="Debit", wrong="mac"),
    ):
        again = pickle.loads(pickle.dumps(fault))  # noqa: S301  our own
        assert (again.facts(), copy.copy(fault).facts()) == (fault.facts(), fault.facts())
