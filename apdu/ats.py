"""The answer to select of a card that speaks ISO/IEC 14443-4, taken apart.

Source: ISO/IEC 14443-4 5.2 (facts: cards.md 1.3, 5.9; vector ats-1).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

FRAME_BYTES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
"""The longest frame in bytes, CRC included, for FSDI and FSCI 0…8."""
RATES_KBPS = (106, 212, 424, 848)
_CARRIER_HZ = 13_560_000
_UNIT_S = 4096 / _CARRIER_HZ  # of FWT and SFGT
_TA, _TB, _TC = 0x10, 0x20, 0x40
_HEAD = struct.Struct(">BB")  # TL, T0
_RESERVED = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Ats:
    """What a card says at its activation. Rates in kbit/s, `pcd_to_picc` from the reader to the
    card. What an ATS leaves out has the value that the standard gives it."""

    fsci: int = 2
    pcd_to_picc: tuple[int, ...] = (106,)
    picc_to_pcd: tuple[int, ...] = (106,)
    same_rate_only: bool = False
    sfgi: int = 0
    fwi: int = 4
    nad: bool = False
    cid: bool = True
    historical: bytes = b""

    @classmethod
    def parse(cls, raw: bytes) -> Ats | None:
        """`raw` from its length byte on, without CRC; None: it is no ATS."""
        if not raw or raw[0] != len(raw):
            return None
        if len(raw) < _HEAD.size:
            return cls()
        _length, t0 = _HEAD.unpack_from(raw)
        present = [bit for bit in (_TA, _TB, _TC) if t0 & bit]
        rest = raw[_HEAD.size :]
        if len(rest) < len(present):
            return None
        said = dict(zip(present, rest, strict=False))
        ta, tb, tc = said.get(_TA, 0), said.get(_TB, 0x40), said.get(_TC, 0x02)
        return cls(
            fsci=t0 & 0x0F,
            pcd_to_picc=_rates(ta),
            picc_to_pcd=_rates(ta >> 4),
            same_rate_only=bool(ta & 0x80),
            sfgi=0 if tb & 0x0F == _RESERVED else tb & 0x0F,
            fwi=4 if tb >> 4 == _RESERVED else tb >> 4,
            nad=bool(tc & 1),
            cid=bool(tc & 2),
            historical=rest[len(present) :],
        )

    @property
    def fsc(self) -> int:
        """The longest frame that the card takes, in bytes, CRC included; above 256 counts as
        256."""
        return FRAME_BYTES[min(self.fsci, len(FRAME_BYTES) - 1)]

    @property
    def fwt_s(self) -> float:
        """How long the card may take for an answer."""
        return _UNIT_S * (1 << self.fwi)

    @property
    def sfgt_s(self) -> float:
        """How long it must be left alone after this answer."""
        return _UNIT_S * (1 << self.sfgi) if self.sfgi else 0.0

    def rate_index_up_to(self, index: int) -> int:
        """The fastest rate that the card offers both ways: an index into `RATES_KBPS`."""
        both = set(self.pcd_to_picc) & set(self.picc_to_pcd)
        return max(n for n, rate in enumerate(RATES_KBPS[: index + 1]) if rate in both)


def _rates(bits: int) -> tuple[int, ...]:
    return (106, *(rate for n, rate in enumerate(RATES_KBPS[1:]) if bits >> n & 1))
