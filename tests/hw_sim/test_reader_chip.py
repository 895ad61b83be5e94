"""The reader's pseudo-APDUs, answered as a plain PC/SC reader does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim import value
from hw_sim.classic import ClassicCard
from hw_sim.field import Field, Tear
from hw_sim.image import CardImage
from hw_sim.reader_chip import GONE, ReaderChip, storage_card_atr
from tests.hw_sim.rig import KEY_A, KEY_B, UID, VALUE, card_image, name, vectors

OK, FAILED = "9000", "6300"


class Desk:
    """A powered reader with one card on it; hexadecimal in and out."""

    def __init__(self, image: CardImage | None = None, *, tear: Tear | None = None) -> None:
        self.image = image or card_image(VALUE, {5: value.encode(100, 5)})
        self.field = Field(ClassicCard(self.image), tear=tear, rng=Random(1))
        self.chip = ReaderChip(self.field)
        self.atr = self.chip.power_on()

    def say(self, apdu: str) -> str:
        return self.chip.transmit(bytes.fromhex(apdu)).hex()

    def load(self, key: bytes, *, place: str = "00", slot: str = "00") -> str:
        return self.say(f"ff82{place}{slot}06{key.hex()}")

    def open(self, block: int = 5, key_type: str = "61", key: bytes = KEY_B) -> str:
        self.load(key)
        return self.say(f"ff860000050100{block:02x}{key_type}00")


def opened() -> Desk:
    desk = Desk()
    assert desk.open() == OK
    return desk


@pytest.mark.parametrize("v", vectors("atr_storage"), ids=name)
def test_atrs_as_published(v: Any) -> None:
    for case in v["cases"]:
        sak = {"0001": 0x08, "0002": 0x18, "0003": 0x00}[case["name"]]
        assert storage_card_atr(sak).hex() == case["atr"], v["source"]


def test_power_on_selects_the_card_and_gives_its_atr() -> None:
    desk = Desk()
    assert desk.atr == storage_card_atr(0x08)
    assert desk.field.frames == 3
    assert ReaderChip(Field(None)).power_on() == b""


def test_without_power_the_card_is_mute() -> None:
    desk = Desk()
    desk.chip.power_off()
    assert desk.say("ffca000000") == ""
    desk.chip.power_on()
    assert desk.say("ffca000000") == UID.hex() + OK


@pytest.mark.parametrize("uid", [UID, bytes.fromhex("04112233445566")])
def test_the_uid_as_le_asks_for_it(uid: bytes) -> None:
    desk = Desk(card_image(uid=uid))
    size = len(uid)
    assert desk.say("ffca000000") == uid.hex() + OK
    assert desk.say(f"ffca0000{size:02x}") == uid.hex() + OK
    assert desk.say(f"ffca0000{size + 1:02x}") == uid.hex() + "6282"
    assert desk.say(f"ffca0000{size - 1:02x}") == f"6c{size:02x}"
    assert desk.say("ffca0000") == "6700"
    assert desk.say("ffca010000") == "6a81", "a storage card has no ATS"


@pytest.mark.parametrize("place", ["00", "20"])
@pytest.mark.parametrize("slot", ["00", "01"])
def test_keys_are_taken_in_two_slots_and_used_by_both_forms(place: str, slot: str) -> None:
    desk = Desk()
    assert desk.load(KEY_A, place=place, slot=slot) == OK
    assert desk.say(f"ff8600000501000560{slot}") == OK
    assert desk.say(f"ff88000560{slot}") == OK
    assert desk.say("ffb0000510")[-4:] == OK


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("ff82000206" + "00" * 6, FAILED),  # no such slot
        ("ff82400006" + "00" * 6, FAILED),  # secured transmission
        ("ff82800006" + "00" * 6, FAILED),  # a reader key
        ("ff82000005" + "00" * 5, "6700"),
        ("ff820000", "6700"),
    ],
)
def test_keys_that_are_not_taken(apdu: str, sw: str) -> None:
    assert Desk().say(apdu) == sw


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("ff860000050100056001", FAILED),  # nothing in slot 1
        ("ff860000050100056200", FAILED),  # no such key type
        ("ff860000050101056000", "6a82"),  # block 0105
        ("ff860000050000056000", "6a81"),  # another version
        ("ff8600000401000560", "6700"),
        ("ff8801056000", "6a82"),
        ("ff880005600000", "6700"),
    ],
)
def test_authentications_that_are_not_tried(apdu: str, sw: str) -> None:
    desk = Desk()
    desk.load(KEY_A)
    assert desk.say(apdu) == sw
    assert desk.field.frames == 3, "no frame reached the card"


def test_a_wrong_key_fails_and_the_chip_selects_the_card_again_for_the_next() -> None:
    # Field report C19: after one wrong key every later authentication failed.
    desk = Desk()
    assert desk.open(key=b"wrong-") == FAILED
    assert desk.field.frames == 5
    assert desk.open(9) == OK
    assert desk.field.frames == 5 + 3 + 2


def test_after_a_refusal_the_card_is_selected_and_nothing_is_open() -> None:
    desk = opened()
    assert desk.say("ffb0000910") == FAILED  # a block of another sector
    assert desk.say("ffb0000510") == FAILED
    assert desk.open() == OK
    assert desk.say("ffb0000510")[-4:] == OK


def test_reading_gives_16_bytes() -> None:
    desk = opened()
    block = value.encode(100, 5).hex()
    assert desk.say("ffb0000510") == block + OK
    assert desk.say("ffb0000500") == block + OK
    assert desk.say("ffb0000520") == block + "6282"
    assert desk.say("ffb0000504") == "6c10"
    assert desk.say("ffb00005") == "6700"
    assert desk.say("ffb0010510") == "6a82"
    assert desk.say("ffb0004010") == FAILED


def test_writing_takes_16_bytes_and_trailers_too() -> None:
    desk = opened()
    assert desk.say("ffd6000610" + "aa" * 16) == OK
    assert desk.image.blocks[6] == b"\xaa" * 16
    assert desk.say("ffd600060f" + "aa" * 15) == "6700"
    assert desk.say("ffd6010610" + "bb" * 16) == "6a82"
    fresh = (b"new-a-" + desk.image.blocks[7][6:10] + b"new-b-").hex()
    assert desk.say("ffd6000710" + fresh) == OK
    assert desk.open(key=b"new-b-") == OK


def test_a_forbidden_write_fails_and_changes_nothing() -> None:
    desk = Desk()
    assert desk.open(key_type="60", key=KEY_A) == OK
    before = list(desk.image.blocks)
    assert desk.say("ffd6000510" + "aa" * 16) == FAILED
    assert desk.image.blocks == before


@pytest.mark.parametrize("v", vectors("pcsc_value"), ids=name)
def test_value_commands_as_published_in_the_dialects_we_speak(v: Any) -> None:
    for case in v["cases"]:
        block = case["block"]
        desk = Desk(card_image(VALUE, {block: value.encode(1_000, block)}))
        desk.open(block)
        answer = desk.say(case["apdu"])
        if case["dialect"] in ("ff-c2", "ff-d7"):
            sign = 1 if case["op"] == "increment" else -1
            wanted = value.encode(1_000 + sign * case["operand"], block)
            assert desk.image.blocks[block] == wanted, case
            assert answer[-4:] == OK
        else:
            assert answer == "6d00", case


def test_value_operations_of_ff_d7() -> None:
    desk = opened()
    assert desk.say("ffd70005050200000007") == OK
    assert desk.say("ffb1000504") == "0000005d" + OK
    assert desk.say("ffd70005050100000001") == OK
    assert desk.say("ffd70005020306") == OK
    assert desk.image.blocks[6] == value.encode(94, 5)
    assert desk.say("ffd700040500fffffffe") == OK
    assert desk.say("ffb1000400") == "fffffffe" + OK
    assert desk.say("ffd700050502000000") == "6700"
    assert desk.say("ffd70005050400000000") == "6700"


def test_a_value_operation_on_no_value_block_fails() -> None:
    desk = opened()
    assert desk.say("ffb1000604") == FAILED
    assert desk.say("ffb0000610")[-4:] == OK, "reading it cost no session"
    assert desk.say("ffd70006050200000001") == FAILED


def test_ff_c2_tells_in_its_answer_how_it_went() -> None:
    desk = opened()
    assert desk.say("ffc200030ba10980010581040700000000") == "c003009000" + OK
    assert value.decode(desk.image.blocks[5]) == (93, 5)
    assert desk.say("ffc200030ba10980010681040700000000") == "c003016300" + OK
    assert desk.say("ffc2000000") == "6a81"


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("00a4040000", "6a81"), ("ff00000000", "6d00"), ("ffff000000", "6d00"), ("", "6700"),
        ("ff", "6700"), ("ffb000", "6700"), ("ffd60005001000", "6700"), ("ffd6000510aa", "6700"),
    ],
)  # fmt: skip
def test_what_the_chip_does_not_know(apdu: str, sw: str) -> None:
    assert opened().say(apdu) == sw


def sitting(desk: Desk) -> list[str]:
    """One read, one write, one debit; what the reader said."""
    said = [desk.open(), desk.say("ffb0000510"), desk.say("ffd6000610" + "aa" * 16)]
    return [*said, desk.say("ffd70005050200000001"), desk.say("ffca000000")]


def test_a_card_taken_away_at_any_frame_is_gone_for_good() -> None:
    whole = Desk()
    assert all(answer[-4:] == OK for answer in sitting(whole))
    for frame in range(4, whole.field.frames + 1):
        desk = Desk(tear=Tear(frame=frame))
        answers = [answer[-4:] for answer in sitting(desk)]
        gone = answers.index(GONE.hex())
        assert answers[:gone] == [OK] * gone
        assert answers[gone:] == [GONE.hex()] * (len(answers) - gone)
        assert not desk.field.present


@pytest.mark.parametrize("frame", [1, 2, 3])
def test_a_card_taken_away_while_it_is_selected_has_no_atr(frame: int) -> None:
    desk = Desk(tear=Tear(frame=frame))
    assert desk.atr == b""
    assert desk.say("ffca000000") == ""


def test_a_new_card_finds_the_keys_where_they_were() -> None:
    desk = opened()
    desk.chip.power_off()
    desk.chip.field = Field(ClassicCard(card_image(uid=b"\1\2\3\4")))
    desk.chip.power_on()
    assert desk.say("ffca000000") == "01020304" + OK
    assert desk.say("ff860000050100056100") == OK


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_get_a_status_word(apdus: list[bytes]) -> None:
    desk = opened()
    for apdu in apdus:
        assert len(desk.chip.transmit(apdu)) >= 2
        assert len(desk.chip.transmit(b"\xff" + apdu)) >= 2


def test_thousands_of_random_apdus_in_bulk() -> None:
    rng = Random(11)
    known = (0xCA, 0x82, 0x86, 0x88, 0xB0, 0xD6, 0xC2, 0xD7, 0xB1)
    desk = opened()
    for _ in range(10_000):
        body = rng.randbytes(rng.choice((0, 1, 4, 5, 11, 16)))
        head = bytes((0xFF, rng.choice(known), rng.choice((0, 1, 32)), rng.choice((0, 5, 6, 57))))
        le = rng.choice((b"", b"\x00", b"\x10"))
        answer = desk.chip.transmit(head + bytes((len(body),)) + body + le)
        assert 2 <= len(answer) <= 18
        assert answer[-2] in (0x90, 0x62, 0x63, 0x67, 0x6A, 0x6C)
    assert desk.field.present
    desk.image.program(7, card_image(VALUE).blocks[7])
    assert desk.open() == OK, "still alive"
