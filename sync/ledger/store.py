"""The file under the ledger: one connection, its pragmas, transactions, and SQLite's faults.

Every change is `with store.immediate() as tx`: the only writer from there to the end, durable on
leaving (WAL, `synchronous=FULL`), undone whole when anything is raised. The last journal entry of
each transaction carries the terminal's seal (ledger.md 8.2). Inside, ask first or let an exception
leave: an `IntegrityError` caught there would commit the half that came before it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from drivers.keys.contract import KeyStore
from sync import chain
from sync.clock import Clock
from sync.errors import Disk, LedgerBusy, LedgerFaulty
from sync.ledger.schema import migrate, must_be_ours

BUSY_S = 10
_SCRUB_BUSY_MS = 50  # a reader may stay for minutes; the next transaction tries again

Row = tuple[Any, ...]


@contextmanager
def said_as_faults() -> Iterator[None]:
    """SQLite's operational errors as ours; an `IntegrityError` is a bug and passes as it is."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as fault:
        name = getattr(fault, "sqlite_errorname", None) or "SQLITE_ERROR"
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise LedgerBusy(waited_s=BUSY_S) from fault
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise LedgerFaulty(why=name) from fault
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise Disk(why=name) from fault
        raise


def connect(path: Path) -> sqlite3.Connection:
    """One connection to an existing file, with the pragmas of B.1. Used under the store's lock, so
    that screens may call from a worker thread."""
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


class Reads:
    """Queries inside one transaction: they all see the same moment."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def one(self, sql: str, *parameters: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._db.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, *parameters: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.one(sql, *parameters)
        return None if row is None else row[0]

    def all(self, sql: str, *parameters: Any) -> list[Row]:
        return self._db.execute(sql, parameters).fetchall()

    def each(self, sql: str, *parameters: Any) -> Iterator[Row]:
        """Row by row, for tables that need not fit into memory."""
        return iter(self._db.execute(sql, parameters))


def whole_row(reads: Reads, sql: str) -> Row:
    """The one row of a table that always has it. Raises `LedgerFaulty` where it has gone."""
    row = reads.one(sql)
    if row is None:
        raise LedgerFaulty(why=f"no row: {sql.rpartition(' ')[2]}")
    return row


class Tx(Reads):
    """One immediate transaction. Journal entries are kept until its end: only then is known which
    one is the last and carries the seal."""

    def __init__(self, db: sqlite3.Connection, *, random: Callable[[int], bytes]) -> None:
        super().__init__(db)
        self._random = random
        self._entries: list[Row] = []
        self._last: tuple[int, bytes] | None = None
        self.terminal, self.epoch, cleared, scrubbed = whole_row(
            self, "SELECT terminal, epoch, cleared, scrubbed FROM state"
        )
        self.owes = cleared != scrubbed
        """The write-ahead log is to be emptied."""

    def run(self, sql: str, *parameters: Any) -> int:
        """Execute; how many rows changed."""
        return self._db.execute(sql, parameters).rowcount

    def journal(self, kind: str, content: Mapping[str, Any]) -> int:
        """Add one entry; its sequence. `content` in the order of ledger.md A.4, less the kind."""
        seq, head = self._last or journal_end(self, self.terminal)
        data = msgspec.json.encode({"kind": kind, **content})
        salt = self._random(chain.SALT_BYTES)
        leaf = chain.leaf(salt, data)
        head = chain.next_head(head, seq=seq + 1, epoch=self.epoch, leaf_hash=leaf)
        self._last = (seq + 1, head)
        self._entries.append((seq + 1, self.epoch, kind, data, salt, leaf, head))
        return seq + 1

    def last_leaf(self) -> bytes:
        """The leaf of the entry that `journal` added last."""
        leaf: bytes = self._entries[-1][5]
        return leaf

    def write_entries(self, sign: Callable[[bytes], bytes]) -> None:
        """Write what `journal` gathered; the last entry gets the seal."""
        for entry in self._entries:
            seq, epoch, head = entry[0], entry[1], entry[6]
            seal = None
            if entry is self._entries[-1]:
                seal = sign(chain.seal_message(self.terminal, seq=seq, epoch=epoch, head=head))
            self.run("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *entry, seal)

    def cleared(self) -> None:
        """A UID, or the minute of an issuance, was put away in this transaction: the write-ahead
        log must be emptied of it."""
        self.run("UPDATE state SET cleared = cleared + 1")
        self.owes = True


def journal_end(reads: Reads, terminal: str) -> tuple[int, bytes]:
    """Sequence and head of the last entry; 0 and the first head of an empty journal."""
    row = reads.one("SELECT seq, head FROM journal ORDER BY seq DESC LIMIT 1")
    return (0, chain.first_head(terminal)) if row is None else (row[0], row[1])


class Store:
    """The ledger's file, open. One process may have several; any number of processes may."""

    def __init__(
        self, path: Path, *, keys: KeyStore, clock: Clock, random: Callable[[int], bytes]
    ) -> None:
        """Raises `LedgerFaulty`, `LedgerNewer`, `Disk`."""
        self.keys = keys
        self.clock = clock
        self.random = random
        self._lock = threading.RLock()
        if not path.is_file():
            raise LedgerFaulty(why="missing")
        with said_as_faults():
            self._db = connect(path)
            try:
                must_be_ours(self._db)
                migrate(self._db)
                self._scrub()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def immediate(self) -> Iterator[Tx]:
        """One change: durable when the block has been left, undone when it raises.

        Raises `Disk`, `LedgerBusy`, `LedgerFaulty`, `Keystore`; nothing has changed then.
        """
        with self._lock, said_as_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                tx = Tx(self._db, random=self.random)
                yield tx
                tx.write_entries(self.keys.sign)
                self._db.execute("COMMIT")
            except BaseException:
                # SQLite may have rolled back by itself (disk full); the first fault is the news.
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            if tx.owes:
                self._scrub()

    @contextmanager
    def reading(self) -> Iterator[Reads]:
        """Several queries over one moment. Holds no lock that a writer waits for."""
        with self._lock, said_as_faults():
            self._db.execute("BEGIN")
            try:
                yield Reads(self._db)
            finally:
                with suppress(sqlite3.Error):
                    self._db.execute("COMMIT")

    def one(self, sql: str, *parameters: Any) -> Row | None:
        """The first row of one question that shares its moment with no other; None: no row."""
        with self._lock, said_as_faults():
            row: Row | None = self._db.execute(sql, parameters).fetchone()
            return row

    def _scrub(self) -> None:
        """Empty the write-ahead log of UIDs that were put away (ledger.md 8.4 rule 4).

        While somebody reads, the checkpoint answers busy: the debt stays in `state`, and every
        later transaction and every start tries again.
        """
        with suppress(sqlite3.DatabaseError):  # what was committed before stands all the same
            row = self._db.execute("SELECT cleared, scrubbed FROM state").fetchone()
            if row is None or row[0] == row[1]:
                return
            self._db.execute(f"PRAGMA busy_timeout = {_SCRUB_BUSY_MS}")
            try:
                busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
            if not busy:
                self._db.execute("UPDATE state SET scrubbed = max(scrubbed, ?)", (row[0],))


def create_file(path: Path) -> sqlite3.Connection:
    """A new ledger file (0600) with its tables. Raises `FileExistsError`, `Disk`."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with said_as_faults():
        db = connect(path)
        migrate(db)
    return db
