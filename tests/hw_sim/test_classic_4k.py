"""A MIFARE Classic 4K behind the reader chip, the `sim:` link and the PN532: small sectors and
large ones, whose trailers govern five blocks each; and the smaller sisters of the 1K."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from apdu.secret import Secret
from drivers.errors import BlockRefused, CardRemoved
from drivers.registry import open_reader
from hw_sim import ClassicCard, Field, ReaderChip, save
from hw_sim.geometry import (
    BLOCKS,
    CHIP_2K,
    CHIP_CLASSIC_4K,
    CHIP_MINI,
    blocks_of,
    sector_of,
    sectors,
    trailer_of,
)
from hw_sim.image import CardImage, load_classic
from hw_sim.stock import new_blank_classic
from tests.drivers.contract_suite import classic
from tests.hw_sim.rig import access_bytes
from tests.hw_sim.test_pn532_chip import Host

UID = bytes.fromhex("04a1b2c3")
FACTORY = b"\xff" * 6
DATA = bytes(range(16))
OK, FAILED = b"\x90\x00", b"\x63\x00"
ATRS = {CHIP_MINI: "0026", CHIP_2K: "0001", CHIP_CLASSIC_4K: "0002"}


def blank(chip: str = CHIP_CLASSIC_4K) -> CardImage:
    return new_blank_classic(Random(1), uid=UID, chip=chip)


def reader(image: CardImage) -> ReaderChip:
    chip = ReaderChip(Field(ClassicCard(image)))
    atr = chip.power_on()
    assert atr.hex()[26:30] == ATRS[image.chip]
    assert chip.transmit(bytes.fromhex("ff82000006") + FACTORY) == OK
    return chip


def opens(chip: ReaderChip, block: int) -> bytes:
    return chip.transmit(bytes.fromhex("ff8600000501") + bytes((0, block, 0x60, 0)))


@pytest.mark.parametrize("kind", [CHIP_MINI, CHIP_2K, CHIP_CLASSIC_4K])
def test_every_sector_is_opened_read_and_written_through_the_reader_chip(kind: str) -> None:
    image = blank(kind)
    chip = reader(image)
    for sector in sectors(kind):
        *data, trailer = blocks_of(sector)
        for block in (data[-1], trailer):
            assert opens(chip, block) == OK
        for block in data[1:]:
            assert chip.transmit(bytes((0xFF, 0xD6, 0, block, 16)) + DATA) == OK
        shown = chip.transmit(bytes((0xFF, 0xB0, 0, trailer, 16)))
        assert shown == bytes(6) + bytes.fromhex("ff078069") + FACTORY + OK
    for sector in sectors(kind):
        *data, _ = blocks_of(sector)
        assert all(image.blocks[block] == DATA for block in data[1:])
    last = BLOCKS[kind] - 1
    assert last == 255 or opens(chip, last + 1) == FAILED


def test_the_sectors_of_a_4k_are_32_small_ones_and_8_large_ones() -> None:
    sizes = [len(blocks_of(sector)) for sector in sectors(CHIP_CLASSIC_4K)]
    assert sizes == [4] * 32 + [16] * 8
    assert [block for sector in sectors(CHIP_CLASSIC_4K) for block in blocks_of(sector)] == list(
        range(256)
    )
    assert [(sector_of(b), trailer_of(b)) for b in (127, 128, 143, 144, 255)] == [
        (31, 127), (32, 143), (32, 143), (33, 159), (39, 255),
    ]  # fmt: skip


def test_a_session_of_a_large_sector_holds_for_its_16_blocks_and_no_other() -> None:
    chip = reader(blank())
    assert opens(chip, 128) == OK
    for block in range(128, 144):
        assert chip.transmit(bytes((0xFF, 0xB0, 0, block, 16)))[-2:] == OK
    assert chip.transmit(bytes((0xFF, 0xB0, 0, 144, 16))) == FAILED


@pytest.mark.parametrize(
    ("group", "blocks"), [(0, range(5)), (1, range(5, 10)), (2, range(10, 15))]
)
def test_in_a_large_sector_each_condition_governs_five_blocks(group: int, blocks: range) -> None:
    image = blank()
    conditions = [0b000, 0b000, 0b000, 0b001]
    conditions[group] = 0b010  # read only
    image.program(143, FACTORY + access_bytes(tuple(conditions)) + b"\x69" + FACTORY)
    chip = reader(image)
    for n in range(15):
        assert opens(chip, 128 + n) == OK
        wrote = chip.transmit(bytes((0xFF, 0xD6, 0, 128 + n, 16)) + DATA)
        assert (wrote == OK) is (n not in blocks)


def test_a_4k_lies_on_a_sim_reader(tmp_path: Path) -> None:
    card = tmp_path / "card"
    save(card, blank())
    port = classic(open_reader(f"sim:{card}", must_exist=True).wait_for_card(timeout_s=0))
    for block in (1, 126, 128, 254):
        assert port.authenticate(block, Secret(FACTORY), key_b=False)
        port.write(block, DATA)
        assert port.read(block) == DATA
    assert not port.authenticate(255, Secret(bytes(6)), key_b=False)
    with pytest.raises(BlockRefused):
        port.read(128)
    after = load_classic(card)
    assert [b for b in range(256) if after.blocks[b] != blank().blocks[b]] == [1, 126, 128, 254]


@pytest.mark.parametrize(("said", "lost"), [("7:during", ()), ("7:locks", (39,))])
def test_a_large_sector_can_be_lost_as_well(
    said: str, lost: tuple[int, ...], tmp_path: Path
) -> None:
    card = tmp_path / "card"
    save(card, blank())
    port = classic(open_reader(f"sim:{card}?tear={said}").wait_for_card(timeout_s=0))
    assert port.authenticate(255, Secret(FACTORY), key_b=False)
    with pytest.raises(CardRemoved):
        port.write(255, b"\xaa" * 6 + bytes.fromhex("ff078069") + b"\xbb" * 6)
    assert load_classic(card).locked_sectors() == lost


def test_a_4k_lies_before_a_pn532() -> None:
    image = blank()
    host = Host(image)
    host.once()
    assert host.ask("4a0100") == f"4b010100021804{UID.hex()}"
    for block in (0, 127, 128, 255):
        assert host.ask(f"400160{block:02x}" + "ff" * 6 + UID.hex()) == "4100"
        assert host.ask(f"400130{block:02x}").startswith("4100")
    assert host.ask("4001a0f0" + DATA.hex()) == "4100"
    assert image.blocks[240] == DATA
