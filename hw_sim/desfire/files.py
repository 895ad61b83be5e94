"""Commands about files: making and changing them, their data, values and records, and the
transaction (cards.md 5.5, 5.6, 5.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hw_sim.desfire import shadow
from hw_sim.desfire.core import CREATE_FREELY, LIST_FREELY, Answer, Core, Level, Spec, is_free
from hw_sim.desfire.image import (
    CAPACITY_BYTES,
    FILES_MAX,
    Bytes,
    Content,
    File,
    FileKind,
    Records,
    Value,
    file_bytes,
)
from hw_sim.desfire.session import Mode
from hw_sim.desfire.shadow import Transaction
from hw_sim.desfire.status import Refused, Status, refuse_unless

READ, WRITE, BOTH, CHANGE = range(4)
"""The rights of a file, from the top."""
COMM_MODES = frozenset((0, 1, 3))
FREE_GET_VALUE = 0x02
ISO_IDS_PER_FRAME = 29
DATA, RECORD, VALUE = (
    frozenset((FileKind.STANDARD, FileKind.BACKUP)),
    frozenset((FileKind.LINEAR, FileKind.CYCLIC)),
    frozenset((FileKind.VALUE,)),
)


def _little(data: bytes, *, signed: bool = False) -> int:
    return int.from_bytes(data, "little", signed=signed)


# --- making and changing files


def _create(kind: FileKind, size: int, read: Callable[[bytes], Content]) -> Spec:
    """The command that makes a file of this kind; `size`: bytes of its own parameters."""

    def run(core: Core, params: bytes) -> Answer:
        app = core.application()
        iso = 2 if app.iso_files and kind is not FileKind.VALUE else 0
        refuse_unless(len(params) == 4 + iso + size, Status.LENGTH)
        core.need_master(unless=CREATE_FREELY)
        number, common, own = params[0], params[1 + iso : 4 + iso], params[4 + iso :]
        iso_id = _little(params[1 : 1 + iso]) if iso else None
        refuse_unless(number < FILES_MAX and common[0] in COMM_MODES, Status.PARAMETER)
        content = read(own)
        taken = number in app.files or (
            iso_id is not None and any(f.iso_id == iso_id for f in app.files.values())
        )
        refuse_unless(not taken, Status.DUPLICATE)
        free = core.image.free_bytes()
        refuse_unless(file_bytes(kind, content) <= free, Status.OUT_OF_MEMORY)
        app.files[number] = File(
            kind=kind, comm=common[0], rights=_little(common[1:]), iso_id=iso_id, content=content
        )
        core.touched()
        return Answer()

    return Spec(run=run, level=Level.APPLICATION)


def _new_data(own: bytes) -> Content:
    size = _little(own)
    refuse_unless(size, Status.PARAMETER)
    refuse_unless(size <= CAPACITY_BYTES, Status.OUT_OF_MEMORY)
    return Bytes(bytes(size))


def _new_value(own: bytes) -> Content:
    lower, upper, amount = (_little(own[n : n + 4], signed=True) for n in (0, 4, 8))
    refuse_unless(lower <= amount <= upper and own[12] <= 3, Status.PARAMETER)
    return Value(lower=lower, upper=upper, amount=amount, limited=0, enabled=own[12])


def _new_records(least: int) -> Callable[[bytes], Content]:
    def read(own: bytes) -> Content:
        size, maximum = _little(own[:3]), _little(own[3:])
        refuse_unless(size and maximum >= least, Status.PARAMETER)
        refuse_unless(size * maximum <= CAPACITY_BYTES, Status.OUT_OF_MEMORY)
        return Records(size, maximum)

    return read


def delete_file(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 1, Status.LENGTH)
    core.file(params[0])
    core.need_master(unless=CREATE_FREELY)
    del core.application().files[params[0]]
    core.transaction.changes.pop(params[0], None)
    core.touched()
    return Answer()


def get_file_ids(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    core.need_master(unless=LIST_FREELY)
    return Answer(data=bytes(core.application().files))


def get_iso_file_ids(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    core.need_master(unless=LIST_FREELY)
    files = core.application().files.values()
    ids = [f.iso_id.to_bytes(2, "little") for f in files if f.iso_id is not None]
    frames = range(0, len(ids), ISO_IDS_PER_FRAME)
    return Answer(parts=tuple(b"".join(ids[n : n + ISO_IDS_PER_FRAME]) for n in frames))


def get_file_settings(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 1, Status.LENGTH)
    file = core.file(params[0])
    core.need_master(unless=LIST_FREELY)
    head = bytes((file.kind.value, file.comm)) + file.rights.to_bytes(2, "little")
    return Answer(data=head + _settings(file.content))


def _settings(content: Content) -> bytes:
    match content:
        case Bytes(data):
            return len(data).to_bytes(3, "little")
        case Value():
            limits = content.lower, content.upper, content.limited
            numbers = b"".join(n.to_bytes(4, "little", signed=True) for n in limits)
            return numbers + bytes((content.enabled,))
        case Records(size, maximum, records):
            return b"".join(n.to_bytes(3, "little") for n in (size, maximum, len(records)))


def _change_mode(core: Core, head: bytes) -> Mode:
    """The settings travel enciphered, or plain where the change right is free."""
    file = core.file(head[0])
    core.access(file, CHANGE)
    return Mode.PLAIN if is_free(file, CHANGE) else Mode.FULL


def change_file_settings(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 4, Status.LENGTH)
    file = core.file(params[0])
    core.access(file, CHANGE)
    refuse_unless(params[1] in COMM_MODES, Status.PARAMETER)
    file.comm, file.rights = params[1], _little(params[2:])
    core.touched()
    return Answer()


# --- data, values, records


@dataclass(frozen=True, slots=True)
class _Access:
    """Which rights let a command through to which kinds of files."""

    kinds: frozenset[FileKind]
    rights: tuple[int, ...]

    def __call__(self, core: Core, head: bytes) -> Mode:
        """How the command travels. Raises `Refused`."""
        file = core.file(head[0])
        refuse_unless(file.kind in self.kinds, Status.PERMISSION_DENIED)
        return core.access(file, *self.rights)


def _extent(params: bytes) -> tuple[int, int]:
    """Offset and length, or first record and count, of a head of 7 bytes."""
    return _little(params[1:4]), _little(params[4:7])


def _written_size(_core: Core, head: bytes) -> int:
    _offset, length = _extent(head)
    refuse_unless(length, Status.LENGTH)
    return length


def read_data(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 7, Status.LENGTH)
    content = core.file(params[0]).content
    if not isinstance(content, Bytes):
        raise Refused(Status.PERMISSION_DENIED)
    offset, length = _extent(params)
    end = offset + length if length else len(content.data)
    refuse_unless(offset < end <= len(content.data), Status.BOUNDARY)
    return Answer(data=content.data[offset:end], file=True, open_end=length == 0)


def write_data(core: Core, params: bytes) -> Answer:
    number, (offset, _length), data = params[0], _extent(params), params[7:]
    file = core.file(number)
    if file.kind is FileKind.STANDARD and isinstance(file.content, Bytes):
        file.content = shadow.overwritten(file.content, offset, data)
        core.touched()
        return Answer()
    change = core.transaction.of(number, file)
    if not isinstance(change.content, Bytes):
        raise Refused(Status.PERMISSION_DENIED)
    change.content = shadow.overwritten(change.content, offset, data)
    return Answer()


def _get_value_mode(core: Core, head: bytes) -> Mode:
    """Like the other rights of a value file, or free where the file was made so."""
    file = core.file(head[0])
    if not isinstance(file.content, Value):
        raise Refused(Status.PERMISSION_DENIED)
    try:
        return core.access(file, READ, WRITE, BOTH)
    except Refused:
        if file.content.enabled & FREE_GET_VALUE:
            return Mode.PLAIN
        raise


def get_value(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 1, Status.LENGTH)
    content = core.file(params[0]).content
    if not isinstance(content, Value):
        raise Refused(Status.PERMISSION_DENIED)
    return Answer(data=content.amount.to_bytes(4, "little", signed=True), file=True)


def _count(sign: int, *, limited: bool = False) -> Callable[[Core, bytes], Answer]:
    def run(core: Core, params: bytes) -> Answer:
        refuse_unless(len(params) == 5, Status.LENGTH)
        amount = _little(params[1:], signed=True)
        refuse_unless(amount >= 0, Status.PARAMETER)
        change = core.transaction.of(params[0], core.file(params[0]))
        shadow.add(change, sign * amount, limited=limited)
        return Answer()

    return run


def write_record(core: Core, params: bytes) -> Answer:
    number, (offset, _length), data = params[0], _extent(params), params[7:]
    file = core.file(number)
    shadow.write_record(core.transaction.of(number, file), file.kind, offset, data)
    return Answer()


def read_records(core: Core, params: bytes) -> Answer:
    """In the order they were written; `first` counts back from the newest, count 0 is all."""
    refuse_unless(len(params) == 7, Status.LENGTH)
    content = core.file(params[0]).content
    if not isinstance(content, Records):
        raise Refused(Status.PERMISSION_DENIED)
    first, count = _extent(params)
    end = len(content.records) - first
    start = end - count if count else 0
    refuse_unless(0 <= start < end, Status.BOUNDARY)
    data = b"".join(content.records[start:end])
    return Answer(data=data, file=True, open_end=count == 0)


def clear_record_file(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 1, Status.LENGTH)
    file = core.file(params[0])
    refuse_unless(file.kind in RECORD, Status.PERMISSION_DENIED)
    core.access(file, BOTH)
    shadow.clear_records(core.transaction.of(params[0], file))
    return Answer()


def commit(core: Core, params: bytes) -> Answer:
    """An EV2 may be asked for the result of a transaction MAC, which no file here has."""
    refuse_unless(len(params) <= (not core.image.ev1), Status.LENGTH)
    refuse_unless(params in (b"", b"\x00"), Status.PARAMETER)
    done = core.app is not None and core.transaction.commit(core.app)
    refuse_unless(done, Status.NO_CHANGES)
    core.transaction = Transaction()
    core.touched()
    return Answer()


def abort(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    refuse_unless(core.transaction.changes, Status.NO_CHANGES)
    core.transaction = Transaction()
    return Answer()


def _four(_core: Core, _head: bytes) -> int:
    return 4


def _three(_core: Core, _head: bytes) -> int:
    return 3


def _reads(run: Callable[[Core, bytes], Answer], kinds: frozenset[FileKind]) -> Spec:
    return Spec(run=run, level=Level.APPLICATION, mode=_Access(kinds, (READ, BOTH)), head=7)


def _writes(run: Callable[[Core, bytes], Answer], kinds: frozenset[FileKind]) -> Spec:
    return Spec(
        run=run, level=Level.APPLICATION, mode=_Access(kinds, (WRITE, BOTH)), head=7,
        size=_written_size, writes=True,
    )  # fmt: skip


def _counts(run: Callable[[Core, bytes], Answer], *rights: int) -> Spec:
    return Spec(
        run=run, level=Level.APPLICATION, mode=_Access(VALUE, rights), head=1,
        size=_four, writes=True, whole=True,
    )  # fmt: skip


def _whole(spec: Spec) -> Spec:
    return replace(spec, whole=True, ev2=True)


_READ_DATA, _WRITE_DATA = _reads(read_data, DATA), _writes(write_data, DATA)
_READ_RECORDS, _WRITE_RECORD = _reads(read_records, RECORD), _writes(write_record, RECORD)

SPECS = {
    0xCD: _create(FileKind.STANDARD, 3, _new_data),
    0xCB: _create(FileKind.BACKUP, 3, _new_data),
    0xCC: _create(FileKind.VALUE, 13, _new_value),
    0xC1: _create(FileKind.LINEAR, 6, _new_records(1)),
    0xC0: _create(FileKind.CYCLIC, 6, _new_records(2)),
    0xDF: Spec(run=delete_file, level=Level.APPLICATION),
    0x6F: Spec(run=get_file_ids, level=Level.APPLICATION),
    0x61: Spec(run=get_iso_file_ids, level=Level.APPLICATION),
    0xF5: Spec(run=get_file_settings, level=Level.APPLICATION),
    0x5F: Spec(
        run=change_file_settings, level=Level.APPLICATION, mode=_change_mode, head=1, size=_three
    ),
    0xBD: _READ_DATA,
    0xAD: _whole(_READ_DATA),
    0x3D: _WRITE_DATA,
    0x8D: _whole(_WRITE_DATA),
    0xBB: _READ_RECORDS,
    0xAB: _whole(_READ_RECORDS),
    0x3B: _WRITE_RECORD,
    0x8B: _whole(_WRITE_RECORD),
    0x6C: Spec(run=get_value, level=Level.APPLICATION, mode=_get_value_mode, head=1),
    0x0C: _counts(_count(1), BOTH),
    0xDC: _counts(_count(-1), READ, WRITE, BOTH),
    0x1C: _counts(_count(1, limited=True), WRITE, BOTH),
    0xEB: Spec(run=clear_record_file, level=Level.APPLICATION),
    0xC7: Spec(run=commit),
    0xA7: Spec(run=abort),
}
