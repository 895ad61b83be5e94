"""The kinds of simulated cards that `card new` makes, and which option says what about which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DESFIRES: Final = ("blank-desfire", "child", "student")
"""The same chip from the box; what becomes of it is its label."""
KINDS: Final = ("flora", "blank-classic", "blank-classic-4k", *DESFIRES, "nhi")
PURSE_MIN_NTD, PURSE_MAX_NTD = -60, 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What `card new` was asked for, as the command line said it."""

    kind: str
    uid_hex: str | None
    purse_ntd: int
    no_free_sector: bool
    ev1: bool
    random_uid: bool
    holder: str | None

    def check(self) -> None:
        """Raises `ArgumentBad` for an option that says nothing about this kind of card."""
        from terminal.errors import ArgumentBad, PurseTooFull

        desfire, flora = self.kind in DESFIRES, self.kind == "flora"
        misplaced = {
            "--ev1": self.ev1 and not desfire,
            "--random-uid": self.random_uid and not desfire,
            "--uid": self.uid_hex is not None and (self.kind == "nhi" or not self._uid_fits()),
            "--no-free-sector": self.no_free_sector and not flora,
            "--purse": self.purse_ntd < PURSE_MIN_NTD or (self.purse_ntd != 0 and not flora),
            "--holder": (self.holder is not None) != (self.kind == "nhi"),
        }
        if self.purse_ntd > PURSE_MAX_NTD:
            raise PurseTooFull(ntd_max=PURSE_MAX_NTD)
        for argument, wrong in misplaced.items():
            if wrong:
                raise ArgumentBad(argument=argument, command="card new")

    def _uid_fits(self) -> bool:
        """A DESFire has a UID of 7 bytes; what is no UID at all is told by `uid`."""
        return self.kind not in DESFIRES or len(self.uid_hex or "") != 8

    def uid(self) -> bytes | None:
        """The UID that was asked for. Raises `BadUid`."""
        from terminal.errors import BadUid

        if self.uid_hex is None:
            return None
        if not re.fullmatch(r"[0-9a-fA-F]{8}|[0-9a-fA-F]{14}", self.uid_hex):
            raise BadUid
        uid = bytes.fromhex(self.uid_hex)
        if uid[3 if len(uid) == 7 else 0] == 0x88:  # the cascade tag (cards.md 1.2)
            raise BadUid
        return uid
