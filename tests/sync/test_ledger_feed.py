"""The feed applied: doubled and reordered pages do nothing, and no page is applied in part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.errors import Rubbish
from sync.ledger.claims import Taken
from sync.ledger.ledger import Ledger
from sync.ledger.standing import Cursor
from tests.sync.rig import (
    OTHER_UID,
    UID,
    FedPage,
    LedgerHome,
    asked,
    binding_row,
    claim_row,
    enrol,
    link_row,
    page,
    ref,
    token,
    tokens,
)

Change = tuple[str, dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    ledger = home.open()
    enrol(ledger)
    return ledger


def no(ledger: Ledger, *numbers: int) -> str:
    answer = ledger.ask("flora", tokens(*numbers), rule="F1", proxy="none")
    assert isinstance(answer, Taken), answer
    return answer.rule


def test_rows_and_cursor_are_one_commit(home: LedgerHome, ledger: Ledger) -> None:
    assert ledger.cursor() == Cursor(era=1, pos=0, head=None)
    changes = [claim_row(1, "confirmed", 1), link_row(1, 2), binding_row(1, 1, 3)]
    first = page(*changes, ("spoiled", {"card_ref": ref(9).hex()}))
    assert ledger.apply_page(first) == 4
    assert home.open().cursor() == Cursor(era=1, pos=4, head=first.head_bytes())
    assert no(ledger, 2) == "F15"
    assert ledger.spoiled(ref(9))
    assert ledger.binding_of(tokens(3)) is not None


def test_a_page_twice_does_nothing(home: LedgerHome, ledger: Ledger) -> None:
    once = page(claim_row(1, "confirmed", 1))
    ledger.apply_page(once)
    before = home.everything(), ledger.cursor()
    assert ledger.apply_page(once) == 0
    assert (home.everything(), ledger.cursor()) == before


def test_a_page_that_does_not_begin_at_the_cursor_does_nothing(
    home: LedgerHome, ledger: Ledger
) -> None:
    before = home.everything(), ledger.cursor()
    assert ledger.apply_page(page(claim_row(1, "confirmed", 1), after=5)) == 0
    assert ledger.apply_page(page(claim_row(1, "confirmed", 1), era=2)) == 0
    assert (home.everything(), ledger.cursor()) == before


def test_a_page_says_how_far_it_looked(ledger: Ledger) -> None:
    """A view has gaps: the cursor goes on all the same."""
    assert ledger.apply_page(FedPage(era=1, from_=0, to=700, rows=[])) == 0
    assert ledger.cursor().pos == 700


@pytest.mark.parametrize(
    "bad",
    [
        ("claim", {"claim": "00" * 16}),
        ("claim", claim_row(2, "confirmed", 2)[1] | {"state": "lost"}),
        ("claim", claim_row(2, "confirmed", 2)[1] | {"claim": "zz"}),
        ("claim", claim_row(2, "confirmed", 2)[1] | {"tokens": ["00"]}),
        ("link", {"a": token(2).hex(), "b": token(1).hex(), "active": True}),
        ("binding", binding_row(1, 1, 3)[1] | {"expires_on": "soon"}),
        ("binding", binding_row(1, 1, 3)[1] | {"class": "third"}),
        ("spoiled", {}),
    ],
)
def test_a_page_with_one_bad_row_is_not_applied_in_part(
    home: LedgerHome, ledger: Ledger, bad: Change
) -> None:
    before = home.everything(), ledger.cursor()
    with pytest.raises(Rubbish):
        ledger.apply_page(page(claim_row(1, "confirmed", 1), bad))
    assert (home.everything(), ledger.cursor()) == before


def test_a_kind_of_later_software_is_passed_over(ledger: Ledger) -> None:
    assert ledger.apply_page(page(("weather", {"rain": True}), claim_row(1, "open", 1))) == 1
    assert ledger.cursor().pos == 2


def test_our_confirm_is_not_taken_back_by_a_hub_that_has_not_heard(ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="hub")
    ledger.begin_writing(row.n, UID)
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.clear(row.n)
    body = claim_row(1, "open", 1)[1] | {"claim": row.claim_id.hex()}
    ledger.apply_page(page(("claim", body)))
    assert no(ledger, 1) == "F15"


def test_our_own_issuance_goes_on_whatever_the_feed_says_of_it(ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="hub")
    ledger.begin_writing(row.n, UID)
    body = claim_row(1, "void", 1)[1] | {"claim": row.claim_id.hex()}
    ledger.apply_page(page(("claim", body)))
    found = ledger.open_row(row.n)
    assert found is not None
    assert found.tokens == tokens(1)
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.clear(row.n)
    assert no(ledger, 1) == "F15"
    assert ledger.verify().whole


def test_the_hub_ends_a_claim_and_frees_the_person(ledger: Ledger) -> None:
    ledger.apply_page(page(claim_row(1, "open", 1), claim_row(1, "void", 1)))
    assert asked(ledger, 1).step == "asked"


def test_a_restored_hub_is_pulled_from_the_start(home: LedgerHome, ledger: Ledger) -> None:
    ledger.apply_page(page(claim_row(1, "confirmed", 1), claim_row(2, "open", 2)))
    ledger.heard(era=1)
    assert ledger.cursor().pos == 2
    ledger.heard(era=2)
    assert ledger.cursor() == Cursor(era=2, pos=0, head=None)
    assert no(ledger, 1) == "F15", "what is known goes on blocking"
    ledger.apply_page(page(claim_row(2, "confirmed", 2), era=2))
    assert no(ledger, 2) == "F15", "its positions begin anew"


def test_an_imported_list_is_an_imported_list_everywhere(ledger: Ledger) -> None:
    ledger.apply_page(page(claim_row(1, "confirmed", 1, basis="import")))
    answer = ledger.ask("flora", tokens(1), rule="F1", proxy="none")
    assert answer == Taken(rule="F14", office=None, month=None)


def test_a_double_of_facts_stays_double_until_one_ends(home: LedgerHome, ledger: Ledger) -> None:
    ours = asked(ledger, 1)
    ledger.granted(ours.n, basis="hub")
    ledger.begin_writing(ours.n, OTHER_UID)
    ledger.apply_page(page(claim_row(1, "confirmed", 1)))
    assert home.rows("SELECT count(*) FROM claim WHERE doubled = 1") == [(1,)]
    assert no(ledger, 1) == "F15"
    ledger.void(ours.n, evidence="blanked")
    assert home.rows("SELECT count(*) FROM claim WHERE doubled = 1") == [(0,)]
    assert no(ledger, 1) == "F15"
    assert ledger.verify().whole


def rows_of_hub() -> st.SearchStrategy[list[Change]]:
    """What a hub could say about five numbers, three claims, three cards."""
    number = st.integers(1, 5)
    claim = st.builds(
        lambda n, state: claim_row(n, state, n), st.integers(1, 3), st.sampled_from(CLAIM_STATES)
    )
    link = st.builds(
        lambda a, by, active: link_row(a, a + by, active=active),
        st.integers(1, 4),
        st.just(1),
        st.booleans(),
    )
    binding = st.builds(
        lambda card, one, active: binding_row(card, card, one, active=active),
        st.integers(1, 3),
        number,
        st.booleans(),
    )
    spoiled = st.builds(lambda n: ("spoiled", {"card_ref": ref(n).hex()}), number)
    return st.lists(st.one_of(claim, link, binding, spoiled), max_size=12)


CLAIM_STATES = ["open", "confirmed", "void"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=rows_of_hub(),
    cuts=st.lists(st.integers(0, 12), max_size=4),
    delivery=st.lists(st.integers(0, 5), max_size=15),
)
def test_however_the_pages_come_the_end_is_the_same(
    changes: list[Change], cuts: list[int], delivery: list[int]
) -> None:
    """Pages doubled, reordered, cut elsewhere: two ledgers at one position hold the same (I18)."""
    edges = sorted({0, len(changes), *(cut for cut in cuts if cut < len(changes))})
    pages = [page(*changes[a:b], after=a) for a, b in pairwise(edges)]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        straight, shuffled = LedgerHome(Path(one)), LedgerHome(Path(other))
        ledgers = straight.open(), shuffled.open()
        for ledger in ledgers:
            enrol(ledger)
        ledgers[0].apply_page(page(*changes))
        for i in delivery:
            if i < len(pages):
                ledgers[1].apply_page(pages[i])
        for one_page in pages:
            ledgers[1].apply_page(one_page)
            ledgers[1].apply_page(one_page)
        assert ledgers[0].cursor().pos == ledgers[1].cursor().pos == len(changes)
        assert straight.everything() == shuffled.everything()
        assert [ledger.verify().faults for ledger in ledgers] == [[], []]
        straight.close()
        shuffled.close()
