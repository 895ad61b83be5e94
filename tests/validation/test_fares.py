"""What a trip costs: domain.md 2.4 row by row, and what must hold for every distance."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.fares import boarding_ntd, distance_fare_ntd, trip_lines, trip_ntd
from validation.policy import FarePolicy

TARIFF = FarePolicy().on(date(2026, 11, 25))
METRES = st.integers(0, 100_000)

# metres, full(d), half(d), bound full, bound half, unbound full, unbound half (domain.md 2.4)
TABLE = (
    (7_200, 20, 11, 0, 0, 15, 11),
    (8_000, 20, 11, 0, 0, 15, 11),
    (8_032, 21, 11, 0, 0, 16, 11),
    (9_000, 23, 11, 0, 0, 18, 11),
    (9_011, 23, 12, 0, 0, 18, 12),
    (10_000, 26, 13, 0, 0, 21, 13),
    (10_300, 26, 13, 0, 0, 21, 13),
    (10_381, 26, 13, 0, 0, 21, 13),
    (10_382, 27, 13, 1, 0, 22, 13),
    (10_400, 27, 13, 1, 0, 22, 13),
    (10_577, 27, 13, 1, 0, 22, 13),
    (10_578, 27, 14, 1, 1, 22, 14),
    (10_800, 28, 14, 2, 1, 23, 14),
    (12_000, 31, 15, 5, 2, 26, 15),
    (13_908, 36, 18, 10, 5, 31, 18),
    (17_630, 45, 23, 10, 10, 40, 23),
    (18_000, 46, 23, 10, 10, 41, 23),
    (30_000, 77, 38, 10, 10, 72, 38),
)
CLASSES = [(bound, half) for bound in (True, False) for half in (False, True)]


def _total(distance_m: int, *, bound: bool, half: bool) -> int:
    return trip_ntd(distance_m, TARIFF, bound=bound, half=half)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} m")
def test_the_fare_table(row: tuple[int, ...]) -> None:
    metres = row[0]
    fares = [distance_fare_ntd(metres, TARIFF, half=half) for half in (False, True)]
    totals = [_total(metres, bound=bound, half=half) for bound, half in CLASSES]
    assert (metres, *fares, *totals) == row


@pytest.mark.parametrize(
    ("bound", "half", "reached_m"), [(True, False, 13_908), (True, True, 17_630)]
)
def test_the_cap_is_reached_where_the_page_says(*, bound: bool, half: bool, reached_m: int) -> None:
    assert _total(reached_m - 1, bound=bound, half=half) == 9
    assert _total(reached_m, bound=bound, half=half) == 10


def test_every_metre_to_100_km_keeps_the_order_of_the_classes() -> None:
    """Never falling, bound never dearer than unbound, half never dearer than full, cap 10."""
    before = dict.fromkeys(CLASSES, 0)
    for metres in range(0, 100_001, 7):
        now = {(b, h): _total(metres, bound=b, half=h) for b, h in CLASSES}
        assert all(now[c] >= before[c] for c in CLASSES), metres
        assert now[True, False] <= now[False, False], metres
        assert now[True, True] <= now[False, True], metres
        assert now[True, True] <= now[True, False] <= 10, metres
        assert now[False, True] <= now[False, False], metres
        before = now


@given(st.tuples(METRES, METRES), st.sampled_from(CLASSES))
def test_a_longer_trip_is_never_cheaper(pair: tuple[int, int], of: tuple[bool, bool]) -> None:
    short, long = sorted(pair)
    assert _total(short, bound=of[0], half=of[1]) <= _total(long, bound=of[0], half=of[1])


@given(metres=METRES, half=st.booleans())
def test_bound_is_never_dearer_than_unbound_and_never_above_ten(*, metres: int, half: bool) -> None:
    assert _total(metres, bound=True, half=half) <= _total(metres, bound=False, half=half)
    assert 0 <= _total(metres, bound=True, half=half) <= 10


@given(metres=METRES, bound=st.booleans())
def test_half_is_never_dearer_than_full(*, metres: int, bound: bool) -> None:
    assert _total(metres, bound=bound, half=True) <= _total(metres, bound=bound, half=False)


@given(metres=st.integers(8_001, 100_000), half=st.booleans())
def test_the_fare_is_the_nearest_dollar_to_the_exact_one(*, metres: int, half: bool) -> None:
    exact = Fraction(metres) * Fraction(2431, 1_000_000) * Fraction(105, 100) / (2 if half else 1)
    base = 11 if half else 20
    fare = distance_fare_ntd(metres, TARIFF, half=half)
    assert fare == base or abs(fare - exact) <= Fraction(1, 2)
    assert fare >= base


@given(METRES, st.sampled_from(CLASSES))
def test_alighting_never_gives_money_back(metres: int, of: tuple[bool, bool]) -> None:
    boarding = boarding_ntd(TARIFF, bound=of[0], half=of[1])
    assert _total(metres, bound=of[0], half=of[1]) >= boarding


@given(METRES, st.sampled_from(CLASSES))
def test_no_step_of_a_price_is_empty_but_the_first(metres: int, of: tuple[bool, bool]) -> None:
    first, *rest = trip_lines(metres, TARIFF, bound=of[0], half=of[1])
    assert first.name == "distance_fare"
    assert all(step.amount_ntd < 0 for step in rest)
