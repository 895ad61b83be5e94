"""Taps: journalled before the card is written, and marked while that goes on.

Implements the gate's side of the ledger (`validation.gate.TapLedger`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sync.ledger.part import TAPPING, Part


class Taps(Part):
    """The verbs of a gate."""

    def journal_tap(self, content: Mapping[str, Any]) -> int:
        """One tap's entry, durable on return; its sequence. `content` as ledger.md A.4 lists it,
        without the kind. Until `tap_done` or the next one it is this ledger's unfinished tap."""
        self._only(TAPPING)
        with self._store.immediate() as tx:
            seq = tx.journal("tap", content)
            # Before the commit: a death between the two leaves a mark of nothing, never an entry
            # without its mark.
            self._marks.tap_started(seq, tx.last_leaf())
        self._marks.settle_orphan()
        return seq

    def tap_done(self) -> None:
        """The card says what was journalled."""
        self._marks.tap_done()

    def unfinished_tap(self) -> dict[str, Any] | None:
        """The content of the tap that this ledger, or a process that has died or left, journalled
        and did not see done. None while a living process has it in hand."""
        while (mark := self._marks.unfinished_tap()) is not None:
            with self._store.reading() as reads:
                content = reads.value(
                    "SELECT content FROM journal WHERE seq = ? AND leaf = ?", *mark
                )
            if content is not None:
                said: dict[str, Any] = json.loads(content)
                del said["kind"]
                return said
            self._marks.tap_done()  # its commit never happened
        return None
