"""Stacked processors against a card that asks for everything a card may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.exchange import ANSWER_BYTES_MAX, CASES, over
from apdu.iso7816 import Command, Response
from apdu.nhi import PROFILE, SELECT


@dataclass
class Scripted:
    """Answers one after the other; remembers what it was sent."""

    answers: list[str]
    sent: list[str] = field(default_factory=list)

    def __call__(self, apdu: bytes) -> bytes:
        self.sent.append(apdu.hex())
        return bytes.fromhex(self.answers.pop(0))


def test_a_command_that_is_answered_goes_out_once() -> None:
    card = Scripted(["01029000"])
    assert over(card)(Command(ins=0xB0, ne=2)) == Response(b"\x01\x02", 0x9000)
    assert card.sent == ["00b0000002"]


def test_more_bytes_are_fetched_on_the_same_channel() -> None:
    card = Scripted(["016103", "02036102", "04059000"])
    assert over(card)(Command(cla=0x02, ins=0xB0, ne=256)).data == b"\x01\x02\x03\x04\x05"
    assert card.sent == ["02b0000000", "02c0000003", "02c0000002"]


def test_6100_asks_for_all_there_is() -> None:
    card = Scripted(["6100", "aa9000"])
    assert over(card)(SELECT) == Response(b"\xaa", 0x9000)
    assert card.sent[1] == "00c0000000"


def test_the_last_status_word_is_the_answer() -> None:
    card = Scripted(["016102", "026282"])
    assert over(card)(Command(ins=0xB0, ne=256)) == Response(b"\x01\x02", 0x6282)


def test_a_wrong_le_is_mended_once() -> None:
    card = Scripted(["6c02", "01029000"])
    assert over(card)(Command(ins=0xB0, ne=16)) == Response(b"\x01\x02", 0x9000)
    assert card.sent == ["00b0000010", "00b0000002"]


def test_a_card_that_is_never_content_is_asked_twice() -> None:
    card = Scripted(["6c02", "6c03"])
    assert over(card)(Command(ins=0xB0, ne=16)).sw == 0x6C03
    assert len(card.sent) == 2


def test_a_wrong_le_amid_fetching_is_mended_too() -> None:
    card = Scripted(["6104", "6c02", "01029000"])
    assert over(card)(Command(ins=0xB0, ne=256)).data == b"\x01\x02"
    assert card.sent[1:] == ["00c0000004", "00c0000002"]


@pytest.mark.parametrize("more", ["6100", "aa6100"])
def test_a_card_without_end_is_left(more: str) -> None:
    turns = 0

    def card(apdu: bytes) -> bytes:
        nonlocal turns
        turns += 1
        return bytes.fromhex(more)

    assert over(card)(Command(ins=0xB0, ne=256)).sw == 0x6100
    assert turns <= ANSWER_BYTES_MAX + 1


class Chaining:
    """A card that takes a long command in parts, and says back what it understood."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.whole = b""

    def __call__(self, apdu: bytes) -> bytes:
        length = apdu[4] if len(apdu) > 5 else 0
        self.parts.append(apdu)
        self.whole += apdu[5 : 5 + length]
        return b"\x90\x00" if apdu[0] & 0x10 else self.whole[:4] + b"\x90\x00"


@given(st.binary(min_size=1, max_size=1200))
def test_long_data_go_out_in_parts_and_arrive_whole(data: bytes) -> None:
    card = Chaining()
    answer = over(card)(Command(ins=0xA4, p1=4, data=data, ne=256))
    assert card.whole == data
    assert answer == Response(data[:4], 0x9000)
    assert all(part[0] == 0x10 and part[4] == 255 and len(part) == 260 for part in card.parts[:-1])
    assert card.parts[-1][:4] == b"\x00\xa4\x04\x00"
    assert card.parts[-1][-1:] == b"\x00"
    assert len(card.parts) == -(-len(data) // 255)


def test_a_card_that_cannot_chain_gets_no_second_part() -> None:
    card = Scripted(["6884"])
    assert over(card)(Command(ins=0xD6, data=bytes(600))).sw == 0x6884
    assert len(card.sent) == 1


def test_a_makers_class_is_never_chained() -> None:
    card = Scripted(["9000"])
    over(card)(Command(cla=0x90, ins=0x3D, data=bytes(300)))
    assert card.sent[0].startswith("903d000000012c")


@pytest.mark.parametrize("ins", CASES)
@pytest.mark.parametrize("case", [1, 2, 3, 4])
def test_a_case_that_does_not_fit_never_leaves(ins: int, case: int) -> None:
    data, ne = bytes(2) if case >= 3 else b"", None if case in (1, 3) else 256
    command = Command(ins=ins, data=data, ne=ne)
    card = Scripted(["9000"])
    assert command.case == case
    if case in CASES[ins]:
        assert over(card)(command).ok
    else:
        with pytest.raises(ValueError, match="has no case"):
            over(card)(command)
        assert card.sent == []


def test_the_nhi_profile_is_the_one_exception() -> None:
    card = Scripted(["aabb9000"])
    assert PROFILE.case not in CASES[PROFILE.ins]
    assert over(card)(PROFILE).data == b"\xaa\xbb"
    assert card.sent == ["00ca1100020000"]


def test_a_reader_or_a_desfire_is_not_held_to_the_table() -> None:
    card = Scripted(["9000", "91af"])
    over(card)(Command(cla=0xFF, ins=0x82, data=bytes(6)))
    over(card)(Command(cla=0x90, ins=0xCA, data=bytes(5), ne=256))
    assert len(card.sent) == 2
