"""Our application on a DESFire card, declared once: its name, its keys, its files and their rights.

Key version 0 is the maker's zero key and means "not ours yet"; a version of ours is 1 to 255.
Sizes are cut so that what a tap reads or writes goes in one frame each (docs/air.md).
Source: cards.md 5.5, 5.6; docs/cards.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from apdu.desfire.commands import KeyRights
from apdu.desfire.files import NEVER, DataFile, File, Mode, RecordFile, Rights, ValueFile
from cards.layout import Layout
from cards.records_desfire import DIRECTORY, EVENT, LIBRARY, POLICIES, SCHOOL, STATE
from cards.state import PURSE_MAX_NTD, PURSE_MIN_NTD

APPLICATION: Final = bytes.fromhex("F48120")
"""The application identifier, as sent."""
CARD: Final = bytes(3)
"""The level of the card itself."""
NOT_OURS_YET: Final = 0
"""The version of a key as its maker or a new application has it."""


class KeyNo(IntEnum):
    """The keys of our application. All are changed by the master, and by nobody else."""

    MASTER = 0  # also of the card itself, where it is the only one
    ISSUE = 1  # standing data, policies, school, library
    TAP = 2  # reads everything; state, debit, events
    TOP_UP = 3  # credit
    IDENTITY = 4  # the same on every card: it opens GetCardUID where the UID in the air is random


class FileNo(IntEnum):
    """The files of our application."""

    STANDING = 1
    STATE = 2
    PURSE = 3
    EVENTS = 4
    SCHOOL = 5
    LIBRARY = 6


OPEN: Final = KeyRights(
    master_changeable=True, list_free=True, create_free=True, settings_changeable=True, change_key=0
)
"""The settings of a card as its maker delivers it."""
CLOSED: Final = KeyRights(
    master_changeable=True,
    list_free=False,
    create_free=False,
    settings_changeable=True,
    change_key=0,
)
"""Of our application, and of the card once it is ours: nothing without the master."""

_EVENTS_KEPT = 10

_STANDING_RIGHTS = Rights(
    read=KeyNo.TAP, write=KeyNo.ISSUE, read_write=KeyNo.ISSUE, change=KeyNo.MASTER
)
_STATE_RIGHTS = Rights(read=KeyNo.TAP, write=KeyNo.TAP, read_write=KeyNo.ISSUE, change=KeyNo.MASTER)
# Whoever may read a value may also debit it; only read & write may credit it.
_PURSE_RIGHTS = Rights(read=KeyNo.TAP, write=NEVER, read_write=KeyNo.TOP_UP, change=KeyNo.MASTER)
_EVENT_RIGHTS = Rights(read=KeyNo.TAP, write=KeyNo.TAP, read_write=NEVER, change=KeyNo.MASTER)

FILES: Final[dict[FileNo, File]] = {
    FileNo.STANDING: DataFile(
        backup=True,
        mode=Mode.MAC,
        rights=_STANDING_RIGHTS,
        size_bytes=DIRECTORY.sealed_bytes + POLICIES.sealed_bytes,
    ),
    FileNo.STATE: DataFile(
        backup=True, mode=Mode.MAC, rights=_STATE_RIGHTS, size_bytes=STATE.sealed_bytes
    ),
    FileNo.PURSE: ValueFile(
        mode=Mode.MAC, rights=_PURSE_RIGHTS, lower=PURSE_MIN_NTD, upper=PURSE_MAX_NTD
    ),
    FileNo.EVENTS: RecordFile(
        cyclic=True,
        mode=Mode.MAC,
        rights=_EVENT_RIGHTS,
        record_bytes=EVENT.sealed_bytes,
        records_max=_EVENTS_KEPT + 1,  # one is the spare
    ),
    FileNo.SCHOOL: DataFile(
        backup=True, mode=Mode.FULL, rights=_STANDING_RIGHTS, size_bytes=SCHOOL.sealed_bytes
    ),
    FileNo.LIBRARY: DataFile(
        backup=True, mode=Mode.FULL, rights=_STANDING_RIGHTS, size_bytes=LIBRARY.sealed_bytes
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies: its file, and how many bytes of that come before it."""

    file: FileNo
    layout: Layout
    offset: int = 0

    @property
    def mode(self) -> Mode:
        """How it travels."""
        return FILES[self.file].mode


DIRECTORY_AT: Final = Place(file=FileNo.STANDING, layout=DIRECTORY)
POLICIES_AT: Final = Place(file=FileNo.STANDING, layout=POLICIES, offset=DIRECTORY.sealed_bytes)
STATE_AT: Final = Place(file=FileNo.STATE, layout=STATE)
SCHOOL_AT: Final = Place(file=FileNo.SCHOOL, layout=SCHOOL)
LIBRARY_AT: Final = Place(file=FileNo.LIBRARY, layout=LIBRARY)


def split_standing(data: bytes) -> tuple[bytes, bytes]:
    """The standing file as directory and policies, both sealed."""
    return data[: POLICIES_AT.offset], data[POLICIES_AT.offset :]
