"""The feed comes down: shared facts of the whole city, applied page by page (ledger.md 10).

A row replaces what is here of the same name if its position is higher; the cursor moves in the same
transaction, so a page that comes twice, or one that does not begin at the cursor, does nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from sync.errors import Rubbish
from sync.ledger.bindings import Binding, end, keep, rivals
from sync.ledger.part import VALIDATING, Part, parsed
from sync.ledger.people import closure, occupy, packed, spread, vacate
from sync.ledger.store import Tx


class Row(Protocol):
    """One shared fact."""

    @property
    def pos(self) -> int: ...
    @property
    def kind(self) -> str: ...
    def fields(self) -> Mapping[str, Any]: ...


class Page(Protocol):
    """Rows with `from_ < pos <= to`, whose signature and head were checked."""

    @property
    def era(self) -> int: ...
    @property
    def from_(self) -> int: ...
    @property
    def to(self) -> int: ...
    @property
    def rows(self) -> Sequence[Row]: ...
    def head_bytes(self) -> bytes: ...


class Feed(Part):
    """The verb of a pull."""

    def apply_page(self, page: Page) -> int:
        """Apply one page; how many rows changed something. A page of another era, or one that does
        not begin at the cursor, changes nothing. Raises `Rubbish` for a row that says no fact, and
        then no part of the page is applied."""
        try:
            with self._store.immediate() as tx:
                if tx.one("SELECT era, pos FROM cursor") != (page.era, page.from_):
                    return 0
                changed = sum(self._apply(tx, row) for row in page.rows)
                tx.run("UPDATE cursor SET pos = ?, head = ?", page.to, page.head_bytes())
                return changed
        except (KeyError, TypeError, ValueError, sqlite3.IntegrityError) as fault:
            raise Rubbish(why="row") from fault

    def _apply(self, tx: Tx, row: Row) -> bool:
        body = row.fields()
        match row.kind:
            case "claim":
                return _claim(tx, row.pos, body)
            case "link":
                return _link(tx, row.pos, body)
            case "binding" if self._role in VALIDATING:
                return _bound(tx, row.pos, body)
            case "binding":
                return _binding(tx, row.pos, body, at=self._instant())
            case "spoiled":
                return _spoiled(tx, row.pos, body)
        return False  # a kind of later software: nothing of ours rests on it


def _claim(tx: Tx, pos: int, body: Mapping[str, Any]) -> bool:
    claim_id, state = bytes.fromhex(body["claim"]), body["state"]
    tokens = frozenset(bytes.fromhex(token) for token in body["tokens"])
    imported = body.get("basis") == "import"
    office, month = (None, None) if imported else (body["office"], body["month"])
    known = tx.one(
        "SELECT c.state, coalesce(c.pos, 0), o.n FROM claim c LEFT JOIN open_row o USING (claim_id)"
        " WHERE c.claim_id = ?",
        claim_id,
    )
    if known is None:
        tx.run(
            "INSERT INTO claim VALUES (?, ?, x'', 'void', ?, ?, ?, 0, ?)",
            claim_id,
            body["product"],
            "import" if imported else None,
            office,
            month,
            pos,
        )
    elif known[1] >= pos:
        return False
    else:
        tx.run("UPDATE claim SET pos = ? WHERE claim_id = ?", pos, claim_id)
        if known[2] is not None or (known[0] == "confirmed" and state == "open"):
            # Our own issuance ends by its own verbs, and its confirm may not have been pushed yet.
            return True
    if state == "void":
        vacate(tx, claim_id)
    else:
        tx.run(
            "UPDATE claim SET state = ?, tokens = ? WHERE claim_id = ?",
            state,
            packed(tokens),
            claim_id,
        )
        occupy(tx, claim_id)
    return True


def _link(tx: Tx, pos: int, body: Mapping[str, Any]) -> bool:
    a, b = bytes.fromhex(body["a"]), bytes.fromhex(body["b"])
    before = closure(tx, (a, b))
    changed = tx.run(
        "INSERT INTO link VALUES (?, ?, NULL, ?, ?) ON CONFLICT (a, b) DO UPDATE"
        " SET active = excluded.active, pos = excluded.pos WHERE coalesce(pos, 0) < excluded.pos",
        a,
        b,
        int(body["active"]),
        pos,
    )
    if changed:
        spread(tx, before | closure(tx, (a, b)))
    return changed > 0


def _binding(tx: Tx, pos: int, body: Mapping[str, Any], *, at: str) -> bool:
    """The hub decides between bindings, so its row ends what collides with it here; a binding of
    ours that it has not seen yet comes back with a row of its own if it wins."""
    binding = Binding(
        binding_id=bytes.fromhex(body["binding"]),
        tokens=frozenset(bytes.fromhex(token) for token in body["tokens"]),
        card_ref=bytes.fromhex(body["card_ref"]),
        card_number=body["card_number"],
        mode=body["mode"],
        policy=body["policy"],
        klass=body["class"],
        expires_on=_day(body["expires_on"]),
        rule=None,
        at=parsed(at),
        active=body["active"],
    )
    key = (binding.card_ref, binding.binding_id)
    known = tx.one(
        "SELECT coalesce(pos, 0), active, coalesce(seq, 0), at FROM binding"
        " WHERE card_ref = ? AND binding = ?",
        *key,
    )
    if known is not None:
        known_pos, active, seq, known_at = known
        if known_pos >= pos:
            return False
        if not active and seq > (tx.value("SELECT seq FROM ack") or 0):
            # Its holder ended it here, and the hub has yet to hear of that.
            tx.run("UPDATE binding SET pos = ? WHERE card_ref = ? AND binding = ?", pos, *key)
            return True
        binding = replace(binding, at=parsed(known_at))
    if binding.active:
        for rival in rivals(tx, binding):
            end(tx, rival.card_ref, rival.binding_id, seq=None)
    keep(tx, binding, seq=None, pos=pos)
    return True


def _bound(tx: Tx, pos: int, body: Mapping[str, Any]) -> bool:
    card_ref, binding = bytes.fromhex(body["card_ref"]), bytes.fromhex(body["binding"])
    _day(body["expires_on"])
    return (
        tx.run(
            "INSERT INTO bound VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (card_ref, binding) DO"
            " UPDATE SET active = excluded.active, expires_on = excluded.expires_on,"
            " pos = excluded.pos WHERE coalesce(pos, 0) < excluded.pos",
            card_ref,
            binding,
            body["policy"],
            body["class"],
            body["expires_on"],
            int(body["active"]),
            pos,
        )
        > 0
    )


def _spoiled(tx: Tx, pos: int, body: Mapping[str, Any]) -> bool:
    return (
        tx.run(
            "INSERT INTO spoiled VALUES (?, ?) ON CONFLICT (card_ref) DO UPDATE"
            " SET pos = excluded.pos WHERE coalesce(pos, 0) < excluded.pos",
            bytes.fromhex(body["card_ref"]),
            pos,
        )
        > 0
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
