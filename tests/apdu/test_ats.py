"""Answers to select: the published one, what the standard fills in, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.atr import iso_dep_atr
from apdu.ats import FRAME_BYTES, Ats
from tests.apdu.vectors import Vector, published


@pytest.mark.parametrize("vector", published("ats"), ids=repr)
def test_an_answer_is_taken_apart(vector: Vector) -> None:
    found = Ats.parse(vector["ats"])
    assert found is not None, vector.source
    for field, wanted in vector.raw["expected"].items():
        said = getattr(found, field)
        plain = said.hex() if isinstance(said, bytes) else said
        assert (list(plain) if isinstance(plain, tuple) else plain) == wanted, field


@pytest.mark.parametrize("vector", published("atr_isodep"), ids=repr)
def test_the_atr_of_an_answer(vector: Vector) -> None:
    # PC/SC part 3 takes the historical bytes; a second kind of reader hands on the whole ATS.
    for case in vector.raw["cases"]:
        if case["ats"] is None:
            historical = bytes.fromhex(case["historical"])
        else:
            ats = Ats.parse(bytes.fromhex(case["ats"]))
            assert ats is not None
            historical = ats.historical
        assert iso_dep_atr(historical).hex() == case["atr"], vector.source


def test_of_long_history_an_atr_holds_fifteen_bytes() -> None:
    assert iso_dep_atr(bytes(range(20)))[1] == 0x8F
    assert len(iso_dep_atr(bytes(20))) == 4 + 15 + 1


def test_what_is_left_out_has_the_standards_value() -> None:
    assert Ats.parse(b"\x01") == Ats.parse(b"\x02\x02") == Ats()
    shortest = Ats()
    assert (shortest.fsc, round(shortest.fwt_s * 1e6), shortest.sfgt_s) == (32, 4833, 0.0)
    only_tc = Ats.parse(bytes.fromhex("034801"))
    assert only_tc == Ats(fsci=8, nad=True, cid=False)


def test_times_and_lengths_of_a_desfire() -> None:
    found = Ats.parse(bytes.fromhex("067577810280"))
    assert found is not None
    assert (found.fsc, round(found.fwt_s * 1e3, 1), round(found.sfgt_s * 1e6)) == (64, 77.3, 604)


def test_reserved_values_are_taken_for_the_standards_own() -> None:
    found = Ats.parse(bytes.fromhex("03 2f ff"))
    assert found == Ats(fsci=15, fwi=4, sfgi=0)
    assert found is not None
    assert found.fsc == FRAME_BYTES[-1]


@pytest.mark.parametrize(
    ("ta", "most", "wanted"),
    [(0x77, 3, 3), (0x77, 2, 2), (0x77, 0, 0), (0x31, 2, 1), (0x12, 3, 0), (0x40, 3, 0)],
)
def test_the_fastest_rate_both_ways(ta: int, most: int, wanted: int) -> None:
    found = Ats.parse(bytes((3, 0x12, ta)))
    assert found is not None
    assert found.rate_index_up_to(most) == wanted


@pytest.mark.parametrize("raw", ["", "00", "03", "0675778102", "0275", "04758102", "ff"])
def test_what_is_no_answer_is_none(raw: str) -> None:
    assert Ats.parse(bytes.fromhex(raw)) is None


@given(st.binary(max_size=40))
def test_no_bytes_break_it(raw: bytes) -> None:
    found = Ats.parse(raw)
    assert found is None or found.fsc in FRAME_BYTES
    fitting = Ats.parse(bytes((len(raw) + 1,)) + raw)
    assert fitting is None or 0 < fitting.fwt_s < 5
