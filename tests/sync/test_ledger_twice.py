"""Nobody twice: by which rule a person is refused, under all numbers that were ever shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.ledger.claims import Taken
from sync.ledger.ledger import Ledger
from tests.sync.rig import (
    OTHER_UID,
    LedgerHome,
    asked,
    claim_row,
    issued,
    link_row,
    page,
    token,
    tokens,
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def refused(ledger: Ledger, *numbers: int, product: str = "flora") -> Taken:
    answer = ledger.ask(product, tokens(*numbers), rule="F1", proxy="none")
    assert isinstance(answer, Taken), answer
    return answer


def test_nobody_twice(ledger: Ledger) -> None:
    issued(ledger, 1)
    assert refused(ledger, 1) == Taken(rule="F15", office="D66000060", month="2026-11")
    assert asked(ledger, 2).step == "asked"


def test_another_product_is_another_right(ledger: Ledger) -> None:
    issued(ledger, 1)
    assert asked(ledger, 1, product="child").product == "child"


def test_more_numbers_never_turn_a_no_into_a_yes(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    assert refused(ledger, 1, 2).rule == "F15"
    assert home.entries()[-1]["tokens"] == [token(1).hex(), token(2).hex()]
    assert refused(ledger, 2).rule == "F15", "what was shown once is remembered"
    assert refused(ledger, 3, 2).rule == "F15"
    assert refused(ledger, 3).rule == "F15", "also over two refusals"


def test_a_refused_claim_leaves_no_alias_behind(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 2)
    before = home.everything()
    refused(ledger, 2)
    assert home.everything() == before
    assert home.kinds()[-1] == "refusal"
    assert "tokens" not in home.entries()[-1], "a single number is not stored"


def test_a_rules_no_links_the_numbers_shown(home: LedgerHome, ledger: Ledger) -> None:
    ledger.refuse("flora", rule="F12", tokens=tokens(1, 2))
    ledger.refuse("flora", rule="F12", tokens=tokens(3))
    assert home.rows("SELECT a, b, evidence FROM link") == [(token(1), token(2), 1)]
    issued(ledger, 2)
    assert refused(ledger, 1).rule == "F15"
    assert home.entries()[1] == {"kind": "refusal", "product": "flora", "rule": "F12"} | {
        "hour": "2026-11-25T10+08"
    }


def test_a_claim_made_with_two_numbers_holds_both(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1, 2)
    assert refused(ledger, 2).rule == "F15"
    assert home.rows("SELECT count(*) FROM claim_token") == [(2,)]


def test_an_earlier_list_is_refused_for_good(ledger: Ledger, home: LedgerHome) -> None:
    assert ledger.import_claims("flora", [tokens(1), tokens(2, 3), tokens(1)]) == (2, 1)
    assert refused(ledger, 3) == Taken(rule="F14", office=None, month=None)
    assert ledger.import_claims("flora", [tokens(1), tokens(2), tokens(4)]) == (1, 2)
    assert [entry["basis"] for entry in home.entries() if entry["kind"] == "claim"] == [
        "import"
    ] * 3


def test_an_import_is_batched_and_each_batch_fits_one_push(
    ledger: Ledger, home: LedgerHome
) -> None:
    people = [tokens(n) for n in range(1, 702)]
    assert ledger.import_claims("flora", people) == (701, 0)
    assert home.rows("SELECT seq FROM journal WHERE seal IS NOT NULL") == [(500,), (701,)]
    assert ledger.verify().whole


def test_a_claim_open_elsewhere_is_refused_for_now(ledger: Ledger) -> None:
    ledger.apply_page(page(claim_row(1, "open", 1), claim_row(2, "confirmed", 2), era=0))
    assert refused(ledger, 1) == Taken(rule="F16", office="D66000010", month="2026-10")
    assert refused(ledger, 2) == Taken(rule="F15", office="D66000010", month="2026-10")


def test_a_late_link_makes_two_live_claims_one_persons(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    issued(ledger, 2, uid=OTHER_UID)
    assert refused(ledger, 1, 2).rule == "F15"
    assert home.rows("SELECT count(*) FROM claim WHERE doubled = 1") == [(1,)]
    assert home.rows("SELECT count(*) FROM claim WHERE state = 'confirmed'") == [(2,)]
    assert ledger.verify().whole


def test_a_link_undone_gives_each_claim_its_own_again(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    issued(ledger, 2, uid=OTHER_UID)
    before = home.rows("SELECT token, claim_id FROM claim_token ORDER BY 1")
    ledger.apply_page(page(link_row(1, 2), era=0))
    assert home.rows("SELECT count(*) FROM claim WHERE doubled = 1") == [(1,)]
    ledger.apply_page(page(link_row(1, 2, active=False), after=1, era=0))
    assert home.rows("SELECT token, claim_id FROM claim_token ORDER BY 1") == before
    assert home.rows("SELECT count(*) FROM claim WHERE doubled = 1") == [(0,)]
    refused(ledger, 1, 2)
    assert home.rows("SELECT active FROM link") == [(0,)], "what a decision undid stays undone"


def test_the_end_of_one_double_leaves_the_other_whole(home: LedgerHome, ledger: Ledger) -> None:
    ledger.apply_page(page(claim_row(1, "confirmed", 1), claim_row(2, "open", 1), era=0))
    assert refused(ledger, 1).rule == "F15"
    ledger.apply_page(page(claim_row(1, "void", 1), after=2, era=0))
    assert refused(ledger, 1).rule == "F16"
    assert ledger.verify().whole


def test_a_link_between_two_unfinished_issuances_lets_neither_go_on(
    home: LedgerHome, ledger: Ledger
) -> None:
    """Found by the model: one of the two came back as the person's row, and both got a card."""
    asked(ledger, 1)
    asked(ledger, 2)
    assert refused(ledger, 1, 2).rule == "F16"
    assert refused(ledger, 1).rule == "F16"
    assert ledger.verify().whole
