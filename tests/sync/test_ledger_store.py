"""The file under the ledger: pragmas, transactions, migrations, and what a bad disk is called."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from sync.errors import Disk, LedgerBusy, LedgerFaulty, LedgerNewer
from sync.ledger import schema, store
from sync.ledger.ledger import Ledger
from tests.sync.rig import UID, LedgerHome, asked, issued, token, tokens


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def database(ledger: Ledger) -> sqlite3.Connection:
    db = ledger._store._db
    assert isinstance(db, sqlite3.Connection)
    return db


def test_the_pragmas_are_those_that_the_promises_rest_on(ledger: Ledger) -> None:
    db = database(ledger)
    told = {
        name: db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store")
    }
    assert told == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "temp_store": 2,
    }
    assert db.execute("PRAGMA busy_timeout").fetchone()[0] == 10_000


def test_sqlite_utils_leaves_our_transaction_open(tmp_path: Path) -> None:
    """Before version 4 its insert committed under one's feet; this pins that it does not."""
    assert int(version("sqlite-utils").split(".")[0]) >= 4
    db = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    tables = sqlite_utils.Database(db, execute_plugins=False)
    db.execute("CREATE TABLE t (a)")
    db.execute("BEGIN IMMEDIATE")
    tables.table("t").insert({"a": 1})
    assert db.in_transaction
    db.execute("ROLLBACK")
    assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)
    db.close()


def change_and_raise(ledger: Ledger, what: type[BaseException]) -> None:
    with ledger._store.immediate() as tx:
        tx.run("INSERT INTO spoiled VALUES (?, NULL)", bytes(8))
        tx.journal("refusal", {})
        raise what


def give_a_token_twice(ledger: Ledger) -> None:
    with ledger._store.immediate() as tx:
        tx.run(
            "INSERT INTO claim VALUES (?, 'flora', ?, 'open', NULL, NULL, NULL, 0, NULL)",
            token(9),
            token(1),
        )
        tx.run("INSERT INTO claim_token VALUES ('flora', ?, ?)", token(1), token(9))


@pytest.mark.parametrize("what", [KeyError, KeyboardInterrupt])
def test_what_raises_inside_leaves_nothing_behind(
    home: LedgerHome, ledger: Ledger, what: type[BaseException]
) -> None:
    before = home.everything()
    with pytest.raises(what):
        change_and_raise(ledger, what)
    assert home.everything() == before
    assert home.kinds() == []
    assert issued(ledger, 1).n == 1, "and the ledger works on"


def test_a_broken_constraint_leaves_as_it_is(home: LedgerHome, ledger: Ledger) -> None:
    """The belt under `ask`: it would be our bug, so it is no fault with words, and undoes all."""
    issued(ledger, 1)
    before = home.everything()
    with pytest.raises(sqlite3.IntegrityError):
        give_a_token_twice(ledger)
    assert home.everything() == before


def test_a_full_disk_is_said_and_nothing_has_changed(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    before = home.everything(), home.kinds()
    db = database(ledger)
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    many = [tokens(n) for n in range(2, 500)]
    with pytest.raises(Disk) as told:
        ledger.import_claims("flora", many)
    assert told.value.why == "SQLITE_FULL"
    assert (home.everything(), home.kinds()) == before
    db.execute("PRAGMA max_page_count = 1000000")
    assert ledger.import_claims("flora", many) == (498, 0), "with room again it goes on"
    assert ledger.verify().whole


def test_a_write_lock_kept_too_long_is_said(
    home: LedgerHome, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    database(ledger).execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(home.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusy):
        asked(ledger, 1)
    other.execute("ROLLBACK")
    other.close()
    assert asked(ledger, 1).n == 1


def test_a_read_only_file_is_said(home: LedgerHome, ledger: Ledger) -> None:
    database(ledger).execute("PRAGMA query_only = 1")
    with pytest.raises(Disk):
        asked(ledger, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("SQLITE_IOERR_FSYNC", Disk),
        ("SQLITE_CANTOPEN", Disk),
        ("SQLITE_BUSY_SNAPSHOT", LedgerBusy),
        ("SQLITE_CORRUPT", LedgerFaulty),
        ("SQLITE_NOTADB", LedgerFaulty),
        ("SQLITE_ERROR", sqlite3.OperationalError),
    ],
)
def test_what_sqlite_calls_it_and_what_we_do(name: str, why: type[Exception]) -> None:
    raised = sqlite3.OperationalError("x")
    raised.sqlite_errorname = name
    with pytest.raises(why), store.said_as_faults():
        raise raised


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    home = LedgerHome(tmp_path)
    home.path.unlink()
    with pytest.raises(LedgerFaulty) as told:
        home.open()
    assert told.value.why == "missing"
    assert not home.path.exists()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_another_file_is_no_ledger(tmp_path: Path, content: bytes) -> None:
    home = LedgerHome(tmp_path)
    home.path.write_bytes(content)
    with pytest.raises(LedgerFaulty):
        home.open()


def test_newer_softwares_ledger_is_left_alone(home: LedgerHome) -> None:
    home.damage("PRAGMA user_version = 99")
    before = home.bytes_on_disk()
    with pytest.raises(LedgerNewer) as told:
        home.open()
    assert (told.value.version, told.value.ours) == (99, schema.VERSION)
    assert home.bytes_on_disk() == before


def test_an_existing_ledger_is_not_made_again(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    with pytest.raises(FileExistsError):
        Ledger.create(
            home.path,
            terminal="T-02",
            site="s",
            role=None,
            profile_fingerprint="",
            home_id=bytes(16),
        )
    assert home.open().terminal == "T-01"


def test_the_migrations_are_noted_and_made_once(home: LedgerHome, ledger: Ledger) -> None:
    assert home.rows("SELECT migration_set, name FROM _sqlite_migrations") == [
        ("flora-ledger", "m0001_first"),
        ("flora-ledger", "m0002_rekey"),
        ("flora-ledger", "m0003_wanted"),
    ]
    assert home.rows("PRAGMA user_version") == [(schema.VERSION,)]


def test_a_migration_cut_in_the_middle_leaves_an_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_STATE", (*schema._STATE, "CREATE TABLE broken ("))
    with pytest.raises(sqlite3.OperationalError):
        store.create_file(tmp_path / "ledger.db")
    db = sqlite3.connect(tmp_path / "ledger.db")
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    db.close()


def test_a_row_of_any_other_shape_is_refused_by_the_tables(home: LedgerHome) -> None:
    db = sqlite3.connect(home.path)
    bad: list[tuple[str, tuple[Any, ...]]] = [
        ("INSERT INTO link VALUES (?, ?, NULL, 1, NULL)", (token(2), token(1))),
        ("INSERT INTO handed_out VALUES (2, x'')", ()),
        ("UPDATE handed_out SET refs = x'00'", ()),
        ("INSERT INTO claim_token VALUES ('flora', x'00', ?)", (token(1),)),
        ("INSERT INTO join_row VALUES ('n', ?)", (UID,)),
    ]
    for sql, parameters in bad:
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(sql, parameters)
    db.close()
