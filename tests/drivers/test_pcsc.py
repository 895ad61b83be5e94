"""`pcsc:` readers over an injected service: names, codes and bad days that one virtual reader
cannot show. The driver over a real pcscd is tests/real."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apdu.errors import Fault
from drivers.errors import (
    CardMute,
    CardRemoved,
    NoCard,
    NoSuchReader,
    ReaderAmbiguous,
    ReaderBusy,
    ReaderDenied,
    ReaderGone,
    ServiceGone,
    ServiceRefused,
)
from drivers.pcsc import present_readers
from drivers.scard import Code
from tests.drivers.contract_suite import OTHER, classic
from tests.drivers.pcsc_rig import DESFIRE_ATR, LEFT_OVER, UID, Service, Slot, lying, reader, signed


def test_an_exact_name_wins_over_a_part_of_others() -> None:
    service = Service(ACS=Slot(uid=b"\x01" * 4), ACS_2=Slot(uid=b"\x02" * 4))
    assert reader(service, "ACS").wait_for_card(timeout_s=0).uid == b"\x01" * 4


@pytest.mark.parametrize("name", ["Virtual", "virtual pcd", "PCD 01"])
def test_a_part_of_the_name_is_enough_and_the_one_with_a_card_is_meant(name: str) -> None:
    service = Service(Virtual_PCD_00=Slot(), Virtual_PCD_01=lying(), Other=Slot(uid=b"\x09" * 4))
    assert reader(service, name).wait_for_card(timeout_s=0).uid == UID


def test_two_with_cards_are_ambiguous_and_named() -> None:
    service = Service(Virtual_0=lying(), Virtual_1=lying())
    with pytest.raises(ReaderAmbiguous) as caught:
        reader(service).wait_for_card(timeout_s=60)
    assert caught.value.readers == "Virtual 0, Virtual 1"
    assert not service.sent


def test_a_slot_that_is_mute_for_ever_is_not_chosen() -> None:
    # Known from the field: a reader's SAM slot shows an unresponsive card.
    service = Service(Virtual_0=Slot(uid=b"\x07" * 4, mute=True), Virtual_1=lying())
    assert reader(service).wait_for_card(timeout_s=0).uid == UID
    assert {r["uri"]: r["card"] for r in present_readers(service)} == {
        "pcsc:Virtual 0": "no",
        "pcsc:Virtual 1": "yes",
    }


def test_no_reader_of_that_name() -> None:
    service = Service(Other=lying())
    with pytest.raises(NoSuchReader):
        reader(service, must_exist=True)
    with pytest.raises(NoSuchReader):
        reader(service).wait_for_card(timeout_s=0)


def test_a_reader_that_arrives_is_found_and_one_that_leaves_is_gone() -> None:
    service = Service()
    waits = reader(service)
    with pytest.raises(NoSuchReader):
        waits.wait_for_card(timeout_s=0)
    service.slots["Virtual 0"] = lying()
    waits.wait_for_card(timeout_s=0)
    assert not waits.wait_for_removal(timeout_s=0)
    del service.slots["Virtual 0"]
    assert waits.wait_for_removal(timeout_s=0)
    with pytest.raises(ReaderGone):
        waits.wait_for_card(timeout_s=0)


def test_a_card_swapped_between_two_looks_counts_as_removed() -> None:
    service = Service(Virtual=lying())
    waits = reader(service)
    waits.wait_for_card(timeout_s=0)
    assert not waits.wait_for_removal(timeout_s=0)
    service.slots["Virtual"].events += 2
    assert waits.wait_for_removal(timeout_s=60)


def test_a_lost_card_is_removed_though_the_service_never_notices() -> None:
    # A swap without a gap, with a command at once: no event is ever told (stacks.md 1.2).
    service = Service(Virtual=lying())
    waits = reader(service)
    connection = waits.wait_for_card(timeout_s=0)
    service.answers = [(signed(Code.NOT_TRANSACTED), [])]
    with pytest.raises(CardRemoved):
        classic(connection).read(4)
    assert waits.wait_for_removal(timeout_s=0)
    service.slots["Virtual"].uid = b"\x09" * 4
    assert waits.wait_for_card(timeout_s=0).uid == b"\x09" * 4


def test_the_service_may_go_and_come_back_with_other_contexts() -> None:
    service = Service(Virtual=lying())
    waits = reader(service)
    waits.wait_for_card(timeout_s=0).close()
    service.up = False
    service.contexts.clear()
    with pytest.raises(ServiceGone):
        waits.wait_for_card(timeout_s=0)
    with pytest.raises(ServiceGone):
        reader(service, must_exist=True)
    assert present_readers(service) == []
    service.up = True
    assert waits.wait_for_card(timeout_s=0).uid == UID


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Code.NOT_TRANSACTED, CardRemoved),
        (Code.REMOVED_CARD, CardRemoved),
        (Code.RESET_CARD, CardRemoved),
        (Code.NO_SMARTCARD, CardRemoved),
        (Code.UNPOWERED_CARD, CardRemoved),
        (Code.UNRESPONSIVE_CARD, CardRemoved),
        (Code.TIMEOUT, CardMute),
        (Code.NO_SERVICE, ServiceGone),
        (Code.SERVICE_STOPPED, ServiceGone),
        (Code.COMM_ERROR, ServiceGone),
        (Code.INVALID_HANDLE, ServiceGone),
        (Code.READER_UNAVAILABLE, ReaderGone),
        (Code.UNKNOWN_READER, ReaderGone),
        (Code.SECURITY_VIOLATION, ReaderDenied),
        (0x80100004, ServiceRefused),
    ],
)
def test_every_code_has_one_meaning_and_ends_the_connection(code: int, fault: type[Fault]) -> None:
    service = Service(Virtual=lying())
    connection = reader(service).wait_for_card(timeout_s=0)
    # With an error code the data may be left-over memory: it looks like success here.
    service.answers = [(signed(code), LEFT_OVER)]
    with pytest.raises(fault):
        classic(connection).read(4)
    sent = len(service.sent)
    with pytest.raises(fault):
        classic(connection).write(4, bytes(16))
    assert len(service.sent) == sent, "a dead connection sends nothing"


@pytest.mark.parametrize("answer", [[], [0x90]])
def test_less_than_two_bytes_is_a_card_that_died(answer: list[int]) -> None:
    service = Service(Virtual=lying())
    connection = reader(service).wait_for_card(timeout_s=0)
    service.answers = [(0, answer)]
    with pytest.raises(CardRemoved) as caught:
        classic(connection).read(4)
    assert caught.value.frames_done == 1


def test_another_card_after_a_reset_is_a_removed_card() -> None:
    service = Service(Virtual=lying())
    connection = reader(service).wait_for_card(timeout_s=0)
    service.answers = [(0, [0x90, 0]), (0, [0x63, 0]), (0, [9, 9, 9, 9, 0x90, 0])]
    with pytest.raises(CardRemoved):
        classic(connection).authenticate(4, OTHER, key_b=False)


def test_a_card_gone_at_the_reset_is_a_removed_card() -> None:
    service = Service(Virtual=lying())
    connection = reader(service).wait_for_card(timeout_s=0)
    service.answers = [(0, [0x90, 0]), (0, [0x63, 0])]
    service.reconnect_result = signed(Code.REMOVED_CARD)
    with pytest.raises(CardRemoved):
        classic(connection).authenticate(4, OTHER, key_b=False)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Code.SHARING_VIOLATION, ReaderBusy),
        (Code.SECURITY_VIOLATION, ReaderDenied),
        (Code.NO_SERVICE, ServiceGone),
        (Code.NO_SMARTCARD, NoCard),
        (Code.UNRESPONSIVE_CARD, NoCard),
        (0x80100099, ServiceRefused),
    ],
)
def test_what_hinders_a_connect_is_said(code: int, fault: type[Fault]) -> None:
    service = Service(Virtual=lying())
    service.connect_result = signed(code)
    with pytest.raises(fault):
        reader(service).wait_for_card(timeout_s=0)
    assert len(service.contexts) <= 1, "the talking context is given back"


def test_a_card_that_dies_while_it_is_met_is_not_there() -> None:
    service = Service(Virtual=lying())
    service.answers = [(signed(Code.NOT_TRANSACTED), [])]
    with pytest.raises(NoCard):
        reader(service).wait_for_card(timeout_s=0)


def test_a_card_that_may_have_been_used_is_reset_first() -> None:
    service = Service(Virtual=lying())
    waits = reader(service)
    for turn in range(1, 3):  # another program may have left it with a session open; so may we
        waits.wait_for_card(timeout_s=0).close()
        assert service.resets == turn


def test_a_card_that_has_just_left_is_not_reset() -> None:
    # pcscd would take its reader for empty, and miss the next card (found over a real one).
    service = Service(Virtual=lying())
    service.answers = [(signed(Code.NOT_TRANSACTED), [])]
    with pytest.raises(NoCard):
        reader(service).wait_for_card(timeout_s=0)
    assert service.resets == 0


def test_a_card_seen_to_be_put_down_costs_no_reset() -> None:
    service = Service(Virtual=Slot())
    waits = reader(service)
    for turn in range(3):
        with pytest.raises(NoCard):
            waits.wait_for_card(timeout_s=0)
        service.slots["Virtual"] = Slot(uid=UID, events=2 * turn + 1)
        waits.wait_for_card(timeout_s=0).close()
        service.slots["Virtual"] = Slot(events=2 * turn + 2)
    assert service.resets == 0
    # Put down, lifted and put down again between two looks: who knows what was done to it.
    with pytest.raises(NoCard):
        waits.wait_for_card(timeout_s=0)
    service.slots["Virtual"] = Slot(uid=UID, events=9)
    waits.wait_for_card(timeout_s=0)
    assert service.resets == 1


def test_nothing_is_left_open_in_the_service() -> None:
    service = Service(Virtual=lying())
    holds = reader(service)
    holds.wait_for_card(timeout_s=0)
    holds.close()
    assert not service.contexts
    assert not service._cards


def test_an_iso_dep_card_is_spoken_to_in_whole_apdus() -> None:
    service = Service(Virtual=Slot(uid=UID, atr=DESFIRE_ATR))
    connection = reader(service).wait_for_card(timeout_s=0)
    assert connection.classic is None
    assert connection.iso_dep is not None
    service.answers = [(0, [0x91, 0xAF])]
    assert connection.iso_dep.transmit(bytes.fromhex("9060000000")) == b"\x91\xaf"


def test_a_contact_card_has_no_uid() -> None:
    service = Service(Virtual=Slot(uid=UID, atr=DESFIRE_ATR))
    service.answers = [(0, [0x6D, 0x00])] * 2  # before the reset that it gets first, and after
    assert reader(service).wait_for_card(timeout_s=0).uid == b""


@pytest.mark.parametrize("verb", ["wait_for_card", "wait_for_removal"])
def test_cancel_is_remembered(verb: str) -> None:
    waits = reader(Service(Virtual=Slot()))
    waits.cancel()
    wait: Callable[..., object] = getattr(waits, verb)
    if verb == "wait_for_card":
        with pytest.raises(NoCard):
            wait(timeout_s=60)
    else:
        wait(timeout_s=60)
