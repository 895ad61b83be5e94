"""The ledger checks itself: chain, seals, gaps, what was acknowledged, claims against their tokens,
and the pages of the file (ledger.md 8.2). Reads only, one moment, entry by entry.
"""

from __future__ import annotations

import json
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
            for (problem,) in reads.all("PRAGMA integrity_check(10)"):
                if problem != "ok":
                    said.add(table="file", why="integrity")
            for table, *_ in reads.all("PRAGMA foreign_key_check"):
                said.add(table=str(table), why="reference")
            self._journal(reads, said)
            _people(reads, said)
        return said

    def _journal(self, reads: Reads, said: Verdict) -> None:
        head = chain.first_head(self._terminal)
        acked = reads.one("SELECT seq, head FROM ack") or (0, head)
        public = Ed25519PublicKey.from_public_bytes(self._store.keys.public_key)
        sealed = 0
        for row in reads.each(
            "SELECT seq, epoch, kind, content, salt, leaf, head, seal FROM journal ORDER BY seq"
        ):
            said.entries += 1
            seq, epoch, _, _, _, leaf, stored, seal = row
            if seq != said.entries:
                said.add(seq=said.entries, why="gap")
                said.entries = seq
            if why := _entry_flaw(row):
                said.add(seq=seq, why=why)
            if chain.next_head(head, seq=seq, epoch=epoch, leaf_hash=leaf) != stored:
                said.add(seq=seq, why="chain")
            if seal is not None:
                sealed = seq
                message = chain.seal_message(self._terminal, seq=seq, epoch=epoch, head=stored)
                if not _is_signed(public, seal, message):
                    said.add(seq=seq, why="seal")
            # Go on from what is stored: one flaw is one flaw, not all entries after it.
            head = stored
            if seq == acked[0] and stored != acked[1]:
                said.add(seq=seq, why="acknowledged")
        if sealed != said.entries:
            said.add(seq=said.entries, why="seal")
        if said.entries < acked[0]:
            said.add(seq=acked[0], why="acknowledged")


def _entry_flaw(row: Row) -> str:
    """What is wrong with one entry by itself; empty: nothing."""
    _, _, kind, content, salt, leaf, _, _ = row
    if content is None or salt is None:
        return "erased"
    if chain.leaf(salt, content) != leaf:
        return "leaf"
    try:
        named = json.loads(content).get("kind")
    except (ValueError, AttributeError):
        return "content"
    return "" if named == kind else "kind"


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
        "SELECT count(*) FROM claim_token t JOIN claim c USING (claim_id) WHERE c.state = 'void'"
    ):
        said.add(table="claim_token", why="void")


def _is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
