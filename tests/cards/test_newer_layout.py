"""A card written by newer software is shown, never overwritten, never taken for absent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cards.card import Card
from cards.errors import NewerLayout
from cards.personalise import blank, check_blank, issue, prepare
from cards.records import DIRECTORY as DIRECTORY_LAYOUT
from cards.records import STATE
from cards.seal import Seal
from cards.state import CardState
from tests.cards.rig import DIRECTORY, KEYS, OURS, SLOT_A, SLOT_B, UID, Chip, present
from tests.cards.test_two_slots import issued_chip

SEAL = Seal(KEYS, UID)
VERBS: dict[str, Callable[[Card], None]] = {
    "put": lambda card: card.put(CardState()),
    "settle": lambda card: card.settle(),
    "prepare": lambda card: prepare(card, directory=DIRECTORY),
    "check_blank": check_blank,
    "issue": issue,
    "blank": blank,
}


def newer_slot(chip: Chip, sector: int) -> Chip:
    sealed = SEAL.seal(STATE, b"\x02" + STATE.example[1:])
    for i in range(3):
        chip.blocks[4 * sector + i] = sealed[16 * i : 16 * i + 16]
    return chip


def newer_directory(chip: Chip) -> Chip:
    body = b"\x03" + DIRECTORY_LAYOUT.example[1:]
    chip.blocks[OURS.directory_block] = SEAL.seal(DIRECTORY_LAYOUT, body)
    return chip


CHIPS: dict[str, tuple[Callable[[], Chip], int]] = {
    "slot A": (lambda: newer_slot(issued_chip(), SLOT_A), 2),
    "slot B": (lambda: newer_slot(issued_chip(), SLOT_B), 2),
    "both slots": (lambda: newer_slot(newer_slot(issued_chip(), SLOT_A), SLOT_B), 2),
    "directory": (lambda: newer_directory(issued_chip()), 3),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("where", CHIPS)
def test_a_newer_layout_anywhere_makes_the_card_read_only(where: str, verb: str) -> None:
    make, version = CHIPS[where]
    chip = make()
    blocks = list(chip.blocks)
    card = present(chip)
    assert (card.newer, card.layout_version) == (True, version)
    assert (card.state, card.purse, card.issued) == (None, None, None)
    with pytest.raises(NewerLayout) as newer:
        VERBS[verb](card)
    assert newer.value.version == version
    assert chip.blocks == blocks


def test_a_version_byte_under_a_broken_mac_is_a_tear_and_nothing_newer() -> None:
    chip = newer_slot(issued_chip(), SLOT_A)
    chip.blocks[4 * SLOT_A + 2] = bytes(16)
    card = present(chip)
    assert not card.newer
    assert card.state is not None
