"""Virtual time by the formula of cards.md 1.3 and the card times of 1.4."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from hw_sim import air, value
from hw_sim.air import ClassicWork, Pace
from hw_sim.classic import ClassicCard
from hw_sim.desfire.card import DesfireCard
from hw_sim.field import Field, Picc
from hw_sim.frames import WUPA, with_crc
from hw_sim.reader_chip import ReaderChip
from hw_sim.stock import new_blank_classic, new_desfire
from tests.hw_sim.rig import Air, card_image, name, vectors

VALUES = {5: value.encode(100, 5)}


@pytest.mark.parametrize("v", vectors("air"), ids=name)
def test_an_exchange_takes_what_the_formula_says(v: Any) -> None:
    """Regression: the vectors are computed from section 1.3 of cards.md."""
    bits = v.get("pcd_bits") or 9 * v["pcd_bytes"]
    found = air.exchange(bits, 9 * v["picc_bytes"], rates_kbps=(v["rate"],) * 2, pace=Pace())
    want = v["expected"]
    assert found.request_and_gap_fc == want["request_and_gap_fc"], v["source"]
    assert found.answer_fc == want["answer_fc"]
    assert found.guard_fc == want["guard_fc"]
    assert round(found.us, 2) == want["total_us"]


def spent(before: Callable[[Air], object], step: Callable[[Air], object]) -> float:
    """Milliseconds that `step` takes on the air after `before`."""
    laid = Air(card_image(blocks=VALUES))
    before(laid)
    start_us = laid.field.air_us
    step(laid)
    return (laid.field.air_us - start_us) / 1000


def counted(laid: Air) -> None:
    laid.open(5)
    assert laid.count(0xC0, 5, 1)


CLASSIC: list[tuple[str, Callable[[Air], object], Callable[[Air], object], float]] = [
    ("select", lambda _: None, Air.select, 2.43),
    ("both parts of AUTH", Air.select, lambda a: a.prove(5), 2.13),
    ("READ", lambda a: a.open(5), lambda a: a.read(5), 2.06),
    ("WRITE", lambda a: a.open(5), lambda a: a.write(6, bytes(16)), 5.43),
    ("DEC", lambda a: a.open(5), lambda a: a.count(0xC0, 5, 1), 2.47),
    ("TRANSFER", counted, lambda a: a.transfer(5), 4.47),
]


@pytest.mark.parametrize(("what", "before", "step", "ms"), CLASSIC, ids=[c[0] for c in CLASSIC])
def test_a_classic_takes_its_data_sheets_times(
    what: str, before: Callable[[Air], object], step: Callable[[Air], object], ms: float
) -> None:
    assert spent(before, step) == pytest.approx(ms, abs=0.01), what


def test_seven_bytes_of_uid_take_a_level_more() -> None:
    laid = Air(card_image(uid=bytes.fromhex("04a1b2c3d4e5f6")))
    laid.select()
    assert round(laid.field.air_us / 1000, 2) == 4.43


def test_a_classic_tap_takes_what_the_worked_sum_says() -> None:
    """Select, 2 AUTH, 4 READ, 2 WRITE, a decrement and its transfer: 32.8 ms (cards.md 1.4)."""
    laid = Air(card_image(blocks=VALUES))
    laid.open(5)
    for block in (4, 5):
        laid.read(block)
    laid.write(4, bytes(16))
    laid.write(6, bytes(16))
    assert laid.count(0xC0, 5, 10)
    assert laid.transfer(5)
    assert laid.prove(9)
    for block in (8, 9):
        laid.read(block)
    assert round(laid.field.air_us / 1000, 1) == 32.8
    assert laid.field.frames == 3 + 2 * 2 + 4 + 2 * 2 + 3


def test_bytes_are_counted_both_ways() -> None:
    laid = Air(card_image())
    laid.select()
    assert laid.field.bytes == (1 + 2) + (2 + 5) + (9 + 3)
    laid.raw(b"")  # a frame that cannot be read: NAK
    assert laid.field.bytes == 22 + 1


def test_a_classic_answers_on_the_grid_of_whole_bits() -> None:
    for work in (ClassicWork.AUTH_1, ClassicWork.WRITE_2, ClassicWork.TRANSFER):
        assert air.classic_pace(work).work_fc % air.BIT_FC == 0
    assert air.classic_pace(ClassicWork.AUTH_1).work_fc == 5 * air.BIT_FC


def test_a_wrong_key_is_waited_for() -> None:
    """The time-out of 1 ms comes where the answer of four bytes would have come."""
    answer_ms = (1 + 9 * 4) * air.BIT_FC / air.FC_MHZ / 1000
    wrong = spent(Air.select, lambda a: a.prove(5, key=b"wrong!"))
    right = spent(Air.select, lambda a: a.prove(5))
    assert wrong - right == pytest.approx(1.0 - answer_ms, abs=0.001)


# --- DESFire: the times are choices of the model, and these tests say which


def desfire() -> tuple[ReaderChip, Field]:
    field = Field(DesfireCard(new_desfire(Random(1), uid=None, ev1=False), rng=Random(2)))
    chip = ReaderChip(field)
    assert chip.power_on()
    return chip, field


def on_air(out_bytes: int, back_bytes: int, guard_fc: int = air.GUARD_FC) -> float:
    """Milliseconds of a block and its answer with no work between."""
    return air.exchange(9 * out_bytes, 9 * back_bytes, pace=Pace(guard_fc=guard_fc)).us / 1000


@pytest.mark.parametrize(
    ("native", "back_bytes", "work_ms"),
    [
        ("5a000000", 1, 1.0),  # SelectApplication
        ("60", 8, 0.8),  # GetVersion, its first part
        ("6400", 2, 0.8),  # GetKeyVersion
        ("1a00", 9, 1.5),  # AuthenticateISO, first part
        ("ca0102030fa5", 1, 10.0),  # CreateApplication
        ("fc", 1, 0.8),  # FormatPICC without the master key: refused
    ],
)
def test_a_desfire_command_takes_its_time(native: str, back_bytes: int, work_ms: float) -> None:
    chip, field = desfire()
    start_us = field.air_us
    assert chip.transmit(bytes.fromhex(native))[0] in (0x00, 0xAF, 0xAE)
    took_ms = (field.air_us - start_us) / 1000
    blocks = on_air(3 + len(native) // 2, 3 + back_bytes)
    assert took_ms == pytest.approx(blocks + work_ms, abs=0.001)


def test_a_write_takes_longer_by_each_block_of_32_bytes() -> None:
    assert [air.desfire_us(0x3D, sealed=True, written=n) for n in (1, 32, 33, 64, 65)] == [
        3_000, 3_000, 4_000, 4_000, 5_000
    ]  # fmt: skip
    assert [air.desfire_us(0xBD, sealed=True, read=n) for n in (0, 32, 33, 40)] == [
        1_500, 1_500, 1_520, 1_660
    ]  # fmt: skip
    assert air.desfire_us(0xBD, sealed=False, read=32) == 800


def test_activation_waits_for_the_start_up_guard_and_rates_speed_the_air_up() -> None:
    card = DesfireCard(new_desfire(Random(1), uid=None, ev1=False), rng=Random(2))
    field = Field(card)
    chip = ReaderChip(field)
    chip.power_on()
    rats_ms = on_air(4, 8, guard_fc=air.WAIT_FC * 2)  # SFGI 1
    seven = Air(card_image(uid=bytes.fromhex("04a1b2c3d4e5f6")))
    seven.select()
    assert field.air_us / 1000 == pytest.approx(seven.field.air_us / 1000 + rats_ms, abs=0.001)
    start_us = field.air_us
    assert field.exchange(with_crc(bytes.fromhex("d0110a"))) == with_crc(b"\xd0")  # PPS: 424
    assert field.air_us - start_us == pytest.approx(air.exchange(45, 27, pace=Pace()).us)
    start_us = field.air_us
    assert field.exchange(with_crc(bytes.fromhex("026400")))
    at_424 = air.exchange(45, 45, rates_kbps=(424, 424), pace=Pace()).us + 800
    assert field.air_us - start_us == pytest.approx(at_424, abs=0.1)


def test_a_block_that_no_card_answers_is_waited_for_by_fwt() -> None:
    chip, field = desfire()
    start_us = field.air_us
    assert field.exchange(b"\x02\x60\x00\x00") is None  # wrong CRC
    assert (field.air_us - start_us) / 1000 == pytest.approx(77.3 + 0.5, abs=0.2)
    assert chip.transmit(bytes.fromhex("60"))


# --- the host's own time


def test_the_time_in_this_package_is_counted_once_however_calls_nest() -> None:
    card: Picc = ClassicCard(new_blank_classic(Random(1), uid=None))
    field = Field(card)
    chip = ReaderChip(field)
    assert field.inside.ns == 0
    chip.power_on()
    first = field.inside.ns
    assert first > 0
    with field.inside:
        inner = field.inside.ns
        field.exchange(WUPA)
        assert field.inside.ns == inner, "the outer call counts it"
    assert field.inside.ns > first


def test_an_exchange_is_heard_as_the_reader_had_it() -> None:
    heard: list[tuple[bytes, bytes | None]] = []
    card = ClassicCard(card_image())
    field = Field(card, heard=lambda frame, answer: heard.append((frame, answer)), reader_us=10.0)
    field.exchange(WUPA)
    field.exchange(b"\x00")
    assert heard == [(WUPA, card.image.atqa), (b"\x00", None)]
    assert field.air_us > 20
