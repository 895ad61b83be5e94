"""Cards whose keys are being rolled over: the version they are to have, durable before the first
key changes (`cards.rekey.Journal`).

A row lives from before the first change until every new key has been proven. Whoever opens a card
that has one knows that a tear may have left keys of two versions on it, and goes on. No journal
entry: keys are no fact of the city's, and the next office finishes a card by what the card says.
"""

from __future__ import annotations

from sync.ledger.part import ISSUING, Part


class Rekeying(Part):
    """The verbs of a key roll-over, for homes that issue."""

    def rekeying(self, card_ref: bytes, *, to_version: int) -> None:
        """Note that this card's keys are about to become those of `to_version` (1-255)."""
        self._only(ISSUING)
        with self._store.immediate() as tx:
            tx.run(
                "INSERT INTO rekey VALUES (?, ?)"
                " ON CONFLICT (card_ref) DO UPDATE SET to_version = excluded.to_version",
                card_ref,
                to_version,
            )

    def rekeying_to(self, card_ref: bytes) -> int | None:
        """The version that was noted and not yet proven; None: nothing is under way here."""
        with self._store.reading() as reads:
            version = reads.value("SELECT to_version FROM rekey WHERE card_ref = ?", card_ref)
            return None if version is None else int(version)

    def rekeyed(self, card_ref: bytes) -> None:
        """All its keys are proven. Idempotent."""
        with self._store.immediate() as tx:
            tx.run("DELETE FROM rekey WHERE card_ref = ?", card_ref)
