"""`network stops`: a route's stops and their distances."""

from __future__ import annotations

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, group, option
from terminal.words.speak import LANGUAGES, language

network = group("network")


@command("stops", "network_stops", parent=network)
@option("--route", key="route", required=True, metavar="R")
@pass_cli
def stops(cli: Cli, route: str) -> None:
    from validation.network import Network

    found = Network.load(None).route(route)
    chinese = language() == LANGUAGES[0]
    rows = [
        {
            "stop": stop.stop,
            "name": stop.name_zh if chinese else stop.name_en,
            "distance_m": stop.distance_m,
        }
        for stop in found.stops
    ]
    cli.answer(rows, *(f"{row['distance_m']:>7} m  {row['stop']}  {row['name']}" for row in rows))
