"""Key roll-over in the ledger: the intended version outlives a crash, and an older file gets the
table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.rig import LedgerHome

CARD, OTHER = b"\x01" * 8, b"\x02" * 8


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


def test_the_intended_version_is_there_until_it_is_proven(home: LedgerHome) -> None:
    ledger = home.open()
    assert ledger.rekeying_to(CARD) is None
    ledger.rekeying(CARD, to_version=2)
    ledger.rekeying(OTHER, to_version=2)
    ledger.close()  # as a crash leaves it
    ledger = home.open()
    ledger.rekeying(CARD, to_version=3)  # rotated once more before the card came back
    assert (ledger.rekeying_to(CARD), ledger.rekeying_to(OTHER)) == (3, 2)
    ledger.rekeyed(CARD)
    ledger.rekeyed(CARD)
    assert (ledger.rekeying_to(CARD), ledger.rekeying_to(OTHER)) == (None, 2)


def test_a_ledger_of_version_1_is_migrated(home: LedgerHome) -> None:
    home.open().close()
    with sqlite3.connect(home.path) as db:
        db.execute("DROP TABLE rekey")
        db.execute("ALTER TABLE open_row DROP COLUMN wanted")
        db.execute("DELETE FROM _sqlite_migrations WHERE name <> 'm0001_first'")
        db.execute("PRAGMA user_version = 1")
    db.close()
    ledger = home.open()
    ledger.rekeying(CARD, to_version=2)
    assert ledger.rekeying_to(CARD) == 2
