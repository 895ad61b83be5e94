"""Carries a tap out: read, finish a torn one, decide, journal, write (architecture.md, one tap).

Order, and what a cut leaves:
1. the entry is durable and marked as this home's unfinished tap, in one commit. Cut here: at the
   next start it is journalled once more as `torn`; the card holds the old state and the tap, if
   presented again, takes the same number n: of equal (card_ref, n) the last entry counts;
2. the card is written. Torn: a second entry says so, the fault goes on to the caller, and the mark
   stays. Whether the card carries the tap is seen when it is presented again: then it is finished
   as it was recorded and journalled `done`, and never charged twice;
3. the mark is cleared and the gate opens.

Only accepted taps are journalled: `again` and `refused` have no n of their own, and an entry with
an old one would replace that tap's money.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from apdu.errors import Fault
from cards.card import Card
from cards.errors import CardNotIssued, NewerLayout
from cards.state import CardState, Trip
from validation.errors import VehicleNameUnfit
from validation.network import Network, Route, Stop
from validation.policy import FarePolicy
from validation.tap import TapContext, TapDecision, decide, is_again, recorded
from validation.tap_time import taipei_day, utc_text, whole_second

VEHICLE_CHARS_MAX = 64
VEHICLE_BYTES = 4  # of SHA-256 of the name: cards.md 2.10


class TapLedger(Protocol):
    """What a gate asks of the ledger. `card_ref` is 8 bytes, `binding_id` 4."""

    def spoiled(self, card_ref: bytes) -> bool:
        """Booked as spoiled (ledger.md 4.5)."""
        ...

    def ended(self, card_ref: bytes, binding_id: bytes) -> bool:
        """An `unbind` of exactly this binding is known here."""
        ...

    def journal_tap(self, content: dict[str, Any]) -> int:
        """Append a `tap` entry (ledger.md A.4, without `kind`) and mark it as this home's
        unfinished tap, both in one commit, durable on return. Its sequence."""
        ...

    def tap_done(self) -> None:
        """Clear the mark."""
        ...

    def unfinished_tap(self) -> dict[str, Any] | None:
        """The marked entry's content; None also while a living process has it in hand."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TapOutcome:
    """What the validator answers. `purse_ntd` is None in ledger mode.

    `binding`: id in hex of the binding that prices the trip, None: unbound, or refused.
    `finished`: the answer is that of a torn tap, finished now.
    """

    outcome: str  # on, off, again, refused
    rule: str  # R1-R9
    distance_m: int
    fare_ntd: int
    charged_ntd: int
    purse_ntd: int | None
    lines: tuple[dict[str, Any], ...]  # {name, amount_ntd}
    binding: str | None
    finished: bool

    def facts(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "outcome": self.outcome,
            "distance_m": self.distance_m,
            "fare_ntd": self.fare_ntd,
            "charged_ntd": self.charged_ntd,
            "purse_ntd": self.purse_ntd,
            "lines": list(self.lines),
            "rule": self.rule,
            "binding": self.binding,
            "finished": self.finished,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where and when a card is held."""

    route: Route
    stop: Stop
    vehicle_name: str
    vehicle: bytes
    at: datetime


class Gate:
    """A validator's gate. `terminal`: its id, which is the vehicle where none is named.

    Making one journals the tap that an unclean end left unfinished as `torn`.
    """

    def __init__(
        self, ledger: TapLedger, *, network: Network, policy: FarePolicy, terminal: str
    ) -> None:
        self._ledger = ledger
        self._network = network
        self._policy = policy
        self._terminal = terminal
        self.recover()

    def tap(
        self, card: Card, *, route: str, stop: str, vehicle: str | None, at: datetime
    ) -> TapOutcome:
        """One presentation. What is returned is durable and on the card.

        `at` is aware. Raises `UnknownRoute`, `UnknownStop`, `VehicleNameUnfit`,
        `TapTimeUnclear`, `CardNotIssued`, `NewerLayout`; what the card's and the ledger's verbs
        raise goes through, journalled as `torn` when writing may have begun.
        """
        place = self._place(route, stop, vehicle, at)
        if card.newer:
            raise NewerLayout(version=card.layout_version)
        state = card.state
        ctx = self._context(card, state, place)
        if not ctx.blocked:
            state = _issued(card)
            if torn := self._torn(card, state, place):
                self._carry(torn, card.settle)
                if is_again(_trip_of(state), ctx):
                    return _answer(torn, purse_ntd=_purse_ntd(card), finished=True)
        return self._new_tap(card, state or CardState(), ctx, place)

    def recover(self) -> dict[str, Any] | None:
        """What is known of this home's unfinished tap: its content, with state `torn`."""
        content = self._ledger.unfinished_tap()
        if content is not None and content["state"] != "torn":
            content = {**content, "state": "torn"}
            self._ledger.journal_tap(content)
        return content

    def _new_tap(self, card: Card, state: CardState, ctx: TapContext, place: _Place) -> TapOutcome:
        purse_ntd = _purse_ntd(card)
        decision = decide(state, purse_ntd, ctx)
        if decision.new_state is None:
            return _unchanged(decision, state, purse_ntd=purse_ntd)
        new_state = decision.new_state
        content = self._content(card, new_state, decision, place.route, place.vehicle_name)
        self._carry(content, lambda: card.put(new_state))
        return _answer(content, purse_ntd=_purse_ntd(card), finished=False)

    def _carry(self, content: dict[str, Any], write: Callable[[], None]) -> None:
        """Journal, write, done; torn on the way, the journal says so and the fault goes on."""
        self._ledger.journal_tap(content)
        try:
            write()
        except Fault:
            self._ledger.journal_tap({**content, "state": "torn"})
            raise
        self._ledger.tap_done()

    def _torn(self, card: Card, state: CardState, place: _Place) -> dict[str, Any] | None:
        """The journal content of the tap that this card carries and nobody has finished."""
        if state.trip is None:
            return None
        known = self.recover()
        if known is not None and _is_carried(known, card, state, state.trip):
            return {**known, "state": "done"}
        if (purse := card.purse) is None or purse.settled:
            return None
        route = self._network.route_numbered(state.trip.route)
        decision = recorded(state, route, self._policy)
        # The card holds a hash; the name is known only where it is the same vehicle again.
        name = place.vehicle_name if place.vehicle == state.trip.vehicle else None
        return self._content(card, state, decision, route, name)

    def _place(self, route: str, stop: str, vehicle: str | None, at: datetime) -> _Place:
        line = self._network.route(route)
        name = self._terminal if vehicle is None else vehicle
        if not (0 < len(name) <= VEHICLE_CHARS_MAX and name.isprintable()):
            raise VehicleNameUnfit(chars_max=VEHICLE_CHARS_MAX)
        return _Place(
            route=line,
            stop=line.stop(stop),
            vehicle_name=name,
            vehicle=sha256(name.encode()).digest()[:VEHICLE_BYTES],
            at=whole_second(at),
        )

    def _context(self, card: Card, state: CardState | None, place: _Place) -> TapContext:
        ref, binding = card.card_ref, state.binding if state else None
        expires_on = card.directory.expires_on if card.directory else None
        return TapContext(
            at=place.at,
            route=place.route,
            stop=place.stop,
            vehicle=place.vehicle,
            policy=self._policy,
            blocked=self._ledger.spoiled(ref)
            or (expires_on is not None and expires_on < taipei_day(place.at)),
            binding_ended=binding is not None and self._ledger.ended(ref, binding.binding_id),
            half_until=card.directory.half_until if card.directory else None,
        )

    def _content(
        self,
        card: Card,
        state: CardState,
        decision: TapDecision,
        route: Route,
        vehicle_name: str | None,
    ) -> dict[str, Any]:
        """The `tap` entry of ledger.md A.4. `state` is the card's after the tap."""
        trip = _trip_of(state)
        tariff = self._policy.on(taipei_day(trip.boarded_at))
        has_purse = card.purse is not None
        return {
            "n": state.n,
            "trip": state.n if trip.open else state.n - 1,
            "card_ref": card.card_ref.hex(),
            "at": utc_text(trip.last_at),
            "route": route.name,
            "stop": route.stop_numbered(trip.last_stop).stop,
            "vehicle": vehicle_name,
            "outcome": decision.outcome,
            "rule": decision.rule,
            "class": "half" if trip.half else "full",
            "binding": _binding(state),
            "purse_before": state.purse_before if has_purse else None,
            "purse_after": state.purse_after if has_purse else None,
            "lines": _plain_lines(decision),
            "distance_m": decision.distance_m,
            "fare_ntd": decision.fare_ntd,
            "charged_ntd": decision.charged_ntd,
            "policy": tariff.name(bound=trip.bound),
            "state": "done",
        }


def _issued(card: Card) -> CardState:
    """The state of a card that may ride. In ledger mode every card may (domain.md 2.6)."""
    state = card.state
    if state is None or (card.mode == "record" and not state.issued):
        raise CardNotIssued
    return state


def _is_carried(content: dict[str, Any], card: Card, state: CardState, trip: Trip) -> bool:
    """Whether the card's last accepted tap is that journalled one."""
    carried = {
        "card_ref": card.card_ref.hex(),
        "n": state.n,
        "at": utc_text(trip.last_at),
        "outcome": "on" if trip.open else "off",
        "fare_ntd": trip.paid_ntd,
    }
    return all(content[name] == value for name, value in carried.items())


def _trip_of(state: CardState) -> Trip:
    if state.trip is None:
        raise ValueError("an accepted tap leaves a trip")
    return state.trip


def _binding(state: CardState) -> str | None:
    """The binding that prices the trip; a binding made during the trip does not."""
    if state.binding is None or state.trip is None or not state.trip.bound:
        return None
    return state.binding.binding_id.hex()


def _purse_ntd(card: Card) -> int | None:
    return None if (purse := card.purse) is None else purse.ntd


def _plain_lines(decision: TapDecision) -> list[dict[str, Any]]:
    return [{"name": line.name, "amount_ntd": line.amount_ntd} for line in decision.lines]


def _unchanged(decision: TapDecision, state: CardState, *, purse_ntd: int | None) -> TapOutcome:
    """`again` or `refused`."""
    return TapOutcome(
        outcome=decision.outcome,
        rule=decision.rule,
        distance_m=decision.distance_m,
        fare_ntd=decision.fare_ntd,
        charged_ntd=decision.charged_ntd,
        purse_ntd=purse_ntd,
        lines=tuple(_plain_lines(decision)),
        binding=_binding(state) if decision.outcome == "again" else None,
        finished=False,
    )


def _answer(content: dict[str, Any], *, purse_ntd: int | None, finished: bool) -> TapOutcome:
    """What a journalled tap says to the holder."""
    return TapOutcome(
        outcome=content["outcome"],
        rule=content["rule"],
        distance_m=content["distance_m"],
        fare_ntd=content["fare_ntd"],
        charged_ntd=content["charged_ntd"],
        purse_ntd=purse_ntd,
        lines=tuple(content["lines"]),
        binding=content["binding"],
        finished=finished,
    )
