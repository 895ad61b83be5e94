"""A card in the field from one version of its keys to the newest: the part both chips share.

Order, and what a tear leaves (cards.md 2.9, 5.7):
1. the version that the card is to have is durable in the journal before the first key changes;
2. each key that has another version is changed, and every key is authenticated with. Torn, each
   has the old version or the new one; such a card opens and rides, and its records and its purse
   are never touched;
3. only then the journal is told that it is done.

Torn anywhere, the same call again does what is left. What is lost for good (a Classic's trailer
that tore in its access bits) makes the card spoiled; the journal's row stays and says why.
"""

from __future__ import annotations

from typing import Protocol

from cards.card import Card
from cards.errors import CardNotIssued, NoKeysOfOurs
from cards.on_classic import RecordCard
from cards.on_desfire import DesfireCard


class Journal(Protocol):
    """The ledger's side (sync.ledger.rekey): what is durable about a card between two versions."""

    def rekeying(self, card_ref: bytes, *, to_version: int) -> None:
        """Note that this card's keys are about to become those of `to_version` (1-255)."""
        ...

    def rekeying_to(self, card_ref: bytes) -> int | None:
        """The version that was noted and is not yet proven; None: nothing is under way here."""
        ...

    def rekeyed(self, card_ref: bytes) -> None:
        """All its keys are proven."""
        ...


def rekey(card: Card, *, version: int, journal: Journal) -> bool:
    """Bring every key of ours on the card to `version`. False: it had them all, proven before.

    Raises `NoKeysOfOurs` (its record is in the ledger), `CardNotIssued` (a card that is half
    written gets the newest keys when its issuance is finished), `NewerLayout`, `SectorLocked`,
    `ReadBackDiffers`, `KeyNotTaken`, and what `Connection` names.
    """
    if not isinstance(card, RecordCard | DesfireCard):
        raise NoKeysOfOurs
    card.check_keys()
    if card.state is None:
        raise CardNotIssued
    if card.key_versions == {version} and journal.rekeying_to(card.card_ref) is None:
        return False
    journal.rekeying(card.card_ref, to_version=version)
    card.change_keys(version)
    journal.rekeyed(card.card_ref)
    return True
