"""Blocks and sectors of a MIFARE Classic 1K. Source: MF1S50yyX/V1 8.6 (cards.md 2.1)."""

from __future__ import annotations

BLOCK_BYTES = 16
KEY_BYTES = 6
SECTORS = 16
BLOCKS_A_SECTOR = 4
BLOCKS = SECTORS * BLOCKS_A_SECTOR


def sector_of(block: int) -> int:
    """The sector (0–15) that holds `block` (0–63)."""
    return block // BLOCKS_A_SECTOR


def trailer_of(sector: int) -> int:
    """The block of the trailer of `sector`."""
    return sector * BLOCKS_A_SECTOR + BLOCKS_A_SECTOR - 1


def data_blocks_of(sector: int) -> tuple[int, int, int]:
    """The three data blocks of `sector`, in order. In sector 0 the first is the manufacturer's."""
    first = sector * BLOCKS_A_SECTOR
    return first, first + 1, first + 2
