"""A card's last trip in words that programs and screens can show. Reads a state, asks nobody."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cards.state import CardState
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
    route: Route | None = None
    with suppress(UnknownRoute):
        route = network.route_numbered(trip.route)
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


def _stop(prefix: str, route: Route | None, number: int) -> dict[str, str | None]:
    """`{prefix}_stop` (id), `{prefix}_zh`, `{prefix}_en`."""
    said: tuple[str | None, str | None, str | None] = (None, None, None)
    if route is not None:
        with suppress(UnknownStop):
            stop = route.stop_numbered(number)
            said = (stop.stop, stop.name_zh, stop.name_en)
    return dict(zip((f"{prefix}_stop", f"{prefix}_zh", f"{prefix}_en"), said, strict=True))
