"""From stock to a card in hand and back, in an order that any tear leaves completable.

`prepare` and `issue` are steps 5 and 7 of an issuance (ledger.md 4.2), `blank` is what a void does
with the card. Each is idempotent: on a half-written card the same verb does what is left.

Order of `prepare`: directory; keys of the directory's and the purse's sector, of the second slot,
of the first slot; last the record. So a valid record implies that all else is there, and until
then every sector opens with a key of ours or the stock's; a half-written card leaves with the
newest keys in all three. In ledger mode nothing is written. On a DESFire: `prepare_desfire`.
"""

from __future__ import annotations

from dataclasses import replace

from cards import prepare_desfire
from cards.card import Card
from cards.errors import AlreadyIssued, CardNotIssued, WrongCard
from cards.in_ledger import LedgerCard
from cards.on_classic import RecordCard
from cards.on_desfire import DesfireCard
from cards.sectors import TRANSPORT
from cards.state import Directory, School


def check_blank(card: Card) -> None:
    """Raises what keeps this card from being somebody's first: `AlreadyIssued` (prepared ones
    too), `NewerLayout`, `SectorLocked`, `WrongCard` (no free sector, and not allowed here; a
    DESFire that the maker's key does not open).
    Writes nothing: this is asked before a claim is made."""
    if isinstance(card, RecordCard):
        if card.state is not None:
            raise AlreadyIssued
        card.check_keys()
    elif isinstance(card, DesfireCard):
        prepare_desfire.check_blank(card)
    else:
        _check_ledger(card)


def is_begun(card: Card) -> bool:
    """Whether somebody began to write this card and it says nothing yet: half written.

    A torn directory or slot counts, though nothing in it can be read: the very first write may
    have been cut, and an open issuance somewhere waits for this card.
    """
    if card.state is not None or card.newer:
        return False
    if isinstance(card, DesfireCard):
        return card.begun
    if not isinstance(card, RecordCard):
        return False
    return not card.was_empty or card.key_versions != {TRANSPORT}


def prepare(
    card: Card,
    *,
    directory: Directory,
    school: School | None = None,
    library: str | None = None,
) -> None:
    """Our keys, the directory and a *prepared* record; read back. A card that is prepared already
    is only verified, and a directory that is there stays: of a half-written card the first card
    number counts. Purse amount and mark stay. `school`, `library` (a borrower's number, ten
    digits): on a DESFire only, ValueError elsewhere.

    Raises `AlreadyIssued`, `NewerLayout`, `SectorLocked`, `WrongCard`, `ReadBackDiffers`,
    `FileDiffers`, `KeyNotTaken`.
    """
    if isinstance(card, DesfireCard):
        prepare_desfire.prepare(card, directory=directory, school=school, library=library)
        return
    if school is not None or library is not None:
        raise ValueError("no room for school and library")
    if not isinstance(card, RecordCard):
        _check_ledger(card)
        return
    if card.issued:
        raise AlreadyIssued
    card.check_keys()
    if card.directory is None:
        card.write_directory(directory)
    card.settle()
    if card.state is None:
        card.change_keys(card.memory.newest_version)
        card.begin()
    verify(card)


def issue(card: Card) -> None:
    """The final write: state *issued*. Raises `CardNotIssued` where nothing was prepared."""
    if not isinstance(card, RecordCard | DesfireCard):
        return
    card.refuse_newer()
    if card.state is None:
        raise CardNotIssued
    if not card.state.issued:
        card.put(replace(card.state, issued=True))


def blank(card: Card) -> None:
    """Back to stock: records and directory zeroed, then the stock's key B; read back. The purse
    keeps its amount; key A stays this card's own, since the stock's is unknown.

    Raises `AlreadyIssued` for a card that was handed out, `NewerLayout`, `SectorLocked`.
    """
    if isinstance(card, DesfireCard):
        prepare_desfire.blank(card)
    if not isinstance(card, RecordCard):
        return
    if card.issued:
        raise AlreadyIssued
    card.check_keys()
    card.erase()
    for sector in reversed(card.ours.sectors):
        if card.memory.version_of(sector) != TRANSPORT:
            card.memory.change_key(sector, TRANSPORT)
    verify(card)


def verify(card: Card) -> None:
    """Read the card again and compare. Raises `ReadBackDiffers`, `FileDiffers`."""
    if isinstance(card, RecordCard | DesfireCard):
        card.read_again()


def _check_ledger(card: Card) -> None:
    if card.issued:
        raise AlreadyIssued
    if isinstance(card, LedgerCard) and not card.may_issue:
        raise WrongCard(kind="no-free-sector")
