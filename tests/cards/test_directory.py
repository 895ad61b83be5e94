"""The directory of a card that is none of ours, read with its public key over the air."""

from __future__ import annotations

from random import Random

import pytest

from apdu.classic.mad import NDEF, PUBLIC_KEY_A, crc8
from cards.identify import directory
from drivers.sim import hold
from hw_sim.geometry import CHIP_CLASSIC_1K, CHIP_CLASSIC_4K
from hw_sim.image import CardImage
from hw_sim.stock import new_blank_classic, new_flora
from tests.cards.rig import KEYS, OURS

MAD_ACCESS = "787788"
BLOCK_BYTES = 16


def with_directory(chip: str, *, gpb: int, key_a: bytes = PUBLIC_KEY_A.reveal()) -> CardImage:
    """A card whose every sector holds NDEF, with its directory in place."""
    image = new_blank_classic(Random(1), uid=None, chip=chip)
    parts = [(15, (1, 2), 3)] + ([(23, (64, 65, 66), 67)] if chip == CHIP_CLASSIC_4K else [])
    for aids, blocks, trailer in parts:
        body = b"\x00" + NDEF * aids
        whole = bytes((crc8(body),)) + body
        for n, block in enumerate(blocks):
            image.blocks[block] = whole[BLOCK_BYTES * n : BLOCK_BYTES * (n + 1)]
        image.blocks[trailer] = key_a + bytes.fromhex(MAD_ACCESS) + bytes((gpb,)) + b"secret"
    return image


def seen(image: CardImage) -> dict[bytes, list[int]] | None:
    port = hold(image).classic
    assert port is not None
    found = directory(port)
    return None if found is None else found.applications()


def test_a_first_directory_is_read() -> None:
    assert seen(with_directory(CHIP_CLASSIC_1K, gpb=0xC1)) == {NDEF: list(range(1, 16))}


def test_the_second_directory_of_a_4k_is_read_too() -> None:
    wanted = {NDEF: [*range(1, 16), *range(17, 40)]}
    assert seen(with_directory(CHIP_CLASSIC_4K, gpb=0xC2)) == wanted


@pytest.mark.parametrize("gpb", [0x00, 0x41, 0xC0, 0xFF])
def test_where_none_is_announced_none_is_read(gpb: int) -> None:
    assert seen(with_directory(CHIP_CLASSIC_1K, gpb=gpb)) is None


def test_a_damaged_one_is_none() -> None:
    image = with_directory(CHIP_CLASSIC_4K, gpb=0xC2)
    image.blocks[65] = bytes(BLOCK_BYTES)
    assert seen(image) is None


def test_another_key_is_never_tried() -> None:
    image = with_directory(CHIP_CLASSIC_1K, gpb=0xC1, key_a=b"others")
    connection = hold(image)
    asked: list[bytes] = []
    transmit = connection.transmit
    connection.transmit = lambda apdu: asked.append(apdu) or transmit(apdu)  # type: ignore[method-assign,func-returns-value]
    assert connection.classic is not None
    assert directory(connection.classic) is None
    keys = {apdu[-6:] for apdu in asked if apdu[:2] == b"\xff\x82"}
    assert keys == {PUBLIC_KEY_A.reveal()}
    assert len([apdu for apdu in asked if apdu[:2] == b"\xff\x86"]) == 1


def test_a_key_that_may_not_read_shows_nothing() -> None:
    image = with_directory(CHIP_CLASSIC_1K, gpb=0xC1)
    image.blocks[3] = image.blocks[3].replace(bytes.fromhex(MAD_ACCESS), bytes.fromhex("0f00ff"))
    assert seen(image) is None


def test_the_stock_has_none_and_goes_on_working() -> None:
    image = new_flora(
        Random(7),
        uid=None,
        purse_ntd=100,
        sectors=OURS.sectors,
        transport_key_b=KEYS.transport_key().reveal(),
        free_sector=True,
    )
    before = list(image.blocks)
    connection = hold(image)
    port = connection.classic
    assert port is not None
    assert directory(port) is None
    assert port.authenticate(4 * OURS.sectors[0], KEYS.transport_key(), key_b=True)
    assert image.blocks == before
