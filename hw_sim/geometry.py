"""Sectors and blocks of a MIFARE Classic: 32 sectors of 4 blocks, then (4K) 8 of 16 blocks. A 1K
has the first 16 of them, a Mini the first 5; the 2K is a MIFARE Plus that behaves as a Classic.

Source: MF1S50yyX and MF1S70yyX data sheets 8.6; cards.md 2.1, 2.2.
"""

from __future__ import annotations

CHIP_MINI, CHIP_CLASSIC_1K, CHIP_2K = "classic-mini", "classic-1k", "classic-2k"
CHIP_CLASSIC_4K = "classic-4k"
BLOCK_BYTES = 16
BLOCKS = {CHIP_MINI: 20, CHIP_CLASSIC_1K: 64, CHIP_2K: 128, CHIP_CLASSIC_4K: 256}
"""Blocks of each chip."""
SAKS = {CHIP_MINI: 0x09, CHIP_CLASSIC_1K: 0x08, CHIP_2K: 0x08, CHIP_CLASSIC_4K: 0x18}
ATQA_LOW = {CHIP_MINI: 0x04, CHIP_CLASSIC_1K: 0x04, CHIP_2K: 0x04, CHIP_CLASSIC_4K: 0x02}
"""First byte of the ATQA with a UID of 4 bytes; with 7 bytes bit 6 is set too."""
LARGE_FROM_BLOCK, LARGE_FROM_SECTOR = 128, 32
TRAILER_GROUP = 3


def sector_of(block: int) -> int:
    """The sector that a block is in."""
    if block < LARGE_FROM_BLOCK:
        return block // 4
    return LARGE_FROM_SECTOR + (block - LARGE_FROM_BLOCK) // 16


def trailer_of(block: int) -> int:
    """The trailer of the sector that a block is in."""
    return block | (3 if block < LARGE_FROM_BLOCK else 15)


def group_of(block: int) -> int:
    """Which of a trailer's four access conditions governs the block; 3 is the trailer itself. In
    a large sector each of the others governs five blocks."""
    return block % 4 if block < LARGE_FROM_BLOCK else block % 16 // 5


def blocks_of(sector: int) -> range:
    """The blocks of a sector, its trailer last."""
    if sector < LARGE_FROM_SECTOR:
        return range(4 * sector, 4 * sector + 4)
    first = LARGE_FROM_BLOCK + 16 * (sector - LARGE_FROM_SECTOR)
    return range(first, first + 16)


def sectors(chip: str) -> range:
    """The sectors of a chip. Raises KeyError."""
    return range(sector_of(BLOCKS[chip] - 1) + 1)


def atqa(chip: str, uid: bytes) -> bytes:
    """The ATQA in the order of the air. Raises KeyError."""
    return bytes((ATQA_LOW[chip] | (0x40 if len(uid) == 7 else 0), 0))
