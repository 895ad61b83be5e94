"""Plain dumps of a MIFARE Classic 1K: its 1,024 bytes, block after block (cards.md 9)."""

from __future__ import annotations

import hashlib

from hw_sim.geometry import BLOCK_BYTES, BLOCKS, CHIP_CLASSIC_1K, SAKS, atqa
from hw_sim.image import CardImage, uid_fits

DUMP_BYTES = BLOCKS[CHIP_CLASSIC_1K] * BLOCK_BYTES


def from_plain(data: bytes) -> CardImage:
    """The card whose memory this is. Raises ValueError unless it is exactly 1,024 bytes.

    The UID is that of block 0: 4 bytes where the fifth is their BCC, else 7 bytes. SAK and ATQA
    are those of a 1K: what block 0 says of them need not be what the card says on the air
    (cards.md 2.8). Its seed comes from the bytes, so that the same dump makes the same card.
    """
    if len(data) != DUMP_BYTES:
        raise ValueError(f"{len(data)} bytes instead of {DUMP_BYTES}")
    uid = data[:4] if uid_fits(data[:4], data) else data[:7]
    return CardImage(
        kind="imported",
        uid=uid,
        atqa=atqa(CHIP_CLASSIC_1K, uid),
        sak=SAKS[CHIP_CLASSIC_1K],
        seed=int.from_bytes(hashlib.sha256(data).digest()[:8], "big"),
        blocks=[bytes(data[n : n + BLOCK_BYTES]) for n in range(0, DUMP_BYTES, BLOCK_BYTES)],
    )


def to_plain(image: CardImage) -> bytes:
    """The 1,024 bytes of the card's memory, keys included."""
    return b"".join(image.blocks)
