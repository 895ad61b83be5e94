"""The hub's database: how it is opened, what one transaction is, what is tried again.

SQLite: WAL, `synchronous=FULL`, every writing transaction `BEGIN IMMEDIATE`, and writers of this
process wait in line for a lock rather than for SQLite's busy handler, which is unfair and slow.
PostgreSQL: READ COMMITTED with row locks; serialization failures and deadlocks are tried again,
which is safe because every step is idempotent (ledger.md 4.4).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Executable, Table, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

_CONNECTIONS_MAX = 32
_TRIES = 8
# serialization_failure, deadlock_detected; unique_violation: somebody else was first, and the next
# run sees who.
_AGAIN = {"40001", "40P01", "23505"}
UPGRADE_LOCK = 0x666C_6F72_6101  # "flora" and a number: the keys of our advisory locks
FEED_LOCK = 0x666C_6F72_6102
_BUSY_TIMEOUT_MS = 8000
_READ_ONLY = "flora_read_only"


class Store:
    """One database. Thread-safe; each call of `write` and `read` is one transaction."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        self._in_line = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether there is one writer at a time by nature."""
        return self._is_sqlite

    def upgrade(self) -> None:
        """Bring the tables to this version's shape; nothing to do is fine."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self.connection() as connection:
            if not self._is_sqlite:  # two processes may start at once
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK}
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and commit; it leaves by an exception: nothing happened.
        It may be run again from its start, so it must have no effect outside."""
        for last in (*(False,) * (_TRIES - 1), True):
            try:
                with self.connection() as connection:
                    return work(connection)
            except DBAPIError as error:
                again = error.connection_invalidated or _state(error) in _AGAIN
                if last or not again:
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One writing transaction; commits at the end, rolls back on an exception."""
        if self._is_sqlite:
            with self._in_line, self._engine.begin() as connection:
                yield connection
        else:
            with self._engine.begin() as connection:
                yield connection

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one snapshot that writers do not wait for."""
        with self._engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
            return work(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def insert_new(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> bool:
    """Insert those rows whose key is not there yet. Of a single row: whether it was."""
    if not rows:
        return False
    statement = _insert_new(tx.dialect.name, table)
    return tx.execute(statement, rows[0] if len(rows) == 1 else list(rows)).rowcount == 1


@cache
def _insert_new(dialect: str, table: Table) -> Executable:
    make = sqlite_insert if dialect == "sqlite" else postgresql_insert
    # Without the option the count of an INSERT is gone by the time it is asked for: -1.
    return make(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed,
            pool_size=_CONNECTIONS_MAX,
            max_overflow=0,
            isolation_level="READ COMMITTED",
        )
    engine = create_engine(
        parsed, pool_size=_CONNECTIONS_MAX, connect_args={"check_same_thread": False}
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not open transactions of its own, or BEGIN IMMEDIATE comes too late.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
