"""What stands in a powered DESFire: the selected application, the session, the transaction.

The commands of `applications`, `keys` and `files` work on it. They raise `Refused`; whoever runs
them drops what a refusal costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from hw_sim.desfire.image import Application, DesfireImage, File, Key
from hw_sim.desfire.session import D40Session, Mode, Session
from hw_sim.desfire.shadow import Transaction
from hw_sim.desfire.status import Refused, Status, refuse_unless

FREE, NEVER = 0xE, 0xF
MASTER = 0
LIST_FREELY, CREATE_FREELY, SETTINGS_CHANGEABLE, MASTER_CHANGEABLE = 0x02, 0x04, 0x08, 0x01
"""Bits of KS1 (cards.md 5.6)."""


class Level(Enum):
    """Where a command may be given."""

    PICC = "picc"
    APPLICATION = "application"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers after 00. `parts`: the data frame by frame where the command has
    frames of its own, else all in one and cut by the framing."""

    parts: tuple[bytes, ...] = ()
    data: bytes = b""
    file: bool = False
    open_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One command. `head`: bytes of its parameters that are never enciphered; `mode`: how it
    travels in a session, for file commands found from the head; `size`: bytes of data after the
    head; `whole`: its data never come in frames of its own: amounts, and the ISO-chained forms."""

    run: Callable[[Core, bytes], Answer]
    level: Level = Level.ANY
    mode: Mode | Callable[[Core, bytes], Mode] = Mode.MAC
    head: int = 0
    size: Callable[[Core, bytes], int] | None = None
    writes: bool = False
    key_check: Callable[[Core, bytes], bool] | None = None
    whole: bool = False
    ev2: bool = False


def holders(file: File, *rights: int) -> set[int]:
    """Who holds any of these rights (0 read, 1 write, 2 both, 3 change): key, free or never."""
    return {file.rights >> 12 - 4 * right & 0xF for right in rights}


def is_free(file: File, *rights: int) -> bool:
    """Whether everybody holds one of these rights."""
    return FREE in holders(file, *rights)


class Core:
    """The state that the loss of the field wipes, over the image that it does not."""

    def __init__(self, image: DesfireImage, rng: Random) -> None:
        self.image = image
        self.rng = rng
        self.app: Application | None = None
        self.session: Session | None = None
        self.transaction = Transaction()
        self.iso_file: int | None = None  # the file that ISO SELECT has chosen

    def select(self, app: Application | None) -> None:
        """Choose an application, or the card itself. Session and transaction are gone."""
        self.app, self.session, self.iso_file = app, None, None
        self.transaction = Transaction()

    def refused(self) -> None:
        """What any error costs: the transaction, and all sessions but D40's."""
        self.transaction = Transaction()
        if not isinstance(self.session, D40Session):
            self.session = None

    def touched(self) -> None:
        """The memory has changed."""
        self.image.writes += 1

    # --- keys and key settings

    @property
    def ks1(self) -> int:
        """The key settings of the selected level."""
        return self.image.ks1 if self.app is None else self.app.ks1

    @property
    def keys(self) -> list[Key]:
        """The keys of the selected level, in order."""
        return [self.image.master] if self.app is None else self.app.keys

    def key(self, number: int) -> Key:
        """Raises `Refused` (40)."""
        refuse_unless(number < len(self.keys), Status.NO_SUCH_KEY)
        return self.keys[number]

    def is_master(self) -> bool:
        """True in a session of the selected level's master key."""
        return self.session is not None and self.session.key_no == MASTER

    def need_master(self, *, unless: int = 0) -> None:
        """Raises `Refused` (AE) without the master key, unless this bit of KS1 is set."""
        refuse_unless(self.ks1 & unless or self.is_master(), Status.AUTHENTICATION)

    # --- files

    def application(self) -> Application:
        """The selected application; at card level `Refused` (9D)."""
        if self.app is None:
            raise Refused(Status.PERMISSION_DENIED)
        return self.app

    def file(self, number: int) -> File:
        """Raises `Refused` (F0)."""
        found = self.application().files.get(number)
        if found is None:
            raise Refused(Status.NO_FILE)
        return found

    def access(self, file: File, *rights: int) -> Mode:
        """How a command that any of these rights allows travels. A session's
        own right counts before a free one; F alone is 9D, another key AE."""
        keys = holders(file, *rights)
        if self.session is not None and self.session.key_no in keys:
            return Mode(file.comm)
        if FREE in keys:
            return Mode.PLAIN
        refuse_unless(keys != {NEVER}, Status.PERMISSION_DENIED)
        raise Refused(Status.AUTHENTICATION)
