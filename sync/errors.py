"""What goes wrong with the local ledger and between it and the hub. Facts only; words are in
`terminal.words`."""

from __future__ import annotations

from dataclasses import dataclass

from apdu.errors import Fault

# The local ledger.


@dataclass(eq=False, kw_only=True)
class Disk(Fault):
    """The disk is full, read-only or failing; the transaction was rolled back whole."""

    why: str  # SQLite's name of it: SQLITE_FULL, SQLITE_IOERR_FSYNC, …


@dataclass(eq=False, kw_only=True)
class LedgerBusy(Fault):
    """Another process kept the ledger's write lock until the deadline; nothing was changed."""

    waited_s: int


@dataclass(eq=False, kw_only=True)
class LedgerFaulty(Fault):
    """The file is missing, no ledger of ours, or its pages are damaged."""

    why: str  # missing, not a ledger, or SQLite's name of it


@dataclass(eq=False, kw_only=True)
class LedgerNewer(Fault):
    """The ledger was written by newer software than this; it was left alone."""

    version: int
    ours: int


@dataclass(eq=False, kw_only=True)
class Chain(Fault):
    """A stored journal entry does not fit its chain, its seal or its neighbours."""

    seq: int


@dataclass(eq=False, kw_only=True)
class RolledBack(Fault):
    """The hub acknowledged entries that this ledger does not have: it is older than what it did."""

    acked: int
    seq: int


@dataclass(eq=False, kw_only=True)
class Busy(Fault):
    """A living process holds this open issuance."""

    n: int


@dataclass(eq=False, kw_only=True)
class NoOpenRow(Fault):
    """No open issuance has this number: it never had, or it has ended."""

    n: int


@dataclass(eq=False, kw_only=True)
class AlreadyConfirmed(Fault):
    """The card of this issuance counts as handed out; it cannot be voided (I5)."""

    n: int


@dataclass(eq=False, kw_only=True)
class Settling(Fault):
    """Just enrolled: facts not yet acknowledged or no full pull yet, so nothing new is claimed."""

    waiting: int  # journal entries still to be acknowledged; 0: only the pull is missing


@dataclass(eq=False, kw_only=True)
class Role(Fault):
    """This home's role does not do this."""

    role: str


@dataclass(eq=False, kw_only=True)
class ProfileBad(Fault):
    """The city profile is not one, or holds what no profile may hold."""

    field: str
    why: str


# Between terminal and hub.


@dataclass(eq=False, kw_only=True)
class HubSilent(Fault):
    """The hub gave no answer within the time; what it did with the request is unknown, unless
    `sent` is False: then the request cannot have reached it."""

    waited_s: float
    sent: bool


@dataclass(eq=False, kw_only=True)
class Rubbish(Fault):
    """What came back is no answer of our hub to this request; nothing was changed by it."""

    why: str


@dataclass(eq=False, kw_only=True)
class Recovering(Fault):
    """The hub was restored from an older copy and claims nothing until it has been checked."""


@dataclass(eq=False, kw_only=True)
class Revoked(Fault):
    """The hub has revoked this terminal's key."""


@dataclass(eq=False, kw_only=True)
class Stranger(Fault):
    """The hub is another city's, or not the one that made the invite code."""


@dataclass(eq=False, kw_only=True)
class HubRole(Fault):
    """The hub does not take this from a terminal of this role."""


@dataclass(eq=False, kw_only=True)
class EntryRefused(Fault):
    """The hub does not take this journal entry; everything is kept here."""

    seq: int
    why: str  # chain, fork, gap, form: the hub's code


@dataclass(eq=False, kw_only=True)
class InviteRefused(Fault):
    """The hub does not know this invite code, or it was used or is too old; nothing was joined."""


@dataclass(eq=False, kw_only=True)
class InviteCode(Fault):
    """What was typed is no invite code."""


@dataclass(eq=False, kw_only=True)
class HubAddress(Fault):
    """The hub's address cannot be used: no http(s) URL, or plain HTTP beyond this machine."""

    why: str  # scheme, host, plain


@dataclass(eq=False, kw_only=True)
class NotEnrolled(Fault):
    """This terminal has not joined a hub."""


# The hub's own home.


@dataclass(eq=False, kw_only=True)
class HubHomeTaken(Fault):
    """There is a home in this folder already."""


@dataclass(eq=False, kw_only=True)
class NoHubHome(Fault):
    """This folder is no hub's home."""


@dataclass(eq=False, kw_only=True)
class HubDatabase(Fault):
    """The hub's database cannot be opened or brought to this version; it was left as it is."""

    why: str  # address, or the driver's class of error; never the URL, which may hold a password
