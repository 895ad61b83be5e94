"""One tap, decided: a card's state and where it is held, in; what happens and what to write, out.

Pure: nothing is read, written or asked for here. Order of the checks (domain.md 2.6): R9, R3,
R2 with R8, then for a boarding R7, R6, R5, and R1 with R4. Policy version, bound or not, full or
half are decided at boarding by that day in Taipei and kept with the trip (`ours.boarding_day`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from cards.state import BindingMark, CardState, Trip
from validation.fares import Line, boarding_ntd, trip_lines
from validation.network import Route, Stop
from validation.policy import FarePolicy, Tariff
from validation.tap_time import taipei_day


@dataclass(frozen=True, slots=True, kw_only=True)
class TapContext:
    """All that a decision needs beside the card's state. `at` is aware UTC in whole seconds.

    `half_until`: last day on which the card itself rides at half fare (a child card; None: full
    fare, as the Flora card is whoever holds it, domain.md 5).
    """

    at: datetime
    route: Route
    stop: Stop
    vehicle: bytes  # first 4 bytes of SHA-256 of its name
    policy: FarePolicy
    blocked: bool = False  # booked as spoiled, expired, or stopped by a hotlist
    binding_ended: bool = False  # an `unbind` of the card's own binding is on the hotlist
    half_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TapDecision:
    """`fare_ntd`: this trip so far, without a lock charge; `charged_ntd`: this tap, with it.

    `new_state` is None where nothing changes (`again`, `refused`). On `on` and `off` the last
    line, `charge`, is the sum of the others.
    """

    outcome: str  # on, off, again, refused
    rule: str
    distance_m: int = 0
    fare_ntd: int = 0
    charged_ntd: int = 0
    lines: tuple[Line, ...] = ()
    new_state: CardState | None = None


def decide(state: CardState, purse_ntd: int | None, ctx: TapContext) -> TapDecision:
    """Rules R1-R9. `purse_ntd` None: ledger mode, where no rule about the purse applies.

    The purse must be settled: a torn charge is finished before (gate.py). Raises `UnknownStop`
    where the network data no longer has the stop of an open trip.
    """
    if ctx.blocked:
        return TapDecision(outcome="refused", rule="R9")
    if state.trip is not None and is_again(state.trip, ctx):
        return _again(state.trip, ctx.route)
    if state.trip is not None and _can_close(state.trip, ctx):
        return _alight(state, state.trip, purse_ntd, ctx)
    return _board(state, purse_ntd, ctx)


def is_again(trip: Trip, ctx: TapContext) -> bool:
    """R3: here, within the seconds of grace. A clock set back is not `again` (`ours.clock`)."""
    age_s = (ctx.at - trip.last_at).total_seconds()
    again_s = ctx.policy.on(taipei_day(ctx.at)).again_s
    return _aboard(trip, ctx) and trip.last_stop == ctx.stop.number and 0 <= age_s <= again_s


def recorded(state: CardState, route: Route, policy: FarePolicy) -> TapDecision:
    """The last accepted tap once more, from a record-mode card's state alone (cards.md 2.10).

    `route` is the trip's. What a torn tap had decided is so known without asking again.
    """
    trip = _trip(state)
    charged_ntd = state.purse_before - state.purse_after
    lock_ntd = charged_ntd - trip.paid_ntd if trip.open else 0
    distance_m = route.distance_m(trip.boarded_stop, trip.last_stop)
    if trip.open:
        steps, rule = _boarding_lines(lock_ntd, trip.paid_ntd), _boarding_rule(lock_ntd, state)
    else:
        steps, rule = _alighting_lines(trip, trip.paid_ntd - charged_ntd, distance_m, policy), "R2"
    return TapDecision(
        outcome="on" if trip.open else "off",
        rule=rule,
        distance_m=distance_m,
        fare_ntd=trip.paid_ntd,
        charged_ntd=charged_ntd,
        lines=_with_charge(steps),
        new_state=state,
    )


def _again(trip: Trip, route: Route) -> TapDecision:
    return TapDecision(
        outcome="again",
        rule="R3",
        distance_m=route.distance_m(trip.boarded_stop, trip.last_stop),
        fare_ntd=trip.paid_ntd,
        lines=(Line(name="again", amount_ntd=0),),
    )


def _alight(state: CardState, trip: Trip, purse_ntd: int | None, ctx: TapContext) -> TapDecision:
    """R2, or R8 where it would leave the purse below what the card company advances."""
    distance_m = ctx.route.distance_m(trip.boarded_stop, ctx.stop.number)
    steps = _alighting_lines(trip, trip.paid_ntd, distance_m, ctx.policy)
    charged_ntd = _sum_ntd(steps)
    limit_ntd = -ctx.policy.on(taipei_day(ctx.at)).advance_limit_ntd
    if purse_ntd is not None and purse_ntd - charged_ntd < limit_ntd:
        return TapDecision(
            outcome="refused",
            rule="R8",
            distance_m=distance_m,
            fare_ntd=trip.paid_ntd,
            lines=steps,
        )
    fare_ntd = trip.paid_ntd + charged_ntd
    closed = replace(trip, open=False, paid_ntd=fare_ntd, last_stop=ctx.stop.number, last_at=ctx.at)
    return TapDecision(
        outcome="off",
        rule="R2",
        distance_m=distance_m,
        fare_ntd=fare_ntd,
        charged_ntd=charged_ntd,
        lines=_with_charge(steps),
        new_state=_tapped(state, closed, purse_ntd, charged_ntd),
    )


def _board(state: CardState, purse_ntd: int | None, ctx: TapContext) -> TapDecision:
    """R7, R6, R5, R1 and R4, in this order."""
    tariff = ctx.policy.on(taipei_day(ctx.at))
    if purse_ntd is not None and purse_ntd < 0:
        return TapDecision(outcome="refused", rule="R7")
    lock_ntd = _lock_ntd(state, tariff)
    if purse_ntd is not None and purse_ntd < lock_ntd:
        return TapDecision(outcome="refused", rule="R6", lines=_boarding_lines(lock_ntd, 0))
    trip = _new_trip(state, tariff, ctx)
    steps = _boarding_lines(lock_ntd, trip.paid_ntd)
    charged_ntd = _sum_ntd(steps)
    new_state = _tapped(state, trip, purse_ntd, charged_ntd)
    return TapDecision(
        outcome="on",
        rule=_boarding_rule(lock_ntd, new_state),
        fare_ntd=trip.paid_ntd,
        charged_ntd=charged_ntd,
        lines=_with_charge(steps),
        new_state=new_state,
    )


def _new_trip(state: CardState, tariff: Tariff, ctx: TapContext) -> Trip:
    day = taipei_day(ctx.at)
    bound = state.binding is not None and not _ended(state.binding, day, ctx)
    if ctx.half_until is not None:  # the card's own end, whatever its binding says of the holder
        half = day <= ctx.half_until
    else:
        half = state.binding is not None and bound and state.binding.half
    return Trip(
        open=True,
        bound=bound,
        half=half,
        route=ctx.route.number,
        vehicle=ctx.vehicle,
        boarded_stop=ctx.stop.number,
        boarded_at=ctx.at,
        paid_ntd=boarding_ntd(tariff, bound=bound, half=half),
        last_stop=ctx.stop.number,
        last_at=ctx.at,
    )


def _ended(binding: BindingMark, day: date, ctx: TapContext) -> bool:
    """R4. The last day itself is bound."""
    return ctx.binding_ended or (binding.expires_on is not None and binding.expires_on < day)


def _aboard(trip: Trip, ctx: TapContext) -> bool:
    return trip.route == ctx.route.number and trip.vehicle == ctx.vehicle


def _can_close(trip: Trip, ctx: TapContext) -> bool:
    """Whether this tap ends the open trip. A boarding ahead of the clock has age 0."""
    max_s = ctx.policy.on(taipei_day(ctx.at)).trip_max_min * 60
    return trip.open and _aboard(trip, ctx) and (ctx.at - trip.boarded_at).total_seconds() <= max_s


def _lock_ntd(state: CardState, tariff: Tariff) -> int:
    """What an open trip costs that was never tapped off, by that trip's class; else 0."""
    if state.trip is None or not state.trip.open or tariff.lock_ntd is None:
        return 0
    return tariff.lock_ntd.value.of(half=state.trip.half)


def _boarding_rule(lock_ntd: int, state: CardState) -> str:
    """`state` is the one after the boarding: a card with a binding that did not ride on it."""
    if lock_ntd:
        return "R5"
    return "R4" if state.binding is not None and not _trip(state).bound else "R1"


def _boarding_lines(lock_ntd: int, boarding_ntd: int) -> tuple[Line, ...]:
    steps = (Line(name="lock", amount_ntd=lock_ntd), Line(name="boarding", amount_ntd=boarding_ntd))
    return tuple(step for step in steps if step.amount_ntd)


def _alighting_lines(
    trip: Trip, paid_ntd: int, distance_m: int, policy: FarePolicy
) -> tuple[Line, ...]:
    """The whole trip's price by the policy of its boarding day, less what was paid before."""
    steps = trip_lines(
        distance_m,
        policy.on(taipei_day(trip.boarded_at)),
        bound=trip.bound,
        half=trip.half,
    )
    return (*steps, Line(name="paid_at_boarding", amount_ntd=-paid_ntd)) if paid_ntd else steps


def _with_charge(steps: tuple[Line, ...]) -> tuple[Line, ...]:
    return (*steps, Line(name="charge", amount_ntd=_sum_ntd(steps)))


def _sum_ntd(steps: tuple[Line, ...]) -> int:
    return sum(step.amount_ntd for step in steps)


def _tapped(state: CardState, trip: Trip, purse_ntd: int | None, charged_ntd: int) -> CardState:
    """The state after an accepted tap; without a purse its three fields stay 0 (ledger mode)."""
    before_ntd, after_ntd, mark = 0, 0, 0
    if purse_ntd is not None:
        before_ntd, after_ntd = purse_ntd, purse_ntd - charged_ntd
        mark = (state.purse_mark + (charged_ntd != 0)) % 256
    return replace(
        state,
        n=state.n + 1,
        trip=trip,
        purse_before=before_ntd,
        purse_after=after_ntd,
        purse_mark=mark,
    )


def _trip(state: CardState) -> Trip:
    if state.trip is None:
        raise ValueError("a card that was never tapped has no trip")
    return state.trip
