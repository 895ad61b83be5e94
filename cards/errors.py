"""What is wrong with a card or what lies on it. Facts only; words are in `terminal.words`."""

from __future__ import annotations

from dataclasses import dataclass

from apdu.errors import Fault


@dataclass(eq=False, kw_only=True)
class WrongCard(Fault):
    """This card is none of the stock, or none this counter may hand out. Nothing was written."""

    kind: str  # as `identify` names it; also blank-classic, random-uid, no-free-sector


@dataclass(eq=False, kw_only=True)
class CardSpoiled(Fault):
    """What we find in our sectors no order of our writes and tears leaves behind."""

    why: str  # sectors: some open and some do not; slots: not one ahead; purse: both blocks broken


@dataclass(eq=False, kw_only=True)
class NewerLayout(Fault):
    """The card says more than this software can read: it is read-only here."""

    version: int  # layout version on the card, 0-255


@dataclass(eq=False, kw_only=True)
class ReadBackDiffers(Fault):
    """The card acknowledged a write and shows something else."""

    block: int


@dataclass(eq=False, kw_only=True)
class AlreadyIssued(Fault):
    """The card holds a valid record already: it is somebody's."""


@dataclass(eq=False, kw_only=True)
class CardNotIssued(Fault):
    """The card holds no valid record: it has not been handed out, or was written half."""


@dataclass(eq=False, kw_only=True)
class SectorLocked(Fault):
    """The access bits of one of our sectors forbid what we must do there; maybe for good."""

    sector: int


@dataclass(eq=False, kw_only=True)
class FileDiffers(Fault):
    """A DESFire card acknowledged a commit and shows something else."""

    file: int


@dataclass(eq=False, kw_only=True)
class KeyNotTaken(Fault):
    """A DESFire card acknowledged a new key and refuses it."""

    key: int


@dataclass(eq=False, kw_only=True)
class NoKeysOfOurs(Fault):
    """The card carries none of our keys: its record is in the ledger."""


@dataclass(eq=False, kw_only=True)
class KeysTooOld(Fault):
    """No key of ours opens this Classic, and keys older than those that are tried have been in
    use: a card of ours of before, or stock without a free sector."""
