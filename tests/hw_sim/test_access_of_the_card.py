"""Access bits, from the card's side: every condition, every key, every operation, over the air."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from hw_sim import access, value
from tests.hw_sim.rig import KEY_B, A, Air, B, access_bytes, card_image, name, trailer, vectors

# Data sheet tables 7 and 8 once more, as a person reads them: who may (A, B, AB or -).
# C1C2C3: read write increment decrement/transfer/restore
DATA = {
    "000": "AB AB AB AB",
    "010": "AB - - -",
    "100": "AB B - -",
    "110": "AB B B AB",
    "001": "AB - - AB",
    "011": "B B - -",
    "101": "B - - -",
    "111": "- - - -",
}
# C1C2C3: key A write, access read, access write, key B read, key B write
TRAILER = {
    "000": "A A - A A",
    "010": "- A - A -",
    "100": "B AB - - B",
    "110": "- AB - - -",
    "001": "A A A A A",
    "011": "B AB B - B",
    "101": "- AB B - -",
    "111": "- AB - - -",
}
B_IS_DATA = {"000", "010", "001"}
NEW = trailer((0b000, 0b000, 0b000, 0b011), b"new-a-", b"new-b-")


def opened(air: Air, key: str) -> None:
    air.open(4, A if key == "A" else B)


@pytest.mark.parametrize(("data", "of_trailer"), list(product(DATA, TRAILER)))
def test_data_blocks_obey_every_condition(data: str, of_trailer: str) -> None:
    """8 × 8 conditions, both keys, four operations, each on a card of its own."""
    conditions = (0b111, int(data, 2), 0b111, int(of_trailer, 2))
    for key, (n, who) in product("AB", enumerate(DATA[data].split())):
        may = key in who and not (key == "B" and of_trailer in B_IS_DATA)
        air = Air(card_image(conditions, {5: value.encode(7, 5)}))
        opened(air, key)
        did = (
            lambda air=air: air.read(5) is not None,
            lambda air=air: air.write(5, bytes(16)),
            lambda air=air: air.count(0xC1, 5, 1),
            lambda air=air: air.count(0xC0, 5, 1) and air.transfer(5),
        )[n]()
        assert did == may, f"{data} under {of_trailer}: key {key}, operation {n}"


@pytest.mark.parametrize("condition", TRAILER)
@pytest.mark.parametrize("key", "AB")
def test_trailers_obey_every_condition(condition: str, key: str) -> None:
    dead = key == "B" and condition in B_IS_DATA
    a_write, bits_read, bits_write, b_read, b_write = (
        key in who and not dead for who in TRAILER[condition].split()
    )
    air = Air(card_image((0, 0, 0, int(condition, 2))))
    opened(air, key)
    shown = air.read(7)
    assert (shown is not None) == bits_read
    if shown is not None:
        assert shown[:6] == bytes(6), "key A is never shown"
        assert shown[10:] == (KEY_B if b_read else bytes(6))

    air = Air(card_image((0, 0, 0, int(condition, 2))))
    opened(air, key)
    assert air.write(7, NEW) == (a_write or bits_write or b_write)
    now = air.image.blocks[7]
    old = card_image((0, 0, 0, int(condition, 2))).blocks[7]
    assert now[:6] == (NEW if a_write else old)[:6]
    assert now[6:10] == (NEW if bits_write else old)[6:10]
    assert now[10:] == (NEW if b_write else old)[10:]


def test_every_valid_combination_decodes_to_itself_and_no_flipped_bit_is_taken() -> None:
    for conditions in product(range(8), repeat=4):
        coded = access_bytes(conditions)
        assert access.conditions(bytes(6) + coded + bytes(7)) == conditions
    rng = Random(1)
    for _ in range(200):
        coded = access_bytes(tuple(rng.randrange(8) for _ in range(4)))
        for bit in range(24):
            flipped = (int.from_bytes(coded, "big") ^ 1 << bit).to_bytes(3, "big")
            assert access.conditions(bytes(6) + flipped + bytes(7)) is None


@pytest.mark.parametrize("v", vectors("access_bits"), ids=name)
def test_access_bits_as_published(v: Any) -> None:
    found = access.conditions(bytes(6) + bytes.fromhex(v["bytes"]) + bytes(7))
    wanted = tuple(int(t, 2) for t in v["triples"]) if v["valid"] else None
    assert found == wanted, v["source"]


@pytest.mark.parametrize("v", vectors("trailer"), ids=name)
def test_a_whole_trailer_as_published(v: Any) -> None:
    block = bytes.fromhex(v["expected"])
    assert access.conditions(block) == tuple(int(t, 2) for t in v["triples"]), v["source"]
    assert block[access.KEY_A].hex() == v["key_a"]
    assert block[access.KEY_B].hex() == v["key_b"]


def test_a_sector_whose_access_bits_are_broken_never_opens() -> None:
    # Field report C1: zeros, or data, written where the trailer is.
    for broken in (bytes(16), trailer((0, 0, 0, 1))[:8] + b"\x81" + trailer((0, 0, 0, 1))[9:]):
        image = card_image(blocks={7: broken})
        assert image.locked_sectors() == (1,)
        for key_type, key in ((A, broken[:6]), (B, broken[10:])):
            air = Air(image)
            air.select()
            assert not air.prove(4, key_type, key)
        Air(image).open(8)  # its neighbours live on


def test_a_trailer_broken_while_open_blocks_the_sector_at_once() -> None:
    air = Air(card_image())
    air.open(4)
    assert air.write(7, bytes(16))
    assert air.read(4) is None
    air.select()
    assert not air.prove(4, A, bytes(6))
