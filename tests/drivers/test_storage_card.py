"""The Classic port before readers of several makers."""

from __future__ import annotations

from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.iso7816 import Command, Response
from drivers.errors import BlockRefused, CardRemoved, ReaderProtocol
from drivers.reader_table import GENERIC, MODELS, Features, Model, features_of, known
from drivers.storage_card import StorageCardPort
from tests.drivers.contract_suite import DATA, FACTORY, OTHER


class Maker:
    """A reader that answers by the first bytes of a command; all else is done."""

    def __init__(self, **answers: str) -> None:
        self._answers = {bytes.fromhex(k.strip("x")): bytes.fromhex(v) for k, v in answers.items()}
        self.sent: list[bytes] = []
        self.reselected = 0

    def exchange(self, command: Command) -> Response:
        self.sent.append(raw := bytes(command))
        for start, answer in self._answers.items():
            if raw.startswith(start):
                return Response.parse(answer)
        return Response(b"", 0x9000)

    def reselect(self) -> None:
        self.reselected += 1

    def lost(self) -> NoReturn:
        raise CardRemoved(frames_done=0)


def test_a_reader_with_non_volatile_keys_only_is_found_once() -> None:
    reader = Maker(xff8200="6986")
    port = StorageCardPort(reader, GENERIC)
    for _ in range(2):
        assert port.authenticate(4, FACTORY, key_b=True)
    assert [raw[:4].hex() for raw in reader.sent] == [
        "ff820000",
        "ff822000",
        "ff860000",
        "ff860000",  # the key is kept there: it is not written again
    ]


@pytest.mark.parametrize("sw", ["6300", "6982", "6382", "6400", "6981"])
def test_a_wrong_key_is_said_in_many_ways(sw: str) -> None:
    reader = Maker(xff86=sw)
    assert not StorageCardPort(reader, GENERIC).authenticate(4, FACTORY, key_b=False)
    assert reader.reselected == 1


@pytest.mark.parametrize("sw", ["6983", "6986", "6388", "6389", "6D00", "6A81", "6700"])
def test_what_blames_the_reader_is_no_wrong_key(sw: str) -> None:
    with pytest.raises(ReaderProtocol) as caught:
        StorageCardPort(Maker(xff86=sw), GENERIC).authenticate(4, FACTORY, key_b=False)
    assert (caught.value.verb, caught.value.sw) == ("authenticate", sw)


def test_a_reader_that_takes_no_key_is_named() -> None:
    with pytest.raises(ReaderProtocol) as caught:
        StorageCardPort(Maker(xff82="6D00"), GENERIC).authenticate(4, FACTORY, key_b=False)
    assert (caught.value.verb, caught.value.sw) == ("load_key", "6D00")


@pytest.mark.parametrize("sw", ["6300", "6982", "6581", "6A82", "6400"])
def test_a_refused_read_names_its_block(sw: str) -> None:
    reader = Maker(xffb0=sw)
    with pytest.raises(BlockRefused):
        StorageCardPort(reader, GENERIC).read(9)
    assert reader.reselected == 1


def test_a_short_block_is_no_block() -> None:
    with pytest.raises(ReaderProtocol):
        StorageCardPort(Maker(xffb0="00112233" + "9000"), GENERIC).read(9)


def test_a_write_that_nobody_answered_is_never_taken_for_a_refusal() -> None:
    with pytest.raises(CardRemoved):
        StorageCardPort(Maker(xffd6="6400"), GENERIC).write(9, DATA)
    with pytest.raises(BlockRefused):
        StorageCardPort(Maker(xffd6="6300"), GENERIC).write(9, DATA)


def model_of(name: str) -> Model:
    (found,) = (model for model in MODELS if model.model == name)
    return found


@pytest.mark.parametrize(
    ("name", "key_b", "sent"),
    [
        ("ACS ACR122U", False, ["ff820000", "ff8600000501000460" + "00"]),
        ("ACS ACR1252U", True, ["ff820000", "ff8600000501000461" + "00"]),
        ("HID OMNIKEY 5022/5427 CK", True, ["ff822000", "ff8600000501000461" + "00"]),
        ("Identiv uTrust 3700 F/4701 F", False, ["ff820060", "ff8600000501000460" + "01"]),
        ("Identiv uTrust 3700 F/4701 F", True, ["ff820061", "ff8600000501000461" + "01"]),
    ],
)
def test_each_reader_hears_its_own_dialect(name: str, *, key_b: bool, sent: list[str]) -> None:
    reader = Maker()
    assert StorageCardPort(reader, model_of(name)).authenticate(4, FACTORY, key_b=key_b)
    load, opened = (raw.hex() for raw in reader.sent)
    assert [load[:8], opened] == sent


@pytest.mark.parametrize("name", ["ACS ACR122U", "ACS ACR1252U"])
def test_a_reader_that_says_one_thing_for_a_wrong_key_is_taken_at_its_word(name: str) -> None:
    assert not StorageCardPort(Maker(xff86="6300"), model_of(name)).authenticate(
        4, FACTORY, key_b=False
    )
    with pytest.raises(ReaderProtocol):
        StorageCardPort(Maker(xff86="6982"), model_of(name)).authenticate(4, FACTORY, key_b=False)


def test_a_reader_without_volatile_places_is_asked_for_none() -> None:
    reader = Maker(xff8200="6986")
    assert StorageCardPort(reader, model_of("HID OMNIKEY 5022/5427 CK")).authenticate(
        4, FACTORY, key_b=False
    )
    assert len(reader.sent) == 2


def test_a_lasting_place_is_written_only_with_another_key() -> None:
    reader = Maker()
    port = StorageCardPort(reader, model_of("HID OMNIKEY 5022/5427 CK"))
    for key, key_b in ((FACTORY, False), (FACTORY, False), (FACTORY, True), (OTHER, True)):
        assert port.authenticate(4, key, key_b=key_b)
    assert [raw[1] for raw in reader.sent] == [0x82, 0x86, 0x86, 0x82, 0x86, 0x82, 0x86]


def test_a_volatile_place_is_written_each_time() -> None:
    reader = Maker()
    port = StorageCardPort(reader, GENERIC)
    for _ in range(2):
        assert port.authenticate(4, FACTORY, key_b=False)
    assert [raw[1] for raw in reader.sent] == [0x82, 0x86] * 2


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("ACS ACR122U PICC Interface 00 00", "ACS ACR122U"),
        ("ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] (RR1) 00 00", "ACS ACR1252U"),
        ("HID Global OMNIKEY 5022 Smart Card Reader [CL] (1) 00 00", "HID OMNIKEY 5022/5427 CK"),
        ("HID OMNIKEY 5427 CK (1) 00 00", "HID OMNIKEY 5022/5427 CK"),
        ("Identiv uTrust 3700 F CL Reader [CL] (5) 00 00", "Identiv uTrust 3700 F/4701 F"),
        (
            "Identiv Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F CL Reader] (5)",
            "Identiv uTrust 3700 F/4701 F",
        ),
        ("Virtual PCD 00 00", "generic"),
        ("HID OMNIKEY 3121", "generic"),
    ],
)
def test_names_as_pcscd_makes_them_find_their_row(name: str, model: str) -> None:
    assert known(name, Features()).model.model == model


def test_usb_numbers_come_before_names() -> None:
    acr = "ACS ACR122U PICC Interface 00 00"
    found = known(acr, Features(usb=(0x076B, 0x5427)))
    assert (found.model.model, found.by) == ("HID OMNIKEY 5022/5427 CK", "usb")
    assert known(acr, Features(usb=(0x072F, 0xFFFF))).by == "name"
    assert known("x", Features(usb=(0x072F, 0xFFFF))).by == "none"


def test_no_two_rows_claim_one_reader() -> None:
    numbers = [number for model in MODELS for number in model.usb]
    names = [name.casefold() for model in MODELS for name in model.names]
    assert len(numbers) == len(set(numbers)) == 7
    assert not any(a in b for a in names for b in names if a != b)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_no_answer_of_a_driver_breaks_the_table(answer: bytes, properties: bytes) -> None:
    found = features_of(answer, properties)
    assert known("x", found).by in ("usb", "none")


def test_properties_stand_in_any_order_and_may_be_cut_short() -> None:
    whole = bytes.fromhex("0c020022 0901ff 0b022f07")
    assert features_of(b"", whole) == Features(usb=(0x072F, 0x2200))
    assert features_of(b"", whole[:-1]) == Features()
    assert features_of(b"", bytes.fromhex("0b012f 0c020022")) == Features()
    assert features_of(bytes.fromhex("1304 42000001"), b"").escape
    assert not features_of(bytes.fromhex("1303 42000001"), b"").escape
