"""DESFire commands as values: what is sent, how it travels, and the type of the answer.

A `Call` may leave in the open or in a session. A `SealedCall` has no way out but a session's: what
carries keys or settings is one, and mypy refuses it elsewhere.

Source: cards.md 5.5, 5.6.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from apdu.desfire.files import (
    DataFile,
    File,
    FileSettings,
    Mode,
    RecordFile,
    Rights,
    ValueFile,
    access,
    parse_settings,
    size,
)
from apdu.desfire.key import KeyType
from apdu.desfire.version import Version, parse_version

R = TypeVar("R")

AID_BYTES: Final = 3
UID_BYTES: Final = 7
ISO_ID_BYTES: Final = 2
CARD_LEVEL: Final = bytes(AID_BYTES)

_INT32 = struct.Struct("<i")
_AMOUNT = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Generic[R]):
    """One command. `head` always travels open, `data` as `mode` says: None means that the command
    is no file's and no setting's, so open in D40 and under a MAC in EV1 and EV2.

    `answer_bytes`: how much an enciphered answer holds, where that is known. `read` makes the
    answer of its bytes and raises ValueError (or struct.error) if it cannot."""

    name: str
    code: int
    head: bytes = b""
    data: bytes = field(default=b"", repr=False)
    tail: bytes = field(default=b"", repr=False)  # enciphered behind the checksum of `data`
    mode: Mode | None = None
    answer_bytes: int | None = None
    read: Callable[[bytes], R]


class Call(Message[R]):
    """May leave in the open, as long as its mode is plain, or in a session."""

    __slots__ = ()


class SealedCall(Message[R]):
    """Leaves in a session only."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRights:
    """KS1. `change_key`: the application key that changes keys (0 master, 1–13; 14 each key by
    itself, 15 nobody); at card level 0."""

    master_changeable: bool = True
    list_free: bool = True
    create_free: bool = True
    settings_changeable: bool = True
    change_key: int = 0

    def __int__(self) -> int:
        flags = self.master_changeable, self.list_free, self.create_free, self.settings_changeable
        return self.change_key << 4 | sum(flag << bit for bit, flag in enumerate(flags))

    @classmethod
    def of(cls, ks1: int) -> KeyRights:
        """The rights in one byte."""
        master, listing, creating, settings = (bool(ks1 >> bit & 1) for bit in range(4))
        return cls(
            master_changeable=master,
            list_free=listing,
            create_free=creating,
            settings_changeable=settings,
            change_key=ks1 >> 4,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """What may be done with the keys selected, how many there are, and of which type."""

    rights: KeyRights
    keys_max: int
    type: KeyType


def nothing(data: bytes) -> None:
    """The answer of a command that only says done."""
    if data:
        raise ValueError(f"{len(data)} bytes where none belong")


def get_version() -> Call[Version]:
    """28 bytes in three frames."""
    return Call(name="GetVersion", code=0x60, read=parse_version)


def get_application_ids() -> Call[tuple[bytes, ...]]:
    """All applications, 3 bytes each."""
    return Call(name="GetApplicationIDs", code=0x6A, read=lambda data: _cut(data, AID_BYTES))


def create_application(
    aid: bytes,
    rights: KeyRights,
    *,
    keys: int,
    type: KeyType,  # noqa: A002  the word of the standard
    iso_id: bytes | None,
    df_name: bytes,
) -> Call[None]:
    """An application with `keys` keys (1–14); ISO ids in it only if it has one itself."""
    if len(aid) != AID_BYTES or not 1 <= keys <= 14 or len(df_name) > 16:
        raise ValueError(f"{len(aid)} bytes of AID, {keys} keys, {len(df_name)} bytes of name")
    with_iso = 0x20 if iso_id is not None else 0
    settings = bytes((int(rights), type | with_iso | keys))
    head = aid + settings + _iso(iso_id) + df_name
    return Call(name="CreateApplication", code=0xCA, head=head, read=nothing)


def delete_application(aid: bytes) -> Call[None]:
    """With all its files; the memory comes back with FormatPICC only."""
    return Call(name="DeleteApplication", code=0xDA, head=aid, read=nothing)


def format_picc() -> Call[None]:
    """Delete all applications."""
    return Call(name="FormatPICC", code=0xFC, read=nothing)


def get_key_settings() -> Call[KeySettings]:
    """2 bytes, of the application selected or of the card."""
    return Call(name="GetKeySettings", code=0x45, read=_key_settings)


def get_key_version(key_no: int) -> Call[int]:
    """1 byte."""
    head = bytes((key_no,))
    return Call(name="GetKeyVersion", code=0x64, head=head, read=_byte)


def free_memory() -> Call[int]:
    """Free bytes, 3 bytes."""
    return Call(name="FreeMem", code=0x6E, read=_size)


def get_file_ids() -> Call[tuple[int, ...]]:
    """The numbers of all files, a byte each."""
    return Call(name="GetFileIDs", code=0x6F, read=tuple)


def get_iso_file_ids() -> Call[tuple[bytes, ...]]:
    """The ISO ids of all files that have one, 2 bytes each, as sent."""
    return Call(name="GetISOFileIDs", code=0x61, read=lambda data: _cut(data, ISO_ID_BYTES))


def get_file_settings(file_no: int) -> Call[FileSettings]:
    """Type, mode, rights, sizes."""
    head = bytes((file_no,))
    return Call(name="GetFileSettings", code=0xF5, head=head, read=parse_settings)


def create_file(file_no: int, file: File, *, value: int, iso_id: bytes | None) -> Call[None]:
    """A file of any of the five kinds; `value` is where a value file begins."""
    name, code, behind = _creation(file, value)
    head = bytes((file_no,)) + _iso(iso_id) + access(file.mode, file.rights) + behind
    return Call(name=name, code=code, head=head, read=nothing)


def delete_file(file_no: int) -> Call[None]:
    """A file and what is in it."""
    return Call(name="DeleteFile", code=0xDF, head=bytes((file_no,)), read=nothing)


def read_data(file_no: int, *, mode: Mode, offset: int, length: int) -> Call[bytes]:
    """`length` bytes from `offset`; 0 means all the rest."""
    return Call(
        name="ReadData",
        code=0xBD,
        head=bytes((file_no,)) + size(offset) + size(length),
        mode=mode,
        answer_bytes=length or None,
        read=_of_length(length) if length else bytes,
    )


def write_data(file_no: int, data: bytes, *, mode: Mode, offset: int) -> Call[None]:
    """All of `data` at `offset`."""
    head = bytes((file_no,)) + size(offset) + size(len(data))
    return Call(name="WriteData", code=0x3D, head=head, data=data, mode=mode, read=nothing)


def get_value(file_no: int, *, mode: Mode) -> Call[int]:
    """The committed value, signed, 4 bytes."""
    return Call(
        name="GetValue",
        code=0x6C,
        head=bytes((file_no,)),
        mode=mode,
        answer_bytes=_INT32.size,
        read=_signed,
    )


def credit(file_no: int, amount: int, *, mode: Mode) -> Call[None]:
    """Add `amount`, 0 or more."""
    return _change_value("Credit", 0x0C, file_no, amount, mode)


def debit(file_no: int, amount: int, *, mode: Mode) -> Call[None]:
    """Take `amount`, 0 or more."""
    return _change_value("Debit", 0xDC, file_no, amount, mode)


def limited_credit(file_no: int, amount: int, *, mode: Mode) -> Call[None]:
    """Give back at most what the last transaction took."""
    return _change_value("LimitedCredit", 0x1C, file_no, amount, mode)


def write_record(file_no: int, data: bytes, *, mode: Mode, offset: int) -> Call[None]:
    """Into the record that the commit will add."""
    head = bytes((file_no,)) + size(offset) + size(len(data))
    return Call(name="WriteRecord", code=0x3B, head=head, data=data, mode=mode, read=nothing)


def read_records(
    file_no: int, *, mode: Mode, record_bytes: int, first: int, count: int
) -> Call[tuple[bytes, ...]]:
    """`count` records (0: all older ones too), of which `first` newest are left out; oldest
    first."""
    return Call(
        name="ReadRecords",
        code=0xBB,
        head=bytes((file_no,)) + size(first) + size(count),
        mode=mode,
        answer_bytes=count * record_bytes or None,
        read=lambda data: _cut(data, record_bytes),
    )


def clear_records(file_no: int) -> Call[None]:
    """Forget all records, from the commit on."""
    return Call(name="ClearRecordFile", code=0xEB, head=bytes((file_no,)), read=nothing)


def commit() -> Call[None]:
    """Make true what was written to the selected application's files."""
    return Call(name="CommitTransaction", code=0xC7, read=nothing)


def abort() -> Call[None]:
    """Forget it."""
    return Call(name="AbortTransaction", code=0xA7, read=nothing)


def get_card_uid() -> SealedCall[bytes]:
    """The true UID, 7 bytes, enciphered on its way."""
    return SealedCall(
        name="GetCardUID",
        code=0x51,
        mode=Mode.FULL,
        answer_bytes=UID_BYTES,
        read=_of_length(UID_BYTES),
    )


def change_key_settings(rights: KeyRights) -> SealedCall[None]:
    """KS1 anew."""
    data = bytes((int(rights),))
    return SealedCall(name="ChangeKeySettings", code=0x54, data=data, mode=Mode.FULL, read=nothing)


def change_file_settings(file_no: int, mode: Mode, rights: Rights) -> SealedCall[None]:
    """Mode and rights of a file anew."""
    return SealedCall(
        name="ChangeFileSettings",
        code=0x5F,
        head=bytes((file_no,)),
        data=access(mode, rights),
        mode=Mode.FULL,
        read=nothing,
    )


def set_configuration(option: int, data: bytes) -> SealedCall[None]:
    """00 card settings, 01 the key that new applications begin with (02, the ATS, is not ours)."""
    return SealedCall(
        name="SetConfiguration",
        code=0x5C,
        head=bytes((option,)),
        data=data,
        mode=Mode.FULL,
        read=nothing,
    )


def _creation(file: File, value: int) -> tuple[str, int, bytes]:
    match file:
        case DataFile(backup=False):
            return "CreateStdDataFile", 0xCD, size(file.size_bytes)
        case DataFile():
            return "CreateBackupDataFile", 0xCB, size(file.size_bytes)
        case ValueFile():
            numbers = b"".join(map(_INT32.pack, (file.lower, file.upper, value)))
            return "CreateValueFile", 0xCC, numbers + bytes((file.limited_credit,))
        case RecordFile():
            sizes = size(file.record_bytes) + size(file.records_max)
            if file.cyclic:
                return "CreateCyclicRecordFile", 0xC0, sizes
            return "CreateLinearRecordFile", 0xC1, sizes


def _change_value(name: str, code: int, file_no: int, amount: int, mode: Mode) -> Call[None]:
    head, data = bytes((file_no,)), _AMOUNT.pack(amount)
    return Call(name=name, code=code, head=head, data=data, mode=mode, read=nothing)


def _iso(iso_id: bytes | None) -> bytes:
    if iso_id is not None and len(iso_id) != ISO_ID_BYTES:
        raise ValueError(f"{len(iso_id)} bytes of ISO id")
    return iso_id or b""


def _cut(data: bytes, step: int) -> tuple[bytes, ...]:
    if len(data) % step:
        raise ValueError(f"{len(data)} bytes are no pieces of {step}")
    return tuple(data[at : at + step] for at in range(0, len(data), step))


def _of_length(length: int) -> Callable[[bytes], bytes]:
    def read(data: bytes) -> bytes:
        if len(data) != length:
            raise ValueError(f"{len(data)} bytes instead of {length}")
        return data

    return read


def _byte(data: bytes) -> int:
    (number,) = data
    return number


def _size(data: bytes) -> int:
    return int.from_bytes(_of_length(len(size(0)))(data), "little")


def _signed(data: bytes) -> int:
    (number,) = _INT32.unpack(data)
    return int(number)


def _key_settings(data: bytes) -> KeySettings:
    ks1, ks2 = data
    return KeySettings(rights=KeyRights.of(ks1), keys_max=ks2 & 0x0F, type=KeyType(ks2 & 0xC0))
