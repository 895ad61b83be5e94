"""The shadow of a transaction: what backup, value and record files will be after the commit.

Source: cards.md 5.8, 5.10.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hw_sim.desfire.image import Application, Bytes, Content, File, FileKind, Records, Value
from hw_sim.desfire.status import Refused, Status, refuse_unless


@dataclass(slots=True)
class Change:
    """What will become of one file. `debited`: sum of its debits; `writing`: a record is begun;
    `cleared`: its records go, and nothing may be written before the commit."""

    content: Content
    debited: int = 0
    writing: bool = False
    cleared: bool = False


@dataclass(slots=True)
class Transaction:
    """The changes of the selected application that are not true yet, by file number."""

    changes: dict[int, Change] = field(default_factory=dict)

    def of(self, number: int, file: File) -> Change:
        """The change of that file, begun from what the file holds."""
        return self.changes.setdefault(number, Change(file.content))

    def commit(self, app: Application) -> bool:
        """Make all of it true at once; False if there is nothing to make true."""
        for number, change in self.changes.items():
            content = change.content
            if isinstance(content, Value):
                content = replace(content, limited=change.debited)
            app.files[number].content = content
        return bool(self.changes)


def overwritten(content: Bytes, offset: int, data: bytes) -> Bytes:
    """The content with these bytes in it. Raises `Refused` (BE)."""
    refuse_unless(offset + len(data) <= len(content.data), Status.BOUNDARY)
    return Bytes(content.data[:offset] + data + content.data[offset + len(data) :])


def write_record(change: Change, kind: FileKind, offset: int, data: bytes) -> None:
    """Into the record that this transaction makes. Raises `Refused`."""
    content = change.content
    if not isinstance(content, Records):
        raise Refused(Status.PERMISSION_DENIED)
    refuse_unless(not change.cleared, Status.PERMISSION_DENIED)
    refuse_unless(offset + len(data) <= content.size, Status.BOUNDARY)
    if not change.writing:
        content, change.writing = _begun(content, kind), True
    last = overwritten(Bytes(content.records[-1]), offset, data).data
    change.content = replace(content, records=(*content.records[:-1], last))


def _begun(content: Records, kind: FileKind) -> Records:
    """With a new empty record at the end; a cyclic file drops its oldest one when it is full."""
    records = content.records
    if kind is FileKind.CYCLIC:
        keep = content.maximum - 1
        records = records[len(records) - keep + 1 :] if len(records) >= keep else records
    else:
        refuse_unless(len(records) < content.maximum, Status.BOUNDARY)
    return replace(content, records=(*records, bytes(content.size)))


def clear_records(change: Change) -> None:
    """All records go with the commit. Raises `Refused`."""
    if not isinstance(change.content, Records):
        raise Refused(Status.PERMISSION_DENIED)
    change.content = replace(change.content, records=())
    change.cleared, change.writing = True, False


def add(change: Change, amount: int, *, limited: bool = False) -> None:
    """Change the value by `amount` (a debit is negative). Raises `Refused` (BE)."""
    content = change.content
    if not isinstance(content, Value):
        raise Refused(Status.PERMISSION_DENIED)
    after = content.amount + amount
    refuse_unless(content.lower <= after <= content.upper, Status.BOUNDARY)
    if limited:
        refuse_unless(content.enabled & 1, Status.PERMISSION_DENIED)
        refuse_unless(amount <= content.limited, Status.BOUNDARY)
        content = replace(content, limited=content.limited - amount)
    change.debited += max(-amount, 0)
    change.content = replace(content, amount=after)
