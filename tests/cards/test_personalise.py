"""From stock to a card in hand and back; every tear of it; what must never be touched."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from apdu.classic.access import TRANSPORT
from apdu.classic.geometry import trailer_of
from cards.card import Card
from cards.config import OurSectors
from cards.errors import (
    AlreadyIssued,
    CardNotIssued,
    CardSpoiled,
    ReadBackDiffers,
    SectorLocked,
    WrongCard,
)
from cards.on_classic import RecordCard
from cards.personalise import blank, check_blank, is_begun, issue, prepare, verify
from cards.state import CardState, Purse
from tests.cards.rig import (
    DIRECTORY,
    FROZEN,
    KEYS,
    LAST,
    OURS,
    PURSE,
    SLOT_A,
    SLOT_B,
    Chip,
    FakeShelf,
    Presentation,
    every_tear,
    opened,
    present,
    stock,
)
from tests.cards.test_purse import BROKEN
from tests.cards.test_two_slots import BINDING

PREPARED = CardState(purse_before=100, purse_after=100)


def prepared(chip: Chip | None = None) -> Chip:
    chip = chip or stock()
    prepare(present(chip), directory=DIRECTORY)
    return chip


def issued() -> Chip:
    chip = prepared()
    issue(present(chip))
    return chip


def prepare_it(card: Card) -> None:
    prepare(card, directory=DIRECTORY)


def under_our_keys(chip: Chip) -> bool:
    """Whether all three trailers hold this card's own keys, both of them."""
    return all(
        chip.blocks[trailer_of(sector)][:6] == KEYS.card_key(chip.uid, sector, key_b=False).reveal()
        and chip.blocks[trailer_of(sector)][10:]
        == KEYS.card_key(chip.uid, sector, key_b=True).reveal()
        for sector in OURS.sectors
    )


def test_stock_becomes_prepared_and_then_issued() -> None:
    chip = stock(purse_ntd=245, mark=7)
    before = present(chip)
    assert (before.state, before.directory, before.issued) == (None, None, False)
    assert before.purse == Purse(ntd=245, settled=True)
    prepare(before, directory=DIRECTORY)
    for card in (before, present(chip)):
        assert card.state == CardState(purse_before=245, purse_after=245, purse_mark=7)
        assert card.directory == DIRECTORY
    issue(present(chip))
    after = present(chip)
    assert (after.issued, after.purse) == (True, Purse(ntd=245, settled=True))
    assert under_our_keys(chip)


def test_nothing_outside_our_sectors_is_read_or_written() -> None:
    # field-bugs C13: blocks 1 and 2, which look like a directory of applications, included.
    chip = stock()
    foreign = chip.foreign()
    for verb in (prepare_it, issue):
        connection = Presentation(chip)
        verb(opened(connection))
        assert connection.touched <= chip.ours().keys()
    again = prepared()
    connection = Presentation(again)
    blank(opened(connection))
    assert connection.touched <= again.ours().keys()
    assert chip.foreign() == again.foreign() == foreign


def test_a_second_time_changes_nothing() -> None:
    chip = prepared()
    blocks = list(chip.blocks)
    prepare(present(chip), directory=replace(DIRECTORY, card_number="1111111111"))
    assert chip.blocks == blocks
    issue(present(chip))
    blocks = list(chip.blocks)
    issue(present(chip))
    assert chip.blocks == blocks


def test_an_issued_card_is_nobody_elses_and_is_not_blanked() -> None:
    chip = issued()
    blocks = list(chip.blocks)
    for verb in (prepare_it, blank, check_blank):
        with pytest.raises(AlreadyIssued):
            verb(present(chip))
    assert chip.blocks == blocks


def test_a_prepared_card_is_nobody_elses_first() -> None:
    with pytest.raises(AlreadyIssued):
        check_blank(present(prepared()))
    check_blank(present(stock()))


def test_a_card_without_a_record_is_not_issued() -> None:
    for verb in (issue, lambda card: card.put(CardState())):
        with pytest.raises(CardNotIssued):
            verb(present(stock()))


def test_both_keys_are_planned_ones_and_differ() -> None:
    # field-bugs C3: key A reads as zeros, so a trailer built from a read would hold zeros.
    chip = prepared()
    for sector in OURS.sectors:
        trailer = chip.blocks[trailer_of(sector)]
        assert len({trailer[:6], trailer[10:], bytes(6)}) == 3
        assert trailer[6:10].hex() == "08778fff"


@pytest.mark.parametrize("start", ["stock", "prepared"])
def test_prepare_torn_anywhere_is_old_or_new_and_can_be_finished(
    start: str, record_property: Callable[[str, object], None]
) -> None:
    begin = stock() if start == "stock" else prepared()
    tears = 0
    for where, chip in every_tear(begin, prepare_it):
        card = present(chip)
        assert card.state in (None, PREPARED), where
        if card.state is not None:  # a valid record implies that all else is there
            assert card.directory == DIRECTORY, where
            assert under_our_keys(chip), where
        assert card.purse == Purse(ntd=100, settled=True), where
        prepare(card, directory=DIRECTORY)
        assert (present(chip).state, chip.foreign()) == (PREPARED, begin.foreign()), where
        tears += 1
    record_property("tears_survived", tears)
    assert tears > 100


def test_a_card_that_a_tear_left_half_written_is_told_from_stock() -> None:
    # Another counter must leave it alone, a directory that was torn at the first write included.
    begin, half = stock(), 0
    for start, verb in ((begin, prepare_it), (prepared(), blank)):
        for where, chip in every_tear(start, verb):
            card = present(chip)
            if card.state is None:
                keys_ours = [chip.blocks[trailer_of(s)] for s in OURS.sectors]
                stock_keys = {key[10:] for key in keys_ours} == {KEYS.transport_key().reveal()}
                data = [d for b, d in chip.ours().items() if b % 4 != 3 and b not in PURSE]
                untouched = stock_keys and not any(map(any, data))
                assert is_begun(card) is not untouched, where
                half += is_begun(card)
    assert half > 50
    for chip in (begin, prepared(), issued()):
        assert not is_begun(present(chip))


def test_the_first_number_of_a_half_written_card_counts() -> None:
    # field-bugs C24: the same card, taken up again by another issuance.
    for where, chip in every_tear(stock(), prepare_it):
        found = present(chip).directory
        prepare(present(chip), directory=replace(DIRECTORY, card_number="2222222222"))
        finished = present(chip).directory
        assert finished == (found or replace(DIRECTORY, card_number="2222222222")), where


def test_issue_torn_anywhere_is_old_or_new_and_can_be_finished(
    record_property: Callable[[str, object], None],
) -> None:
    tears = 0
    for where, chip in every_tear(prepared(), issue):
        assert present(chip).state in (PREPARED, replace(PREPARED, issued=True)), where
        issue(present(chip))
        assert present(chip).issued, where
        tears += 1
    record_property("tears_survived", tears)


def test_a_blanked_card_is_stock_again() -> None:
    chip = prepared(stock(purse_ntd=60, mark=3))
    blank(present(chip))
    ours = chip.ours()
    for sector in (SLOT_A, SLOT_B, LAST):
        assert ours.pop(trailer_of(sector))[10:] == KEYS.transport_key().reveal()
    purse = [ours.pop(block) for block in PURSE]
    assert purse == [stock(purse_ntd=60, mark=3).blocks[block] for block in PURSE]
    assert set(ours.values()) == {bytes(16)}
    assert present(chip).state is None
    assert present(prepared(chip)).state == CardState(purse_before=60, purse_after=60, purse_mark=3)


def test_blank_torn_anywhere_can_be_finished_either_way(
    record_property: Callable[[str, object], None],
) -> None:
    tears = 0
    for where, chip in every_tear(prepared(), blank):
        assert present(chip).state in (None, PREPARED), where
        other = deepcopy(chip)
        blank(present(chip))
        assert present(chip).state is None, where
        prepare(present(other), directory=DIRECTORY)
        assert present(other).state == PREPARED, where
        tears += 1
    record_property("tears_survived", tears)


def test_a_blank_torn_on_a_card_with_two_good_slots_never_brings_the_older_one_back() -> None:
    chip = prepared()
    newest = replace(PREPARED, binding=BINDING)
    present(chip).put(newest)
    for where, torn in every_tear(chip, blank):
        assert present(torn).state in (None, newest), where


def test_a_chip_that_acknowledges_and_drops_writes_is_found_out() -> None:
    # field-bugs C9
    for chip, verb in ((stock(), prepare_it), (prepared(), issue), (prepared(), blank)):
        blocks = list(chip.blocks)
        chip.drops_writes = True
        with pytest.raises(ReadBackDiffers):
            verb(present(chip))
        assert chip.blocks == blocks


@pytest.mark.parametrize("block", [4 * SLOT_A, 4 * SLOT_A + 2])
def test_a_first_record_that_did_not_stick_is_found_when_all_is_read_again(block: int) -> None:
    chip = stock()
    chip.drops = frozenset({block})
    with pytest.raises(ReadBackDiffers) as differs:
        prepare(present(chip), directory=DIRECTORY)
    assert differs.value.block == 4 * SLOT_A
    chip.drops = frozenset()
    assert prepared(chip).blocks[block] != bytes(16)


def test_a_trailer_is_never_written_unseen() -> None:
    chip = prepared()
    trailer = chip.blocks[trailer_of(SLOT_A)]
    chip.blocks[trailer_of(SLOT_A)] = trailer[:6] + bytes(FROZEN) + trailer[9:]
    connection = Presentation(chip)
    card = opened(connection)
    assert isinstance(card, RecordCard)
    with pytest.raises(SectorLocked):
        card.memory.change_key(SLOT_A, KEYS.card_key_version)
    assert connection.written == []


def test_a_key_change_that_was_dropped_is_found_out() -> None:
    chip = stock()
    card = present(chip)
    chip.drops_writes = True
    with pytest.raises(ReadBackDiffers) as differs:
        card.memory.change_key(SLOT_A, KEYS.card_key_version)
    assert differs.value.block == trailer_of(SLOT_A)


@pytest.mark.parametrize("block", [4 * SLOT_A, OURS.directory_block])
def test_verify_sees_what_changed_under_it(block: int) -> None:
    chip = prepared()
    card = present(chip)
    chip.blocks[block] = bytes(16)
    with pytest.raises(ReadBackDiffers) as differs:
        verify(card)
    assert differs.value.block == block


@pytest.mark.parametrize("sector", OURS.sectors)
def test_a_sector_whose_keys_can_never_be_changed_stops_everything_before_a_write(
    sector: int,
) -> None:
    for chip, verb in ((stock(), prepare_it), (stock(), check_blank), (prepared(), blank)):
        trailer = chip.blocks[trailer_of(sector)]
        chip.blocks[trailer_of(sector)] = trailer[:6] + bytes(FROZEN) + trailer[9:]
        blocks = list(chip.blocks)
        with pytest.raises(SectorLocked) as locked:
            verb(present(chip))
        assert (locked.value.sector, chip.blocks) == (sector, blocks)


@pytest.mark.parametrize("sector", OURS.sectors)
def test_access_bits_that_are_not_ours_stop_everything_before_a_write(sector: int) -> None:
    chip = stock()
    trailer = chip.blocks[trailer_of(sector)]
    chip.blocks[trailer_of(sector)] = trailer[:6] + bytes(TRANSPORT) + trailer[9:]
    blocks = list(chip.blocks)
    with pytest.raises(SectorLocked) as locked:
        prepare(present(chip), directory=DIRECTORY)
    assert (locked.value.sector, chip.blocks) == (sector, blocks)


@pytest.mark.parametrize("sector", OURS.sectors)
def test_a_sector_whose_trailer_was_overwritten_is_spoiled(sector: int) -> None:
    # field-bugs C1: zeros in a trailer lose the sector for good.
    chip = stock()
    chip.blocks[trailer_of(sector)] = bytes(16)
    with pytest.raises(CardSpoiled) as spoiled:
        present(chip)
    assert spoiled.value.why == "sectors"


def test_stock_that_was_never_given_a_purse_gets_an_empty_one() -> None:
    empty = stock()
    for block in PURSE:
        empty.blocks[block] = bytes(16)
    for where, chip in every_tear(empty, prepare_it):
        prepare(present(chip), directory=DIRECTORY)
        assert present(chip).purse == Purse(ntd=0, settled=True), where
        assert chip.blocks[PURSE[0]] == chip.blocks[PURSE[1]], where


def test_a_broken_purse_is_not_overwritten() -> None:
    chip = stock()
    for block in PURSE:
        chip.blocks[block] = BROKEN
    blocks = list(chip.blocks)
    with pytest.raises(CardSpoiled):
        present(chip)
    assert chip.blocks == blocks


def test_a_card_without_a_free_sector_is_handed_out_only_where_that_is_allowed() -> None:
    chip = stock()
    for sector in OURS.sectors:
        chip.blocks[trailer_of(sector)] = b"\x01" * 6 + b"\x08\x77\x8f\xff" + b"\x02" * 6
    blocks, shelf = list(chip.blocks), FakeShelf()
    card = opened(Presentation(chip), shelf)
    for verb in (check_blank, prepare_it, issue, blank, verify):
        verb(card)
    strict = opened(Presentation(chip), shelf, OurSectors(ledger_mode=False))
    for verb in (check_blank, prepare_it):
        with pytest.raises(WrongCard) as wrong:
            verb(strict)
        assert wrong.value.kind == "no-free-sector"
    shelf.out.add(card.card_ref)
    for verb in (check_blank, prepare_it):
        with pytest.raises(AlreadyIssued):
            verb(card)
    assert chip.blocks == blocks
