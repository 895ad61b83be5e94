"""What a dump tells of a DESFire: what GetVersion, the key settings and the files said to a reader
without keys. A file that it could not read has no content; no dump holds a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hw_sim.desfire.image import Bytes, DesfireImage, File, FileKind, Key, Records, Value

VALUE_BYTES = 4
UID_IN_VERSION = slice(14, 21)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """KS1, KS2 and the versions of the keys, in order."""

    ks1: int
    ks2: int
    versions: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file by its settings. `size`: bytes of a data file or of one record. `limits`: lower and
    upper of a value file. `records`: at most and now. `content`: as read, None where it was not."""

    kind: FileKind
    comm: int
    rights: int
    size: int | None = None
    limits: tuple[int, int] | None = None
    limited: tuple[int, bool] | None = None
    records: tuple[int, int] | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """An application; `keys` is None where its settings are under a key."""

    aid: bytes
    keys: KeyFacts | None
    files: dict[int, FileFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesfireFacts:
    """A DESFire as far as it was read. `version`: the 28 bytes of GetVersion."""

    version: bytes
    free_bytes: int | None
    keys: KeyFacts | None
    applications: tuple[ApplicationFacts, ...]

    @property
    def uid(self) -> bytes | None:
        """As GetVersion tells it; None where the card keeps it to itself."""
        found = self.version[UID_IN_VERSION]
        return found if any(found) else None


def facts_of(image: DesfireImage) -> DesfireFacts:
    """What the card holds but for its keys, whose versions alone are told."""
    ks2 = image.master.kind.value << 6 | 1
    return DesfireFacts(
        version=b"".join(image.version_parts()),
        free_bytes=image.free_bytes(),
        keys=_keys(image.ks1, ks2, [image.master]),
        applications=tuple(
            ApplicationFacts(
                aid=app.aid,
                keys=_keys(app.ks1, app.ks2, app.keys),
                files={number: _file(file) for number, file in app.files.items()},
            )
            for app in image.applications
        ),
    )


def _keys(ks1: int, ks2: int, keys: list[Key]) -> KeyFacts:
    return KeyFacts(ks1=ks1, ks2=ks2, versions=bytes(key.version for key in keys))


def _file(file: File) -> FileFacts:
    facts = FileFacts(kind=file.kind, comm=file.comm, rights=file.rights)
    match file.content:
        case Bytes(data):
            return replace(facts, size=len(data), content=data)
        case Value() as value:
            return replace(
                facts,
                limits=(value.lower, value.upper),
                limited=(value.limited, bool(value.enabled & 1)),
                content=value.amount.to_bytes(VALUE_BYTES, "little", signed=True),
            )
        case Records(size, maximum, records):
            counts = (maximum, len(records))
            return replace(facts, size=size, records=counts, content=b"".join(records))
