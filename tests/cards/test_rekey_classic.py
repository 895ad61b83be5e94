"""A Classic in the field from one version of its keys to the next, torn at every frame.

Old keys or new in each sector, never a third; the record and the money untouched; what was meant
is durable before a trailer changes; the same call again finishes it (cards.md 2.9, 2.7).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace

import pytest

from apdu.classic.geometry import trailer_of
from apdu.secret import Secret
from cards.card import Card
from cards.errors import (
    CardNotIssued,
    CardSpoiled,
    KeysTooOld,
    NewerLayout,
    NoKeysOfOurs,
    ReadBackDiffers,
    SectorLocked,
)
from cards.in_ledger import LedgerCard
from cards.on_classic import RecordCard
from cards.open import open_card
from cards.personalise import blank, issue, prepare
from cards.rekey import rekey
from cards.sectors import TRANSPORT
from drivers.errors import CardRemoved
from drivers.keys.contract import KeyStore
from drivers.keys.memory import MemoryKeyStore
from hw_sim.field import Field, Tear
from hw_sim.image import CardImage
from tests.cards.air import Verb, bind, money, prepare_it, tap_off, tap_on
from tests.cards.over_air import every_tear, field_of, flora, laid, opened
from tests.cards.rig import (
    DIRECTORY,
    FROZEN,
    KEYS,
    MATERIAL,
    OURS,
    SLOT_B,
    Chip,
    FakeShelf,
    Presentation,
    stock,
)
from tests.cards.test_newer_layout import newer_directory
from tests.cards.test_two_slots import issued_chip

MASTERS = {1: b"\x44" * 16, 2: b"\x48" * 16, 3: b"\x4c" * 16}


def keys_of(*versions: int) -> MemoryKeyStore:
    """A key store with these versions of the card master; the highest is current."""
    masters = {version: MASTERS[version] for version in versions}
    return MemoryKeyStore(replace(MATERIAL, card_masters=masters))


ROTATED, NEW_ALONE = keys_of(1, 2), keys_of(2)


@dataclass(slots=True)
class FakeJournal:
    """The ledger's rows in a dict, and what it was told in order."""

    rows: dict[bytes, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def rekeying(self, card_ref: bytes, *, to_version: int) -> None:
        self.told.append("rekeying")
        self.rows[card_ref] = to_version

    def rekeying_to(self, card_ref: bytes) -> int | None:
        return self.rows.get(card_ref)

    def rekeyed(self, card_ref: bytes) -> None:
        self.told.append("rekeyed")
        self.rows.pop(card_ref, None)


def roll(card: Card, journal: FakeJournal) -> bool:
    return rekey(card, version=2, journal=journal)


def trailers(image: CardImage) -> list[bytes]:
    return [image.blocks[trailer_of(sector)] for sector in OURS.sectors]


def planned(version: int) -> list[bytes]:
    """The trailers of a card whose sectors are all under `version`."""
    return [
        b"\x08\x77\x8f\xff".join(
            ROTATED.card_key(flora().uid, sector, key_b=b, version=version).reveal()
            for b in (False, True)
        )
        for sector in OURS.sectors
    ]


OLD, NEW = planned(1), planned(2)


def other_blocks(image: CardImage) -> list[bytes]:
    """All but the trailers of our sectors: a roll-over writes none of them."""
    ours = {trailer_of(sector) for sector in OURS.sectors}
    return [data for block, data in enumerate(image.blocks) if block not in ours]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Stock that went through `verbs` under version 1, the last of them torn after frame
    `charge_torn`, and then perhaps through a roll-over torn after frame `roll_torn`."""

    verbs: tuple[Verb, ...]
    charge_torn: int | None = None
    roll_torn: int | None = None

    def make(self) -> tuple[CardImage, FakeJournal]:
        image, journal = flora(), FakeJournal()
        for verb in self.verbs:
            last = self.charge_torn if verb is self.verbs[-1] else None
            with suppress(CardRemoved):
                verb(opened(field_of(image, after(last))))
        if self.roll_torn is not None:
            with pytest.raises(CardRemoved):
                roll(opened(field_of(image, after(self.roll_torn)), keys=ROTATED), journal)
        return image, journal


def after(frame: int | None) -> Tear | None:
    return None if frame is None else Tear(frame=frame, moment="after")


ISSUED = (prepare_it, issue)
# Of a roll-over frame 32 is the first trailer, 40 the second, 48 the third.
STARTS = {
    "prepared": Start(verbs=(prepare_it,)),
    "issued": Start(verbs=ISSUED),
    "bound": Start(verbs=(*ISSUED, bind)),
    "trip open": Start(verbs=(*ISSUED, bind, tap_on)),
    "trip closed": Start(verbs=(*ISSUED, bind, tap_on, tap_off)),
    "charge torn": Start(verbs=(*ISSUED, bind, tap_on), charge_torn=24),
    "one sector new": Start(verbs=ISSUED, roll_torn=32),
    "two sectors new": Start(verbs=(*ISSUED, bind), roll_torn=40),
    "all new, none proven": Start(verbs=(*ISSUED, bind, tap_on), roll_torn=48),
}


def test_the_starts_are_what_they_are_called() -> None:
    for name, n_new, settled in (
        ("issued", 0, True),
        ("charge torn", 0, False),
        ("one sector new", 1, True),
        ("two sectors new", 2, True),
        ("all new, none proven", 3, True),
    ):
        image, journal = STARTS[name].make()
        purse = laid(image, keys=ROTATED).purse
        assert purse is not None
        assert purse.settled is settled, name
        assert sum(t == new for t, new in zip(trailers(image), NEW, strict=True)) == n_new, name
        assert journal.rows == ({KEYS.card_ref(image.uid): 2} if n_new else {}), name


def use(card: RecordCard) -> None:
    """What a holder does next with a card between two versions."""
    if not card.issued:
        issue(card)
    elif card.state is not None and card.state.n == 0:
        tap_on(card)
    else:
        tap_off(card)


@pytest.mark.parametrize("start", STARTS)
def test_rekey_torn_at_every_frame(
    start: str, record_property: Callable[[str, object], None]
) -> None:
    begin, journal = STARTS[start].make()
    card = laid(begin, keys=ROTATED)
    old, others, ref = (card.state, card.purse, money(card)), other_blocks(begin), card.card_ref
    told = FakeJournal()

    def work(field: Field) -> None:
        nonlocal told
        told = deepcopy(journal)
        roll(opened(field, keys=ROTATED), told)

    survived = 0
    for where, image in every_tear(begin, work):
        card = laid(image, keys=ROTATED)
        assert (card.state, card.purse, money(card)) == old, f"a third state, {where}"
        assert other_blocks(image) == others, where
        assert all(t in pair for t, *pair in zip(trailers(image), OLD, NEW, strict=True)), where
        if trailers(image) != OLD:
            assert told.rekeying_to(ref) == 2, f"keys changed that nobody knows of, {where}"
        assert told.told.count("rekeyed") == 0, where
        use(laid(used := deepcopy(image), keys=ROTATED))
        roll(card, told)
        assert (trailers(image), told.rows) == (NEW, {}), f"not finished, {where}"
        roll(laid(used, keys=ROTATED), FakeJournal())  # another office, that knows nothing of it
        assert trailers(used) == NEW, where
        card = laid(image, keys=NEW_ALONE)
        assert (card.state, card.purse, money(card)) == old, where
        assert other_blocks(image) == others, where
        survived += 1
    record_property("tears_survived", survived)
    assert survived > 100


@pytest.mark.parametrize("start", STARTS)
def test_a_trailer_lost_for_good_spoils_the_card_and_nothing_else_does(
    start: str, record_property: Callable[[str, object], None]
) -> None:
    begin, journal = STARTS[start].make()
    n_old = sum(t == old for t, old in zip(trailers(begin), OLD, strict=True))
    told = FakeJournal()

    def work(field: Field) -> None:
        nonlocal told
        told = deepcopy(journal)
        roll(opened(field, keys=ROTATED), told)

    spoiled, survived = 0, 0
    lost: set[int] = set()
    for where, image in every_tear(begin, work, locks=True):
        if sectors := image.locked_sectors():
            blocks = list(image.blocks)
            with pytest.raises(CardSpoiled) as fault:
                opened(field_of(image), keys=ROTATED)
            assert (fault.value.why, image.blocks) == ("sectors", blocks), where
            assert told.rows, f"nobody knows why, {where}"
            spoiled, lost = spoiled + 1, lost | set(sectors)
        else:
            roll(laid(image, keys=ROTATED), told)
            assert (trailers(image), told.rows) == (NEW, {}), where
            survived += 1
    record_property("tears_survived", survived)
    record_property("cards spoiled by a trailer lost for good", spoiled)
    assert spoiled == len(lost) == n_old  # one frame each writes it
    assert survived > 30


def test_a_rekeyed_card_is_left_alone_and_a_second_call_changes_nothing() -> None:
    image, journal = STARTS["bound"].make()
    assert roll(laid(image, keys=ROTATED), journal) is True
    assert (journal.told, trailers(image)) == (["rekeying", "rekeyed"], NEW)
    writes = image.writes
    assert roll(laid(image, keys=ROTATED), journal) is False
    assert (journal.told, image.writes) == (["rekeying", "rekeyed"], writes)


def test_a_row_left_open_is_closed_only_when_the_keys_are_proven() -> None:
    chip, journal = issued_chip(), FakeJournal()
    roll(_present(chip, ROTATED), journal)
    journal.rekeying(KEYS.card_ref(chip.uid), to_version=2)
    trailer = chip.blocks[trailer_of(SLOT_B)]
    chip.blocks[trailer_of(SLOT_B)] = b"\x01" * 6 + trailer[6:]  # key A did not stick
    with pytest.raises(ReadBackDiffers) as differs:
        roll(_present(chip, ROTATED), journal)
    assert differs.value.block == trailer_of(SLOT_B)
    assert journal.rows
    chip.blocks[trailer_of(SLOT_B)] = trailer
    assert roll(_present(chip, ROTATED), journal) is True
    assert not journal.rows


def test_a_chip_that_drops_the_new_trailer_is_not_called_done() -> None:
    # field-bugs C9
    chip, journal = issued_chip(), FakeJournal()
    chip.drops_writes = True
    with pytest.raises(ReadBackDiffers):
        roll(_present(chip, ROTATED), journal)
    assert journal.told == ["rekeying"]
    chip.drops_writes = False
    roll(_present(chip, ROTATED), journal)
    assert journal.told[-1] == "rekeyed"


@pytest.mark.parametrize("sector", OURS.sectors)
def test_a_sector_whose_keys_can_never_be_changed_stops_it_before_anything_is_noted(
    sector: int,
) -> None:
    chip, journal = issued_chip(), FakeJournal()
    trailer = chip.blocks[trailer_of(sector)]
    chip.blocks[trailer_of(sector)] = trailer[:6] + bytes(FROZEN) + trailer[9:]
    blocks = list(chip.blocks)
    with pytest.raises(SectorLocked) as locked:
        roll(_present(chip, ROTATED), journal)
    assert (locked.value.sector, chip.blocks, journal.told) == (sector, blocks, [])


def test_cards_without_keys_or_record_of_ours_and_newer_ones_are_refused() -> None:
    foreign = stock()
    for sector in OURS.sectors:
        foreign.blocks[trailer_of(sector)] = b"\x01" * 6 + b"\x08\x77\x8f\xff" + b"\x02" * 6
    for chip, error in (
        (foreign, NoKeysOfOurs),
        (stock(), CardNotIssued),
        (newer_directory(issued_chip()), NewerLayout),
    ):
        blocks, journal = list(chip.blocks), FakeJournal()
        with pytest.raises(error):
            roll(_present(chip, ROTATED), journal)
        assert (chip.blocks, journal.told) == (blocks, [])


@dataclass(slots=True)
class Watched(Presentation):
    """A presentation that notes each key that is tried: sector, key, whether as key B."""

    tried: list[tuple[int, bytes, bool]] = field(default_factory=list)

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        self.tried.append((block // 4, key.reveal(), key_b))
        return Presentation.authenticate(self, block, key, key_b=key_b)


def _present(chip: Chip, keys: KeyStore) -> Card:
    return open_card(Presentation(chip), keys=keys, shelf=FakeShelf(), ours=OURS)


def under(version: int, sector: int) -> bytes:
    """Key B of a sector under `version`."""
    if version == TRANSPORT:
        return ROTATED.transport_key().reveal()
    return keys_of(1, 2, 3).card_key(flora().uid, sector, key_b=True, version=version).reveal()


def lost(*sectors: int) -> Chip:
    """An issued card with these sectors under keys of somebody else."""
    chip = issued_chip()
    for sector in sectors:
        chip.blocks[trailer_of(sector)] = b"\x01" * 6 + b"\x08\x77\x8f\xff" + b"\x02" * 6
    return chip


@pytest.mark.parametrize("versions", [(1,), (1, 2), (1, 2, 3), (2, 3)])
def test_three_keys_of_our_own_are_tried_in_a_sector_and_no_fourth(
    versions: tuple[int, ...],
) -> None:
    allowed = [*sorted(versions, reverse=True)[:2], TRANSPORT]
    for chip in (stock(), issued_chip(), lost(*OURS.sectors), lost(SLOT_B)):
        watched = Watched(chip)
        with suppress(CardSpoiled, KeysTooOld):
            open_card(watched, keys=keys_of(*versions), shelf=FakeShelf(), ours=OURS)
        if watched.tried[-1][1] == b"\xff" * 6:  # nothing opened: is it a blank chip?
            watched.tried.pop()
        for sector in OURS.sectors:
            keys = [key for at, key, is_b in watched.tried if at == sector and is_b]
            assert len(keys) == len(set(keys)) <= 3
            assert set(keys) <= {under(version, sector) for version in allowed}
        assert {at for at, _, _ in watched.tried} == set(OURS.sectors)


def test_the_current_key_comes_first_and_then_the_one_that_opened_the_sector_before() -> None:
    for chip, refused in ((issued_chip(), 1), (stock(), 2), (lost(*OURS.sectors), 10)):
        watched = Watched(chip)
        open_card(watched, keys=ROTATED, shelf=FakeShelf(), ours=OURS)
        assert watched.refused == refused
        sector, key, _ = watched.tried[0]
        assert key == under(2, sector)


@pytest.mark.parametrize("versions", [(2, 3), (1, 2, 3), (3,)])
def test_a_card_that_may_be_ours_of_before_is_not_taken_for_stock(
    versions: tuple[int, ...],
) -> None:
    for chip in (issued_chip(), lost(*OURS.sectors)):
        shelf = FakeShelf()
        with pytest.raises(KeysTooOld):
            open_card(Presentation(chip), keys=keys_of(*versions), shelf=shelf, ours=OURS)


def test_before_a_third_version_what_no_key_opens_is_stock() -> None:
    chip = lost(*OURS.sectors)
    card = open_card(Presentation(chip), keys=ROTATED, shelf=FakeShelf(), ours=OURS)
    assert isinstance(card, LedgerCard)


@pytest.mark.slow
def test_a_half_written_card_leaves_with_the_newest_keys(
    record_property: Callable[[str, object], None],
) -> None:
    """Torn under version 1, finished after the keys were rolled over, or blanked."""
    survived = 0
    for where, image in every_tear(flora(), lambda field: prepare_it(opened(field))):
        blanked = deepcopy(image)
        card = laid(image, keys=ROTATED)
        whole = card.state is not None  # then it is `rekey` that changes keys
        prepare(card, directory=DIRECTORY)
        assert trailers(image) == (OLD if whole else NEW), where
        assert laid(image, keys=ROTATED).key_versions == ({1} if whole else {2}), where
        blank(laid(blanked, keys=ROTATED))
        assert laid(blanked, keys=ROTATED).key_versions == {TRANSPORT}, where
        survived += 1
    record_property("tears_survived", survived)
    assert survived > 100
