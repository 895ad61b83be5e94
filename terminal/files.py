"""Files that somebody named: read, and made anew, with faults that name them."""

from __future__ import annotations

import os
from errno import errorcode
from pathlib import Path

from terminal.errors import FileTrouble


def read_file(path: Path, *, bytes_max: int = 1 << 20) -> bytes:
    """A named file's bytes, at most `bytes_max`. Raises `FileTrouble`."""
    try:
        with path.open("rb") as file:
            return file.read(bytes_max)
    except OSError as error:
        raise trouble(path, error) from None


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that is not there yet; durable on return. Raises `FileTrouble`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise trouble(path, error) from None


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def trouble(path: Path, error: OSError) -> FileTrouble:
    """The fault for an OSError with a file that somebody named."""
    return FileTrouble(file=str(path), why=errorcode.get(error.errno or 0, "EIO"))
