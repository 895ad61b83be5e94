"""Blocks as lines of hexadecimal digits: MIFARE Classic Tool's sectors, and .eml."""

from __future__ import annotations

import re

from hw_sim.dumps.dump import (
    CHIP_OF_BLOCKS,
    Dump,
    DumpIncomplete,
    DumpUnreadable,
    Form,
    Known,
    filled,
    hex_block,
    text_of,
)
from hw_sim.geometry import BLOCK_BYTES, blocks_of, sectors

SECTOR = re.compile(r"\+Sector:\s*(\d{1,2})\s*")
LINE = re.compile(rf"[0-9A-Fa-f]{{{2 * BLOCK_BYTES}}}")
SECTORS_MAX = 40


def read_mct(text: str) -> Dump:
    """`+Sector: n`, then its 4 or 16 lines; `-` for each unknown digit, sectors may be left out.
    Raises `DumpUnreadable`."""
    found: dict[int, Known] = {}
    due: list[int] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if (head := SECTOR.fullmatch(line)) is not None:
            if due or int(head[1]) >= SECTORS_MAX or blocks_of(int(head[1]))[0] in found:
                raise DumpUnreadable(f"sector {head[1]} comes too early, too late or twice")
            due = list(blocks_of(int(head[1])))
        elif not due:
            raise DumpUnreadable("a line outside any sector")
        else:
            found[due.pop(0)] = hex_block(line)
    if due:
        raise DumpUnreadable("the last sector is cut")
    return Dump(form=Form.MCT, blocks=filled(found))


def write_mct(dump: Dump) -> bytes:
    """All sectors of the chip."""
    if dump.chip is None:
        raise DumpIncomplete(0)
    lines: list[str] = []
    for sector in sectors(dump.chip):
        lines.append(f"+Sector: {sector}")
        lines += [text_of(dump.blocks[block]) for block in blocks_of(sector)]
    return _encoded(lines)


def is_eml(text: str) -> bool:
    """Whether the first line is a block."""
    return LINE.fullmatch(text.lstrip().partition("\n")[0].strip()) is not None


def read_eml(text: str) -> Dump:
    """A line a block. Raises `DumpUnreadable`."""
    blocks = tuple(hex_block(line, unknown=" ") for line in text.split())
    if len(blocks) not in CHIP_OF_BLOCKS:
        raise DumpUnreadable(f"{len(blocks)} blocks")
    return Dump(form=Form.EML, blocks=blocks)


def write_eml(dump: Dump) -> bytes:
    """Raises `DumpIncomplete`: there is no way to say that a byte is unknown."""
    if dump.unknown_bytes or not dump.blocks:
        raise DumpIncomplete(dump.unknown_bytes)
    return _encoded([text_of(block).lower() for block in dump.blocks])


def _encoded(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("ascii")
