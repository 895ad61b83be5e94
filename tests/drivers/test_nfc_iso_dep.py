"""`nfc:` readers and cards with applications: rates, waits, leaving, tears, cards of both kinds."""

from __future__ import annotations

from typing import Literal

import pytest

from drivers.errors import CardMute, CardRemoved, NoCard, ReaderGone
from drivers.nfc import patience_s
from hw_sim.field import Tear
from hw_sim.picc import card_of
from tests.drivers.cards import blank, desfire
from tests.drivers.contract_suite import (
    DATA,
    FACTORY,
    GET_APPS,
    GET_VERSION,
    MORE,
    IsoDepContract,
    classic,
    iso_dep,
    say,
)
from tests.drivers.pn532_rig import (
    MET_FRAMES,
    TALK_FRAMES,
    BothKinds,
    Said,
    TornOnce,
    WireRig,
    talk,
)


@pytest.fixture
def rig() -> WireRig:
    return WireRig((blank(0), blank(1)))


@pytest.fixture
def desfire_rig() -> WireRig:
    return WireRig((desfire(0), desfire(1)))


class TestNfcIsoDep(IsoDepContract):
    """The contract of cards with applications, on a PN532."""


def test_a_card_is_spoken_to_as_fast_as_both_can(desfire_rig: WireRig) -> None:
    desfire_rig.put(0)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    frames = [frame.hex()[:-4] for frame, _answer in desfire_rig.chip.air]
    assert frames[-3:] == ["e080", "d0110a", "b2"]
    written = next(command for command in desfire_rig.chip.heard if command[0] == 0x08)
    # Both directions at 424 kbit/s with CRC, and the antenna's settings of that rate.
    assert written.hex() == "08" + "6302a0" + "6303a0" + "630885" + "631408" + "630cb2"
    assert say(connection, GET_VERSION).endswith("91af")


class Deaf(Said):
    """A card that is not heard once it was set to a faster rate."""

    def answer(self, frame: bytes) -> bytes | None:
        answer = super().answer(frame)
        return None if self.rates_kbps != (106, 106) and frame[:1] != b"\xd0" else answer


def test_a_rate_that_does_not_carry_is_given_up(desfire_rig: WireRig) -> None:
    desfire_rig.chip.put(Deaf(card_of(desfire(0)), 0x20))
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    assert connection.uid == desfire_rig.uids[0]
    for _ in range(2):
        assert say(connection, GET_APPS) == "9100"


def test_a_card_that_gives_no_ats_is_not_met(rig: WireRig) -> None:
    rig.chip.put(Said(card_of(blank(0)), 0x20))
    with pytest.raises(NoCard):
        rig.reader.wait_for_card(timeout_s=0)


def test_the_chip_is_as_patient_as_the_card_asks(desfire_rig: WireRig) -> None:
    # 102.4 ms for the 77.3 ms of a DESFire (FWI 8), 6.4 ms for the ATS; set only when it changes.
    desfire_rig.put(0)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    for _ in range(3):
        say(connection, GET_APPS)
    patience = [command.hex() for command in desfire_rig.chip.heard if command[:2] == b"\x32\x02"]
    assert patience == ["3202000b07", "3202000b0b"]
    assert [patience_s(code) for code in (1, 7, 11, 16)] == [1e-4, 6.4e-3, 0.1024, 3.2768]


def test_a_card_with_another_number_each_time_stays_the_same_while_it_lies() -> None:
    rig = WireRig((desfire(0, random_uid=True), desfire(1)))
    rig.put(0)
    connection = rig.reader.wait_for_card(timeout_s=0)
    assert len(connection.uid) == 4
    assert connection.uid[0] == 0x08
    assert say(connection, GET_APPS) == "9100"
    for closes in (False, True):
        if closes:
            connection.close()
        for _ in range(3):
            assert not rig.reader.wait_for_removal(timeout_s=0)
    rig.put(0)
    assert rig.reader.wait_for_removal(timeout_s=0)
    assert rig.reader.wait_for_card(timeout_s=0).uid != connection.uid


@pytest.mark.parametrize("sak", [0x28, 0x38])
def test_a_card_of_both_kinds_is_one_after_the_other(rig: WireRig, sak: int) -> None:
    uid = rig.uids[0]
    rig.chip.put(BothKinds(card_of(rig.cards[0]), uid, sak=sak))
    connection = rig.reader.wait_for_card(timeout_s=0)
    assert connection.atr[13:15] == (b"\x00\x01" if sak == 0x28 else b"\x00\x02")
    for _ in range(2):
        assert classic(connection).authenticate(4, FACTORY, key_b=False)
        classic(connection).write(4, DATA)
        assert iso_dep(connection).transmit(bytes(100)) == bytes(100)
        assert classic(connection).authenticate(4, FACTORY, key_b=False)
        assert classic(connection).read(4) == DATA
    assert iso_dep(connection).transmit(DATA) == DATA
    assert not rig.reader.wait_for_removal(timeout_s=0)
    rig.lift()
    with pytest.raises(CardRemoved):
        classic(connection).read(4)
    with pytest.raises(CardRemoved):
        iso_dep(connection).transmit(DATA)


def test_a_card_of_both_kinds_that_leaves_the_classic_is_gone(rig: WireRig) -> None:
    rig.chip.put(BothKinds(card_of(rig.cards[0]), rig.uids[0], sak=0x28))
    connection = rig.reader.wait_for_card(timeout_s=0)
    rig.lift()
    with pytest.raises(CardRemoved):
        iso_dep(connection).transmit(DATA)


class Stuck(Said):
    """A card that lies there and, from some frame of its protocol on, is silent until it loses
    its power."""

    stuck = False

    def answer(self, frame: bytes) -> bytes | None:
        return None if self.stuck else super().answer(frame)

    def power_off(self) -> None:
        self.stuck = False
        super().power_off()


def test_a_card_that_is_there_and_silent_is_mute(desfire_rig: WireRig) -> None:
    card = Stuck(card_of(desfire(0)), 0x20)
    desfire_rig.chip.put(card)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    card.stuck = True
    for _ in range(2):
        with pytest.raises(CardMute):
            say(connection, GET_APPS)
    assert not connection.removed
    connection.close()
    assert say(desfire_rig.reader.wait_for_card(timeout_s=0), GET_APPS) == "9100"


def test_a_card_lifted_and_put_back_within_a_command_was_removed(desfire_rig: WireRig) -> None:
    # It is the same card and answers again, yet all it was doing is lost: it was not just slow.
    desfire_rig.put(0)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    assert say(connection, GET_VERSION).endswith("91af")
    desfire_rig.put(0)
    with pytest.raises(CardRemoved):
        say(connection, MORE)
    assert desfire_rig.reader.wait_for_removal(timeout_s=0)


def test_leaving_lets_the_card_go(desfire_rig: WireRig) -> None:
    desfire_rig.put(0)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    connection.close()
    assert desfire_rig.chip.air[-1][0][:1] == b"\xc2"
    heard = len(desfire_rig.chip.heard)
    connection.close()
    assert len(desfire_rig.chip.heard) == heard


def test_an_unplugged_reader_is_gone_with_its_applications(desfire_rig: WireRig) -> None:
    desfire_rig.put(0)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    desfire_rig.wire.plugged = False
    for _ in range(2):
        with pytest.raises(ReaderGone):
            say(connection, GET_APPS)
    assert desfire_rig.reader.wait_for_removal(timeout_s=0)
    connection.close()
    desfire_rig.reader.close()


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_card_torn_away_at_any_frame_is_removed_and_then_met_again(
    moment: Literal["before", "during", "after"],
) -> None:
    for frame in range(1, TALK_FRAMES + 1):
        rig = WireRig((desfire(0), desfire(1)))
        torn = TornOnce(Tear(frame=frame, moment=moment))
        rig.chip.field_of = torn.field_of
        rig.put(0)
        # While it is met it may as well never have been there.
        with pytest.raises(CardRemoved if frame > MET_FRAMES else NoCard):
            talk(rig.reader.wait_for_card(timeout_s=0))
        assert rig.reader.wait_for_removal(timeout_s=0)
        torn.away = False
        rig.put(0)
        talk(rig.reader.wait_for_card(timeout_s=0))
        assert not rig.reader.wait_for_removal(timeout_s=0)


def test_there_are_no_more_frames_to_tear_at(desfire_rig: WireRig) -> None:
    desfire_rig.put(0)
    connection = desfire_rig.reader.wait_for_card(timeout_s=0)
    assert len(desfire_rig.chip.air) == MET_FRAMES
    talk(connection)
    assert len(desfire_rig.chip.air) == TALK_FRAMES
