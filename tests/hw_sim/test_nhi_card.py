"""The NHI card and the blocks of T=1 that carry it: one vector, and what a reader may meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import reduce
from operator import xor
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hw_sim.field import Field, Noise, Tear
from hw_sim.image import ImageCorrupt, load, save
from hw_sim.nhi import AID, ATR, NhiImage, new_nhi
from hw_sim.picc import card_of
from hw_sim.reader_chip import ReaderChip
from hw_sim.reader_t1 import T1, ifsc_of
from hw_sim.t1 import INF_BYTES_MAX, Block, T1Card
from tests.hw_sim.rig import name, vectors

HOLDER = {
    "card_no": "000012345678",
    "name": "王小明",
    "id_no": "A123456789",
    "born": "1981-01-01",
    "sex": "M",
    "issued": "2004-04-02",
}
SELECT = b"\x00\xa4\x04\x00\x10" + AID
PROFILE = bytes.fromhex("00ca1100020000")


def made(**other: object) -> NhiImage:
    return new_nhi(Random(1), holder={**HOLDER, **other})


def chip_of(image: NhiImage, **field: Any) -> ReaderChip:
    chip = ReaderChip(Field(card_of(image), **field))
    assert chip.power_on() == image.atr
    return chip


@pytest.mark.parametrize("v", vectors("nhi_profile"), ids=name)
def test_the_profile_is_that_of_the_vector(v: Any) -> None:
    print(v["source"])
    image = new_nhi(Random(1), holder={field: v[field] for field in HOLDER})
    assert image.profile.hex() == v["record"]
    chip = chip_of(image)
    assert chip.transmit(SELECT) == b"\x90\x00"
    assert chip.transmit(PROFILE).hex() == v["record"] + "9000"


@pytest.mark.parametrize("v", vectors("atr_tck"), ids=name)
def test_its_atr_is_the_published_one(v: Any) -> None:
    assert made().atr.hex() == v["atr"], v["source"]
    assert reduce(xor, made().atr[1:]) == 0


def test_an_application_calls_two_fields_by_other_names() -> None:
    said = {("number" if k == "id_no" else k): v for k, v in HOLDER.items()}
    assert new_nhi(Random(1), holder=said).profile == made().profile
    with pytest.raises(ValueError, match="twice"):
        made(number="A123456789")


def test_what_is_not_said_is_drawn_or_the_first_day() -> None:
    said = {k: v for k, v in HOLDER.items() if k not in ("card_no", "issued")}
    one, other = (new_nhi(Random(seed), holder=said).profile for seed in (1, 2))
    assert one != other
    assert one.endswith(b"0930101")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("card_no", "12"),
        ("card_no", "１２３４５６７８９０１２"),  # noqa: RUF001 - digits, yet not ASCII
        ("name", ""),
        ("name", "王" * 11),
        ("name", "😀"),
        ("name", 5),
        ("id_no", "A12345678"),
        ("id_no", None),
        ("born", "1911-12-31"),
        ("born", "1981-02-30"),
        ("born", "700101"),
        ("sex", "X"),
        ("issued", 20040402),
    ],
)
def test_a_holder_that_no_card_can_have_is_named_by_its_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field) as caught:
        made(**{field: value})
    assert str(caught.value) == field, "nothing of the person is shown"


@pytest.mark.parametrize("field", ["name", "id_no", "born", "sex"])
def test_a_field_left_out_is_named(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        new_nhi(Random(1), holder={k: v for k, v in HOLDER.items() if k != field})


def test_a_field_of_no_card_is_named() -> None:
    with pytest.raises(ValueError, match="address"):
        made(address="somewhere")


def test_nothing_shows_the_person() -> None:
    assert "A123456789" not in repr(made())
    assert made().profile.hex() not in repr(made())


def test_a_card_file_keeps_the_card(tmp_path: Path) -> None:
    image = made()
    save(tmp_path / "nhi.card", image)
    assert load(tmp_path / "nhi.card") == image
    assert image.uid == b""


def test_a_card_file_with_a_short_profile_is_none(tmp_path: Path) -> None:
    save(tmp_path / "nhi.card", replace(made(), profile=made().profile[:-1]))
    with pytest.raises(ImageCorrupt, match="profile has 56 bytes"):
        load(tmp_path / "nhi.card")


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00ca1100020000", "6985"),  # before SELECT
        ("00a4040007a0000000031010", "6a82"),
        ("00a40000023f00", "6a86"),
        ("ffca000000", "6e00"),  # a reader's own command reaches the card
        ("00b0000000", "6d00"),
        ("00", "6700"),
        ("00a40400ff", "6a82"),
    ],
)
def test_a_wrong_move_has_its_status(apdu: str, answer: str) -> None:
    assert chip_of(made()).transmit(bytes.fromhex(apdu)).hex() == answer


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00ca1100020001", "6a80"),
        ("00ca11000100", "6700"),
        ("00ca1100", "6700"),
        ("00ca1200020000", "6a86"),
        ("00ca110002000010", "6c39"),
    ],
)
def test_the_profile_is_read_in_one_way_only(apdu: str, answer: str) -> None:
    chip = chip_of(made())
    chip.transmit(SELECT)
    assert chip.transmit(bytes.fromhex(apdu)).hex() == answer


def test_a_reset_forgets_what_was_selected() -> None:
    chip = chip_of(made())
    chip.transmit(SELECT)
    chip.power_on()
    assert chip.transmit(PROFILE).hex() == "6985"
    chip.power_off()
    assert chip.transmit(PROFILE) == b""


def test_no_radio_frame_reaches_it() -> None:
    field = Field(card_of(made()))
    for frame in (b"\x26", b"\x52", bytes.fromhex("9320"), bytes.fromhex("e0803173")):
        assert field.exchange(frame) is None


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_card_pulled_out_is_gone(moment: Literal["before", "during", "after"]) -> None:
    chip = chip_of(made(), tear=Tear(frame=3, moment=moment))
    assert chip.transmit(SELECT) == b"\x90\x00"
    assert chip.transmit(PROFILE) == b""
    assert chip.power_on() == b""


# --- T=1


class Echo:
    """Says back what it was told."""

    def reset(self) -> None: ...

    def transmit(self, message: bytes) -> bytes:
        return message


def atr_with(ifsc: int) -> bytes:
    """An ATR with TD1, TD2 (T=1) and this TA3."""
    return bytes((0x3B, 0x80, 0x81, 0x11, ifsc, 0x00))


@pytest.mark.parametrize(
    ("atr", "ifsc"),
    [
        (ATR.hex(), 254),
        ("3b", 32),
        ("3b00", 32),
        ("3b80811140" + "00", 0x40),
        ("3b808111ff", 32),
        ("3b8081", 32),
        ("3b80801140", 0x40),  # TD1 offers T=0 too
    ],
)
def test_the_longest_block_is_read_off_the_atr(atr: str, ifsc: int) -> None:
    assert ifsc_of(bytes.fromhex(atr)) == ifsc


@given(
    st.lists(st.binary(max_size=700), min_size=1, max_size=3),
    st.integers(1, INF_BYTES_MAX),
    st.lists(
        st.tuples(
            st.integers(1, 12),
            st.sampled_from(("out", "back")),
            st.sampled_from(("lost", "broken")),
        ),
        max_size=3,
        unique_by=lambda each: each[0],
    ),
)
@example(messages=[b""], ifsc=1, noise=[(2, "back", "lost"), (3, "out", "broken")])
@settings(max_examples=400, deadline=None)
def test_messages_come_through_whole_whatever_is_lost(
    messages: list[bytes],
    ifsc: int,
    noise: list[tuple[int, Literal["out", "back"], Literal["lost", "broken"]]],
) -> None:
    """Three losses, even in one turn. One bit wrong is always seen: the check byte is an XOR."""
    card = T1Card(Echo(), atr=atr_with(ifsc))
    harm = [Noise(frame=n, way=way, harm=harm) for n, way, harm in noise]
    field = Field(card, noise=harm)
    assert field.reset() == card.atr
    line = T1(field.exchange, atr=card.atr)
    for message in messages:
        assert line.transmit(message) == message


@given(st.lists(st.binary(max_size=12), max_size=8), st.binary(max_size=300))
def test_any_bytes_get_a_block_and_the_card_goes_on(frames: list[bytes], message: bytes) -> None:
    card = T1Card(Echo(), atr=ATR)
    assert all(card.answer(frame) is None for frame in frames)
    card.reset()
    for frame in frames:
        answer = card.answer(frame)
        assert answer is not None
        assert isinstance(Block.parse(answer), Block)
    assert card.answer(bytes(Block(0xC0))) == bytes(Block(0xE0))  # RESYNCH
    assert T1(card.answer, atr=ATR).transmit(message) == message


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_apdu_gets_an_answer_and_shows_nothing_before_select(apdu: bytes) -> None:
    image = made()
    answer = chip_of(image).transmit(apdu)
    assert len(answer) == 2


def test_a_message_without_end_is_given_up() -> None:
    card = T1Card(Echo(), atr=ATR)
    card.reset()
    answers = [
        card.answer(bytes(Block(0x20 | (0x40 if n & 1 else 0), bytes(254)))) for n in range(260)
    ]
    assert answers.count(bytes(Block(0xC2))) == 1, "S(ABORT)"
    assert card.answer(bytes(Block(0xE2))) is not None


def test_dates_are_of_the_republic() -> None:
    assert made(born=date(1912, 1, 1).isoformat()).profile[42:49] == b"0010101"
