"""The ledger of one home: every verb is one transaction and durable on return.

One file, opened by any number of processes. What the verbs promise stands with them, part by part;
here is only how a ledger is made, opened and closed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

from cards.shelf import Shelf
from drivers.keys.contract import KeyStore
from sync.clock import Clock
from sync.ledger.bindings import Bindings
from sync.ledger.claims import Claims
from sync.ledger.feed import Feed
from sync.ledger.imports import Imports
from sync.ledger.journal import Journal
from sync.ledger.marks import RunMarks
from sync.ledger.rekey import Rekeying
from sync.ledger.shelf import LedgerShelf
from sync.ledger.standing import Standings
from sync.ledger.store import Store, create_file, whole_row
from sync.ledger.taps import Taps
from sync.ledger.verify import Verifying


class Ledger(Claims, Bindings, Taps, Rekeying, Imports, Journal, Standings, Feed, Verifying):
    """Everything that one home knows and has done. Threads may share it."""

    @staticmethod
    def create(
        path: Path,
        *,
        terminal: str,
        site: str,
        role: str | None,
        profile_fingerprint: str,
        home_id: bytes,
    ) -> None:
        """Make a ledger that is nobody's yet. Raises `FileExistsError`, `Disk`."""
        db = create_file(path)
        try:
            db.execute(
                "INSERT INTO state (id, home_id, terminal, site, role, profile)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                (home_id, terminal, site, role, profile_fingerprint),
            )
        finally:
            db.close()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        keys: KeyStore,
        clock: Clock,
        random: Callable[[int], bytes],
        run_dir: Path,
    ) -> Self:
        """Open what `create` made. Raises `LedgerFaulty`, `LedgerNewer`, `Disk`."""
        store = Store(path, keys=keys, clock=clock, random=random)
        try:
            with store.reading() as reads:
                terminal, site, role = whole_row(reads, "SELECT terminal, site, role FROM state")
            marks = RunMarks(run_dir, name=random(8).hex())
        except BaseException:
            store.close()
            raise
        return cls(store, marks, terminal=terminal, site=site, role=role)

    def close(self) -> None:
        """Let go of the file and of every held issuance. Idempotent."""
        self._marks.close()
        self._store.close()

    @property
    def shelf(self) -> Shelf:
        """Where ledger-mode cards keep their state."""
        return LedgerShelf(self._store)
