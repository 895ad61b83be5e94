"""Flipper's .nfc: a header for every card, the blocks of a MIFARE Classic, what a DESFire told
(`flipper_desfire`). Of other cards the header alone is read.

Version 2 writes the ATQA in the order of the air, 3 and 4 the other way round. Data format version
1 of a Classic has masks of known keys in place of `??`.
"""

from __future__ import annotations

from hw_sim.access import KEY_A, KEY_B
from hw_sim.dumps.dump import (
    Dump,
    DumpIncomplete,
    DumpUnreadable,
    Form,
    Header,
    Known,
    filled,
    hex_block,
    text_of,
    uid_of_text,
)
from hw_sim.dumps.flipper_desfire import read_desfire, write_desfire
from hw_sim.dumps.flipper_lines import Lines
from hw_sim.geometry import (
    BLOCKS,
    CHIP_CLASSIC_1K,
    CHIP_CLASSIC_4K,
    CHIP_MINI,
    blocks_of,
    sectors,
)

FIRST = "Filetype: Flipper NFC device"
VERSIONS = (2, 3, 4)
VERSION_OF_AIR_ORDER = 2
CLASSIC, DESFIRE = "Mifare Classic", "Mifare DESFire"
CHIPS = {"MINI": CHIP_MINI, "1K": CHIP_CLASSIC_1K, "4K": CHIP_CLASSIC_4K}
ATS_PARTS = ("T0", "TA(1)", "TB(1)", "TC(1)", "T1...Tk")
"""The ATS of older files, without its length byte."""


def read(text: str) -> Dump:
    """Raises `DumpUnreadable`."""
    lines = Lines.read(text)
    version = lines.number("Version")
    if version not in VERSIONS:
        raise DumpUnreadable(f"version {version}")
    header = _header(lines, air_order=version == VERSION_OF_AIR_ORDER)
    if header.kind == CLASSIC:
        return Dump(form=Form.FLIPPER, header=header, blocks=_classic(lines))
    if header.kind == DESFIRE:
        return Dump(form=Form.FLIPPER, header=header, desfire=read_desfire(lines))
    return Dump(form=Form.FLIPPER, header=header)


def write(dump: Dump) -> bytes:
    """Version 4. Raises `DumpIncomplete` for a dump that says nothing of its UID, and for chips
    that the format has no name for."""
    header, uid = dump.header, dump.uid
    names = {chip: name for name, chip in CHIPS.items()}
    if uid is None or (dump.desfire is None and dump.chip not in names):
        raise DumpIncomplete(dump.unknown_bytes)
    lines = Lines()
    lines.put("Filetype", "Flipper NFC device")
    lines.put("Version", "4")
    lines.put("Device type", CLASSIC if dump.desfire is None else DESFIRE)
    lines.put("UID", _spaced(tuple(uid)))
    if header.atqa is not None and header.sak is not None:
        lines.put("ATQA", _spaced(tuple(reversed(header.atqa))))
        lines.put("SAK", f"{header.sak:02X}")
    if header.ats is not None:
        lines.put("ATS", _spaced(tuple(header.ats)))
    if dump.desfire is not None:
        write_desfire(dump.desfire, lines)
    else:
        lines.put("Mifare Classic type", names[dump.chip])  # type: ignore[index]
        lines.put("Data format version", "2")
        for number, block in enumerate(dump.blocks):
            lines.put(f"Block {number}", _spaced(block))
    return lines.encoded()


def _spaced(part: Known) -> str:
    return text_of(part, unknown="??", between=" ")


def _header(lines: Lines, *, air_order: bool) -> Header:
    atqa = lines.octets("ATQA", 2)
    sak = lines.octets("SAK", 1)
    uid = lines.value("UID")
    return Header(
        kind=(lines.value("Device type") or "")[:32],
        uid=None if uid is None else uid_of_text(uid),
        atqa=atqa if atqa is None or air_order else atqa[::-1],
        sak=None if sak is None else sak[0],
        ats=_ats(lines),
    )


def _ats(lines: Lines) -> bytes | None:
    whole = lines.octets("ATS")
    if whole is not None or lines.value("T0") is None:
        return whole
    parts = b"".join(part for name in ATS_PARTS if (part := lines.octets(name)) is not None)
    return bytes((len(parts) + 1,)) + parts


def _classic(lines: Lines) -> tuple[Known, ...]:
    chip = CHIPS.get(lines.value("Mifare Classic type") or "")
    if chip is None:
        raise DumpUnreadable("a type of MIFARE Classic that there is not")
    found: dict[int, Known] = {}
    for number in range(BLOCKS[chip]):
        if (text := lines.value(f"Block {number}")) is not None:
            found[number] = hex_block(text, unknown="?")
    blocks = filled(found, chip=chip)
    if lines.number("Data format version", default=1) > 1:
        return blocks
    return _masked(blocks, chip, *(lines.mask(f"Key {key} map") for key in "AB"))


def _masked(blocks: tuple[Known, ...], chip: str, mask_a: int, mask_b: int) -> tuple[Known, ...]:
    """Without its bit a key is unknown; without either the sector was never read."""
    memory = list(blocks)
    for sector in sectors(chip):
        has_a, has_b = (bool(mask >> sector & 1) for mask in (mask_a, mask_b))
        *data, trailer = blocks_of(sector)
        changed = list(memory[trailer])
        for part, has in ((KEY_A, has_a), (KEY_B, has_b)):
            if not has:
                changed[part] = [None] * len(changed[part])
        memory[trailer] = tuple(changed)
        if not (has_a or has_b):
            for block in (*data, trailer):
                memory[block] = (None,) * len(changed)
    return tuple(memory)
