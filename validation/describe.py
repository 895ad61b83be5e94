"""A card's last trip in words that programs and screens can show. Reads a state, asks nobody."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cards.state import CardState, TapEvent
from validation.errors import UnknownRoute, UnknownStop
from validation.network import Network, Route
from validation.tap_time import TAIPEI


def trip_of(state: CardState, network: Network) -> dict[str, Any] | None:
    """The trip of the last accepted tap, or None. Times are ISO 8601 in Asia/Taipei.

    Route and stops are null where this home's network data does not know the card's numbers.
    """
    trip = state.trip
    if trip is None:
        return None
    route = _route(network, trip.route)
    return {
        "open": trip.open,
        "bound": trip.bound,
        "route": route.name if route else None,
        **_stop("boarded", route, trip.boarded_stop),
        "boarded_at": trip.boarded_at.astimezone(TAIPEI).isoformat(),
        **_stop("last", route, trip.last_stop),
        "last_at": trip.last_at.astimezone(TAIPEI).isoformat(),
        "paid_ntd": trip.paid_ntd,
    }


def event_facts(event: TapEvent, network: Network) -> dict[str, Any]:
    """One of a card's last taps; `outcome` as the gate called it. Nulls as in `trip_of`."""
    route = _route(network, event.route)
    stop, name_zh, name_en = _names(route, event.stop)
    return {
        "n": event.n,
        "outcome": "on" if event.open else "off",
        "class": "half" if event.half else "full",
        "bound": event.bound,
        "route": route.name if route else None,
        "stop": stop,
        "stop_zh": name_zh,
        "stop_en": name_en,
        "at": event.at.astimezone(TAIPEI).isoformat(),
        "fare_ntd": event.fare_ntd,
        "charged_ntd": event.charged_ntd,
        "purse_ntd": event.purse_after,
    }


def _route(network: Network, number: int) -> Route | None:
    with suppress(UnknownRoute):
        return network.route_numbered(number)
    return None


def _stop(prefix: str, route: Route | None, number: int) -> dict[str, str | None]:
    """`{prefix}_stop` (id), `{prefix}_zh`, `{prefix}_en`."""
    said = _names(route, number)
    return dict(zip((f"{prefix}_stop", f"{prefix}_zh", f"{prefix}_en"), said, strict=True))


def _names(route: Route | None, number: int) -> tuple[str | None, str | None, str | None]:
    """A stop's id and its two names."""
    if route is not None:
        with suppress(UnknownStop):
            stop = route.stop_numbered(number)
            return stop.stop, stop.name_zh, stop.name_en
    return None, None, None
