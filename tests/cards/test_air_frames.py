"""What goes over the air is what docs/air.md plans, frame for frame, on a Classic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cards.card import Card
from cards.personalise import check_blank, issue
from cards.state import CardState
from hw_sim.image import CardImage
from tests.cards.air import Verb, bind, prepare_it, tap_on
from tests.cards.over_air import field_of, flora, laid, opened
from tests.cards.test_two_slots import tapped


def prepared() -> CardImage:
    image = flora()
    prepare_it(laid(image))
    return image


def issued() -> CardImage:
    image = prepared()
    issue(laid(image))
    return image


def bound() -> CardImage:
    image = issued()
    bind(laid(image))
    return image


def prepare_new(card: Card) -> None:
    """As the desk does: the card is looked at before anything is claimed."""
    check_blank(card)
    prepare_it(card)


def prepare_and_issue(card: Card) -> None:
    prepare_new(card)
    issue(card)


def free_tap(card: Card) -> None:
    assert isinstance(card.state, CardState)
    card.put(replace(tapped(card.state, 100, 0), purse_mark=card.state.purse_mark))


@pytest.mark.parametrize(
    ("start", "verb", "frames", "octets", "ms"),
    [
        (issued, tap_on, 32, 440, 58.9),  # slot A is older
        (bound, tap_on, 30, 420, 56.7),
        (issued, free_tap, 26, 372, 45.9),
        (bound, free_tap, 24, 352, 43.7),
        (issued, bind, 29, 438, 52.0),
        (bound, bind, 27, 418, 49.9),
        (flora, prepare_new, 76, 1_032, 125.3),
        (flora, prepare_and_issue, 85, 1_170, 147.8),
    ],
)
def test_frames_bytes_and_air_time_are_the_planned_ones(
    start: Callable[[], CardImage], verb: Verb, frames: int, octets: int, ms: float
) -> None:
    field = field_of(start())
    verb(opened(field))
    assert (field.frames, field.bytes, round(field.air_us / 1000, 1)) == (frames, octets, ms)
