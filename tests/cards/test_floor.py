"""The formula of all floors: three exchanges computed once, and the simulated field beside it."""

from __future__ import annotations

from itertools import product

import pytest

from hw_sim import air
from hw_sim.air import Pace
from tests.apdu.vectors import Vector, published
from tests.cards.floor import BITS_A_BYTE, exchange_fc, exchange_us


@pytest.mark.parametrize("v", published("air"), ids=repr)
def test_an_exchange_as_computed(v: Vector) -> None:
    out = v.raw.get("pcd_bits") or BITS_A_BYTE * v.raw["pcd_bytes"]
    back = BITS_A_BYTE * v.raw["picc_bytes"]
    request, answer, guard = exchange_fc(out_bits=out, back_bits=back, rate_kbps=v.raw["rate"])
    wanted = v.raw["expected"]
    assert request == wanted["request_and_gap_fc"], v.source
    assert answer == wanted["answer_fc"], v.source
    assert guard == wanted["guard_fc"], v.source
    took = exchange_us(out_bits=out, back_bits=back, rate_kbps=v.raw["rate"])
    assert took == pytest.approx(wanted["total_us"], abs=0.01), v.source


def test_the_simulated_field_counts_the_same() -> None:
    for out, back, rate, work in product((1, 4, 16), (0, 2, 18), (106, 212, 424), (0.0, 3100.0)):
        theirs = air.exchange(
            BITS_A_BYTE * out,
            BITS_A_BYTE * back,
            rates_kbps=(rate, rate),
            pace=Pace(work_fc=air.fc_of(work)),
        )
        ours = exchange_us(
            out_bits=BITS_A_BYTE * out,
            back_bits=BITS_A_BYTE * back,
            rate_kbps=rate,
            card_us=work,
        )
        assert theirs.us == pytest.approx(ours, abs=0.1), (out, back, rate, work)


def test_a_classic_answers_on_the_grid() -> None:
    pace = air.classic_pace(air.ClassicWork.WRITE_2)
    theirs = air.exchange(BITS_A_BYTE * 18, 4, rates_kbps=(106, 106), pace=pace)
    ours = exchange_us(out_bits=BITS_A_BYTE * 18, back_bits=4, card_us=3_100.0, classic=True)
    assert theirs.us == pytest.approx(ours)
