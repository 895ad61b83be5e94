"""The handle on a card without room for our records: its state is kept in the ledger."""

from __future__ import annotations

from typing import Literal

from cards.card import PRODUCT_KIND
from cards.identify import Identity
from cards.layout import LAYOUT_VERSION
from cards.shelf import Shelf
from cards.state import CardState


class LedgerCard:
    """A `Card` that nothing is ever written to. `may_issue`: the configuration allows handing
    such cards out."""

    mode: Literal["ledger"] = "ledger"
    kind = PRODUCT_KIND
    directory = None
    purse = None
    newer = False
    layout_version = LAYOUT_VERSION

    def __init__(
        self, identity: Identity, *, card_ref: bytes, shelf: Shelf, may_issue: bool
    ) -> None:
        self.chip = identity.chip
        self.uid = identity.uid
        self.card_ref = card_ref
        self.may_issue = may_issue
        self._shelf = shelf

    @property
    def state(self) -> CardState:
        """Read from the ledger each time: its rows may change while the card lies here."""
        return self._shelf.state(self.card_ref)

    @property
    def issued(self) -> bool | None:
        return self._shelf.handed_out(self.card_ref) or None

    def put(self, state: CardState) -> None:
        self._shelf.keep(self.card_ref, state)

    def settle(self) -> None:
        """There is no purse."""
