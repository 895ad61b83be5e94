"""`pcsc:` readers over an injected service: names, codes and bad days that one virtual reader
cannot show. The driver over a real pcscd is tests/real."""

# ruff: noqa: N802 - the stand-in has the service's own names
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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
from drivers.pcsc import PcscReader, present_readers
from drivers.scard import Code, State
from tests.drivers.contract_suite import OTHER, classic

CLASSIC_ATR = list(bytes.fromhex("3b8f8001804f0ca000000306030001000000006a"))
DESFIRE_ATR = list(bytes.fromhex("3b8180018080"))
UID = bytes.fromhex("04010203")
LEFT_OVER = list(b"\xde\xad\xbe\xef" * 16 + b"\x90\x00")


NOT_SUPPORTED = 0x8010001F  # to a request that the driver does not know


@dataclass
class Slot:
    """One reader of the service. `features`: what its driver answers, by control code."""

    uid: bytes | None = None
    atr: list[int] | None = None
    mute: bool = False
    events: int = 0
    features: dict[int, bytes] = field(default_factory=dict)
    control_result: int = NOT_SUPPORTED
    asked: list[int] = field(default_factory=list)


class Service:
    """A smart-card service in memory. Results are signed, as pyscard's are."""

    def __init__(self, **slots: Slot) -> None:
        self.slots = {name.replace("_", " "): slot for name, slot in slots.items()}
        self.up = True
        self.connect_result = 0
        self.reconnect_result = 0
        self.resets = 0
        self.answers: list[tuple[int, list[int]]] = []  # what the next transmits say
        self.sent: list[bytes] = []
        self.contexts: set[int] = set()
        self._serial = 0
        self._cards: dict[int, Slot] = {}

    def _new(self) -> int:
        self._serial += 1
        return self._serial

    def _down(self, context: int) -> int:
        return 0 if self.up and context in self.contexts else signed(Code.NO_SERVICE)

    def SCardEstablishContext(self, scope: int, /) -> tuple[int, int]:
        if not self.up:
            return signed(Code.NO_SERVICE), 0
        self.contexts.add(context := self._new())
        return 0, context

    def SCardReleaseContext(self, context: int, /) -> int:
        self.contexts.discard(context)
        return 0

    def SCardListReaders(self, context: int, groups: list[str], /) -> tuple[int, list[str]]:
        if down := self._down(context):
            return down, []
        return (0, list(self.slots)) if self.slots else (signed(Code.NO_READERS_AVAILABLE), [])

    def SCardGetStatusChange(
        self, context: int, timeout_ms: int, states: list[tuple[str, int]], /
    ) -> tuple[int, list[tuple[str, int, list[int]]]]:
        if down := self._down(context):
            return down, []
        if any(name not in self.slots for name, _ in states):
            return signed(Code.UNKNOWN_READER), []
        found = [(name, self._state(self.slots[name])) for name, _ in states]
        if found == states:
            return signed(Code.TIMEOUT), [(name, state, []) for name, state in states]
        return 0, [(name, state | State.CHANGED, []) for name, state in found]

    def _state(self, slot: Slot) -> int:
        there = State.PRESENT if slot.uid is not None else 0x10
        return slot.events << 16 | there | (State.MUTE if slot.mute else 0)

    def SCardConnect(
        self, context: int, reader: str, share: int, protocols: int, /
    ) -> tuple[int, int, int]:
        if self.connect_result:
            return self.connect_result, 0, 0
        self._cards[card := self._new()] = self.slots[reader]
        return 0, card, 2

    def SCardStatus(self, card: int, /) -> tuple[int, str, int, int, list[int]]:
        return 0, "", 0, 2, self._card(card).atr or CLASSIC_ATR

    def SCardReconnect(
        self, card: int, share: int, protocols: int, init: int, /
    ) -> tuple[int, int]:
        self._card(card)
        self.resets += 1
        return self.reconnect_result, 2

    def SCardDisconnect(self, card: int, disposition: int, /) -> int:
        self._card(card)
        del self._cards[card]
        return 0

    def SCardTransmit(self, card: int, protocol: int, apdu: list[int], /) -> tuple[int, list[int]]:
        slot = self._card(card)
        self.sent.append(bytes(apdu))
        if self.answers:
            return self.answers.pop(0)
        if bytes(apdu[:2]) == b"\xff\xca" and slot.uid is not None:
            return 0, [*slot.uid, 0x90, 0x00]
        return 0, [0x90, 0x00]

    def SCardControl(self, card: int, code: int, request: list[int], /) -> tuple[int, list[int]]:
        slot = self._card(card)
        slot.asked.append(code)
        assert request == []
        if code in slot.features:
            return 0, list(slot.features[code])
        return signed(slot.control_result), LEFT_OVER

    def _card(self, card: int) -> Slot:
        if card not in self._cards:
            raise SystemError("a handle of no connection")  # as pyscard does with handle 0
        return self._cards[card]


def signed(code: int) -> int:
    return code - (1 << 32) if code >> 31 else code


def lying() -> Slot:
    return Slot(uid=UID)


def reader(service: Service, name: str = "Virtual", *, must_exist: bool = False) -> PcscReader:
    return PcscReader(f"pcsc:{name}", must_exist=must_exist, api=service)


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
    service.answers = [(0, [0x6D, 0x00])]
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


FEATURE_REQUEST, PROPERTIES = 0x42000D48, 0x42330012


def told(vendor: int, product: int, *, escape: bool = False) -> dict[int, bytes]:
    """What libccid's reader answers: the features, then the properties."""
    escapes = bytes.fromhex("1304 42000001") if escape else b""
    return {
        FEATURE_REQUEST: bytes.fromhex("0604 42330006 1204")
        + PROPERTIES.to_bytes(4, "big")
        + escapes,
        PROPERTIES: bytes.fromhex("090100 0b02")
        + vendor.to_bytes(2, "little")
        + b"\x0c\x02"
        + product.to_bytes(2, "little")
        + bytes.fromhex("0a0400000000"),
    }


ACR122_NAME = "ACS ACR122U PICC Interface 00 00"


@pytest.mark.parametrize(
    ("name", "features", "loads"),
    [
        ("Reader", {}, ["ff820000"]),
        ("Reader", told(0x04E6, 0x5790), ["ff820061"]),
        ("Identiv uTrust 3700 F CL Reader", {}, ["ff820061"]),
        (ACR122_NAME, told(0x076B, 0x5022), ["ff822000"]),  # the name is a hint only
        ("Reader", {FEATURE_REQUEST: b"\x12\x04"}, ["ff820000"]),
    ],
)
def test_a_reader_is_asked_what_it_is_before_anything_is_guessed(
    name: str, features: dict[int, bytes], loads: list[str]
) -> None:
    service = Service()
    slot = service.slots[name] = Slot(uid=UID, features=features)
    waits = reader(service, name)
    assert classic(waits.wait_for_card(timeout_s=0)).authenticate(4, OTHER, key_b=True)
    assert [raw.hex()[:8] for raw in service.sent if raw[1] == 0x82] == loads
    asked = len(slot.asked)
    assert slot.asked[0] == FEATURE_REQUEST
    assert asked == (2 if PROPERTIES in features else 1)
    waits.wait_for_card(timeout_s=0)
    assert len(slot.asked) == asked, "it is asked once"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Code.REMOVED_CARD, NoCard),
        (Code.NO_SERVICE, ServiceGone),
        (Code.READER_UNAVAILABLE, ReaderGone),
    ],
)
def test_a_reader_that_nobody_could_ask_is_asked_again(code: int, fault: type[Fault]) -> None:
    service = Service(Virtual=Slot(uid=UID, control_result=code))
    waits = reader(service)
    with pytest.raises(fault):
        waits.wait_for_card(timeout_s=0)
    service.slots["Virtual"].features = told(0x076B, 0x5022)
    assert classic(waits.wait_for_card(timeout_s=0)).authenticate(4, OTHER, key_b=True)
    assert any(raw.startswith(b"\xff\x82\x20") for raw in service.sent)


def test_what_is_known_of_each_reader_is_listed() -> None:
    service = Service(Virtual=Slot())
    service.slots[ACR122_NAME] = Slot(uid=UID, features=told(0x072F, 0x2200, escape=True))
    assert present_readers(service) == [
        {
            "uri": "pcsc:Virtual",
            "card": "no",
            "model": "generic",
            "known_by": "none",
            "keys": "00/00, 20/00",
            "values": "ff-c2",
            "escape": "no",
        },
        {
            "uri": f"pcsc:{ACR122_NAME}",
            "card": "yes",
            "usb": "072F:2200",
            "model": "ACS ACR122U",
            "known_by": "usb",
            "keys": "00/00",
            "values": "ff-d7, raw",
            "escape": "yes",
        },
    ]
    assert not service.contexts


def test_a_reader_that_another_program_holds_is_listed_by_its_name() -> None:
    service = Service()
    service.slots[ACR122_NAME] = Slot(features=told(0x072F, 0x2200))
    service.connect_result = signed(Code.SHARING_VIOLATION)
    (found,) = present_readers(service)
    assert (found["model"], found["known_by"]) == ("ACS ACR122U", "name")
    assert not service.contexts


def test_a_module_inside_the_reader_is_no_customers_card() -> None:
    service = Service()
    name = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader {}] (1) 0{} 00"
    service.slots[name.format("PICC", 0)] = lying()
    service.slots[name.format("SAM", 1)] = Slot(uid=b"\x09" * 4)
    assert reader(service, "ACR1252").wait_for_card(timeout_s=0).uid == UID
    # Asked for by its whole name it is meant.
    assert reader(service, name.format("SAM", 1)).wait_for_card(timeout_s=0).uid == b"\x09" * 4
