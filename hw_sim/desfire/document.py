"""A DESFire card as the JSON of its card file, and back (hw_sim/README.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hw_sim.desfire.image import (
    AID_BYTES,
    APPLICATIONS_MAX,
    ATS_BYTES_MAX,
    FILES_MAX,
    KEYS_MAX,
    UID_BYTES,
    Application,
    Bytes,
    Content,
    DesfireImage,
    File,
    FileKind,
    Key,
    KeyKind,
    Records,
    Value,
)
from hw_sim.document import (
    FORMAT,
    HEADER,
    VERSION,
    ImageCorrupt,
    check_fields,
    flag,
    items,
    label,
    number,
    octets,
    seed_of,
    unhex,
)

CARD = HEADER | {
    "uid", "seed", "production", "ats", "random_uid", "no_format", "default_key",
    "default_version", "ks1", "master", "applications",
}  # fmt: skip
KEY = frozenset({"kind", "value", "version"})
APPLICATION = frozenset({"aid", "ks1", "ks2", "iso_id", "df_name", "keys", "files"})
FILE = frozenset({"number", "type", "comm", "rights", "iso_id"})
CONTENT = {
    FileKind.STANDARD: frozenset({"data"}),
    FileKind.BACKUP: frozenset({"data"}),
    FileKind.VALUE: frozenset({"lower", "upper", "amount", "limited", "enabled"}),
    FileKind.LINEAR: frozenset({"size", "maximum", "records"}),
    FileKind.CYCLIC: frozenset({"size", "maximum", "records"}),
}
FILE_BYTES_MAX = 7_680
INT_MIN, INT_MAX = -(2**31), 2**31 - 1


def to_document(image: DesfireImage) -> dict[str, object]:
    """The card file's JSON."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": image.kind,
        "chip": image.chip,
        "uid": image.uid.hex(),
        "seed": image.seed,
        "production": image.production.hex(),
        "ats": image.ats.hex(),
        "random_uid": image.random_uid,
        "no_format": image.no_format,
        "default_key": image.default_key.hex(),
        "default_version": image.default_version,
        "ks1": image.ks1,
        "master": _key_out(image.master),
        "applications": [_application_out(app) for app in image.applications],
    }


def from_document(document: Mapping[str, Any]) -> DesfireImage:
    """The card of a document whose header was checked. Raises `ImageCorrupt`."""
    check_fields(document, CARD)
    applications = [
        _application(each) for each in items(document, "applications", APPLICATIONS_MAX)
    ]
    image = DesfireImage(
        kind=label(document),
        chip=document["chip"],
        uid=octets(document, "uid", UID_BYTES),
        seed=seed_of(document),
        production=octets(document, "production", 7),
        ats=octets(document, "ats", *range(1, ATS_BYTES_MAX + 1)),
        random_uid=flag(document, "random_uid"),
        no_format=flag(document, "no_format"),
        default_key=octets(document, "default_key", 24),
        default_version=number(document, "default_version", 0, 0xFF),
        ks1=number(document, "ks1", 0, 0x0F),
        master=_key(document["master"]),
        applications=applications,
    )
    if image.ats[0] != len(image.ats):
        raise ImageCorrupt("ats does not begin with its length")
    if len({app.aid for app in applications} | {bytes(AID_BYTES)}) != len(applications) + 1:
        raise ImageCorrupt("an AID twice, or 000000")
    return image


def _key_out(key: Key) -> dict[str, object]:
    return {"kind": key.kind.name.lower(), "value": key.value.hex(), "version": key.version}


def _key(found: object) -> Key:
    document = check_fields(found, KEY, "a key")
    kind = {each.name.lower(): each for each in KeyKind}.get(str(document["kind"]))
    if kind is None:
        raise ImageCorrupt("kind of a key is unknown")
    version = number(document, "version", 0, 0xFF)
    key = Key(kind, octets(document, "value", kind.size), version if kind is KeyKind.AES else 0)
    if key.version != version:
        raise ImageCorrupt("version of a DES key is not what its bits say")
    return key


def _application_out(app: Application) -> dict[str, object]:
    return {
        "aid": app.aid.hex(),
        "ks1": app.ks1,
        "ks2": app.ks2,
        "iso_id": app.iso_id,
        "df_name": app.df_name.hex(),
        "keys": [_key_out(key) for key in app.keys],
        "files": [_file_out(n, file) for n, file in app.files.items()],
    }


def _application(found: object) -> Application:
    document = check_fields(found, APPLICATION, "an application")
    app = Application(
        aid=octets(document, "aid", AID_BYTES),
        ks1=number(document, "ks1", 0, 0xFF),
        ks2=number(document, "ks2", 0, 0xAF),
        iso_id=_iso_id(document),
        df_name=octets(document, "df_name", *range(17)),
        keys=[_key(each) for each in items(document, "keys", KEYS_MAX)],
    )
    if app.ks2 & 0x10 or app.ks2 & 0xC0 == 0xC0 or app.ks2 & 0x0F != len(app.keys):
        raise ImageCorrupt("ks2 does not fit the keys")
    if any(key.kind is not app.kind for key in app.keys):
        raise ImageCorrupt("a key is not of the application's kind")
    files = [_file(each) for each in items(document, "files", FILES_MAX)]
    app.files.update(files)
    if len(app.files) != len(files):
        raise ImageCorrupt("a file number twice")
    return app


def _iso_id(document: Mapping[str, Any]) -> int | None:
    return None if document["iso_id"] is None else number(document, "iso_id", 0, 0xFFFF)


def _file_out(file_number: int, file: File) -> dict[str, object]:
    return {
        "number": file_number,
        "type": file.kind.name.lower(),
        "comm": file.comm,
        "rights": file.rights,
        "iso_id": file.iso_id,
        **_content_out(file.content),
    }


def _content_out(content: Content) -> dict[str, object]:
    match content:
        case Bytes(data):
            return {"data": data.hex()}
        case Value():
            return {
                "lower": content.lower,
                "upper": content.upper,
                "amount": content.amount,
                "limited": content.limited,
                "enabled": content.enabled,
            }
        case Records(size, maximum, records):
            return {"size": size, "maximum": maximum, "records": [r.hex() for r in records]}


def _file(found: object) -> tuple[int, File]:
    kind = FileKind.STANDARD
    if isinstance(found, dict):
        names = {each.name.lower(): each for each in FileKind}
        kind = names.get(str(found.get("type")), kind)
    document = check_fields(found, FILE | CONTENT[kind], "a file")
    if document["type"] != kind.name.lower():
        raise ImageCorrupt("type of a file is unknown")
    comm = number(document, "comm", 0, 3)
    if comm == 2:
        raise ImageCorrupt("comm is 2")
    return number(document, "number", 0, FILES_MAX - 1), File(
        kind=kind,
        comm=comm,
        rights=number(document, "rights", 0, 0xFFFF),
        iso_id=_iso_id(document),
        content=_content(kind, document),
    )


def _content(kind: FileKind, document: Mapping[str, Any]) -> Content:
    if kind in (FileKind.STANDARD, FileKind.BACKUP):
        return Bytes(octets(document, "data", *range(1, FILE_BYTES_MAX + 1)))
    if kind is FileKind.VALUE:
        lower = number(document, "lower", INT_MIN, INT_MAX)
        upper = number(document, "upper", lower, INT_MAX)
        return Value(
            lower=lower,
            upper=upper,
            amount=number(document, "amount", lower, upper),
            limited=number(document, "limited", 0, INT_MAX),
            enabled=number(document, "enabled", 0, 3),
        )
    size = number(document, "size", 1, FILE_BYTES_MAX)
    maximum = number(document, "maximum", 1, FILE_BYTES_MAX)
    kept = maximum - 1 if kind is FileKind.CYCLIC else maximum
    records = items(document, "records", kept)
    return Records(size, maximum, tuple(unhex(each, "a record", size) for each in records))
