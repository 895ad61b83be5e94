"""`issue PRODUCT`: one issuance without a screen."""

from __future__ import annotations

from functools import partial

from terminal.cli.context import CARD_TIMEOUT_S, DONE, REFUSED, Cli, pass_cli, read_applicant
from terminal.cli.tree import command, group, option

issue = group("issue")


def _add(product: str) -> None:
    @command(product, f"issue_{product}", parent=issue)
    @option("--reader", key="reader", required=True, metavar="URI")
    @option("--applicant", key="applicant", required=True, metavar="-")
    @pass_cli
    def carry_out(cli: Cli, reader: str, applicant: str) -> None:
        _carry_out(cli, product, reader, applicant)


def _carry_out(cli: Cli, product: str, reader: str, applicant: str) -> None:
    from issuance.application import parse
    from issuance.products import PRODUCTS
    from terminal.laying import Laying
    from terminal.telling import decision_lines, issue_document

    home = cli.home("issue", stdin_is_taken=True)
    application = parse(read_applicant(applicant))
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        outcome = home.desk.issue(
            application, partial(laying.card, home), product=PRODUCTS[product]
        )
    cli.answer(
        issue_document(outcome),
        *decision_lines(outcome),
        exit_code=REFUSED if outcome.outcome == "refused" else DONE,
    )
    home.push()


for _product in ("flora", "child", "student"):  # issuance.products, which --help need not import
    _add(_product)
