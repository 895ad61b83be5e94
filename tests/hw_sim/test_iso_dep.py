"""ISO/IEC 14443-4 from both ends: the card's blocks frame by frame, the reader chip's over them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim import apdu
from hw_sim.field import Field, Tear
from hw_sim.frames import HLTA, REQA, WUPA, cascade, crc_fits, with_crc
from hw_sim.iso_dep import Ats, Identity, IsoDepCard, frame_bytes
from hw_sim.reader_blocks import Blocks
from hw_sim.reader_chip import ReaderChip, iso_dep_atr
from tests.hw_sim.rig import name, vectors

UID = bytes.fromhex("04a1b2c3d4e5f6")
ATS = bytes.fromhex("067577810280")


class Echo:
    """An applet that says back what it was told, in the other direction."""

    work_us = 0.0

    def __init__(self, uid: bytes = UID, ats: bytes = ATS) -> None:
        self.uid, self.ats = uid, ats
        self.resets = 0
        self.heard: list[bytes] = []

    def identity(self) -> Identity:
        atqa = b"\x44\x03" if len(self.uid) == 7 else b"\x04\x03"
        return Identity(uid=self.uid, atqa=atqa, ats=self.ats)

    def reset(self) -> None:
        self.resets += 1

    def transmit(self, message: bytes) -> bytes:
        self.heard.append(message)
        return message[::-1]


@pytest.fixture
def echo() -> Echo:
    return Echo()


def select(card: IsoDepCard, uid: bytes = UID) -> None:
    assert card.answer(WUPA) is not None
    for sel, level in zip((0x93, 0x95), cascade(uid), strict=False):
        assert card.answer(bytes((sel, 0x20))) == level
        assert card.answer(with_crc(bytes((sel, 0x70)) + level)) is not None


def activated(echo: Echo, rats: str = "e080") -> IsoDepCard:
    card = IsoDepCard(echo)
    select(card)
    assert card.answer(with_crc(bytes.fromhex(rats))) == with_crc(echo.ats)
    return card


def ask(card: IsoDepCard, block: str) -> str | None:
    """A block without its CRC, and the answer without its own."""
    answer = card.answer(with_crc(bytes.fromhex(block)))
    if answer is None:
        return None
    assert crc_fits(answer)
    return answer[:-2].hex()


def test_selection_says_iso_dep_at_the_last_level(echo: Echo) -> None:
    card = IsoDepCard(echo)
    assert card.answer(REQA) == b"\x44\x03"
    first, second = cascade(UID)
    assert card.answer(with_crc(b"\x93\x70" + first)) == with_crc(b"\x04")
    assert card.answer(with_crc(b"\x95\x70" + second)) == with_crc(b"\x20")


def test_before_rats_a_wrong_move_is_silence(echo: Echo) -> None:
    card = IsoDepCard(echo)
    select(card)
    assert ask(card, "0201") is None
    assert ask(card, "e080") is None  # it must be selected again
    select(card)
    assert card.answer(b"\xe0\x80\x00\x00") is None
    select(card)
    assert ask(card, "e08f") is None  # CID 15 is reserved
    select(card)
    assert card.answer(with_crc(HLTA)) is None
    assert card.answer(REQA) is None
    assert card.answer(WUPA) is not None


def test_blocks_alternate_and_an_answer_is_given_again_when_asked_for(echo: Echo) -> None:
    card = activated(echo)
    assert ask(card, "020102") == "020201"
    assert ask(card, "0303") == "0303"
    assert ask(card, "b3") == "0303"  # R(NAK) of this number: again
    assert ask(card, "b2") == "a3"  # of the other: here I am
    assert ask(card, "a3") == "0303"
    assert echo.heard == [b"\x01\x02", b"\x03"]


def test_a_message_comes_in_parts(echo: Echo) -> None:
    card = activated(echo)
    assert ask(card, "120102") == "a2"
    assert ask(card, "1303") == "a3"
    assert ask(card, "b3") == "a3"
    assert ask(card, "0204") == "0204030201"
    assert echo.heard == [b"\x01\x02\x03\x04"]


def test_an_answer_goes_in_parts_as_long_as_the_readers_frames(echo: Echo) -> None:
    card = activated(echo, "e000")  # FSD 16
    data = bytes(range(30))
    assert ask(card, "02" + data[::-1].hex()) == "12" + data[:13].hex()
    assert ask(card, "b2") == "12" + data[:13].hex()
    assert ask(card, "a3") == "13" + data[13:26].hex()
    assert ask(card, "a2") == "02" + data[26:].hex()
    assert ask(card, "a3") is None  # nothing more


def test_a_cid_is_said_back_and_another_one_is_not_meant(echo: Echo) -> None:
    card = activated(echo, "e083")
    assert ask(card, "0a0301") == "0a0301"
    assert ask(card, "0b0401") is None
    assert ask(card, "0301") is None
    assert ask(card, "ca03") == "ca03"
    card = activated(echo)
    assert ask(card, "0a0007") == "0a0007"


@pytest.mark.parametrize("block", ["06000000", "0600", "42", "e2", "f201", "c201", "a201", "22"])
def test_blocks_that_are_none_get_silence_and_harm_nothing(echo: Echo, block: str) -> None:
    card = activated(echo)
    assert ask(card, block) is None
    assert ask(card, "0201") == "0201"


def test_a_broken_or_too_long_block_gets_silence_and_is_asked_for_again(echo: Echo) -> None:
    card = activated(echo)
    assert card.answer(b"\x02\x01\x00\x00") is None
    assert ask(card, "02" + "00" * 62) is None  # 65 bytes, FSC is 64
    assert ask(card, "b2") == "a3"  # never heard
    assert ask(card, "02" + "00" * 61) is not None


def test_deselect_halts_and_forgets(echo: Echo) -> None:
    card = activated(echo)
    before = echo.resets
    assert ask(card, "c2") == "c2"
    assert echo.resets == before + 1
    assert card.answer(REQA) is None
    select(card)
    assert ask(card, "e080") == ATS.hex()
    assert ask(card, "0201") == "0201"


def test_pps_sets_the_rates_that_were_offered(echo: Echo) -> None:
    card = activated(echo)
    assert ask(card, "d01109") == "d0"  # 424 to the reader, 212 to the card
    assert card.rates_kbps == (212, 424)
    assert ask(card, "d01100") is None  # only right after RATS
    card.power_off()
    assert card.rates_kbps == (106, 106)
    slow = Echo(ats=bytes.fromhex("0575118102"))  # 212 only
    card = activated(slow)
    assert ask(card, "d0110a") is None
    card = activated(slow)
    assert ask(card, "d01105") == "d0"
    same = Echo(ats=bytes.fromhex("0575b38102"))
    assert ask(activated(same), "d01109") is None
    assert ask(activated(same), "d0110a") == "d0"
    assert ask(activated(echo), "d001") == "d0"
    assert ask(activated(echo), "d11105") is None


def test_what_an_ats_leaves_out_has_its_default() -> None:
    assert Ats.parse(b"\x01") == Ats(fsci=2, fwi=4, sfgi=0, cid=True)
    assert Ats.parse(b"\x02\x05") == Ats(fsci=5)
    assert Ats.parse(b"\x03\x28\x40") == Ats(fsci=8, fwi=4)
    assert Ats.parse(b"\x03\x05") is None
    assert Ats.parse(b"\x02\x75") is None
    assert Ats.parse(b"") is None
    assert [frame_bytes(n) for n in (0, 5, 8, 15)] == [16, 64, 256, 256]


@pytest.mark.parametrize("v", vectors("apdu_cases"), ids=name)
def test_apdus_are_taken_apart(v: Any) -> None:
    """Computed: regression."""
    for case in v["cases"]:
        found = apdu.parse(bytes.fromhex(case["apdu"]))
        assert found is not None, case["case"]
        assert (found.data.hex(), found.le) == (case.get("data", ""), case.get("le"))


@pytest.mark.parametrize("bad", ["", "00a404", "00a4040002aa", "00a404000001", "00a4040001aabbcc"])
def test_an_apdu_that_does_not_fit_is_none(bad: str) -> None:
    assert apdu.parse(bytes.fromhex(bad)) is None


# --- the reader's side


@pytest.mark.parametrize("v", vectors("atr_isodep"), ids=name)
def test_the_atr_is_made_of_the_historical_bytes(v: Any) -> None:
    for case in v["cases"]:
        found = Ats.parse(bytes.fromhex(case["ats"] or ""))
        history = bytes.fromhex(case.get("historical", "")) or (found.historical if found else b"")
        assert iso_dep_atr(history).hex() == case["atr"]


def test_the_reader_chip_carries_whole_apdus(echo: Echo) -> None:
    chip = ReaderChip(Field(IsoDepCard(echo)))
    assert chip.power_on().hex() == "3b8180018080"
    assert chip.transmit(bytes.fromhex("ffca000000")) == UID + b"\x90\x00"
    assert chip.transmit(bytes.fromhex("ffca010000")) == b"\x80\x90\x00"
    assert chip.transmit(bytes.fromhex("ffb0000410")) == b"\x6a\x81"
    assert chip.transmit(b"\x60") == b"\x60"
    long = Random(1).randbytes(700)
    assert chip.transmit(b"\x90" + long) == long[::-1] + b"\x90"
    chip.power_off()
    assert chip.transmit(b"\x60") == b""


@pytest.mark.parametrize("lost", ["out", "back", "broken out", "broken back"])
@pytest.mark.parametrize("size", [1, 61, 62, 300])
def test_what_is_lost_once_is_asked_for_again(lost: str, size: int) -> None:
    """Each frame in turn is lost or broken, on its way out or back; the message arrives once."""
    message = Random(size).randbytes(size)
    turns = 0
    for harmed in range(40):
        echo = Echo()
        exchange = harming(activated(echo), harmed, lost)
        blocks = Blocks(exchange, ATS, 61)
        assert blocks.transmit(message) == message[::-1]
        assert blocks.transmit(b"next") == b"txen"
        assert echo.heard == [message, b"next"]
        turns += harmed < exchange.frames
    assert turns >= 2


class harming:  # noqa: N801 - it is used as a function
    """An air on which frame number `at` does not come through."""

    def __init__(self, card: IsoDepCard, at: int, how: str) -> None:
        self._card, self._at, self._how = card, at, how
        self.frames = 0

    def __call__(self, frame: bytes) -> bytes | None:
        harmed = self.frames == self._at
        self.frames += 1
        if not harmed:
            return self._card.answer(frame)
        if self._how == "out":
            return None
        if self._how == "broken out":
            return self._card.answer(frame[:-1] + bytes((frame[-1] ^ 1,)))
        answer = self._card.answer(frame)
        if answer is None or self._how == "back":
            return None
        return answer[:-1] + bytes((answer[-1] ^ 1,))


@pytest.mark.parametrize("frame", range(1, 9))
def test_a_card_that_is_taken_away_is_gone(echo: Echo, frame: int) -> None:
    field = Field(IsoDepCard(echo), tear=Tear(frame=frame, moment="before"))
    chip = ReaderChip(field)
    if not chip.power_on():
        assert frame <= 6
        return
    answers = [chip.transmit(b"\x90\x60") for _ in range(3)]
    assert answers[-1] == b""
    assert all(answer in (b"\x60\x90", b"") for answer in answers)


def test_a_card_that_does_not_answer_is_not_asked_for_ever() -> None:
    asked: list[bytes] = []

    def mute(frame: bytes) -> None:
        asked.append(frame)

    assert Blocks(mute, ATS, 61).transmit(b"hello") is None
    assert len(asked) == 3


@given(st.lists(st.binary(max_size=70), max_size=30), st.booleans())
def test_any_frames_get_an_answer_or_silence(frames: list[bytes], crc: bool) -> None:  # noqa: FBT001
    card = activated(Echo())
    for frame in frames:
        answer = card.answer(with_crc(frame) if crc else frame)
        assert answer is None or len(answer) <= 256


@given(
    st.lists(st.binary(min_size=1, max_size=500), max_size=4),
    st.integers(0, 8),
    st.integers(0, 8),
)
def test_any_messages_pass_between_frames_of_any_length(
    messages: list[bytes], fsdi: int, fsci: int
) -> None:
    echo = Echo(ats=bytes((6, 0x70 | fsci)) + ATS[2:])
    card = activated(echo, f"e0{fsdi:x}0")
    sent: list[int] = []

    def exchange(frame: bytes) -> bytes | None:
        answer = card.answer(frame)
        sent.append(len(frame))
        assert answer is None or len(answer) <= frame_bytes(fsdi)
        return answer

    blocks = Blocks(exchange, echo.ats, frame_bytes(fsci) - 3)
    assert [blocks.transmit(message) for message in messages] == [m[::-1] for m in messages]
    assert echo.heard == messages
    assert all(size <= frame_bytes(fsci) for size in sent)
