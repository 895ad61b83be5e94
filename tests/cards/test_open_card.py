"""Which of two modes a card has, and which keys are tried to find out."""

from __future__ import annotations

from contextlib import suppress

import pytest

from apdu.atr import INFINEON_1K, storage_atr
from apdu.classic.geometry import trailer_of
from cards.config import OurSectors
from cards.errors import CardSpoiled, SectorLocked, WrongCard
from cards.identify import identify
from cards.in_ledger import LedgerCard
from cards.state import CardState
from tests.cards.rig import (
    KEYS,
    OURS,
    SLOT_A,
    SLOT_B,
    UID,
    Chip,
    FakeShelf,
    Presentation,
    factory_blank,
    opened,
    present,
    stock,
)
from tests.cards.test_two_slots import issued_chip

DESFIRE = bytes.fromhex("3B8180018080")
NHI = bytes.fromhex("3BEE00008131FE4580318066409093060F17830F9000F3")  # cards.md 7


def foreign(chip: Chip, *sectors: int) -> Chip:
    """The chip with these sectors under keys we do not have."""
    for sector in sectors:
        chip.blocks[trailer_of(sector)] = b"\x01" * 6 + b"\x08\x77\x8f\xff" + b"\x02" * 6
    return chip


def test_stock_and_our_own_cards_carry_their_record() -> None:
    for chip, is_issued in ((stock(), False), (issued_chip(), True)):
        card = present(chip)
        assert (card.mode, card.kind, card.chip) == ("record", "flora", "MIFARE Classic 1K")
        assert (card.uid, card.card_ref) == (UID, KEYS.card_ref(UID))
        assert (card.issued, card.newer, card.layout_version) == (is_issued, False, 1)


def test_none_of_our_keys_opens_anything_so_the_ledger_keeps_the_record() -> None:
    connection = Presentation(foreign(stock(), *OURS.sectors))
    card = opened(connection)
    assert (card.mode, card.kind, card.issued) == ("ledger", "flora", None)
    assert (card.state, card.directory, card.purse) == (CardState(), None, None)
    assert connection.touched == set()


def test_a_card_the_ledger_knows_is_asked_for_no_key() -> None:
    shelf = FakeShelf()
    shelf.out.add(KEYS.card_ref(UID))
    connection = Presentation(stock())
    card = opened(connection, shelf)
    assert (card.mode, card.issued, connection.verbs) == ("ledger", True, 0)
    state = CardState(issued=True)
    card.put(state)
    card.settle()
    assert card.state == state == shelf.states[card.card_ref]
    assert connection.verbs == 0


@pytest.mark.parametrize("sectors", [(SLOT_A,), (SLOT_B,), OURS.sectors[1:]])
def test_some_of_our_sectors_open_and_some_do_not(sectors: tuple[int, ...]) -> None:
    with pytest.raises(CardSpoiled) as spoiled:
        opened(Presentation(foreign(issued_chip(), *sectors)))
    assert spoiled.value.why == "sectors"


def test_own_keys_alone_are_tried_and_the_factory_key_once_at_the_end() -> None:
    # cards.md 2.9: each refusal costs a selection, so what opened one sector is tried first on
    # the next.
    for chip, refused in (
        (issued_chip(), 0),
        (stock(), 1),
        (foreign(stock(), *OURS.sectors), 7),
        (foreign(stock(), SLOT_A), 3),
    ):
        connection = Presentation(chip)
        with suppress(CardSpoiled):
            opened(connection)
        assert connection.refused == refused


def test_a_blank_chip_is_not_stock() -> None:
    chip = factory_blank()
    blocks = list(chip.blocks)
    with pytest.raises(WrongCard) as wrong:
        opened(Presentation(chip))
    assert (wrong.value.kind, chip.blocks) == ("blank-classic", blocks)


def test_opening_writes_nothing() -> None:
    for chip in (stock(), issued_chip(), foreign(stock(), *OURS.sectors)):
        blocks = list(chip.blocks)
        opened(Presentation(chip))
        assert chip.blocks == blocks


def test_a_uid_drawn_anew_each_time_is_no_number_to_know_a_card_by() -> None:
    chip = stock()
    chip.uid = bytes.fromhex("08a1b2c3")
    with pytest.raises(WrongCard) as wrong:
        opened(Presentation(chip))
    assert wrong.value.kind == "random-uid"


@pytest.mark.parametrize(
    ("atr", "kind", "chip"),
    [
        (storage_atr(0x0001), "classic", "MIFARE Classic 1K"),
        (storage_atr(INFINEON_1K), "classic", "Infineon SLE 66R35"),
        (storage_atr(0x0002), "classic-4k", "MIFARE Classic 4K"),
        (storage_atr(0x0026), "classic-mini", "MIFARE Mini"),
        (storage_atr(0x0003), "ultralight", "MIFARE Ultralight"),
        (storage_atr(0x003B, standard=0x11), "felica", "FeliCa"),
        (storage_atr(0x0000), "unknown", "unknown"),
        (DESFIRE, "desfire", "MIFARE DESFire"),
        (bytes.fromhex("3B8680010675778102800 0".replace(" ", "")), "desfire", "MIFARE DESFire"),
        (NHI, "unknown", "unknown"),
        (b"", "unknown", "unknown"),
    ],
)
def test_what_lies_there_by_what_it_says_of_itself(atr: bytes, kind: str, chip: str) -> None:
    connection = Presentation(stock())
    connection.atr = atr
    identity = identify(connection)
    assert (identity.kind, identity.chip, identity.uid) == (kind, chip, UID)
    assert (identity.stable_uid, connection.verbs) == (True, 0)
    if kind != "classic":
        with pytest.raises(WrongCard) as wrong:
            opened(connection)
        assert wrong.value.kind == kind


def test_a_sector_that_opens_and_cannot_be_read_is_locked() -> None:
    chip = stock()
    trailer = chip.blocks[trailer_of(SLOT_B)]
    chip.blocks[trailer_of(SLOT_B)] = trailer[:6] + bytes.fromhex("ff0780") + trailer[9:]
    with pytest.raises(SectorLocked) as locked:
        opened(Presentation(chip))
    assert locked.value.sector == SLOT_B


@pytest.mark.parametrize("sectors", [(0, 1, 2), (12, 13), (12, 13, 13), (13, 14, 16), (1, 2, 3, 4)])
def test_our_sectors_are_three_different_ones_and_never_the_first(sectors: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="our sectors"):
        OurSectors(sectors=sectors)


def test_other_sectors_can_be_ours() -> None:
    ours = OurSectors(sectors=(3, 9, 1))
    assert (ours.directory_block, ours.purse_blocks) == (4, (5, 6))
    assert isinstance(opened(Presentation(foreign(stock(), 3, 9, 1)), ours=ours), LedgerCard)
