"""The policy as data: each constant of domain.md 2.5 on the days around its dates of effect."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from validation.errors import FarePolicyUnreadable
from validation.fares import boarding_ntd, trip_ntd
from validation.policy import Amounts, Dated, DoubleTen, FarePolicy

POLICY = FarePolicy()


@pytest.mark.parametrize(
    ("day", "boarding_ntd_", "to_12_km_ntd", "named"),
    [
        (date(2020, 1, 24), 0, 31, "distance/ever"),  # distance fare alone
        (date(2020, 1, 25), 0, 5, "double_ten/2020-01-25"),  # every card
        (date(2020, 12, 31), 0, 5, "double_ten/2020-01-25"),
        (date(2021, 1, 1), 15, 26, "distance/2021-01-01"),  # bound cards only
    ],
)
def test_an_unbound_card_through_the_years(
    day: date, boarding_ntd_: int, to_12_km_ntd: int, named: str
) -> None:
    tariff = POLICY.on(day)
    assert boarding_ntd(tariff, bound=False, half=False) == boarding_ntd_
    assert trip_ntd(12_000, tariff, bound=False, half=False) == to_12_km_ntd
    assert tariff.name(bound=False) == named


def test_a_bound_card_since_2021() -> None:
    tariff = POLICY.on(date(2021, 1, 1))
    assert boarding_ntd(tariff, bound=True, half=False) == 0
    assert trip_ntd(12_000, tariff, bound=True, half=False) == 5
    assert tariff.name(bound=True) == "double_ten/2021-01-01"


def test_the_lock_charge_began_in_2012() -> None:
    assert POLICY.on(date(2012, 8, 31)).lock_ntd is None
    lock = POLICY.on(date(2012, 9, 1)).lock_ntd
    assert lock is not None
    assert lock.value == Amounts(full=20, half=11)


def test_every_constant_names_its_source() -> None:
    for constant in fields(FarePolicy):
        versions: tuple[Dated[Any], ...] = getattr(POLICY, constant.name)
        assert versions
        assert all(v.source.split(".")[0] in {"pub", "report", "ours"} for v in versions)


def test_a_profile_replaces_a_constant_and_leaves_the_rest() -> None:
    policy = FarePolicy.from_profile(
        {
            "double_ten": [
                {
                    "value": {"free_m": 8_000, "cap_ntd": 8, "bound_only": True},
                    "source": "ours.test",
                    "from_on": "2027-01-01",
                }
            ]
        }
    )
    found = policy.on(date(2027, 1, 1)).double_ten
    assert found is not None
    assert found.value == DoubleTen(free_m=8_000, cap_ntd=8, bound_only=True)
    assert policy.on(date(2026, 12, 31)).double_ten is None
    assert policy.basic_m == POLICY.basic_m


def test_an_empty_profile_is_the_policy_of_the_city() -> None:
    assert FarePolicy.from_profile({}) == POLICY


@pytest.mark.parametrize(
    "fare",
    [
        {"lock": []},
        {"again_s": [{"value": -1, "source": "x"}]},
        {"again_s": [{"value": 1.5, "source": "x"}]},
        {"again_s": [{"value": 300}]},
        {"lock_ntd": [{"value": {"full": 20}, "source": "x"}]},
        {"basic_m": [{"value": 8000, "source": "x", "from_on": "110-01-01"}]},
        {"basic_m": 8000},
    ],
)
def test_a_damaged_policy_is_refused(fare: dict[str, Any]) -> None:
    with pytest.raises(FarePolicyUnreadable):
        FarePolicy.from_profile(fare)


def test_a_day_without_a_needed_constant_is_said() -> None:
    policy = FarePolicy.from_profile({"basic_m": []})
    with pytest.raises(FarePolicyUnreadable) as caught:
        policy.on(date(2026, 11, 25))
    assert caught.value.why == "basic_m: none on 2026-11-25"
