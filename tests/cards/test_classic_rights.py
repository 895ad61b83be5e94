"""Access conditions of a whole 4K card: what our table says of each block is what the card does.

Two tables, written apart: ours (`apdu.classic.access`) and the card's (`hw_sim`), over the air.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from apdu.classic.access import DATA_RIGHTS, TRAILER_RIGHTS, Access, DataRights, TrailerRights
from apdu.classic.geometry import (
    BLOCKS_4K,
    TRAILER_GROUP,
    data_blocks_of,
    group_of,
    sector_of,
    trailer_of,
)
from apdu.classic.value import ValueBlock
from hw_sim.geometry import CHIP_CLASSIC_4K
from hw_sim.stock import new_blank_classic
from tests.hw_sim.rig import KEY_A, KEY_B, A, Air, B

B_IS_KEY, B_IS_DATA = 0b011, 0b001
KEYS = {"A": A, "B": B}


def card_with(access: Access) -> Air:
    """A 4K card whose sectors all have these bits, its data blocks value blocks of 100."""
    image = new_blank_classic(Random(1), uid=None, chip=CHIP_CLASSIC_4K)
    for block in range(1, BLOCKS_4K):
        value = bytes(ValueBlock(value=100, address=0))
        trailer = KEY_A + bytes(access) + b"\x69" + KEY_B
        image.blocks[block] = trailer if group_of(block) == TRAILER_GROUP else value
    return Air(image)


Verb = Callable[[Air, int], bool]
VALUE = bytes(ValueBlock(value=9, address=0))
OURS = b"new-a-" + bytes(Access((0, 0, 0), B_IS_KEY)) + b"\x00" + b"new-b-"
OF_DATA: tuple[Verb, ...] = (
    lambda air, block: air.read(block) is not None,
    lambda air, block: air.write(block, VALUE),
    lambda air, block: air.count(0xC1, block, 1),
    lambda air, block: air.count(0xC0, block, 1),
)


def allowed(air: Air, block: int, key: str, verb: Verb) -> bool:
    """Whether the card lets it be done, in a session of its own: a refusal ends one."""
    air.field.off()
    air.select()
    assert air.prove(block, KEYS[key], KEY_A if key == "A" else KEY_B)
    return verb(air, block)


def test_the_geometry_of_a_4k() -> None:
    blocks = [[b for b in range(BLOCKS_4K) if sector_of(b) == s] for s in range(40)]
    assert [len(each) for each in blocks] == [4] * 32 + [16] * 8
    assert [each[-1] for each in blocks] == [trailer_of(s) for s in range(40)]
    assert all(group_of(each[-1]) == TRAILER_GROUP for each in blocks)
    assert [group_of(b) for b in blocks[39]] == [0] * 5 + [1] * 5 + [2] * 5 + [3]
    assert all(data_blocks_of(s) == tuple(blocks[s][:3]) for s in range(32))


@pytest.mark.parametrize("of_trailer", [B_IS_KEY, B_IS_DATA])
@pytest.mark.parametrize("condition", range(8), ids=lambda c: f"{c:03b}")
def test_every_data_block_of_a_4k(condition: int, of_trailer: int) -> None:
    access = Access((condition, condition, condition), of_trailer)
    air = card_with(access)
    for block, key in product(range(1, BLOCKS_4K), "AB"):
        rights = access.rights(block)
        if not isinstance(rights, DataRights):
            continue
        found = [allowed(air, block, key, verb) for verb in OF_DATA]
        assert found == [key in right for right in rights], f"block {block}, key {key}"


@pytest.mark.parametrize("condition", range(8), ids=lambda c: f"{c:03b}")
def test_every_trailer_of_a_4k(condition: int) -> None:
    access = Access((0, 0, 0), condition)
    for sector, key in product(range(40), "AB"):
        block = trailer_of(sector)
        rights = access.rights(block)
        assert isinstance(rights, TrailerRights)
        may = [key in right and not (key == "B" and rights.key_b_read) for right in rights]
        air = card_with(access)
        may_look = allowed(air, block, key, lambda air, block: air.read(block) is not None)
        assert may_look == may[1], f"sector {sector}, key {key}"
        allowed(air, block, key, lambda air, block: air.write(block, OURS))
        now = air.image.blocks[block]
        changed = [now.startswith(b"new-a-"), now[6:9] == OURS[6:9], now.endswith(b"new-b-")]
        same = bytes(access) == OURS[6:9]
        assert changed == [may[0], may[2] or same, may[4]], f"sector {sector}, key {key}"


def test_the_tables_are_those_of_the_data_sheet() -> None:
    """Once more as a person reads them: MF1S50yyX tables 7 and 8."""
    data = ["AB AB AB AB", "AB - - AB", "AB - - -", "B B - -"]
    data += ["AB B - -", "B - - -", "AB B B AB", "- - - -"]
    trailers = ["A A - A A", "A A A A A", "- A - A -", "B AB B - B"]
    trailers += ["B AB - - B", "- AB B - -", "- AB - - -", "- AB - - -"]
    assert [" ".join(right or "-" for right in each) for each in DATA_RIGHTS] == data
    assert [" ".join(right or "-" for right in each) for each in TRAILER_RIGHTS] == trailers
