"""What goes wrong before a tap is decided. Facts only; words are in `terminal.words`."""

from __future__ import annotations

from dataclasses import dataclass

from apdu.errors import Fault


@dataclass(eq=False, kw_only=True)
class UnknownRoute(Fault):
    """No such route in this home's network data."""

    route: str


@dataclass(eq=False, kw_only=True)
class UnknownStop(Fault):
    """The stop is not on the route."""

    route: str
    stop: str


@dataclass(eq=False, kw_only=True)
class TapTimeUnclear(Fault):
    """The time given for a tap is no ISO 8601 time, or lies outside what a card can hold."""

    text: str


@dataclass(eq=False, kw_only=True)
class VehicleNameUnfit(Fault):
    """The vehicle's name is empty, too long, or not printable."""

    chars_max: int


@dataclass(eq=False, kw_only=True)
class NetworkUnreadable(Fault):
    """The network data is damaged or contradicts itself."""

    file: str
    why: str


@dataclass(eq=False, kw_only=True)
class FarePolicyUnreadable(Fault):
    """The city profile's fare policy is damaged, or has nothing in force on a day."""

    why: str
