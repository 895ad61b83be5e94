"""Status codes of DESFire, and how a command refuses. Source: cards.md 5.2."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The last byte of an answer (native: the first)."""

    OK = 0x00
    NO_CHANGES = 0x0C
    OUT_OF_MEMORY = 0x0E
    ILLEGAL_COMMAND = 0x1C
    INTEGRITY = 0x1E
    NO_SUCH_KEY = 0x40
    LENGTH = 0x7E
    PERMISSION_DENIED = 0x9D
    PARAMETER = 0x9E
    NO_APPLICATION = 0xA0
    AUTHENTICATION = 0xAE
    MORE = 0xAF
    BOUNDARY = 0xBE
    ABORTED = 0xCA
    TOO_MANY_APPLICATIONS = 0xCE
    DUPLICATE = 0xDE
    NO_FILE = 0xF0


class Refused(Exception):
    """A command that is not carried out. Never leaves the card."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


def refuse_unless(wanted: object, status: Status) -> None:
    """Raises `Refused` unless `wanted` is true."""
    if not wanted:
        raise Refused(status)
