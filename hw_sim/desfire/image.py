"""What a DESFire card keeps without power, in memory and as JSON.

Contents of files are values: a write makes a new one, so that a transaction's shadow is the new
value put aside until the commit. Source: cards.md 5.5, 5.6, 5.9.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, fields
from enum import Enum

CHIP_EV1, CHIP_EV2 = "desfire-ev1", "desfire-ev2"
UID_BYTES = 7
AID_BYTES = 3
ATS = bytes.fromhex("067577810280")
"""FSC 64, all rates, FWI 8, SFGI 1, CID; one historical byte (cards.md 5.9)."""
ATS_BYTES_MAX = 20
KEYS_MAX = 14
FILES_MAX = 32
APPLICATIONS_MAX = 48
"""What the memory holds at most; an EV1 stops at 28 (`EV1_APPLICATIONS`)."""
EV1_APPLICATIONS = 28
CAPACITY_BYTES = 7_936
"""An empty 8K card, by FreeMem. libfreefare takes 7,680 of them for one file, and all the rest for
its application and a second file."""


HARDWARE = {True: "04010101001a05", False: "04010112001a05"}
SOFTWARE = {True: "04010101041a05", False: "04010102011a05"}
"""GetVersion of an 8K card, by "is an EV1" (cards.md 5.5)."""


class KeyKind(Enum):
    """The type of all keys of an application; the number is that of bits 7-6 of KS2."""

    DES = 0  # also 2K3DES: 16 bytes, of which a DES key repeats the first 8
    TDES3 = 1
    AES = 2

    @property
    def size(self) -> int:
        """Bytes of such a key."""
        return 24 if self is KeyKind.TDES3 else 16


@dataclass(frozen=True, slots=True)
class Key:
    """A key. The version of a DES key stands in bit 0 of its first 8 bytes, high bit first."""

    kind: KeyKind
    value: bytes
    aes_version: int = 0

    @property
    def version(self) -> int:
        """0…255."""
        if self.kind is KeyKind.AES:
            return self.aes_version
        return sum((byte & 1) << (7 - n) for n, byte in enumerate(self.value[:8]))


@dataclass(frozen=True, slots=True)
class Bytes:
    """Content of a standard or backup file."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Value:
    """Content of a value file. `limited` is what LimitedCredit may still give back."""

    lower: int
    upper: int
    amount: int
    limited: int
    enabled: int


@dataclass(frozen=True, slots=True)
class Records:
    """Content of a record file, oldest record first. A cyclic file keeps one record as spare."""

    size: int
    maximum: int
    records: tuple[bytes, ...] = ()


Content = Bytes | Value | Records


class FileKind(Enum):
    """File types by their number in GetFileSettings."""

    STANDARD = 0
    BACKUP = 1
    VALUE = 2
    LINEAR = 3
    CYCLIC = 4


@dataclass(slots=True, kw_only=True)
class File:
    """A file: `comm` 0 plain, 1 MAC, 3 full; `rights` 16 bits (read, write, both, change)."""

    kind: FileKind
    comm: int
    rights: int
    iso_id: int | None
    content: Content


@dataclass(slots=True, kw_only=True)
class Application:
    """An application. `aid` 3 bytes as sent, `iso_id` and `df_name` for SELECT, or none."""

    aid: bytes
    ks1: int
    ks2: int
    iso_id: int | None
    df_name: bytes
    keys: list[Key]
    files: dict[int, File] = field(default_factory=dict)

    @property
    def kind(self) -> KeyKind:
        """The type of its keys."""
        return KeyKind(self.ks2 >> 6)

    @property
    def iso_files(self) -> bool:
        """Whether its files have ISO ids."""
        return bool(self.ks2 & 0x20)


@dataclass(slots=True, kw_only=True)
class DesfireImage:
    """Everything a DESFire keeps. `production` is 7 bytes: batch 5, week, year (BCD).

    `writes` counts the changes since the image was made or loaded; it is not kept in the file.
    """

    kind: str
    chip: str
    uid: bytes
    seed: int
    production: bytes
    ats: bytes = ATS
    random_uid: bool = False
    no_format: bool = False
    default_key: bytes = bytes(24)
    default_version: int = 0
    ks1: int = 0x0F
    master: Key = Key(KeyKind.DES, bytes(16))
    applications: list[Application] = field(default_factory=list)
    writes: int = field(default=0, compare=False)

    @property
    def ev1(self) -> bool:
        """True for an EV1, false for an EV2."""
        return self.chip == CHIP_EV1

    def version_parts(self) -> tuple[bytes, bytes, bytes]:
        """What GetVersion answers. The UID is zeros where the card keeps it to itself."""
        uid = bytes(UID_BYTES) if self.random_uid else self.uid
        parts = HARDWARE[self.ev1], SOFTWARE[self.ev1]
        return bytes.fromhex(parts[0]), bytes.fromhex(parts[1]), uid + self.production

    def application(self, aid: bytes) -> Application | None:
        """The application with this AID."""
        return next((app for app in self.applications if app.aid == aid), None)

    def free_bytes(self) -> int:
        """What FreeMem says (cards.md 5.9; the shares of each thing are ours)."""
        return CAPACITY_BYTES - sum(application_bytes(app) for app in self.applications)

    def copied(self) -> DesfireImage:
        """A copy to go back to."""
        return copy.deepcopy(self)

    def go_back(self, to: DesfireImage) -> None:
        """Be as that copy was; a change like any other."""
        writes = self.writes
        for each in fields(self):
            setattr(self, each.name, getattr(to, each.name))
        self.writes = writes + 1


def application_bytes(app: Application) -> int:
    """Memory that an application takes: 160 bytes and its files."""
    return 160 + sum(file_bytes(file.kind, file.content) for file in app.files.values())


def file_bytes(kind: FileKind, content: Content) -> int:
    """Memory that a file takes: a block of 32 bytes and its content, twice where it has a
    shadow of its own (backup and value files)."""
    if isinstance(content, Records):
        size = content.size * content.maximum
    else:
        size = len(content.data) if isinstance(content, Bytes) else 32
    blocks = -(-size // 32)
    return 32 * (1 + blocks * (2 if kind in (FileKind.BACKUP, FileKind.VALUE) else 1))
