"""Virtual time: how long one exchange takes on the air, and how long a card works on a command.

The air's part follows from ISO/IEC 14443-2 and -3; a Classic's times are its data sheet's;
**a DESFire's are choices of this model**, for no public figure exists. Times are in carrier
periods (fc = 13.56 MHz) or, where the name says so, in microseconds.

Source: cards.md 1.3, 1.4; MF1S50yyX/V1 data sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

FC_MHZ = 13.56
BIT_FC = 128
"""One bit at 106 kbit/s."""
DIVISORS = {106: 1, 212: 2, 424: 4, 848: 8}
"""Rates in kbit/s that there are, and how often a bit of each fits into one at 106."""
GAP_FC = 1332
"""From the end of the reader's last bit to the card's first, for both values of that bit."""
START_FC = 512
"""32 subcarrier periods before the card's start bit above 106 kbit/s."""
GUARD_FC = 1172
"""The least that a reader waits after an answer. A real one has a delay of its own beside."""
WAIT_FC = 4096
"""FWT and SFGT are this much, doubled FWI or SFGI times."""
SHORT_BITS, BYTE_BITS, NIBBLE_BITS = 7, 9, 4
"""Bits on air of a short frame, of a byte with its parity, of a Classic's ACK or NAK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a card adds to the exchange that was just made: its work before the answer (or, where
    there is none, how long the reader waits for it), and the guard that it asks for after."""

    work_fc: int = 0
    guard_fc: int = GUARD_FC


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One frame and its answer on the air, taken apart. Each part in carrier periods."""

    request_and_gap_fc: float
    work_fc: int
    answer_fc: float
    guard_fc: int

    @property
    def us(self) -> float:
        """The whole of it in microseconds."""
        periods = self.request_and_gap_fc + self.work_fc + self.answer_fc + self.guard_fc
        return periods / FC_MHZ


def exchange(
    bits_out: int, bits_back: int, *, rates_kbps: tuple[int, int] = (106, 106), pace: Pace
) -> Exchange:
    """The time of so many bits out and back, parity bits counted, start and end not (cards.md
    1.3). `bits_back` 0: no answer. `rates_kbps`: from the reader and from the card."""
    out, back = (DIVISORS[rate] for rate in rates_kbps)
    start_fc = START_FC if back > 1 else 0
    return Exchange(
        request_and_gap_fc=bits_out * BIT_FC / out + GAP_FC,
        work_fc=pace.work_fc,
        answer_fc=start_fc + (1 + bits_back) * BIT_FC / back if bits_back else 0,
        guard_fc=pace.guard_fc,
    )


def bits_of(frame: bytes, *, one_byte: int) -> int:
    """Bits on air of a frame; a frame of one byte is one of so many bits."""
    return one_byte if len(frame) == 1 else BYTE_BITS * len(frame)


def fc_of(microseconds: float) -> int:
    """Carrier periods, rounded."""
    return round(microseconds * FC_MHZ)


# --- MIFARE Classic


class ClassicWork(Enum):
    """What keeps a Classic busy."""

    NOTHING = auto()
    AUTH_1 = auto()
    WRITE_2 = auto()
    COUNT_2 = auto()  # no ACK comes: the reader waits for a possible NAK
    TRANSFER = auto()
    SILENCE = auto()  # a wrong move: the reader waits for its time-out


_CLASSIC_US = {
    ClassicWork.NOTHING: 0.0,
    ClassicWork.AUTH_1: 5 * BIT_FC / FC_MHZ,
    ClassicWork.WRITE_2: 3_100.0,
    ClassicWork.COUNT_2: 1_200.0,
    ClassicWork.TRANSFER: 3_900.0,
    ClassicWork.SILENCE: 1_000.0,
}
_ANSWERED_LATE = (ClassicWork.AUTH_1, ClassicWork.WRITE_2, ClassicWork.TRANSFER)


def classic_pace(work: ClassicWork) -> Pace:
    """An answer lies on the grid of whole bits (cards.md 1.3)."""
    periods = fc_of(_CLASSIC_US[work])
    if work in _ANSWERED_LATE:
        periods = -(-periods // BIT_FC) * BIT_FC
    return Pace(work_fc=periods)


# --- DESFire

PLAIN_US, SEALED_US = 800.0, 1_500.0
"""A command that changes nothing: plain, and under a MAC or enciphered."""
_FURTHER_BYTE_US, _FURTHER_BLOCK_US, _BLOCK_BYTES = 20.0, 1_000.0, 32

DESFIRE_US: dict[int, float] = {
    **dict.fromkeys((0x5A,), 1_000.0),  # SelectApplication
    **dict.fromkeys((0x0A, 0x1A, 0xAA, 0x71, 0x77), 1_500.0),  # authentications, first part
    **dict.fromkeys((0x3D, 0x8D, 0x3B, 0x8B, 0xEB), 3_000.0),  # data, records
    **dict.fromkeys((0x0C, 0x1C, 0xDC), 3_000.0),  # values
    **dict.fromkeys((0xC7, 0xC4, 0x54, 0x5C, 0x5F), 6_000.0),  # commit, keys, settings
    **dict.fromkeys((0xA7,), 1_000.0),  # abort
    **dict.fromkeys((0xCD, 0xCB, 0xCC, 0xC0, 0xC1, 0xDF), 8_000.0),  # files made and deleted
    **dict.fromkeys((0xCA, 0xDA), 10_000.0),  # applications made and deleted
    **dict.fromkeys((0xFC,), 30_000.0),  # FormatPICC
}
"""Commands that take a time of their own; all others are read commands."""
AUTHENTICATED_US, AUTHENTICATED_EV2_US = 2_000.0, 3_000.0
"""The second part of an authentication; EV2's makes two CMACs more."""
ISO_US: dict[int, float] = {0xA4: 1_000.0, 0xB0: PLAIN_US, 0xD6: 3_000.0}
"""SELECT, READ BINARY, UPDATE BINARY."""


def desfire_us(code: int, *, sealed: bool, written: int = 0, read: int = 0) -> float:
    """How long a DESFire works on a command with so many bytes of data written or read."""
    own = DESFIRE_US.get(code)
    if own is None:
        further = max(0, read - _BLOCK_BYTES)
        return (SEALED_US if sealed else PLAIN_US) + _FURTHER_BYTE_US * further
    return own + _FURTHER_BLOCK_US * max(0, -(-written // _BLOCK_BYTES) - 1)
