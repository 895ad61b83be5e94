"""Blocks and sectors of a MIFARE Classic: 16 sectors of 4 blocks, on a 4K 16 more like them and 8
of 16 blocks. Source: MF1S50yyX/V1 8.6, MF1S70yyX/V1 8.6 (cards.md 2.1, 2.2)."""

from __future__ import annotations

BLOCK_BYTES = 16
KEY_BYTES = 6
SECTORS = 16
BLOCKS_A_SECTOR = 4
BLOCKS = SECTORS * BLOCKS_A_SECTOR
BLOCKS_4K = 256
TRAILER_GROUP = 3

_LARGE_FROM_BLOCK, _LARGE_FROM_SECTOR = 128, 32
_BLOCKS_A_LARGE, _BLOCKS_A_GROUP = 16, 5


def sector_of(block: int) -> int:
    """The sector (0–39) that holds `block` (0–255)."""
    if block < _LARGE_FROM_BLOCK:
        return block // BLOCKS_A_SECTOR
    return _LARGE_FROM_SECTOR + (block - _LARGE_FROM_BLOCK) // _BLOCKS_A_LARGE


def trailer_of(sector: int) -> int:
    """The block of the trailer of `sector` (0–39)."""
    if sector < _LARGE_FROM_SECTOR:
        return sector * BLOCKS_A_SECTOR + BLOCKS_A_SECTOR - 1
    large = sector - _LARGE_FROM_SECTOR + 1
    return _LARGE_FROM_BLOCK + large * _BLOCKS_A_LARGE - 1


def group_of(block: int) -> int:
    """Which of a sector's four access conditions is `block`'s: 0–2, or `TRAILER_GROUP`. In a
    large sector five data blocks share one."""
    if block < _LARGE_FROM_BLOCK:
        return block % BLOCKS_A_SECTOR
    return (block - _LARGE_FROM_BLOCK) % _BLOCKS_A_LARGE // _BLOCKS_A_GROUP


def data_blocks_of(sector: int) -> tuple[int, int, int]:
    """The three data blocks of `sector` (0–31), in order. In sector 0 the first is the
    manufacturer's."""
    first = sector * BLOCKS_A_SECTOR
    return first, first + 1, first + 2
