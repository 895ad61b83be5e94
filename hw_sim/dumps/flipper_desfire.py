"""The DESFire part of a Flipper file. AIDs, rights and values stand as the card sends them; what is
missing was under a key and stays unknown.
"""

from __future__ import annotations

import re

from hw_sim.desfire.image import AID_BYTES, FileKind
from hw_sim.dumps.desfire import ApplicationFacts, DesfireFacts, FileFacts, KeyFacts
from hw_sim.dumps.dump import DumpUnreadable, text_of
from hw_sim.dumps.flipper_lines import Lines

SETTINGS = {0x08: "Config Changeable", 0x04: "Free Create Delete", 0x02: "Free Directory List",
            0x01: "Key Changeable"}  # fmt: skip
"""Bits of KS1."""
VERSION_BYTES = 28
DATA = (FileKind.STANDARD, FileKind.BACKUP)


def read_desfire(lines: Lines) -> DesfireFacts:
    """Raises `DumpUnreadable`."""
    version = lines.octets("PICC Version", VERSION_BYTES)
    if version is None:
        raise DumpUnreadable("no PICC Version")
    free = lines.value("PICC Free Memory")
    aids = lines.octets("Application IDs") or b""
    if len(aids) % AID_BYTES:
        raise DumpUnreadable("Application IDs are cut")
    return DesfireFacts(
        version=version,
        free_bytes=None if free is None else lines.number("PICC Free Memory"),
        keys=_keys(lines, "PICC"),
        applications=tuple(
            _application(lines, aids[n : n + AID_BYTES]) for n in range(0, len(aids), AID_BYTES)
        ),
    )


def _application(lines: Lines, aid: bytes) -> ApplicationFacts:
    name = f"Application {aid.hex()}"
    numbers = lines.octets(f"{name} File IDs") or b""
    return ApplicationFacts(
        aid=aid,
        keys=_keys(lines, name),
        files={number: _file(lines, f"{name} File {number}") for number in numbers
               if lines.value(f"{name} File {number} Type") is not None},
    )  # fmt: skip


def _keys(lines: Lines, name: str) -> KeyFacts | None:
    change, most = lines.octets(f"{name} Change Key ID", 1), lines.octets(f"{name} Max Keys", 1)
    if change is None or most is None:
        return None
    flags = lines.octets(f"{name} Flags", 1) or b"\x00"
    ks1 = change[0] << 4 & 0xF0
    for bit, setting in SETTINGS.items():
        ks1 |= bit if lines.flag(f"{name} {setting}") else 0
    pattern = re.compile(rf"{re.escape(name)} Key (\d{{1,2}}) Version")
    versions = [lines.octets(match[0], 1) or b"\x00" for match in lines.names(pattern)]
    ks2 = flags[0] << 4 & 0xF0 | most[0] & 0x0F
    return KeyFacts(ks1=ks1, ks2=ks2, versions=b"".join(versions))


def _file(lines: Lines, name: str) -> FileFacts:
    kind, comm = lines.octets(f"{name} Type", 1), lines.octets(f"{name} Communication Settings", 1)
    rights = lines.octets(f"{name} Access Rights", 2)
    if kind is None or comm is None or rights is None or kind[0] >= len(FileKind):
        raise DumpUnreadable(f"settings of {name[:40]}")
    its = FileKind(kind[0])
    size = limits = limited = records = None
    if its is FileKind.VALUE:
        limits = (_signed(lines, f"{name} Lo Limit"), _signed(lines, f"{name} Hi Limit"))
        enabled = lines.flag(f"{name} Limited Credit Enabled")
        limited = (lines.number(f"{name} Limited Credit Value"), enabled)
    else:
        size = lines.number(f"{name} Size")
    if its in (FileKind.LINEAR, FileKind.CYCLIC):
        records = (lines.number(f"{name} Max"), lines.number(f"{name} Cur"))
    return FileFacts(
        kind=its,
        comm=comm[0],
        rights=int.from_bytes(rights, "little"),
        size=size,
        limits=limits,
        limited=limited,
        records=records,
        content=lines.octets(name),
    )


def _signed(lines: Lines, name: str) -> int:
    """A limit, which the file shows without its sign."""
    number = lines.number(name)
    return number - (1 << 32) if number >= 1 << 31 else number


def write_desfire(facts: DesfireFacts, lines: Lines) -> None:
    """The lines after the header."""
    lines.put("PICC Version", _spaced(facts.version))
    if facts.free_bytes is not None:
        lines.put("PICC Free Memory", str(facts.free_bytes))
    _put_keys(lines, "PICC", facts.keys)
    lines.put("Application Count", str(len(facts.applications)))
    if facts.applications:
        lines.put("Application IDs", _spaced(b"".join(app.aid for app in facts.applications)))
    for app in facts.applications:
        name = f"Application {app.aid.hex()}"
        _put_keys(lines, name, app.keys)
        if app.files:
            lines.put(f"{name} File IDs", _spaced(bytes(app.files)))
        for number, file in app.files.items():
            _put_file(lines, f"{name} File {number}", file)


def _put_keys(lines: Lines, name: str, keys: KeyFacts | None) -> None:
    if keys is None:
        return
    lines.put(f"{name} Change Key ID", f"{keys.ks1 >> 4:02X}")
    for bit, setting in SETTINGS.items():
        lines.put(f"{name} {setting}", "true" if keys.ks1 & bit else "false")
    lines.put(f"{name} Flags", f"{keys.ks2 >> 4:02X}")
    lines.put(f"{name} Max Keys", f"{keys.ks2 & 0x0F:02X}")
    for number, version in enumerate(keys.versions):
        lines.put(f"{name} Key {number} Version", f"{version:02X}")


def _put_file(lines: Lines, name: str, file: FileFacts) -> None:
    lines.put(f"{name} Type", f"{file.kind.value:02X}")
    lines.put(f"{name} Communication Settings", f"{file.comm:02X}")
    lines.put(f"{name} Access Rights", _spaced(file.rights.to_bytes(2, "little")))
    if file.size is not None:
        lines.put(f"{name} Size", str(file.size))
    if file.limits is not None and file.limited is not None:
        lower, upper = (limit % (1 << 32) for limit in file.limits)
        lines.put(f"{name} Hi Limit", str(upper))
        lines.put(f"{name} Lo Limit", str(lower))
        lines.put(f"{name} Limited Credit Value", str(file.limited[0]))
        lines.put(f"{name} Limited Credit Enabled", "true" if file.limited[1] else "false")
    if file.records is not None:
        lines.put(f"{name} Max", str(file.records[0]))
        lines.put(f"{name} Cur", str(file.records[1]))
    if file.content:
        lines.put(name, _spaced(file.content))


def _spaced(part: bytes) -> str:
    return text_of(tuple(part), between=" ")
