"""The fare policy as data: each constant with its dates of effect and its source (domain.md 2.5).

`FarePolicy()` is Taichung's; a city profile may replace any constant of it. Amounts are integer
NT$, distances integer metres. A day is a civil date in Asia/Taipei.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from validation.errors import FarePolicyUnreadable

T = TypeVar("T")
Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """NT$ for the two fare classes."""

    full: Count
    half: Count

    def of(self, *, half: bool) -> int:
        return self.half if half else self.full


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleTen:
    """`free_m` metres free, at most `cap_ntd` beyond (雙十公車)."""

    free_m: Count
    cap_ntd: Count
    bound_only: bool  # False: every stored-value card, as in 2020


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(Generic[T]):
    """A value in force from `from_on` (None: since ever) to `until_on`, both included."""

    value: T
    source: str  # a source key of domain.md 1
    from_on: date | None = None
    until_on: date | None = None

    def covers(self, day: date) -> bool:
        return (self.from_on is None or self.from_on <= day) and (
            self.until_on is None or day <= self.until_on
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What is in force on one day. `None`: not known on that day (no such rule yet)."""

    basic_m: int  # up to here the base fare
    base_ntd: Amounts
    rate_e8: int  # 10^-8 NT$ a metre, tax included
    boarding_unbound_ntd: Dated[Amounts] | None
    double_ten: Dated[DoubleTen] | None
    lock_ntd: Dated[Amounts] | None
    advance_limit_ntd: int  # how far below 0 the card company advances
    again_s: int  # inclusive
    trip_max_min: int

    def free_rule(self, *, bound: bool) -> Dated[DoubleTen] | None:
        """The double-ten that prices a trip boarded today, or None."""
        rule = self.double_ten
        return rule if rule and (bound or not rule.value.bound_only) else None

    def name(self, *, bound: bool) -> str:
        """The fare and its date of effect, as the journal names it (ledger.md A.4 `policy`)."""
        rule = self.free_rule(bound=bound)
        since = rule or self.boarding_unbound_ntd
        day = since.from_on if since else None
        return f"{'double_ten' if rule else 'distance'}/{day or 'ever'}"


@dataclass(frozen=True, kw_only=True)  # no slots: a day's tariff is made once, when asked for
class FarePolicy:
    """Every constant with all its versions; the defaults are domain.md 2.5."""

    basic_m: tuple[Dated[Count], ...] = (Dated(value=8_000, source="pub.fare.tcbus"),)
    base_ntd: tuple[Dated[Amounts], ...] = (
        Dated(value=Amounts(full=20, half=11), source="pub.fare.tcbus"),
    )
    # 2.431 NT$/km x 1.05 (tax) = 255255 x 10^-8 NT$ a metre.
    rate_e8: tuple[Dated[Count], ...] = (Dated(value=255_255, source="pub.fare.rate"),)
    boarding_unbound_ntd: tuple[Dated[Amounts], ...] = (
        Dated(value=Amounts(full=15, half=11), source="pub.fare.2021", from_on=date(2021, 1, 1)),
    )
    double_ten: tuple[Dated[DoubleTen], ...] = (
        Dated(
            value=DoubleTen(free_m=10_000, cap_ntd=10, bound_only=False),
            source="pub.fare.tcbus",
            from_on=date(2020, 1, 25),
            until_on=date(2020, 12, 31),
        ),
        Dated(
            value=DoubleTen(free_m=10_000, cap_ntd=10, bound_only=True),
            source="report.4.1",
            from_on=date(2021, 1, 1),
        ),
    )
    lock_ntd: tuple[Dated[Amounts], ...] = (
        Dated(value=Amounts(full=20, half=11), source="pub.lock.amount", from_on=date(2012, 9, 1)),
    )
    advance_limit_ntd: tuple[Dated[Count], ...] = (Dated(value=60, source="pub.lock.amount"),)
    again_s: tuple[Dated[Count], ...] = (Dated(value=300, source="ours.again"),)
    trip_max_min: tuple[Dated[Count], ...] = (Dated(value=480, source="ours.trip_max"),)

    @classmethod
    def from_profile(cls, fare: Mapping[str, Any]) -> FarePolicy:
        """The policy of a city profile: `fare`, constant by constant; what it leaves out is the
        default. Raises `FarePolicyUnreadable`."""
        try:
            policy = msgspec.convert(fare, type=cls)
        except msgspec.ValidationError as error:
            raise FarePolicyUnreadable(why=str(error)) from error
        if strange := set(fare) - {f.name for f in fields(cls)}:
            raise FarePolicyUnreadable(why=f"unknown: {', '.join(sorted(strange))}")
        return policy

    def on(self, day: date) -> Tariff:
        """What is in force on `day`. Raises `FarePolicyUnreadable` where a constant that every
        fare needs has no version for it."""
        if day not in self._days:
            self._days[day] = _tariff(self, day)
        return self._days[day]

    @cached_property
    def _days(self) -> dict[date, Tariff]:
        # By the policy itself: to hash one, as a cache of functions does, takes longer than a fare.
        return {}


def _tariff(policy: FarePolicy, day: date) -> Tariff:
    return Tariff(
        basic_m=_needed("basic_m", policy.basic_m, day),
        base_ntd=_needed("base_ntd", policy.base_ntd, day),
        rate_e8=_needed("rate_e8", policy.rate_e8, day),
        boarding_unbound_ntd=_in_force(policy.boarding_unbound_ntd, day),
        double_ten=_in_force(policy.double_ten, day),
        lock_ntd=_in_force(policy.lock_ntd, day),
        advance_limit_ntd=_needed("advance_limit_ntd", policy.advance_limit_ntd, day),
        again_s=_needed("again_s", policy.again_s, day),
        trip_max_min=_needed("trip_max_min", policy.trip_max_min, day),
    )


def _in_force(versions: tuple[Dated[T], ...], day: date) -> Dated[T] | None:
    """Of overlapping versions the one written last."""
    return next((v for v in reversed(versions) if v.covers(day)), None)


def _needed(constant: str, versions: tuple[Dated[T], ...], day: date) -> T:
    if (found := _in_force(versions, day)) is None:
        raise FarePolicyUnreadable(why=f"{constant}: none on {day}")
    return found.value
