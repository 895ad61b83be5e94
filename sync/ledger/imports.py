"""Claims of an earlier list, as tokens: people who collected before this software came (F14)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sync.ledger import contents
from sync.ledger.claims import CLAIM_ID_BYTES
from sync.ledger.part import ISSUING, Part
from sync.ledger.people import closure, holders, link, occupy, packed
from sync.ledger.store import Tx

BATCH = 500  # entries of one commit: as many as one push may carry


class Imports(Part):
    """The verb of an import home."""

    def import_claims(
        self, product: str, token_sets: Iterable[frozenset[bytes]]
    ) -> tuple[int, int]:
        """Confirmed claims for people not yet known: (accepted, duplicates).

        One transaction for each 500 people, so what is done stays done; run again, the rest
        follows and the others are duplicates.
        """
        self._only(ISSUING)
        waiting = iter(token_sets)
        accepted = duplicates = 0
        while people := list(islice(waiting, BATCH)):
            with self._store.immediate() as tx:
                hour = self._hour()
                new = sum(self._import_one(tx, product, tokens, hour) for tokens in people)
            accepted += new
            duplicates += len(people) - new
        return accepted, duplicates

    def _import_one(self, tx: Tx, product: str, tokens: frozenset[bytes], hour: str) -> bool:
        if holders(tx, product, closure(tx, tokens)):
            return False
        claim_id = self._store.random(CLAIM_ID_BYTES)
        entry = contents.claim(claim_id, product, tokens, hour=hour, basis="import")
        evidence = tx.journal("claim", entry)
        tx.run(
            "INSERT INTO claim VALUES (?, ?, ?, 'confirmed', 'import', NULL, NULL, 0, NULL)",
            claim_id,
            product,
            packed(tokens),
        )
        occupy(tx, claim_id)
        link(tx, tokens, evidence=evidence)
        return True
