"""A card in the field, made from what a card file holds."""

from __future__ import annotations

from random import Random

from hw_sim.classic import ClassicCard
from hw_sim.desfire.image import DesfireImage
from hw_sim.field import Picc
from hw_sim.image import Image
from hw_sim.nhi import NhiCard, NhiImage


def card_of(image: Image, *, rng: Random | None = None) -> Picc:
    """The card whose memory is `image`, changed in place. `rng`: its chance, where it has any;
    without it the system's."""
    if isinstance(image, DesfireImage):
        from hw_sim.desfire.card import DesfireCard  # needs a package that Classic does not

        return DesfireCard(image, rng=rng)
    return NhiCard(image) if isinstance(image, NhiImage) else ClassicCard(image)
