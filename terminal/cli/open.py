"""`open …`: issuances that a crash left open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from terminal.cli.context import CARD_TIMEOUT_S, DONE, REFUSED, Cli, pass_cli
from terminal.cli.tree import command, group, option
from terminal.words.speak import said_fault, say, spoken

if TYPE_CHECKING:
    from issuance.desk import VoidOutcome
    from terminal.words.said import Parts

open_group = group("open")


@command("list", "open_list", parent=open_group)
@pass_cli
def list_(cli: Cli) -> None:
    from sync.clock import TAIPEI

    home = cli.home("open")
    rows = [
        {
            "n": row.n,
            "product": row.product,
            "since": row.since.astimezone(TAIPEI).isoformat(timespec="seconds"),
            "step": row.step,
        }
        for row in home.ledger.open_rows()
    ]
    lines = [say("ui.open_row", **{**row, "step": say(f"ui.step_{row['step']}")}) for row in rows]
    cli.answer(rows, *(lines or [say("ui.open_none")]))


@command("finish", "open_finish", parent=open_group)
@click.argument("n", metavar="N", type=click.IntRange(min=1))
@option("--reader", key="reader", required=True, metavar="URI")
@option("--card-kept", key="open_kept", is_flag=True)
@option("--card-left", key="open_left", is_flag=True)
@pass_cli
def finish(cli: Cli, *, n: int, reader: str, card_kept: bool, card_left: bool) -> None:
    from terminal.errors import ArgumentBad
    from terminal.laying import Laying
    from terminal.telling import decision_lines, issue_document

    if card_kept and card_left:
        raise ArgumentBad(argument="--card-kept | --card-left", command="open finish")
    home = cli.home("open")
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        outcome = home.desk.finish(
            n, partial(laying.card, home), card_kept=card_kept, card_left=card_left
        )
    cli.answer(
        {**issue_document(outcome), "n": n},
        *decision_lines(outcome),
        exit_code=REFUSED if outcome.outcome == "refused" else DONE,
    )
    home.push()


@command("void", "open_void", parent=open_group)
@click.argument("n", metavar="N", type=click.IntRange(min=1))
@option("--reader", key="reader", required=True, metavar="URI")
@option("--card-kept", key="open_kept", is_flag=True)
@pass_cli
def void(cli: Cli, *, n: int, reader: str, card_kept: bool) -> None:
    from terminal.laying import Laying

    home = cli.home("open")
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        outcome = home.desk.void(n, partial(laying.card, home), card_kept=card_kept)
    parts = void_parts(outcome)
    cli.answer(
        {
            "outcome": outcome.outcome,
            "n": outcome.n,
            "evidence": outcome.evidence,
            "rule": outcome.rule,
            "next": parts.next,
        },
        *(part for part in parts if part),
        exit_code=REFUSED if outcome.outcome == "refused" else DONE,
    )
    home.push()


def void_parts(outcome: VoidOutcome) -> Parts:
    """Void, or why not: the card on the reader is another one, or the card went out already."""
    from terminal.words.said import Parts

    if outcome.outcome == "voided":
        return Parts(say("ui.voided", n=outcome.n), "", "")
    said = said_fault("already_confirmed" if outcome.rule == "F15" else "void_needs_card")
    return spoken(said, {"n": outcome.n}) if said else Parts(outcome.rule or "", "", "")
