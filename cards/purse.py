"""The purse: a pair of value blocks, and how a torn pair is read and made whole.

The state record says what the purse held before and after the last charge, and the *mark* that a
block shows in its address byte once that charge is in it. The amount never tells: a top-up may
have come between. Pure: bytes and the record in, the writes to make out (cards.md 2.10).

1. A block counts as a number only if it is a value block whose number a purse can hold.
2. Of two such blocks that disagree the one counts that lies nearest at or above what it should
   hold (with the mark: after; without: before); of two equally near the one with the mark. A
   block torn bit by bit can be a value block by chance; this is what finds it.
3. The block that does not count is written first: at every moment one good block is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apdu.classic.geometry import BLOCK_BYTES
from apdu.classic.value import ValueBlock
from cards.errors import CardSpoiled
from cards.state import PURSE_MAX_NTD, PURSE_MIN_NTD, CardState

EMPTY = bytes(BLOCK_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The purse as read. `block` (0, 1) is the one that counts, None: neither, nothing in it."""

    ntd: int
    mark: int
    block: int | None


def read_pair(blocks: Sequence[bytes], state: CardState | None) -> Pair:
    """What the two blocks say. `state` None: no record yet, and the smaller amount counts.

    Raises `CardSpoiled` where neither block is good; only on stock that was never given a purse
    (no record, a block of zeros) that means NT$0.
    """
    found = [
        (block, value)
        for block, value in enumerate(map(ValueBlock.parse, blocks))
        if value is not None and PURSE_MIN_NTD <= value.value <= PURSE_MAX_NTD
    ]
    if not found:
        if state is None and EMPTY in blocks:
            return Pair(ntd=0, mark=0, block=None)
        raise CardSpoiled(why="purse")
    block, value = min(found, key=lambda numbered: _doubt(numbered[1], state))
    return Pair(ntd=value.value, mark=value.address, block=block)


def writes(
    blocks: Sequence[bytes], pair: Pair, *, ntd: int, mark: int
) -> tuple[tuple[int, bytes], ...]:
    """Which of the two blocks (0, 1) to write, in this order, so that both say `ntd`, `mark`."""
    wanted = bytes(ValueBlock(value=ntd, address=mark))
    order = (1, 0) if pair.block == 0 else (0, 1)
    return tuple((block, wanted) for block in order if blocks[block] != wanted)


def settled_ntd(pair: Pair, state: CardState) -> int:
    """NT$ in the purse once the record's charge is in it."""
    if pair.mark == state.purse_mark:
        return pair.ntd
    return pair.ntd - (state.purse_before - state.purse_after)


def _doubt(value: ValueBlock, state: CardState | None) -> tuple[bool, int, bool]:
    if state is None:
        return False, value.value, False
    marked = value.address == state.purse_mark
    excess_ntd = value.value - (state.purse_after if marked else state.purse_before)
    return excess_ntd < 0, abs(excess_ntd), not marked
