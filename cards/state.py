"""What a card of ours says, as values: the state record and the directory (cards.md 2.10).

The byte layouts are declared in `records.py`; rules work on these values alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

PURSE_MIN_NTD = -60  # pub.lock.amount: the card company advances once, up to 60
PURSE_MAX_NTD = 32_767  # two signed bytes in the record


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingMark:
    """The card's own note of its binding to a fare policy. `binding_id` is 4 random bytes."""

    binding_id: bytes
    policy: int  # the policy's number in the city profile, 1-255
    expires_on: date | None  # last good day (Asia/Taipei); None: open end
    half: bool  # fare class of the holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The trip of the last accepted tap, open or already closed.

    `route`, `boarded_stop` and `last_stop` are numbers in the network data; `vehicle` is the first
    4 bytes of SHA-256 of its name. Times are aware UTC in whole seconds.
    """

    open: bool
    bound: bool  # priced as bound, decided at boarding
    half: bool
    route: int
    vehicle: bytes
    boarded_stop: int
    boarded_at: datetime
    paid_ntd: int  # in this trip so far = fare_ntd of the last accepted tap
    last_stop: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """The state record. `n` counts accepted taps, 0 = never tapped. `trip` is None until then.

    `purse_before`, `purse_after`: NT$ around the last accepted tap; `purse_mark`: the address byte
    that a purse block shows once that tap's charge is in it. In ledger mode all three are 0.
    """

    n: int = 0
    issued: bool = False  # False: prepared
    binding: BindingMark | None = None
    trip: Trip | None = None
    purse_before: int = 0
    purse_after: int = 0
    purse_mark: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Written once. `card_number`: ten decimal digits, random (cards.md 2.10).

    The three ends of a child card (domain.md 5) are last good days, as `expires_on` is; None:
    the card has no such use, as every Flora card. Only DESFire cards have room for them.
    """

    product: str  # flora, child, student
    issuer: int
    year: int  # of issue; nothing finer (ledger.md 8.4)
    expires_on: date | None
    card_number: str
    half_until: date | None = None  # half fare: the day before the 12th birthday
    student_until: date | None = None  # student ID: 31 July of the school year of grade 6
    library_until: date | None = None  # library card: the same day


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """The school record of a student's or pupil's card, as it was when the card was written.

    `code`: 1 to 6 ASCII letters and digits. `grade`: 1-12 from the first of primary school on,
    0: not known (beyond senior high school). `year`: the one in which the school year begins.
    """

    code: str
    grade: int
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TapEvent:
    """One of the last ten accepted taps of a DESFire card, NT$ and numbers as in `Trip`."""

    n: int
    open: bool  # boarded (else alighted)
    bound: bool
    half: bool
    route: int
    stop: int
    vehicle: bytes
    at: datetime
    fare_ntd: int  # of the trip so far
    charged_ntd: int
    purse_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What the purse holds now, NT$, and whether the last tap's charge is in it already."""

    ntd: int
    settled: bool
