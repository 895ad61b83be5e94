"""The card of the National Health Insurance (全民健保卡): its public profile, read without a PIN.

A person's own data: shown masked everywhere but in the application form, and never logged.
Source: cards.md 7 (three public readers send exactly these; layout of tw-nhi-icc-service).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, Self

from apdu.iso7816 import Command

SELECT: Final = Command(ins=0xA4, p1=0x04, data=bytes.fromhex("D1580000010000000000000000001100"))
# In form without an answer (case 3), and yet data come back: the one command whose case does not
# fit its instruction.
PROFILE: Final = Command(ins=0xCA, p1=0x11, data=bytes(2), as_it_is=True)

# Card number, name (Big5, ends at the first 00), ID number, birth date, sex, issue date.
_LAYOUT = struct.Struct("12s20s10s7s1s7s")
PROFILE_BYTES: Final = _LAYOUT.size
_ROC_YEAR = slice(0, 3)  # of yyymmdd
_ROC_MONTH = slice(3, 5)
_ROC_DAY = slice(5, 7)
_ROC_OFFSET = 1911  # year N of the Republic is N + 1911
_SHOWN_AHEAD, _SHOWN_BEHIND = 2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose card it is. `repr` shows nothing of the person."""

    card_no: str = field(repr=False)  # 12 digits: the card's number, no person's
    name: str = field(repr=False)
    id_no: str = field(repr=False)  # 10 letters and digits
    born: date = field(repr=False)
    sex: Literal["M", "F"] = field(repr=False)
    issued: date = field(repr=False)

    @classmethod
    def parse(cls, profile: bytes) -> Self | None:
        """Read the card's answer; None: it is no profile. Characters outside Big5, which the card
        keeps in a way of its own, come as U+FFFD."""
        if len(profile) < PROFILE_BYTES:
            return None
        card_no, name, id_no, born, sex, issued = _LAYOUT.unpack_from(profile)
        birthday, issue_day = _day(born), _day(issued)
        if birthday is None or issue_day is None or sex not in (b"M", b"F"):
            return None
        if not (card_no.isdigit() and id_no.isalnum()):
            return None
        return cls(
            card_no=card_no.decode(),
            name=name.partition(b"\x00")[0].decode("cp950", errors="replace").strip(),
            id_no=id_no.decode(),
            born=birthday,
            sex="M" if sex == b"M" else "F",
            issued=issue_day,
        )

    @property
    def masked(self) -> str:
        """The number as it may be shown: `B1******02`."""
        hidden = "*" * (len(self.id_no) - _SHOWN_AHEAD - _SHOWN_BEHIND)
        return self.id_no[:_SHOWN_AHEAD] + hidden + self.id_no[-_SHOWN_BEHIND:]


def _day(text: bytes) -> date | None:
    """yyymmdd of the Republic; None: no day."""
    if not text.isdigit():
        return None
    try:
        year = int(text[_ROC_YEAR]) + _ROC_OFFSET
        return date(year, int(text[_ROC_MONTH]), int(text[_ROC_DAY]))
    except ValueError:
        return None
