"""The time of one exchange, by the formula from which all floors are computed (cards.md 1.3).

Of the terminal's side: `hw_sim` counts by a table of its own, and the two must agree.
"""

from __future__ import annotations

from typing import Final

FC_MHZ: Final = 13.56
_BIT_FC: Final = 128  # at 106 kbit/s
_REQUEST_GAP_FC: Final = 1_332  # between the reader's last bit and the card's first
_GUARD_FC: Final = 1_172  # between the card's last and the reader's next
_FAST_START_FC: Final = 512  # subcarrier before the card's start bit, above 106 kbit/s
BITS_A_BYTE: Final = 9
_DIVISORS: Final = {106: 1, 212: 2, 424: 4, 848: 8}


def exchange_fc(
    *,
    out_bits: int,
    back_bits: int,
    rate_kbps: int = 106,
    card_us: float = 0.0,
    classic: bool = False,
) -> tuple[int, int, int]:
    """Carrier periods: request and gap with the card's work, answer, guard.

    Bits as on air: 9 a byte, 7 of a short frame, 4 of an ACK; `back_bits` 0: nothing answers. A
    Classic begins its answer on the grid of bits.
    """
    bit = _BIT_FC // _DIVISORS[rate_kbps]
    work = round(card_us * FC_MHZ)
    if classic and back_bits:
        work = -(-work // _BIT_FC) * _BIT_FC
    start = 0 if rate_kbps == 106 else _FAST_START_FC
    answer = start + (1 + back_bits) * bit if back_bits else 0
    return out_bits * bit + _REQUEST_GAP_FC + work, answer, _GUARD_FC


def exchange_us(
    *,
    out_bits: int,
    back_bits: int,
    rate_kbps: int = 106,
    card_us: float = 0.0,
    classic: bool = False,
) -> float:
    """The same in microseconds, all three together."""
    parts = exchange_fc(
        out_bits=out_bits,
        back_bits=back_bits,
        rate_kbps=rate_kbps,
        card_us=card_us,
        classic=classic,
    )
    return sum(parts) / FC_MHZ
