"""Geometry, access bits, trailers and value blocks of a MIFARE Classic."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.classic.access import TRANSPORT, VALUE_BY_B, Access, access_of, trailer
from apdu.classic.geometry import SECTORS, data_blocks_of, sector_of, trailer_of
from apdu.classic.value import ValueBlock
from apdu.secret import Secret
from tests.apdu.vectors import Vector, published

KEY_A = Secret(bytes.fromhex("A0A1A2A3A4A5"))
KEY_B = Secret(bytes.fromhex("B0B1B2B3B4B5"))
CONDITIONS = st.integers(0, 7)


def test_the_sectors_partition_the_memory() -> None:
    blocks = [b for s in range(SECTORS) for b in (*data_blocks_of(s), trailer_of(s))]
    assert blocks == list(range(64))
    assert [sector_of(b) for b in blocks] == [b // 4 for b in range(64)]


@pytest.mark.parametrize("v", published("access_bits"), ids=repr)
def test_access_bits_as_published(v: Vector) -> None:
    found = Access.parse(v["bytes"])
    if not v.raw["valid"]:
        assert found is None, v.source
        return
    assert found is not None
    triples = [f"{c:03b}" for c in (*found.data, found.trailer)]
    assert triples == v.raw["triples"], v.source


@pytest.mark.parametrize("v", published("trailer"), ids=repr)
def test_a_whole_trailer_as_published(v: Vector) -> None:
    conditions = [int(t, 2) for t in v.raw["triples"]]
    access = Access((conditions[0], conditions[1], conditions[2]), conditions[3])
    made = trailer(
        key_a=Secret(v["key_a"]), access=access, user_byte=v["gpb"][0], key_b=Secret(v["key_b"])
    )
    assert made == v["expected"], v.source
    assert access_of(made) == access


def test_our_named_access_bits_are_those_seen_on_cards() -> None:
    assert bytes(TRANSPORT).hex() == "ff0780"
    assert bytes(VALUE_BY_B).hex() == "08778f"


@given(st.tuples(CONDITIONS, CONDITIONS, CONDITIONS), CONDITIONS, st.integers(0, 23))
def test_one_wrong_bit_is_always_seen(data: tuple[int, int, int], last: int, bit: int) -> None:
    raw = bytes(Access(data, last))
    assert Access.parse(raw) == Access(data, last)
    assert Access.parse((int.from_bytes(raw, "big") ^ 1 << bit).to_bytes(3, "big")) is None


def test_a_trailer_that_would_lock_us_out_is_refused() -> None:
    for data, last in itertools.product(range(8), range(8)):
        access = Access((data, 0, 0), last)
        never = last in (0b010, 0b110, 0b111, 0b101)
        b_is_data = last in (0b000, 0b001) and data in (0b100, 0b110, 0b011, 0b101)
        assert bool(access.locks_out()) == (never or b_is_data), access
        if access.locks_out():
            with pytest.raises(ValueError, match=r"changed again|is data there"):
                trailer(key_a=KEY_A, access=access, user_byte=0, key_b=KEY_B)


@pytest.mark.parametrize("zeros", ["key_a", "key_b"])
def test_a_key_that_was_read_back_is_no_key(zeros: str) -> None:
    # Known from the field: key A reads as zeros; writing it back wipes the sector's key.
    keys = {"key_a": KEY_A, "key_b": KEY_B, zeros: Secret(bytes(6))}
    with pytest.raises(ValueError, match="was read"):
        trailer(access=VALUE_BY_B, user_byte=0xFF, **keys)


@pytest.mark.parametrize("v", published("value_block"), ids=repr)
def test_value_blocks_as_published(v: Vector) -> None:
    found = ValueBlock.parse(v["block"])
    if not v.raw["valid"]:
        assert found is None, v.source
        return
    assert found == ValueBlock(value=v.raw["value"], address=v.raw["address"]), v.source
    assert bytes(found) == v["block"], v.source


@pytest.mark.parametrize("v", published("value_op"), ids=repr)
def test_a_value_is_counted_as_published(v: Vector) -> None:
    before = ValueBlock.parse(v["before"])
    assert before is not None
    assert before.address == v.raw["address"], v.source
    sign = {"decrement": -1, "increment": 1}[v.raw["op"]]
    after = replace(before, value=before.value + sign * v.raw["operand"])
    assert bytes(after) == v["after"], v.source


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 255), st.integers(0, 127))
def test_a_value_block_with_one_wrong_bit_is_none(value: int, address: int, bit: int) -> None:
    block = bytes(ValueBlock(value=value, address=address))
    assert ValueBlock.parse(block) == ValueBlock(value=value, address=address)
    torn = (int.from_bytes(block, "big") ^ 1 << bit).to_bytes(16, "big")
    assert ValueBlock.parse(torn) is None
