"""Routes and stops: what ships, and what a file may not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from validation.errors import NetworkUnreadable, UnknownRoute, UnknownStop
from validation.network import Network

SHIPPED = Path(__file__).parents[2] / "fixtures" / "network.json"


def test_route_300_has_the_stops_of_the_hand_worked_trips() -> None:
    route = Network.load().route("300")
    metres = [stop.distance_m for stop in route.stops]
    assert metres == [0, 7_200, 9_000, 10_300, 10_400, 12_000, 18_000, 30_000]


def test_a_card_number_finds_the_same_route_and_stop_as_the_name() -> None:
    network = Network.load()
    for route in network.routes:
        assert network.route_numbered(route.number) is network.route(route.name)
        for stop in route.stops:
            assert route.stop_numbered(stop.number) is route.stop(stop.stop)


def test_distance_is_the_same_in_both_directions() -> None:
    route = Network.load().route("300")
    first, last = route.stops[6].number, route.stops[3].number
    assert route.distance_m(first, last) == route.distance_m(last, first) == 7_700


def test_what_is_not_there_is_said() -> None:
    network = Network.load()
    with pytest.raises(UnknownRoute):
        network.route("3000")
    with pytest.raises(UnknownRoute):
        network.route_numbered(9)
    with pytest.raises(UnknownStop):
        network.route("300").stop("TC1009")
    with pytest.raises(UnknownStop):
        network.route("300").stop_numbered(1009)


def _retired_in_service(data: dict[str, Any]) -> None:
    data["retired"]["stops"].append(1001)


def _number_twice(data: dict[str, Any]) -> None:
    data["routes"][1]["number"] = 300


def _stop_number_twice(data: dict[str, Any]) -> None:
    data["stops"][1]["number"] = 1001


def _id_twice(data: dict[str, Any]) -> None:
    data["stops"][1]["stop"] = "TC1001"


def _same_name_on_a_route(data: dict[str, Any]) -> None:
    data["stops"][1]["zh"] = "臺中車站"


def _falling(data: dict[str, Any]) -> None:
    data["routes"][0]["stops"].reverse()


def _no_such_stop(data: dict[str, Any]) -> None:
    data["routes"][0]["stops"][0][0] = "TC9999"


def _too_large_for_a_card(data: dict[str, Any]) -> None:
    data["routes"][0]["number"] = 0x10000


def _no_stops(data: dict[str, Any]) -> None:
    data["routes"][0]["stops"] = []


def _half_a_metre(data: dict[str, Any]) -> None:
    data["routes"][0]["stops"][1][1] = 7200.5


def _another_version(data: dict[str, Any]) -> None:
    data["version"] = 2


@pytest.mark.parametrize(
    "spoil",
    [
        *(_retired_in_service, _number_twice, _stop_number_twice, _id_twice),
        *(_same_name_on_a_route, _falling, _no_such_stop, _too_large_for_a_card, _no_stops),
        *(_half_a_metre, _another_version),
    ],
)
def test_data_that_contradict_themselves_are_refused(
    spoil: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    data = json.loads(SHIPPED.read_bytes())
    spoil(data)
    file = tmp_path / "network.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(NetworkUnreadable) as caught:
        Network.load(file)
    assert caught.value.file == "network.json"
    assert caught.value.why


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]"])
def test_a_broken_file_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "network.json"
    file.write_bytes(content)
    with pytest.raises(NetworkUnreadable):
        Network.load(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkUnreadable):
        Network.load(tmp_path / "none.json")
