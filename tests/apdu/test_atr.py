"""ATRs of storage cards."""

from __future__ import annotations

import pytest

from apdu.atr import (
    CARD_NAMES,
    CLASSIC_1K,
    INFINEON_1K,
    is_classic,
    storage_atr,
    storage_card,
    tck_of,
)
from tests.apdu.vectors import Vector, published


@pytest.mark.parametrize("v", published("atr_storage"), ids=repr)
def test_a_storage_atr_names_its_card(v: Vector) -> None:
    for case in v.raw["cases"]:
        atr = bytes.fromhex(case["atr"])
        name = storage_card(atr)
        assert name == int(case["name"], 16), v.source
        assert CARD_NAMES[name] == case["card"], v.source
        assert storage_atr(name) == atr, v.source


@pytest.mark.parametrize("v", published("atr_tck"), ids=repr)
def test_the_check_byte_is_that_of_a_real_card(v: Vector) -> None:
    assert tck_of(v["atr"][:-1]) == v["tck"][0], v.source
    assert storage_card(v["atr"]) is None


@pytest.mark.parametrize("at", range(20))
def test_a_damaged_atr_names_no_card(at: int) -> None:
    atr = bytearray(storage_atr(CLASSIC_1K))
    atr[at] ^= 0x40
    assert storage_card(bytes(atr)) is None or at == 0  # TS stands outside the check byte


@pytest.mark.parametrize("atr", [b"", b"\x3b", bytes.fromhex("3b8180018080")])
def test_other_atrs_are_no_storage_card(atr: bytes) -> None:
    assert storage_card(atr) is None
    assert not is_classic(atr)


def test_an_infineon_1k_is_a_classic_too() -> None:
    """Part of the real stock may be of that maker; without a Classic port it could not be used."""
    assert is_classic(storage_atr(INFINEON_1K))
    assert not is_classic(storage_atr(0x0003))
