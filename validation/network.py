"""Routes, stops and how far each is from its route's start (domain.md 2.3).

Route and stop numbers are what a card holds, two bytes each; they are never given anew: what is
taken out of service goes to `retired`, and a number found there and in service is refused.
A physical stop keeps its number and id on every route that calls at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec

from validation.errors import NetworkUnreadable, UnknownRoute, UnknownStop

Number = Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)]
Metres = Annotated[int, msgspec.Meta(ge=0)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop as one route calls at it. `stop` is its id, `number` what a card holds."""

    number: int
    stop: str
    name_zh: str
    name_en: str
    distance_m: int  # from this route's start

    def is_called(self, text: str) -> bool:
        return text in (self.stop, self.name_zh, self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, both directions; stops in order of distance."""

    number: int
    name: str
    name_zh: str
    name_en: str
    stops: tuple[Stop, ...]

    def stop(self, text: str) -> Stop:
        """By id, or by its name in either language. Raises `UnknownStop`."""
        for stop in self.stops:
            if stop.is_called(text):
                return stop
        raise UnknownStop(route=self.name, stop=text[:64])

    def stop_numbered(self, number: int) -> Stop:
        """As a card names it. Raises `UnknownStop`."""
        for stop in self.stops:
            if stop.number == number:
                return stop
        raise UnknownStop(route=self.name, stop=str(number))

    def distance_m(self, first: int, last: int) -> int:
        """Between two stop numbers, whichever way (`ours.abs`). Raises `UnknownStop`."""
        return abs(self.stop_numbered(first).distance_m - self.stop_numbered(last).distance_m)


@dataclass(frozen=True, kw_only=True)  # no slots: the two indices are made once, when asked for
class Network:
    """All routes of the city."""

    routes: tuple[Route, ...]

    @classmethod
    def load(cls, path: Path | None = None) -> Network:
        """From a file, or the one that ships. Raises `NetworkUnreadable`."""
        source = path or resources.files("fixtures") / "network.json"
        try:
            return _network(msgspec.json.decode(source.read_bytes(), type=_File))
        except (OSError, msgspec.DecodeError, ValueError) as error:
            raise NetworkUnreadable(file=source.name, why=str(error)[:120]) from error

    def route(self, name: str) -> Route:
        """By its name, as on the bus. Raises `UnknownRoute`."""
        if (found := self._by_name.get(name)) is None:
            raise UnknownRoute(route=name[:64])
        return found

    def route_numbered(self, number: int) -> Route:
        """As a card names it. Raises `UnknownRoute`."""
        if (found := self._by_number.get(number)) is None:
            raise UnknownRoute(route=str(number))
        return found

    @cached_property
    def _by_name(self) -> dict[str, Route]:
        return {route.name: route for route in self.routes}

    @cached_property
    def _by_number(self) -> dict[int, Route]:
        return {route.number: route for route in self.routes}


class _Place(msgspec.Struct, forbid_unknown_fields=True):
    number: Number
    stop: Name
    zh: Name
    en: Name


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    number: Number
    name: Name
    zh: Name
    en: Name
    stops: list[tuple[Name, Metres]]  # id, metres from the start


class _Retired(msgspec.Struct, forbid_unknown_fields=True):
    routes: list[Number]
    stops: list[Number]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=1, le=1)]
    stops: list[_Place]
    routes: list[_Line]
    retired: _Retired


def _network(file: _File) -> Network:
    """Raises ValueError where the data contradict themselves."""
    _once("stop number", [s.number for s in file.stops] + file.retired.stops)
    _once("route number", [r.number for r in file.routes] + file.retired.routes)
    _once("stop id", [s.stop for s in file.stops])
    _once("route name", [r.name for r in file.routes])
    places = {place.stop: place for place in file.stops}
    return Network(routes=tuple(_route(line, places) for line in file.routes))


def _route(line: _Line, places: dict[str, _Place]) -> Route:
    if missing := [stop for stop, _ in line.stops if stop not in places]:
        raise ValueError(f"route {line.name}: no such stop {missing[0]}")
    stops = tuple(_stop(places[stop], distance_m) for stop, distance_m in line.stops)
    # A name must find one stop, and a trip must have one distance.
    _once(f"name on route {line.name}", [n for s in stops for n in {s.stop, s.name_zh, s.name_en}])
    if [s.distance_m for s in stops] != sorted(s.distance_m for s in stops) or not stops:
        raise ValueError(f"route {line.name}: distances do not rise")
    return Route(number=line.number, name=line.name, name_zh=line.zh, name_en=line.en, stops=stops)


def _stop(place: _Place, distance_m: int) -> Stop:
    return Stop(
        number=place.number,
        stop=place.stop,
        name_zh=place.zh,
        name_en=place.en,
        distance_m=distance_m,
    )


def _once(what: str, values: list[int] | list[str]) -> None:
    if twice := {v for v in values if values.count(v) > 1}:  # type: ignore[arg-type]
        raise ValueError(f"{what} given twice: {sorted(twice)[0]}")
