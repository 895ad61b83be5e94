"""Plain dumps: the memory, block after block, and nothing else (.mfd, .bin, .dump)."""

from __future__ import annotations

from hw_sim.dumps.dump import CHIP_OF_BLOCKS, Dump, DumpIncomplete, Form, all_known
from hw_sim.geometry import BLOCK_BYTES

SIZES = tuple(sorted(BLOCK_BYTES * count for count in CHIP_OF_BLOCKS))


def read(data: bytes) -> Dump:
    """`data` has one of `SIZES`."""
    blocks = (data[n : n + BLOCK_BYTES] for n in range(0, len(data), BLOCK_BYTES))
    return Dump(form=Form.PLAIN, blocks=tuple(tuple(block) for block in blocks))


def write(dump: Dump) -> bytes:
    """Raises `DumpIncomplete`: there is no way to say that a byte is unknown."""
    blocks = [all_known(block) for block in dump.blocks]
    if not blocks or None in blocks:
        raise DumpIncomplete(dump.unknown_bytes)
    return b"".join(block for block in blocks if block is not None)
