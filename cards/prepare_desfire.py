"""Stock to *prepared* and back, on a DESFire. Each step is left out where the card says that it
is done, so the same verb finishes a card that was torn at any frame.

Order of `prepare`: the application · its files · keys 4, 1, 3, 2, then 0 · the card's settings,
then its master key · keys 3, 4, 1 proven · all records in one transaction. So the maker's key
holds until the card's own stands, and a state record implies everything else.

Order of `blank`: the records · the maker's key and settings · the application. So a card that
lost its application is stock.
"""

from __future__ import annotations

from cards.desfire_layout import (
    APPLICATION,
    CARD,
    CLOSED,
    FILES,
    NOT_OURS_YET,
    OPEN,
    FileNo,
    KeyNo,
)
from cards.errors import AlreadyIssued, FileDiffers
from cards.on_desfire import DesfireCard
from cards.state import Directory, School

_CHANGED_FIRST = (KeyNo.IDENTITY, KeyNo.ISSUE, KeyNo.TOP_UP, KeyNo.TAP)


def check_blank(card: DesfireCard) -> None:
    """Raises `AlreadyIssued`, `NewerLayout`, and `WrongCard` where the maker's key does not open
    what says that it is stock."""
    if card.state is not None:
        raise AlreadyIssued
    card.refuse_newer()
    if not card.begun:
        card.access.select(CARD)
        card.access.open(KeyNo.MASTER)


def prepare(
    card: DesfireCard, *, directory: Directory, school: School | None, library: str | None
) -> None:
    """As `personalise.prepare` says."""
    if card.issued:
        raise AlreadyIssued
    card.refuse_newer()
    if card.state is None:
        version = card.access.keys.card_key_version
        _make_application(card, version)
        _close_card(card, version)
        card.access.select(APPLICATION)
        for no in (KeyNo.TOP_UP, KeyNo.IDENTITY, KeyNo.ISSUE):
            card.access.prove(no)
        card.begin(directory, school, library)
        card.access.prove(KeyNo.TAP)
        if school is not None and card.school() != school:
            raise FileDiffers(file=FileNo.SCHOOL)
        if library is not None and card.library() != library:
            raise FileDiffers(file=FileNo.LIBRARY)
    card.read_again()


def blank(card: DesfireCard) -> None:
    """As `personalise.blank` says. A real chip gives the memory of a deleted application back
    only when it is formatted, which nothing here does: other applications would go with it."""
    if card.issued:
        raise AlreadyIssued
    card.refuse_newer()
    if not card.begun:
        return
    if card.state is not None:
        card.erase()
    access = card.access
    access.select(CARD)
    access.change(KeyNo.MASTER, NOT_OURS_YET)
    session = access.open(KeyNo.MASTER)
    session.change_key_settings(OPEN)
    session.delete_application(APPLICATION)
    access.forget()
    card.begun = access.select(APPLICATION)
    if card.begun:
        raise FileDiffers(file=FileNo.STANDING)


def _make_application(card: DesfireCard, version: int) -> None:
    access = card.access
    if not card.begun:
        access.select(CARD)
        access.open(KeyNo.MASTER).create_application(APPLICATION, CLOSED, keys=len(KeyNo))
        card.begun = True
    access.select(APPLICATION)
    master = access.open(KeyNo.MASTER)
    there = master.files()
    for no, file in FILES.items():
        if no not in there:
            master.create_file(no, file)
    for key in (*_CHANGED_FIRST, KeyNo.MASTER):  # the session is the master's: proven
        access.change(key, version)


def _close_card(card: DesfireCard, version: int) -> None:
    access = card.access
    access.select(CARD)
    if access.version(KeyNo.MASTER) == NOT_OURS_YET:
        access.open(KeyNo.MASTER).change_key_settings(CLOSED)
    access.change(KeyNo.MASTER, version)
    access.prove(KeyNo.MASTER)
