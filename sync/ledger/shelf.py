"""The ledger's side of cards without room for our records (`cards.shelf.Shelf`).

Trips lie by card_ref. Which cards were handed out is one blob of sorted refs in one row, rewritten
whole: rows of their own would keep the order of the claims beside them (ledger.md 8.4 rule 5).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cards.records import pack_state, unpack_state
from cards.state import BindingMark, CardState
from sync.ledger.store import Reads, Store, Tx

REF_BYTES = 8


class LedgerShelf:
    """Implements `Shelf` over the store; for reading any role, for `keep` whoever taps."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def knows(self, card_ref: bytes) -> bool:
        # One question: every tap on a card that carries its own record asks it.
        row = self._store.one(
            "SELECT refs, EXISTS (SELECT 1 FROM trip WHERE card_ref = ?1)"
            " OR EXISTS (SELECT 1 FROM binding"
            " WHERE card_ref = ?1 AND mode = 'ledger' AND active = 1)"
            " OR EXISTS (SELECT 1 FROM bound WHERE card_ref = ?1 AND active = 1)"
            " FROM handed_out",
            card_ref,
        )
        return row is not None and (bool(row[1]) or _is_in(row[0], card_ref))

    def state(self, card_ref: bytes) -> CardState:
        with self._store.reading() as reads:
            body = reads.value("SELECT state FROM trip WHERE card_ref = ?", card_ref)
            kept = CardState() if body is None else unpack_state(body).state
            return replace(
                kept, issued=_was_handed_out(reads, card_ref), binding=_mark(reads, card_ref)
            )

    def handed_out(self, card_ref: bytes) -> bool:
        with self._store.reading() as reads:
            return _was_handed_out(reads, card_ref)

    def keep(self, card_ref: bytes, state: CardState) -> None:
        body = pack_state(
            replace(state, issued=False, binding=None, purse_before=0, purse_after=0, purse_mark=0)
        )
        with self._store.immediate() as tx:
            tx.run(
                "INSERT INTO trip VALUES (?, ?)"
                " ON CONFLICT (card_ref) DO UPDATE SET state = excluded.state",
                card_ref,
                body,
            )


def hand_out(tx: Tx, card_ref: bytes) -> None:
    """Add a ref to the blob. The clearing of the issuance, which follows, empties the log of it."""
    if len(card_ref) != REF_BYTES:
        raise ValueError("a card_ref has 8 bytes")
    blob: bytes = tx.value("SELECT refs FROM handed_out")
    refs = {blob[i : i + REF_BYTES] for i in range(0, len(blob), REF_BYTES)} | {card_ref}
    tx.run("UPDATE handed_out SET refs = ?", b"".join(sorted(refs)))


def _is_in(blob: bytes, card_ref: bytes) -> bool:
    """Searched as it lies: every tap asks, and a set of thousands would be made for one answer."""
    at = blob.find(card_ref)
    while at % REF_BYTES and at >= 0:  # the end of one ref and the beginning of the next
        at = blob.find(card_ref, at + 1)
    return at >= 0


def _was_handed_out(reads: Reads, card_ref: bytes) -> bool:
    return _is_in(reads.value("SELECT refs FROM handed_out"), card_ref)


def _mark(reads: Reads, card_ref: bytes) -> BindingMark | None:
    """The active binding of a ledger-mode card, in the form that a card would carry it."""
    row = reads.one(
        "SELECT binding, policy, expires_on, class FROM binding"
        " WHERE card_ref = ?1 AND mode = 'ledger' AND active = 1"
        " UNION ALL SELECT binding, policy, expires_on, class FROM bound"
        " WHERE card_ref = ?1 AND active = 1 LIMIT 1",
        card_ref,
    )
    if row is None:
        return None
    binding_id, policy, expires_on, klass = row
    return BindingMark(
        binding_id=binding_id,
        policy=policy,
        expires_on=None if expires_on is None else date.fromisoformat(expires_on),
        half=klass == "half",
    )
