"""Keys, sessions and applications of DESFire, both sides against each other."""

from __future__ import annotations

import pytest

from apdu.desfire import status
from apdu.desfire.card import Desfire, SessionOver
from apdu.desfire.commands import CARD_LEVEL, KeyRights
from apdu.desfire.files import File, Mode
from apdu.desfire.key import AesKey, DesKey, Key, KeyType
from apdu.secret import Secret
from tests.cards.desfire_both import (
    ADVANCED,
    AID,
    DOUBLE,
    FAMILIES,
    SINGLE,
    SIZE,
    Family,
    factory,
    kinds,
    number,
    of_each_family,
    refused,
    with_application,
    with_files,
    zero,
)

on_each_chip = pytest.mark.parametrize("chip", ["EV1", "EV2"])


@of_each_family
def test_keys_change_and_prove_themselves(family: Family) -> None:
    card, _ = with_application(family)
    new: Key = (
        AesKey(Secret(bytes(range(16))), 0xA5)
        if family.key.type is KeyType.AES
        else DesKey(Secret(bytes.fromhex("00112233445566778899aabbccddeeff")))
    )
    session = family.open(card, 0)
    session.change_key(2, new, old=zero(new))
    assert not session.over
    assert session.key_version(2) == new.version
    assert session.key_version(1) == family.key.version
    session.change_key(2, family.key, old=new)
    session.change_key(0, new)
    assert session.over
    with refused(status.AUTHENTICATION, command="Authenticate"):
        family.open(card, 0)
    family.open(card, 2)
    assert family.open(card, 0, new).key_version(0) == new.version


@of_each_family
def test_key_settings_are_changed(family: Family) -> None:
    card, _ = with_application(family)
    session = family.open(card, 0)
    wanted = KeyRights(list_free=False, create_free=False, change_key=1)
    session.change_key_settings(wanted)
    found = session.key_settings()
    assert (found.rights, found.keys_max, found.type) == (wanted, 3, family.key.type)
    card.select(AID)
    with refused(status.AUTHENTICATION, command="GetFileIDs"):
        card.files()


@on_each_chip
def test_the_master_key_becomes_aes_and_des_again(chip: str) -> None:
    card, _ = factory(chip)
    assert (card.key_version(0), card.key_settings().type) == (0, KeyType.DES)
    for key, then in ((DesKey.ZERO, ADVANCED), (ADVANCED, SINGLE), (SINGLE, DOUBLE)):
        card.authenticate(0, key).change_key(0, then)
        assert card.key_version(0) == then.version
        assert card.key_settings().type is then.type
    assert card.authenticate_d40(0, DOUBLE).family == "D40"


@on_each_chip
def test_a_random_uid_hides_the_true_one(chip: str) -> None:
    card, air = factory(chip)
    true = card.version().uid
    for opened in (card.authenticate, card.authenticate_d40):
        assert opened(0, DesKey.ZERO).card_uid() == true
    session = card.authenticate(0, DesKey.ZERO)
    session.set_configuration(random_uid=True)
    assert not session.over
    air.chip.power_off()
    assert air.chip.power_on()
    shown = air.chip.transmit(bytes.fromhex("ffca000000"))[:-2]
    assert (len(shown), shown[0]) == (4, 0x08)
    card = Desfire(air)
    session = card.authenticate(0, DesKey.ZERO)
    session.change_key(0, ADVANCED)
    assert card.authenticate(0, ADVANCED).card_uid() == true


@on_each_chip
def test_new_applications_begin_with_the_configured_key(chip: str) -> None:
    card, _ = factory(chip)
    session = card.authenticate(0, DesKey.ZERO)
    session.set_default_key(ADVANCED)
    session.create_application(AID, KeyRights(), keys=2)
    card.select(AID)
    assert card.key_version(1) == ADVANCED.version
    card.authenticate(1, ADVANCED)


@on_each_chip
def test_applications_are_listed_over_two_frames(chip: str) -> None:
    card, air = factory(chip)
    session = card.authenticate(0, DesKey.ZERO)
    empty = session.free_memory()
    wanted = [bytes((number, 0, 1)) for number in range(28)]
    for aid in wanted:
        session.create_application(aid, KeyRights(), keys=1)
    before = len(air.sent)
    assert sorted(session.applications()) == wanted
    assert len(air.sent) == before + 2
    assert session.free_memory() < empty
    session.delete_application(wanted[3])
    assert wanted[3] not in session.applications()
    session.format_picc()
    assert session.applications() == ()


@on_each_chip
def test_iso_names_go_along(chip: str) -> None:
    card, _ = factory(chip)
    name = b"flora.terminal.1"
    card.create_application(AID, KeyRights(), keys=1, iso_id=b"\x10\xf1", df_name=name)
    card.select(AID)
    session = card.authenticate(0, AesKey.ZERO)
    files: tuple[File, ...] = tuple(f for k, f in kinds(Mode.PLAIN).items() if k != "value")
    for no, file in enumerate(files):
        session.create_file(no, file, iso_id=bytes((no, 0xE1)))
        assert session.file_settings(no).file == file
    assert sorted(session.iso_file_ids()) == [bytes((no, 0xE1)) for no in range(len(files))]


@of_each_family
def test_a_refusal_ends_a_session_but_not_a_legacy_one(family: Family) -> None:
    card, _ = with_files(family)
    session = family.open(card, 1)
    session.debit(number("value", Mode.MAC), 5, mode=Mode.MAC)
    with refused(status.BOUNDARY, command="ReadData"):
        session.read(number("standard", Mode.PLAIN), mode=Mode.PLAIN, offset=SIZE, length=1)
    if family.legacy:
        assert session.value(number("value", Mode.MAC), mode=Mode.MAC) == 0
        with refused(status.NO_CHANGES, command="CommitTransaction"):
            session.commit()
        return
    assert session.over
    with pytest.raises(SessionOver):
        session.commit()
    session = family.open(card, 1)
    with refused(status.NO_CHANGES, command="CommitTransaction"):
        session.commit()


@of_each_family
def test_a_wrong_key_ends_whatever_was_open(family: Family) -> None:
    card, _ = with_application(family)
    session = family.open(card, 0)
    wrong: Key = (
        AesKey(Secret(b"x" * 16)) if family.key.type is KeyType.AES else DesKey(Secret(b"x" * 8))
    )
    with refused(status.AUTHENTICATION, command="Authenticate"):
        family.open(card, 0, wrong)
    with pytest.raises(SessionOver):
        session.files()
    with refused(status.NO_KEY, command="Authenticate"):
        family.open(card, 9)
    card.files()  # in the open again


def test_the_open_card_keeps_silent_amid_a_session() -> None:
    card, air = factory("EV2")
    session = card.authenticate(0, DesKey.ZERO)
    frames = len(air.sent)
    with pytest.raises(SessionOver):
        card.applications()
    assert len(air.sent) == frames
    assert session.applications() == ()
    with refused(status.NO_APPLICATION, command="SelectApplication"):
        card.select(AID)
    assert session.over
    assert (card.aid, card.applications()) == (CARD_LEVEL, ())


def test_a_card_is_asked_once_whether_it_knows_ev2() -> None:
    card, air = with_application(FAMILIES[4])
    air.sent.clear()
    for _ in range(2):
        assert card.authenticate(0, ADVANCED).family == "EV1"
    assert [apdu[1] for apdu in air.sent] == [0xAA, 0xAF] * 2


def test_another_key_within_an_ev2_session() -> None:
    family = FAMILIES[-1]
    card, _ = with_files(family)
    session = family.open(card, 0)
    session.files()
    again = session.authenticate_again(1, ADVANCED)
    assert session.over
    no = number("backup", Mode.FULL)
    again.write(no, b"both", mode=Mode.FULL)
    again.commit()
    assert again.read(no, mode=Mode.FULL, length=4) == b"both"
    ev1, _ = with_application(FAMILIES[4])
    with pytest.raises(ValueError, match="EV1"):
        ev1.authenticate(0, ADVANCED).authenticate_again(1, ADVANCED)
