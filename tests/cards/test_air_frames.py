"""What else docs/air.md says of a Classic: preparing alone, a roll-over, a card under the previous
version of its keys. (Issuing, binding and tapping: test_frames_as_planned.py.)"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cards.card import Card
from cards.personalise import check_blank, issue
from cards.rekey import rekey
from hw_sim.image import CardImage
from tests.cards.air import Verb, bind, prepare_it, tap_on
from tests.cards.over_air import field_of, flora, laid, opened
from tests.cards.rig import KEYS
from tests.cards.test_rekey_classic import ROTATED, FakeJournal


def bound() -> CardImage:
    image = flora()
    for verb in (prepare_it, issue, bind):
        verb(laid(image))
    return image


def prepare_new(card: Card) -> None:
    """As the desk does: the card is looked at before anything is claimed."""
    check_blank(card)
    prepare_it(card)


def test_preparing_a_card_from_the_box() -> None:
    field = field_of(flora())
    prepare_new(opened(field))
    assert field.frames == 85 - 9  # without the final record


def test_a_roll_over() -> None:
    field = field_of(bound())
    rekey(opened(field, keys=ROTATED), version=2, journal=FakeJournal())
    assert (field.frames, field.bytes, round(field.air_us / 1000, 1)) == (52, 656, 76.5)


@pytest.mark.parametrize(("start", "verb"), [(bound, tap_on), (bound, bind), (flora, prepare_new)])
def test_one_version_more_costs_one_refused_key(start: Callable[[], CardImage], verb: Verb) -> None:
    fields = []
    for keys in (KEYS, ROTATED):
        fields.append(field_of(start()))
        verb(opened(fields[-1], keys=keys))
    one, two = fields
    assert (two.frames - one.frames, two.bytes - one.bytes) == (5, 38)
    assert round((two.air_us - one.air_us) / 1000, 1) == 5.2
