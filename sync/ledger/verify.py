"""The ledger checks itself: chain, seals, gaps, what was acknowledged, claims against their tokens,
and the pages of the file (ledger.md 8.2). Reads only, one moment, entry by entry.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync import chain
from sync.ledger.part import Part
from sync.ledger.people import closure, unpacked
from sync.ledger.store import Reads, Row

FAULTS_MAX = 100  # a file beyond repair need not be listed entry by entry


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`entries`: how many the journal has. `faults`: each names a journal `seq` or a `table`, and
    says `why`. Whole: none was found."""

    entries: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.faults

    def bad_entries(self) -> list[int]:
        """The journal entries that do not fit, by sequence."""
        return [fault["seq"] for fault in self.faults if isinstance(fault.get("seq"), int)]

    def add(self, *, why: str, **where: object) -> None:
        """Note one thing that does not fit."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append({**where, "why": why})


class Verifying(Part):
    """Reading it all once more."""

    def verify(self) -> Verdict:
        """Everything that can be checked without the hub. Raises `LedgerFaulty` only where the
        file cannot be read at all."""
        said = Verdict()
        with self._store.reading() as reads:
            with _readable(said, "file"):
                for (problem,) in reads.all("PRAGMA integrity_check(10)"):
                    if problem != "ok":
                        said.add(table="file", why="integrity")
                for table, *_ in reads.all("PRAGMA foreign_key_check"):
                    said.add(table=str(table), why="reference")
            with _readable(said, "journal"):
                self._journal(reads, said)
            with _readable(said, "claim"):
                _own_claims(reads, said)
                _people(reads, said)
        return said

    def _journal(self, reads: Reads, said: Verdict) -> None:
        head, expected, sealed = chain.first_head(self._terminal), 1, True
        acked_seq, acked_head = reads.one("SELECT seq, head FROM ack") or (0, head)
        public = Ed25519PublicKey.from_public_bytes(self._store.keys.public_key)
        # As bytes: what is no text any more must be a flaw of its entry, not the end of reading.
        for row in reads.each(
            "SELECT seq, epoch, CAST(kind AS BLOB), content, salt, leaf, head, seal"
            " FROM journal ORDER BY seq"
        ):
            seq, stored, seal = row[0], row[6], row[7]
            said.entries += 1
            if seq != expected:
                said.add(seq=expected, why="gap")
            if why := _entry_flaw(row):
                said.add(seq=seq, why=why)
            if not _follows(row, head):
                said.add(seq=seq, why="chain")
            sealed = seal is not None
            if sealed and not _is_sealed(row, self._terminal, public):
                said.add(seq=seq, why="seal")
            if seq == acked_seq and stored != acked_head:
                said.add(seq=seq, why="acknowledged")
            # Go on from what is stored: one flaw is one flaw, not all entries after it.
            head, expected = stored, seq + 1
        if not sealed:
            said.add(seq=expected - 1, why="seal")
        if expected <= acked_seq:
            said.add(seq=expected, why="acknowledged")


@contextmanager
def _readable(said: Verdict, table: str) -> Iterator[None]:
    """What cannot even be read is a fault of its table."""
    try:
        yield
    except sqlite3.DatabaseError:
        said.add(table=table, why="unreadable")


def _entry_flaw(row: Row) -> str:
    """What is wrong with one entry by itself; empty: nothing."""
    _, _, kind, content, salt, leaf, _, _ = row
    if not isinstance(content, bytes) or not isinstance(salt, bytes):
        return "content"
    if chain.leaf(salt, content) != leaf:
        return "leaf"
    # The kind is in the content as well, which the leaf covers.
    return "" if content.startswith(b'{"kind":"%s"' % kind) else "kind"


def _follows(row: Row, head: object) -> bool:
    """Whether the entry's head is the one that its leaf gives after `head`."""
    seq, epoch, leaf, stored = row[0], row[1], row[5], row[6]
    try:
        return bool(chain.next_head(head, seq=seq, epoch=epoch, leaf_hash=leaf) == stored)  # type: ignore[arg-type]
    except (TypeError, OverflowError, AttributeError):
        return False


def _is_sealed(row: Row, terminal: str, public: Ed25519PublicKey) -> bool:
    """Whether the entry's seal is this terminal's over its head."""
    seq, epoch, head, seal = row[0], row[1], row[6], row[7]
    try:
        public.verify(seal, chain.seal_message(terminal, seq=seq, epoch=epoch, head=head))
    except (InvalidSignature, TypeError, OverflowError, AttributeError):
        return False
    return True


def _own_claims(reads: Reads, said: Verdict) -> None:
    """What the journal says was claimed and confirmed is so (I3)."""
    for seq, kind, content in reads.each(
        "SELECT seq, kind, content FROM journal WHERE kind IN ('claim', 'confirm') ORDER BY seq"
    ):
        try:
            claim_id = bytes.fromhex(json.loads(content)["claim"])
        except (ValueError, TypeError, KeyError):
            continue  # named already: its leaf does not fit
        state = reads.value("SELECT state FROM claim WHERE claim_id = ?", claim_id)
        if state is None or (kind == "confirm" and state == "open"):
            said.add(seq=seq, why="claim")


def _people(reads: Reads, said: Verdict) -> None:
    """Each live claim holds its whole person, unless another live claim does (I1)."""
    for claim_id, product, tokens, doubled in reads.all(
        "SELECT claim_id, product, tokens, doubled FROM claim WHERE state <> 'void'"
    ):
        person = closure(reads, unpacked(tokens))
        held = {
            token
            for (token,) in reads.all("SELECT token FROM claim_token WHERE claim_id = ?", claim_id)
        }
        if held - person or (held != person and not doubled):
            said.add(table="claim_token", why="person")
        if any(
            reads.value(
                "SELECT claim_id FROM claim_token WHERE product = ? AND token = ?", product, token
            )
            is None
            for token in person
        ):
            said.add(table="claim_token", why="missing")
    if reads.value(
        "SELECT count(*) FROM claim_token t JOIN claim c USING (claim_id)"
        " WHERE c.state = 'void' OR c.product <> t.product"
    ):
        said.add(table="claim_token", why="claim")
