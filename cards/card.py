"""The one handle on a card of ours, the same whatever the chip and wherever its record lives."""

from __future__ import annotations

from typing import Literal, Protocol

from cards.state import CardState, Directory, Purse

Mode = Literal["record", "ledger"]
PRODUCT_KIND = "flora"


class Card(Protocol):
    """A card of our stock in the field, opened and read by `open_card`.

    Every verb that writes is done when it returns: written, and but for a tap read back and
    compared. Whatever tears it, the card holds the old state or the new one, and the same verb
    again completes it. Verbs raise what `drivers.contract.Connection` names, and
    `ReadBackDiffers`, `SectorLocked` (Classic), `FileDiffers`, `WrongCard`, `NoCardKey` (DESFire).
    """

    @property
    def mode(self) -> Mode: ...

    @property
    def kind(self) -> str: ...

    @property
    def chip(self) -> str:
        """The chip's name for people."""
        ...

    @property
    def uid(self) -> bytes: ...

    @property
    def card_ref(self) -> bytes:
        """8 bytes, the card's only name in stores and messages."""
        ...

    @property
    def state(self) -> CardState | None:
        """None: no valid record (blank, half written, or `newer`)."""
        ...

    @property
    def directory(self) -> Directory | None:
        """None: not written yet, or ledger mode."""
        ...

    @property
    def purse(self) -> Purse | None:
        """None: ledger mode, `newer`, or a DESFire without a record."""
        ...

    @property
    def newer(self) -> bool:
        """Written by newer software: shown as such, never overwritten, never taken for absent."""
        ...

    @property
    def layout_version(self) -> int:
        """Of what lies on the card, 0-255: ours, unless `newer`."""
        ...

    @property
    def issued(self) -> bool | None:
        """None: not known here (ledger mode and not handed out here, or `newer`)."""
        ...

    def put(self, state: CardState) -> None:
        """Make `state` the card's state, then bring the purse to it. A charge still owed by the
        state before is taken first. Raises `NewerLayout`, `CardNotIssued` (no valid record)."""
        ...

    def settle(self) -> None:
        """Bring the purse to the record: finish a torn charge, repair a torn block. Does nothing
        when both are whole. Raises `NewerLayout`."""
        ...
