"""`card rekey`: a card in the field gets the newest version of its keys."""

from __future__ import annotations

from terminal.cli.context import CARD_TIMEOUT_S, Cli, pass_cli
from terminal.cli.tree import command, option
from terminal.words.speak import say


@command("rekey", "card_rekey")
@option("--reader", key="reader", required=True, metavar="URI")
@pass_cli
def rekey(cli: Cli, reader: str) -> None:
    from cards.rekey import rekey as bring_to
    from terminal.laying import Laying

    home = cli.home("card rekey")
    version = home.keys.card_key_version
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        card = laying.card(home)
        changed = bring_to(card, version=version, journal=home.ledger)
    cli.answer(
        {
            "outcome": "rekeyed" if changed else "current",
            "kind": card.kind,
            "chip": card.chip,
            "key_version": version,
        },
        say("ui.rekeyed" if changed else "ui.rekey_current", version=version),
    )
