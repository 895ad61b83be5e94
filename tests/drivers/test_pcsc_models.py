"""What a `pcsc:` reader is asked and known to be, over an injected service."""

from __future__ import annotations

import pytest

from apdu.errors import Fault
from drivers.errors import NoCard, ReaderGone, ServiceGone
from drivers.pcsc import present_readers
from drivers.scard import Code
from tests.drivers.contract_suite import OTHER, classic
from tests.drivers.pcsc_rig import UID, Service, Slot, lying, reader, signed

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
