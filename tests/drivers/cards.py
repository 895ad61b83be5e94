"""The cards that rigs lay down (tests.drivers.contract_suite)."""

from __future__ import annotations

from random import Random

from hw_sim import CardImage, new_blank_classic
from hw_sim.desfire.image import DesfireImage
from hw_sim.stock import new_desfire


def blank(number: int, uid: bytes | None = None) -> CardImage:
    """A Classic 1K in transport state; `number` tells one card from another."""
    return new_blank_classic(Random(number), uid=uid or bytes((4, 1, 2, number)))


def desfire(number: int, *, random_uid: bool = False) -> DesfireImage:
    """A DESFire EV2 as its maker sells it."""
    uid = bytes((4, 0x11, 0x22, 0x33, 0x44, 0x55, number))
    return new_desfire(Random(number), uid=uid, ev1=False, random_uid=random_uid)
