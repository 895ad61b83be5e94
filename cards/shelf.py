"""Where a record lives: on the card (`record`) or in the ledger by `card_ref` (`ledger`).

`sync.ledger.shelf` implements the ledger side; `open_card` asks it first, so nobody above has to
know which of the two it is (architecture.md, two modes).
"""

from __future__ import annotations

from typing import Protocol

from cards.state import CardState


class Shelf(Protocol):
    """The ledger's side of a card without room for our records."""

    def knows(self, card_ref: bytes) -> bool:
        """Handed out here in ledger mode, or has a trip or a ledger-mode binding here."""
        ...

    def state(self, card_ref: bytes) -> CardState:
        """The state kept here, with its ledger-mode binding; a card never seen is the empty state
        (`issued` is whether it was handed out here; see `handed_out`)."""
        ...

    def handed_out(self, card_ref: bytes) -> bool:
        """Whether this home handed the card out in ledger mode."""
        ...

    def keep(self, card_ref: bytes, state: CardState) -> None:
        """Keep trip and counter, durable on return. The binding is not kept here: bindings are
        the ledger's own rows."""
        ...
