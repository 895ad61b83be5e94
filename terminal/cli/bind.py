"""`bind` and `unbind`: the fare policy on or off a card."""

from __future__ import annotations

from functools import partial

from terminal.cli.context import CARD_TIMEOUT_S, DONE, REFUSED, Cli, pass_cli, read_applicant
from terminal.cli.tree import command, option


@command("bind", "bind")
@option("--reader", key="reader", required=True, metavar="URI")
@option("--applicant", key="applicant", required=True, metavar="-")
@pass_cli
def bind(cli: Cli, reader: str, applicant: str) -> None:
    _carry_out(cli, "bind", reader, applicant)


@command("unbind", "unbind")
@option("--reader", key="reader", required=True, metavar="URI")
@option("--applicant", key="applicant", required=True, metavar="-")
@pass_cli
def unbind(cli: Cli, reader: str, applicant: str) -> None:
    _carry_out(cli, "unbind", reader, applicant)


def _carry_out(cli: Cli, verb: str, reader: str, applicant: str) -> None:
    from issuance.application import parse
    from terminal.laying import Laying
    from terminal.telling import bind_document, decision_lines

    home = cli.home(verb, stdin_is_taken=True)
    application = parse(read_applicant(applicant))
    carry_out = home.binder.bind if verb == "bind" else home.binder.unbind
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        outcome = carry_out(application, partial(laying.card, home))
    cli.answer(
        bind_document(outcome),
        *decision_lines(outcome),
        exit_code=REFUSED if outcome.outcome == "refused" else DONE,
    )
    home.push()
