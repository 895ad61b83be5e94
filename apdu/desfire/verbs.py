"""What may be asked of a DESFire in the open and in a session alike: one verb a command."""

from __future__ import annotations

from abc import ABC, abstractmethod

from apdu.desfire import commands
from apdu.desfire.commands import Call, KeyRights, KeySettings, R
from apdu.desfire.files import File, FileSettings, Mode
from apdu.desfire.key import KeyType
from apdu.desfire.version import Version


class Verbs(ABC):
    """Every verb raises `DesfireRefused`, `DesfireAnswerWrong`, and what the connection raises.

    `mode` is the file's, or plain where its right is free (cards.md 5.4)."""

    @abstractmethod
    def run(self, call: Call[R]) -> R:
        """Send one command and give its typed answer."""

    def version(self) -> Version:
        return self.run(commands.get_version())

    def applications(self) -> tuple[bytes, ...]:
        """The AIDs on the card, 3 bytes each as sent."""
        return self.run(commands.get_application_ids())

    def create_application(
        self,
        aid: bytes,
        rights: KeyRights,
        *,
        keys: int,
        type: KeyType = KeyType.AES,  # noqa: A002  the word of the standard
        iso_id: bytes | None = None,
        df_name: bytes = b"",
    ) -> None:
        """`keys` (1–14) keys, as the card's configuration has them (zeros from the box)."""
        self.run(
            commands.create_application(
                aid, rights, keys=keys, type=type, iso_id=iso_id, df_name=df_name
            )
        )

    def delete_application(self, aid: bytes) -> None:
        self.run(commands.delete_application(aid))

    def format_picc(self) -> None:
        """Delete all applications."""
        self.run(commands.format_picc())

    def free_memory(self) -> int:
        """Free bytes."""
        return self.run(commands.free_memory())

    def key_settings(self) -> KeySettings:
        return self.run(commands.get_key_settings())

    def key_version(self, key_no: int) -> int:
        """0–255."""
        return self.run(commands.get_key_version(key_no))

    def files(self) -> tuple[int, ...]:
        """The numbers of the selected application's files."""
        return self.run(commands.get_file_ids())

    def iso_file_ids(self) -> tuple[bytes, ...]:
        """2 bytes each, as sent."""
        return self.run(commands.get_iso_file_ids())

    def file_settings(self, file_no: int) -> FileSettings:
        return self.run(commands.get_file_settings(file_no))

    def create_file(
        self, file_no: int, file: File, *, value: int = 0, iso_id: bytes | None = None
    ) -> None:
        """`value` is where a value file begins."""
        self.run(commands.create_file(file_no, file, value=value, iso_id=iso_id))

    def delete_file(self, file_no: int) -> None:
        self.run(commands.delete_file(file_no))

    def read(self, file_no: int, *, mode: Mode, offset: int = 0, length: int = 0) -> bytes:
        """`length` bytes; 0 means all from `offset` on."""
        return self.run(commands.read_data(file_no, mode=mode, offset=offset, length=length))

    def write(self, file_no: int, data: bytes, *, mode: Mode, offset: int = 0) -> None:
        self.run(commands.write_data(file_no, data, mode=mode, offset=offset))

    def value(self, file_no: int, *, mode: Mode) -> int:
        """The committed value."""
        return self.run(commands.get_value(file_no, mode=mode))

    def credit(self, file_no: int, amount: int, *, mode: Mode) -> None:
        self.run(commands.credit(file_no, amount, mode=mode))

    def debit(self, file_no: int, amount: int, *, mode: Mode) -> None:
        self.run(commands.debit(file_no, amount, mode=mode))

    def limited_credit(self, file_no: int, amount: int, *, mode: Mode) -> None:
        """Give back at most what the last committed transaction took."""
        self.run(commands.limited_credit(file_no, amount, mode=mode))

    def write_record(self, file_no: int, data: bytes, *, mode: Mode, offset: int = 0) -> None:
        """Into the record that the commit will add."""
        self.run(commands.write_record(file_no, data, mode=mode, offset=offset))

    def read_records(
        self, file_no: int, *, mode: Mode, record_bytes: int, first: int = 0, count: int = 0
    ) -> tuple[bytes, ...]:
        """Oldest first. `first` newest are left out; `count` 0 means all the others."""
        return self.run(
            commands.read_records(
                file_no, mode=mode, record_bytes=record_bytes, first=first, count=count
            )
        )

    def clear_records(self, file_no: int) -> None:
        """Forget all records, from the commit on."""
        self.run(commands.clear_records(file_no))

    def commit(self) -> None:
        """Make true what was written. With nothing to commit the card refuses (0C)."""
        self.run(commands.commit())

    def abort(self) -> None:
        """Forget what was written since the last commit."""
        self.run(commands.abort())
