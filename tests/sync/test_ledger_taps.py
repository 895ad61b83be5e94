"""Taps are journalled before the card is written, and one that nobody finished is found."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.errors import LedgerFaulty
from sync.ledger.ledger import Ledger
from tests.sync.rig import LedgerHome

TAP: dict[str, Any] = {"n": 7, "trip": 7, "card_ref": "00" * 8, "at": "2026-11-25T02:03:04Z"}
TORN = TAP | {"state": "torn"}
DONE = TAP | {"state": "done"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path, role="validator")
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def test_a_tap_is_on_disk_when_the_verb_returns(home: LedgerHome, ledger: Ledger) -> None:
    assert ledger.journal_tap(DONE) == 1
    assert home.entries() == [{"kind": "tap", **DONE}]
    assert next(iter(home.entries()[0])) == "kind"


def test_a_tap_is_unfinished_until_it_is_done(ledger: Ledger) -> None:
    assert ledger.unfinished_tap() is None
    ledger.journal_tap(DONE)
    assert ledger.unfinished_tap() == DONE
    ledger.tap_done()
    assert ledger.unfinished_tap() is None
    ledger.tap_done()


def test_the_next_tap_is_the_unfinished_one(ledger: Ledger) -> None:
    ledger.journal_tap(DONE)
    ledger.journal_tap(TORN)
    assert ledger.unfinished_tap() == TORN


def test_a_tap_that_a_living_process_has_in_hand_is_not_reported(
    home: LedgerHome, ledger: Ledger
) -> None:
    ledger.journal_tap(DONE)
    assert home.open().unfinished_tap() is None


def test_a_tap_whose_process_has_gone_is_the_next_ones(home: LedgerHome, ledger: Ledger) -> None:
    ledger.journal_tap(DONE)
    ledger.close()
    other = home.open()
    assert other.unfinished_tap() == DONE
    assert other.unfinished_tap() == DONE
    assert home.open().unfinished_tap() is None, "one only takes it over"
    other.journal_tap(TORN)
    assert other.unfinished_tap() == TORN
    other.tap_done()
    assert home.open().unfinished_tap() is None
    home.close()
    assert list((home.folder / "run").iterdir()) == []


def test_a_settled_tap_is_settled_for_whoever_comes_after_a_kill(
    home: LedgerHome, ledger: Ledger
) -> None:
    """The mark's file stays while its ledger is open; written over, it names nothing."""
    ledger.journal_tap(DONE)
    ledger.tap_done()
    (mark,) = (home.folder / "run").glob("tap-*")
    left = mark.read_bytes()
    ledger.close()
    mark.write_bytes(left)  # as a process that was killed now leaves it
    assert home.open().unfinished_tap() is None
    assert not mark.exists()


def test_a_tap_journalled_as_torn_takes_the_place_of_the_one_taken_over(
    home: LedgerHome, ledger: Ledger
) -> None:
    ledger.journal_tap(DONE)
    ledger.close()
    other = home.open()
    assert other.unfinished_tap() == DONE
    other.journal_tap(TORN)
    other.close()
    last = home.open()
    assert last.unfinished_tap() == TORN
    last.tap_done()
    assert home.open().unfinished_tap() is None


def test_who_took_a_tap_over_and_died_leaves_it_to_the_next(
    home: LedgerHome, ledger: Ledger
) -> None:
    ledger.journal_tap(DONE)
    ledger.close()
    other = home.open()
    assert other.unfinished_tap() == DONE
    other.close()
    assert home.open().unfinished_tap() == DONE


def test_several_dead_processes_leave_several_taps(home: LedgerHome) -> None:
    for n in (1, 2):
        ledger = home.open()
        ledger.journal_tap(DONE | {"n": n})
    home.close()
    ledger = home.open()
    found = []
    while (tap := ledger.unfinished_tap()) is not None:
        found.append(tap["n"])
        ledger.tap_done()
    assert sorted(found) == [1, 2]


def test_a_tap_whose_commit_failed_leaves_nothing_to_finish(
    home: LedgerHome, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: bytes) -> bytes:
        raise LedgerFaulty(why="the key store died")

    with monkeypatch.context() as patch:
        patch.setattr(home.keys, "sign", broken)
        with pytest.raises(LedgerFaulty):
            ledger.journal_tap(DONE)
    assert home.entries() == []
    ledger.close()
    other = home.open()
    other.journal_tap(DONE | {"n": 99})  # another entry at its place is not taken for it
    other.tap_done()
    assert home.open().unfinished_tap() is None


def test_a_mark_that_was_never_written_is_swept_away(home: LedgerHome, ledger: Ledger) -> None:
    (home.folder / "run" / "tap-dead").touch()
    assert ledger.unfinished_tap() is None
    assert list((home.folder / "run").iterdir()) == []


def test_a_killed_process_leaves_its_tap(home: LedgerHome) -> None:
    code = (
        "import os, signal, sys\n"
        "sys.path.insert(0, '.')\n"
        "from pathlib import Path\n"
        "from tests.sync.rig import LedgerHome\n"
        f"ledger = LedgerHome(Path({str(home.folder)!r}), role='validator', seed=2).open()\n"
        f"ledger.journal_tap({DONE!r})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    died = subprocess.run([sys.executable, "-c", code], cwd=root, check=False)
    assert died.returncode == -signal.SIGKILL
    assert home.open().unfinished_tap() == DONE
