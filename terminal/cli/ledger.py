"""`ledger verify`: the ledger checks itself."""

from __future__ import annotations

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, group
from terminal.words.speak import say

ledger = group("ledger")


@command("verify", "ledger_verify", parent=ledger)
@pass_cli
def verify(cli: Cli) -> None:
    from terminal.errors import LedgerNotWhole

    verdict = cli.home("ledger verify").ledger.verify()
    said = {"whole": verdict.whole, "entries": verdict.entries, "faults": list(verdict.faults)}
    if verdict.whole:
        cli.answer(said, say("ui.whole", entries=verdict.entries))
        return
    if not cli.json:
        cli.note("\n".join(str(fault) for fault in verdict.faults))
    cli.fault(LedgerNotWhole(faults=len(verdict.faults)), beside=said)
