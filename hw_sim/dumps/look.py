"""What a dump shows of a card at first sight, without any key: the chip, whether it is as its maker
sells it, whose marks it bears. What the bytes do not say is not said.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw_sim import mad
from hw_sim.access import ACCESS_AND_USER, conditions
from hw_sim.dumps.desfire import DesfireFacts
from hw_sim.dumps.dump import Dump, all_known
from hw_sim.geometry import (
    CHIP_2K,
    CHIP_CLASSIC_1K,
    CHIP_CLASSIC_4K,
    CHIP_MINI,
    blocks_of,
    sectors,
)
from hw_sim.mad import Directory
from hw_sim.stock import FACTORY_ACCESS, FACTORY_KEY, STOCK_BLOCK_1

CHIP_NAMES = {
    CHIP_MINI: "MIFARE Classic Mini",
    CHIP_CLASSIC_1K: "MIFARE Classic 1K",
    CHIP_2K: "MIFARE Classic 2K",
    CHIP_CLASSIC_4K: "MIFARE Classic 4K",
}
KINDS = {
    CHIP_MINI: "classic-mini",
    CHIP_CLASSIC_1K: "classic",
    CHIP_2K: "classic-2k",
    CHIP_CLASSIC_4K: "classic-4k",
}
GENERATIONS = {0x00: "D40", 0x01: "EV1", 0x12: "EV2", 0x22: "EV2 XL", 0x33: "EV3"}
"""By the major version of the hardware, byte 3 of GetVersion."""
MAJOR = 3
MAD2_BLOCKS = (64, 65, 66)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`kind`: classic (a 1K), classic-4k, blank-classic, blank-classic-4k, easycard (may be one),
    ndef, desfire, blank-desfire, ultralight, iso-dep, unknown. `chip`: its name for people.
    `locked`: sectors whose access bits are damaged; `unread`: sectors of which nothing is known."""

    kind: str
    chip: str
    directory: Directory | None = None
    locked: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()


def look_at(dump: Dump) -> Look:
    """What the dump shows."""
    if dump.desfire is not None:
        return _desfire(dump.desfire)
    if dump.chip is None:
        return _other(dump.header.kind)
    directory = _directory(dump)
    return Look(
        kind=_kind(dump, dump.chip, directory),
        chip=CHIP_NAMES[dump.chip],
        directory=directory,
        locked=tuple(s for s in sectors(dump.chip) if _is_locked(dump, s)),
        unread=tuple(
            s
            for s in sectors(dump.chip)
            if all(byte is None for b in blocks_of(s) for byte in dump.blocks[b])
        ),
    )


def _kind(dump: Dump, chip: str, directory: Directory | None) -> str:
    if _is_blank(dump, chip):
        return "blank-classic-4k" if chip == CHIP_CLASSIC_4K else "blank-classic"
    if all_known(dump.blocks[1]) == STOCK_BLOCK_1:
        return "easycard"
    if directory is not None and mad.NDEF in directory.applications.values():
        return "ndef"
    return KINDS[chip]


def _is_blank(dump: Dump, chip: str) -> bool:
    """All zeros but for the manufacturer's block, under the keys that everyone knows."""
    factory = tuple(FACTORY_KEY + FACTORY_ACCESS + FACTORY_KEY)
    trailers = {blocks_of(sector)[-1] for sector in sectors(chip)}
    return all(
        block == (factory if number in trailers else (0,) * len(block))
        for number, block in enumerate(dump.blocks)
        if number
    )


def _is_locked(dump: Dump, sector: int) -> bool:
    trailer = dump.blocks[blocks_of(sector)[-1]]
    access = all_known(trailer[ACCESS_AND_USER])
    return access is not None and conditions(bytes(6) + access) is None


def _directory(dump: Dump) -> Directory | None:
    first = all_known(dump.blocks[1] + dump.blocks[2])
    # The keys of the trailer do not matter here and may be unknown.
    gpb = dump.blocks[3][mad.GPB]
    if first is None or gpb is None:
        return None
    second = None
    if len(dump.blocks) > MAD2_BLOCKS[-1]:
        a, b, c = (dump.blocks[block] for block in MAD2_BLOCKS)
        second = all_known(a + b + c)
    return mad.read(first, bytes(mad.GPB) + bytes((gpb,)), second)


def _desfire(facts: DesfireFacts) -> Look:
    generation = GENERATIONS.get(facts.version[MAJOR], "")
    fresh = not facts.applications and facts.keys is not None and not any(facts.keys.versions)
    kind = "blank-desfire" if fresh else "desfire"
    return Look(kind=kind, chip=f"MIFARE DESFire {generation}".strip())


def _other(said: str) -> Look:
    """By the dump's own word for it."""
    word = said.lower()
    if "ultralight" in word or word.startswith(("ntag", "mfu")):
        return Look(kind="ultralight", chip=said)
    if "desfire" in word or word.startswith("mfdes"):
        return Look(kind="desfire", chip=said)
    return Look(kind="iso-dep" if word == "iso14443-4a" else "unknown", chip=said or "unknown")
