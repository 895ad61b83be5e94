"""`tap`: one tap at a validator."""

from __future__ import annotations

from terminal.cli.context import CARD_TIMEOUT_S, DONE, REFUSED, Cli, pass_cli
from terminal.cli.tree import command, option


@command("tap", "tap")
@option("--reader", key="reader", required=True, metavar="URI")
@option("--route", key="route", required=True, metavar="R")
@option("--stop", key="stop", required=True, metavar="S")
@option("--vehicle", key="tap_vehicle", metavar="V")
@option("--at", key="tap_at", metavar="TIME")
@pass_cli
def tap(cli: Cli, reader: str, route: str, stop: str, vehicle: str | None, at: str | None) -> None:
    from terminal.laying import Laying
    from terminal.telling import tap_document, tap_lines
    from validation.tap_time import parse

    home = cli.home("tap")
    if at is not None:
        home.allow("tap --at")
    when = home.clock.now() if at is None else parse(at)
    home.network.route(route).stop(stop)  # bad input is told before a card is waited for
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        outcome = home.gate.tap(laying.card(home), route=route, stop=stop, vehicle=vehicle, at=when)
    cli.answer(
        tap_document(outcome),
        *tap_lines(outcome),
        exit_code=REFUSED if outcome.outcome == "refused" else DONE,
    )
