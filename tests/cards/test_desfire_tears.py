"""Every verb on a DESFire torn at every frame: the old state or the new one, never a third, and the
same verb again finishes it. Both generations, stable and random UID (cards.md 5.8)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

import pytest

from cards.desfire_layout import FILES
from cards.on_desfire import DesfireCard
from cards.personalise import blank, is_begun
from cards.rekey import rekey
from drivers.keys.contract import KeyStore
from hw_sim.desfire.image import DesfireImage
from hw_sim.field import Field, Noise
from hw_sim.picc import card_of
from tests.cards.desfire_air import (
    ROTATED,
    UID,
    Verb,
    after,
    application,
    bind,
    every_tear,
    factory,
    field_of,
    free_tap,
    issue_it,
    laid,
    prepare_it,
    taken,
    tap_off,
    tap_on,
    unbind,
    versions,
)
from tests.cards.rig import KEYS

ACTIVATION_FRAMES = 6  # a lost one is a card that is not there yet
WAYS: tuple[tuple[Literal["out", "back"], Literal["lost", "broken"]], ...] = (
    ("out", "lost"),
    ("out", "broken"),
    ("back", "lost"),
    ("back", "broken"),
)
both = pytest.mark.parametrize("chip", ["ev2", "ev1"])


@dataclass(slots=True)
class FakeJournal:
    """What is durable about cards between two versions of their keys."""

    rows: dict[bytes, int] = field(default_factory=dict)

    def rekeying(self, card_ref: bytes, *, to_version: int) -> None:
        self.rows[card_ref] = to_version

    def rekeying_to(self, card_ref: bytes) -> int | None:
        return self.rows.get(card_ref)

    def rekeyed(self, card_ref: bytes) -> None:
        self.rows.pop(card_ref, None)


def blank_it(card: DesfireCard) -> None:
    blank(card)


def half_written(frame: int, *, ev1: bool) -> DesfireImage:
    """A card from the box that was taken away after that frame of being prepared."""
    for where, image in every_tear(factory(ev1=ev1), prepare_it, moments=("after",)):
        if where == f"after frame {frame}":
            return image
    raise ValueError(f"preparing is over before frame {frame}")


def start_of(name: str, *, ev1: bool) -> DesfireImage:
    verbs: dict[str, tuple[Verb, ...]] = {
        "factory": (),
        "prepared": (prepare_it,),
        "issued": (prepare_it, issue_it),
        "bound": (prepare_it, issue_it, bind),
        "trip open": (prepare_it, issue_it, bind, tap_on),
        "trip closed": (prepare_it, issue_it, bind, tap_on, tap_off),
    }
    if name.startswith("half "):
        return half_written(int(name.split()[1]), ev1=ev1)
    return after(*verbs[name], ev1=ev1)()


CASES: tuple[tuple[Verb, str], ...] = (
    (prepare_it, "factory"),
    (prepare_it, "half 12"),  # the application alone
    (prepare_it, "half 20"),  # some files
    (prepare_it, "half 30"),  # some keys
    (prepare_it, "half 40"),  # the application's keys, not the card's
    (prepare_it, "prepared"),
    (issue_it, "prepared"),
    (blank_it, "prepared"),
    (blank_it, "half 20"),
    (blank_it, "half 40"),
    (bind, "issued"),
    (bind, "trip open"),
    (unbind, "bound"),
    (tap_on, "issued"),
    (tap_on, "bound"),
    (free_tap, "bound"),
    (tap_off, "trip open"),
)
CASES_EV1 = tuple(
    (verb, start)
    for verb, start in CASES
    if (verb, start) in ((prepare_it, "factory"), (bind, "issued")) or verb in (blank_it, tap_off)
)


def seen(image: DesfireImage, keys: KeyStore = KEYS) -> tuple[Any, ...]:
    """Everything that a reader sees."""
    card = laid(image, keys=keys)
    ntd = card.purse.ntd if card.purse else None
    return card.state, card.directory, ntd, card.events(), card.school(), card.library()


def check_whole(image: DesfireImage, where: str) -> None:
    """A state record implies all keys and all files."""
    if seen(image)[0] is None:
        return
    assert set(versions(image)) == {1}, where
    assert application(image).files.keys() == set(FILES), where


@pytest.mark.parametrize(
    ("verb", "start", "chip"),
    [
        pytest.param(verb, start, chip, id=f"{chip} {verb.__name__} {start}")
        for chip, cases in (("ev2", CASES), ("ev1", CASES_EV1))
        for verb, start in cases
    ],
)
def test_torn_at_every_frame_it_is_old_or_new_and_can_be_finished(
    verb: Verb, start: str, chip: str, record_property: Callable[[str, object], None]
) -> None:
    begin = start_of(start, ev1=chip == "ev1")
    old = seen(begin)
    whole = start_of(start, ev1=chip == "ev1")
    verb(laid(whole))
    new, survived = seen(whole), 0
    for where, image in every_tear(begin, verb):
        assert seen(image) in (old, new), f"third state after a tear {where}"
        check_whole(image, where)
        verb(laid(image))
        assert seen(image) == new, f"not finished after a tear {where}"
        survived += 1
    record_property("desfire_tears_survived", survived)
    assert survived > 20


@both
def test_a_torn_roll_over_leaves_a_card_that_opens_and_can_be_finished(
    chip: str, record_property: Callable[[str, object], None]
) -> None:
    begin = start_of("trip open", ev1=chip == "ev1")
    before, survived = seen(begin), 0
    journal = FakeJournal()

    def roll(card: DesfireCard) -> None:
        rekey(card, version=2, journal=journal)

    for where, image in every_tear(begin, roll, keys=ROTATED):
        assert set(versions(image)) <= {1, 2}, where
        assert seen(image, ROTATED) == before, where
        changed = set(versions(image)) != {1}
        assert not changed or journal.rows, f"keys changed before it was written down: {where}"
        roll(laid(image, keys=ROTATED))
        assert set(versions(image)) == {2}, where
        assert not journal.rows
        assert seen(image, ROTATED) == before, where
        survived += 1
    record_property("desfire_tears_survived", survived)
    assert survived > 60


def test_a_blanked_card_is_stock_again_whatever_tore_before() -> None:
    for where, image in every_tear(start_of("prepared", ev1=False), blank_it):
        card = laid(image)
        assert is_begun(card) or card.state is not None or image == factory_like(image), where
        blank(card)
        assert image == factory_like(image), where


@both
def test_a_card_with_a_random_uid_is_itself_at_every_tear(chip: str) -> None:
    begin = factory(ev1=chip == "ev1", random_uid=True)
    for where, image in every_tear(begin, prepare_it, moments=("during", "after")):
        assert laid(image).uid == UID, where
        prepare_it(laid(image))
        assert set(versions(image)) == {1}, where


def factory_like(image: DesfireImage) -> DesfireImage:
    """The card from the box, with the seed of `image`."""
    box = factory(ev1=image.ev1)
    box.seed = image.seed
    return box


@both
def test_noise_on_the_air_costs_a_repetition_and_nothing_else(
    chip: str, record_property: Callable[[str, object], None]
) -> None:
    begin = start_of("bound", ev1=chip == "ev1")
    whole = deepcopy(begin)
    counted = field_of(whole)
    tap_on(taken(counted))
    new, survived = seen(whole), 0
    for frame in range(ACTIVATION_FRAMES + 1, counted.frames + 1):
        for way, harm in WAYS:
            image = deepcopy(begin)
            noise = Noise(frame=frame, way=way, harm=harm)
            field = Field(card_of(image), noise=[noise], rng=Random(frame))
            tap_on(taken(field))
            assert seen(image) == new, f"frame {frame} {harm} on its way {way}"
            assert field.frames > counted.frames
            survived += 1
    record_property("desfire_noise_survived", survived)
    assert survived == 4 * (counted.frames - ACTIVATION_FRAMES)
