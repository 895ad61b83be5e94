"""Many windows on one home at once: one decider at a time, and nobody meets a fault (S1)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from sync.ledger.bindings import BindConflict, BindDone
from sync.ledger.claims import OpenRow, Taken
from sync.ledger.ledger import Ledger
from tests.sync.rig import UID, LedgerHome, ref, tokens

WINDOWS = 8
T = TypeVar("T")


def windows_on(folder: Path, count: int = WINDOWS) -> tuple[LedgerHome, list[Ledger]]:
    """As many processes would have it: each with its own connection, locks and chance."""
    home = LedgerHome(folder)
    ledgers = []
    for seed in range(count):
        home.random = Random(100 + seed).randbytes
        ledgers.append(home.open())
    return home, ledgers


def at_once(ledgers: list[Ledger], work: Callable[[int, Ledger], T]) -> list[T]:
    """Do the same in every window, from one moment on."""
    barrier = threading.Barrier(len(ledgers))
    answers: dict[int, T] = {}
    faults: list[BaseException] = []

    def one(i: int, ledger: Ledger) -> None:
        barrier.wait()
        try:
            answers[i] = work(i, ledger)
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    return [answers[i] for i in sorted(answers)]


def issue(ledger: Ledger, person: frozenset[bytes], uid: bytes) -> str:
    """A whole issuance as the desk does it; what it came to."""
    row = ledger.ask("flora", person, rule="F1", proxy="none")
    if isinstance(row, Taken):
        return row.rule
    with ledger.hold(row.n):
        ledger.granted(row.n, basis="alone")
        ledger.begin_writing(row.n, uid)
        ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
        ledger.clear(row.n)
    return "issued"


def issue_at(shown: frozenset[bytes], window: int, ledger: Ledger) -> str:
    return issue(ledger, shown, bytes([window] * 4))


def test_one_person_at_many_windows_gets_one_card(tmp_path: Path) -> None:
    home, ledgers = windows_on(tmp_path)
    for person in range(1, 6):
        shown = tokens(person)
        answers = at_once(ledgers, partial(issue_at, shown))
        assert answers.count("issued") == 1, answers
        assert set(answers) <= {"issued", "F15", "F16"}
    kinds = home.kinds()
    assert kinds.count("confirm") == 5
    assert kinds.count("refusal") == 5 * (WINDOWS - 1)
    assert ledgers[0].verify().whole
    home.close()


def test_one_person_under_different_numbers_gets_one_card(tmp_path: Path) -> None:
    """Each shows the number that all share, and one of their own."""
    home, ledgers = windows_on(tmp_path)
    answers = at_once(ledgers, lambda i, ledger: issue(ledger, tokens(1, 10 + i), bytes([i] * 4)))
    assert answers.count("issued") == 1, answers
    assert ledgers[0].verify().whole
    home.close()


def test_different_people_do_not_hinder_each_other(tmp_path: Path) -> None:
    home, ledgers = windows_on(tmp_path)
    assert at_once(ledgers, lambda i, ledger: issue(ledger, tokens(i), bytes([i] * 4))) == (
        ["issued"] * WINDOWS
    )
    assert home.rows("SELECT count(*) FROM join_row") == [(0,)]
    assert ledgers[0].verify().whole
    home.close()


def test_a_killed_issuance_is_taken_on_by_one(tmp_path: Path) -> None:
    home, ledgers = windows_on(tmp_path)
    dead = home.open()
    row = dead.ask("flora", tokens(1), rule="F1", proxy="none")
    assert isinstance(row, OpenRow)
    dead.granted(row.n, basis="alone")
    dead.begin_writing(row.n, UID)
    dead.close()
    answers = at_once(
        ledgers, lambda _, ledger: ledger.ask("flora", tokens(1), rule="F1", proxy="none")
    )
    assert [type(answer) for answer in answers].count(OpenRow) == 1
    assert {answer.rule for answer in answers if isinstance(answer, Taken)} == {"F16"}
    home.close()


def test_one_card_bound_by_many_people_has_one_holder(tmp_path: Path) -> None:
    home, ledgers = windows_on(tmp_path)
    answers = at_once(ledgers, lambda i, ledger: bind(ledger, card=1, person=i))
    assert [type(answer) for answer in answers].count(BindDone) == 1
    assert [type(answer) for answer in answers].count(BindConflict) == WINDOWS - 1
    assert home.rows("SELECT count(*) FROM binding WHERE active = 1") == [(1,)]
    home.close()


def test_one_person_binding_many_cards_has_one_binding(tmp_path: Path) -> None:
    home, ledgers = windows_on(tmp_path)
    at_once(ledgers, lambda i, ledger: bind(ledger, card=i, person=1))
    assert home.rows("SELECT count(*) FROM binding WHERE active = 1") == [(1,)]
    assert home.rows("SELECT count(*) FROM binding") == [(WINDOWS,)]
    home.close()


def bind(ledger: Ledger, *, card: int, person: int) -> BindDone | BindConflict:
    return ledger.bind(
        tokens(person),
        card_ref=ref(card),
        card_number=None,
        mode="ledger",
        policy=1,
        klass="full",
        expires_on=None,
        rule="B1",
    )


def test_one_ledger_may_be_used_from_several_threads(tmp_path: Path) -> None:
    """A screen's worker thread shares the ledger with the screen."""
    home, (ledger,) = windows_on(tmp_path, 1)
    answers = at_once([ledger] * 4, lambda i, one: issue(one, tokens(i), bytes([i] * 4)))
    assert answers == ["issued"] * 4
    assert ledger.verify().whole
    home.close()


@pytest.mark.slow
def test_a_long_crowd(tmp_path: Path) -> None:
    home, ledgers = windows_on(tmp_path)
    chance = Random(3)
    crowd = [[chance.randrange(1, 12) for _ in range(12)] for _ in ledgers]

    def work(i: int, ledger: Ledger) -> int:
        return sum(issue(ledger, tokens(one), bytes([i] * 4)) == "issued" for one in crowd[i])

    served = {one for queue in crowd for one in queue}
    assert sum(at_once(ledgers, work)) == len(served)
    assert ledgers[0].verify().whole
    home.close()
