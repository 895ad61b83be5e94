"""What a trip costs, line by line, in integers only (domain.md 2.1-2.4).

`E = d x rate` is the exact fare in 10^-8 NT$; nothing is rounded before the last step, and the
half fare is the rounded half of the exact fare, not half of the rounded one (`pub.fare.6268`).
"""

from __future__ import annotations

from dataclasses import dataclass

from validation.policy import DoubleTen, Tariff

E8_NTD = 100_000_000  # 10^-8 NT$ in one NT$


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of a price. `name`: distance_fare, free_section, cap, card_discount,
    paid_at_boarding, boarding, lock, again, charge; the words are the screens'."""

    name: str
    amount_ntd: int


def distance_fare_ntd(distance_m: int, tariff: Tariff, *, half: bool) -> int:
    """The fare of a distance alone: the base fare up to the basic distance, beyond it the exact
    fare to the nearest NT$, never below the base fare."""
    base_ntd = tariff.base_ntd.of(half=half)
    if distance_m <= tariff.basic_m:
        return base_ntd
    unit = 2 * E8_NTD if half else E8_NTD
    return max(base_ntd, (distance_m * tariff.rate_e8 + unit // 2) // unit)


def boarding_ntd(tariff: Tariff, *, bound: bool, half: bool) -> int:
    """What is taken at boarding: nothing on a double-ten trip, or before 2021."""
    if tariff.boarding_unbound_ntd is None or tariff.free_rule(bound=bound):
        return 0
    return tariff.boarding_unbound_ntd.value.of(half=half)


def trip_lines(distance_m: int, tariff: Tariff, *, bound: bool, half: bool) -> tuple[Line, ...]:
    """The whole trip's price as steps; the sum of the amounts is the price."""
    fare_ntd = distance_fare_ntd(distance_m, tariff, half=half)
    first = Line(name="distance_fare", amount_ntd=fare_ntd)
    if rule := tariff.free_rule(bound=bound):
        return (first, *_double_ten_lines(fare_ntd, tariff, rule.value, half=half))
    if off_ntd := _discount_ntd(tariff, half=half):
        return (first, Line(name="card_discount", amount_ntd=-off_ntd))
    return (first,)


def trip_ntd(distance_m: int, tariff: Tariff, *, bound: bool, half: bool) -> int:
    """The whole trip's price, NT$."""
    return sum(s.amount_ntd for s in trip_lines(distance_m, tariff, bound=bound, half=half))


def _double_ten_lines(
    fare_ntd: int, tariff: Tariff, rule: DoubleTen, *, half: bool
) -> tuple[Line, ...]:
    free_ntd = min(fare_ntd, distance_fare_ntd(rule.free_m, tariff, half=half))
    free = Line(name="free_section", amount_ntd=-free_ntd)
    over_ntd = fare_ntd - free_ntd - rule.cap_ntd
    return (free,) if over_ntd <= 0 else (free, Line(name="cap", amount_ntd=-over_ntd))


def _discount_ntd(tariff: Tariff, *, half: bool) -> int:
    """What a card saves against cash: the base fare less the boarding charge. Derived, so that
    a trip never costs less than was taken at boarding."""
    if tariff.boarding_unbound_ntd is None:
        return 0
    return tariff.base_ntd.of(half=half) - tariff.boarding_unbound_ntd.value.of(half=half)
