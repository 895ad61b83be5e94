"""What goes wrong between a person and a command. Facts only; words are in `terminal.words`.

Values from the command line are never repeated here: somebody may have typed a person's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apdu.errors import Fault

if TYPE_CHECKING:
    from apdu.status import StatusWord


@dataclass(eq=False, kw_only=True)
class NoSuchCommand(Fault):
    """No command by that name."""

    command: str  # the group it was looked for in


@dataclass(eq=False, kw_only=True)
class CommandNeeded(Fault):
    """A group was called bare."""

    command: str


@dataclass(eq=False, kw_only=True)
class NoSuchOption(Fault):
    """An option this command does not have."""

    option: str
    command: str


@dataclass(eq=False, kw_only=True)
class ArgumentMissing(Fault):
    """A needed argument or option was left out."""

    argument: str
    command: str


@dataclass(eq=False, kw_only=True)
class ArgumentExtra(Fault):
    """More arguments than the command takes."""

    command: str


@dataclass(eq=False, kw_only=True)
class ArgumentBad(Fault):
    """An argument's value has the wrong form."""

    argument: str
    command: str


@dataclass(eq=False, kw_only=True)
class NoHome(Fault):
    """No terminal's home there."""

    path: str


@dataclass(eq=False, kw_only=True)
class HomeExists(Fault):
    """There is a home already."""

    path: str


@dataclass(eq=False, kw_only=True)
class HomeDamaged(Fault):
    """A home whose configuration cannot be read."""

    file: str


@dataclass(eq=False, kw_only=True)
class TerminalName(Fault):
    """The terminal's name is not 1 to 32 letters, digits and hyphens."""


@dataclass(eq=False, kw_only=True)
class NoSuchSite(Fault):
    """No district or site by that code or name."""


@dataclass(eq=False, kw_only=True)
class RoleNeeded(Fault):
    """A real profile: its home must name one role."""


@dataclass(eq=False, kw_only=True)
class WrongRole(Fault):
    """The home has a role, and this command is another role's."""

    role: str
    command: str


@dataclass(eq=False, kw_only=True)
class RealHome(Fault):
    """A command of the simulation, in a real home."""

    command: str


@dataclass(eq=False, kw_only=True)
class FileTrouble(Fault):
    """A named file cannot be read or written."""

    file: str
    why: str  # errno's name, e.g. ENOENT


@dataclass(eq=False, kw_only=True)
class FileExists(Fault):
    """The file to be made is there already."""

    file: str


@dataclass(eq=False, kw_only=True)
class InputTooLong(Fault):
    """More on stdin, or in a file, than such an input can have."""

    bytes_max: int


@dataclass(eq=False, kw_only=True)
class NotFromStdin(Fault):
    """An application that does not come from stdin."""


@dataclass(eq=False, kw_only=True)
class NoPassphrase(Fault):
    """Nobody to ask for the passphrase: no credential, no terminal, stdin taken."""


@dataclass(eq=False, kw_only=True)
class PassphraseDiffers(Fault):
    """The passphrase and its repetition are not the same, or empty."""


@dataclass(eq=False, kw_only=True)
class NoScreen(Fault):
    """A screen was asked for where there is no terminal."""


@dataclass(eq=False, kw_only=True)
class NotBuilt(Fault):
    """Software that this command needs is not installed here."""

    package: str


@dataclass(eq=False, kw_only=True)
class BadUid(Fault):
    """A card's serial is not 4 or 7 bytes of hex, or 4 bytes starting with the cascade tag 88."""


@dataclass(eq=False, kw_only=True)
class PurseTooFull(Fault):
    """More money than the record can hold."""

    ntd_max: int


@dataclass(eq=False, kw_only=True)
class NoPurse(Fault):
    """The card file holds no purse of ours."""


@dataclass(eq=False, kw_only=True)
class DumpSize(Fault):
    """A file in none of the formats of dumps, nor of the size of a plain one."""

    got_bytes: int


@dataclass(eq=False, kw_only=True)
class NhiUnread(Fault):
    """The card on the reader is no NHI card, or gives no profile that can be read."""

    sw: StatusWord | None  # of its answer; None: it takes no commands


@dataclass(eq=False, kw_only=True)
class HolderUnfit(Fault):
    """The holder of a simulated NHI card: a field that is missing, unknown or of the wrong form."""

    field: str  # its name, never its value


@dataclass(eq=False, kw_only=True)
class DumpUnreadable(Fault):
    """A dump in a known format that does not keep to it."""

    why: str  # a few English words


@dataclass(eq=False, kw_only=True)
class DumpLacks(Fault):
    """A dump from which no card can be made: so many bytes of its memory are unknown."""

    unknown_bytes: int


@dataclass(eq=False, kw_only=True)
class DumpKeyless(Fault):
    """A dump of a card whose keys no dump holds."""


@dataclass(eq=False, kw_only=True)
class DumpUnfit(Fault):
    """A card that this format of dump has no way to hold."""

    form: str


@dataclass(eq=False, kw_only=True)
class AddressTrouble(Fault):
    """The address to serve on has the wrong form, or is taken."""

    why: str


@dataclass(eq=False, kw_only=True)
class LedgerNotWhole(Fault):
    """The ledger's own check found damage."""

    faults: int  # how many


@dataclass(eq=False, kw_only=True)
class DemoBroken(Fault):
    """The working day did not go as it should."""

    step: str


@dataclass(eq=False, kw_only=True)
class NoAccess(Fault):
    """The operating system forbids it."""


@dataclass(eq=False, kw_only=True)
class Interrupted(Fault):
    """Ctrl+C."""


@dataclass(eq=False, kw_only=True)
class Unexpected(Fault):
    """Our own fault."""

    kind: str  # the exception's class
    place: str  # file:line in our tree
