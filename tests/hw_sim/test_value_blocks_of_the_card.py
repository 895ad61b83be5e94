"""Value blocks and the transfer buffer, over the air."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hw_sim import value
from hw_sim.frames import ACK
from tests.hw_sim.rig import VALUE, A, Air, B, card_image, name, vectors

INC, DEC, RESTORE = 0xC1, 0xC0, 0xC2
NAK, NAK_NO_BUFFER = b"\x00", b"\x04"


def air_with(amount: int, address: int = 5, **more: bytes) -> Air:
    """Block 5 holds a value, the sector is value-type and open under key B."""
    blocks = {5: value.encode(amount, address)} | {int(k[1:]): v for k, v in more.items()}
    air = Air(card_image(VALUE, blocks))
    air.open(5, B)
    return air


@pytest.mark.parametrize("v", vectors("value_block"), ids=name)
def test_value_blocks_as_published(v: Any) -> None:
    block = bytes.fromhex(v["block"])
    wanted = (v["value"], v["address"]) if v["valid"] else None
    assert value.decode(block) == wanted, v["source"]
    air = Air(card_image(VALUE, {5: block}))
    air.open(5, B)
    assert (air.ask(DEC, 5) == ACK) == v["valid"], v["source"]


@pytest.mark.parametrize("v", vectors("value_op"), ids=name)
def test_value_operations_as_published(v: Any) -> None:
    air = Air(card_image(VALUE, {5: bytes.fromhex(v["before"])}))
    air.open(5, B)
    assert air.count({"decrement": DEC, "increment": INC}[v["op"]], 5, v["operand"])
    assert air.transfer(5)
    assert air.image.blocks[5].hex() == v["after"], v["source"]


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 255), st.integers(0, 127))
def test_one_wrong_bit_makes_no_value_block(amount: int, address: int, bit: int) -> None:
    block = value.encode(amount, address)
    assert value.decode(block) == (amount, address)
    flipped = (int.from_bytes(block, "big") ^ 1 << bit).to_bytes(16, "big")
    assert value.decode(flipped) is None


@pytest.mark.parametrize(("amount", "address"), [(2**31, 0), (-(2**31) - 1, 0), (0, 256), (0, -1)])
def test_what_no_value_block_can_hold_is_a_misuse(amount: int, address: int) -> None:
    with pytest.raises(ValueError, match="value="):
        value.encode(amount, address)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1), st.sampled_from([INC, DEC]))
@example(2**31 - 1, 1, INC)
@example(2**31 - 1, 0, INC)
@example(-(2**31), 1, DEC)
@example(-1, 2**31, INC)
def test_counting_is_exact_or_refused(amount: int, operand: int, opcode: int) -> None:
    air = air_with(amount)
    after = amount + (operand if opcode == INC else -operand)
    fits = -(2**31) <= after < 2**31
    assert air.count(opcode, 5, operand) == fits
    assert air.image.blocks[5] == value.encode(amount, 5), "memory changes at TRANSFER, not before"
    if fits:
        assert air.transfer(5)
        assert air.image.blocks[5] == value.encode(after, 5)


def test_an_operand_with_its_sign_bit_cannot_turn_a_decrement_round() -> None:
    air = Air(card_image((0b001,) * 3 + (0b011,), {5: value.encode(10, 5)}))
    air.open(5, A)
    assert not air.count(DEC, 5, 2**32 - 5)
    assert air.image.blocks[5] == value.encode(10, 5)


def test_restore_copies_value_and_address_byte_whatever_the_operand() -> None:
    air = air_with(100, address=5)
    assert air.count(RESTORE, 5, 0xFFFFFFFF)
    assert air.transfer(6)
    assert air.image.blocks[6] == value.encode(100, 5)  # the address byte stays the source's


def test_a_buffer_can_be_transferred_twice() -> None:
    air = air_with(100)
    assert air.count(DEC, 5, 1)
    assert air.transfer(5)
    assert air.transfer(6)
    assert air.image.blocks[5] == air.image.blocks[6] == value.encode(99, 5)


def test_a_transfer_without_a_buffer_is_refused_and_says_so() -> None:
    air = air_with(100)
    assert air.ask(0xB0, 5) == NAK_NO_BUFFER
    assert air.ask(0xB0, 5) is None, "the session is gone"


def test_a_refusal_with_a_buffer_says_that_it_is_valid() -> None:
    air = air_with(100)
    assert air.count(DEC, 5, 1)
    assert air.ask(0x30, 9) == NAK  # a block of another sector


@pytest.mark.parametrize("lose", ["authentication", "reset"])
def test_the_buffer_is_lost(lose: str) -> None:
    air = air_with(100)
    assert air.count(DEC, 5, 1)
    if lose == "authentication":
        assert air.prove(5, B)
    else:
        air.field.off()
        air.open(5, B)
    assert air.ask(0xB0, 5) == NAK_NO_BUFFER
    assert air.image.blocks[5] == value.encode(100, 5)


@pytest.mark.parametrize("target", [7, 9, 0, 64, 255], ids=lambda t: f"block_{t}")
def test_a_transfer_reaches_data_blocks_of_its_own_sector_only(target: int) -> None:
    air = air_with(100)
    before = list(air.image.blocks)
    assert air.count(DEC, 5, 1)
    assert air.ask(0xB0, target) == NAK
    assert air.image.blocks == before


def test_block_0_takes_no_transfer() -> None:
    air = Air(card_image(VALUE, {1: value.encode(1, 1)}))
    air.open(1, B)
    assert air.count(DEC, 1, 1)
    assert not air.transfer(0)


def test_an_increment_that_the_access_bits_forbid_is_a_nak() -> None:
    # Field report C11: elsewhere it "succeeded".
    air = Air(card_image(VALUE, {5: value.encode(1, 5)}))
    air.open(5, A)
    assert air.ask(INC, 5) == NAK_NO_BUFFER
    assert air.ask(DEC, 5) is None
