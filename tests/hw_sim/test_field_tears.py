"""The card taken away at every frame, at every moment; what it was programming, torn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from hw_sim import value
from hw_sim.field import Field, Tear
from hw_sim.frames import REQA, WUPA
from tests.hw_sim.rig import FREE, Air, card_image, trailer

Moment = Literal["before", "during", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")
NEW = b"n" * 16
OLD_TRAILER, NEW_TRAILER = trailer(FREE), trailer(FREE, b"new-a-", b"new-b-")
VALUES = {5: value.encode(100, 5)}


def write_block(air: Air) -> None:
    air.select()
    air.prove(5)
    air.write(6, NEW)


def torn(moment: Moment, frame: int, seed: int = 0) -> Air:
    air = Air(card_image(blocks=VALUES), tear=Tear(frame=frame, moment=moment), seed=seed)
    ignore_silence(air, write_block)
    return air


def ignore_silence(air: Air, run: Callable[[Air], None]) -> None:
    """Run until the card is gone: what a caller then makes of silence is its own affair."""
    try:
        run(air)
    except AssertionError:
        assert not air.field.present


FRAMES = 7  # three to select, two to authenticate, two to write


def test_frames_are_counted_from_the_first_wake_up() -> None:
    air = Air(card_image(blocks=VALUES))
    write_block(air)
    assert air.field.frames == FRAMES
    assert air.field.present


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("frame", range(1, FRAMES + 1))
def test_a_torn_write_is_old_new_or_mixed_and_nothing_else_is_touched(
    frame: int, moment: Moment
) -> None:
    old = card_image(blocks=VALUES).blocks
    air = torn(moment, frame)
    assert not air.field.present
    assert air.field.frames == frame
    assert air.raw(WUPA) is None
    assert air.field.frames == frame, "an empty field counts nothing"
    done = air.image.blocks[6]
    if (frame, moment) == (FRAMES, "after"):
        assert done == NEW
    elif (frame, moment) != (FRAMES, "during"):
        assert done == old[6]
    assert air.image.blocks[:6] + air.image.blocks[7:] == old[:6] + old[7:]


def test_a_torn_block_is_old_new_or_each_bit_of_either() -> None:
    seen = [torn("during", FRAMES, seed).image.blocks[6] for seed in range(60)]
    assert seen.count(bytes(16)) > 5
    assert seen.count(NEW) > 5
    mixed = [block for block in seen if block not in (bytes(16), NEW)]
    assert len(set(mixed)) > 5
    assert all(not byte & ~NEW[0] for block in mixed for byte in block), "no bit of neither"


def test_one_seed_is_one_outcome_and_every_frame_has_its_own() -> None:
    again = [torn("during", FRAMES, 3).image.blocks[6] for _ in range(3)]
    assert len(set(again)) == 1

    def late(extra: int) -> bytes:
        image = card_image(blocks=VALUES)
        air = Air(image, tear=Tear(frame=FRAMES + extra), seed=3)

        def run(air: Air) -> None:
            air.open(5)
            for _ in range(extra):
                air.read(5)
            air.write(6, NEW)

        ignore_silence(air, run)
        return image.blocks[6]

    assert len({late(extra) for extra in range(12)}) > 2


def write_trailer(air: Air) -> None:
    air.open(5)
    air.write(7, NEW_TRAILER)


def test_a_torn_trailer_is_old_or_new_and_both_are_met() -> None:
    ends = set()
    for seed in range(20):
        air = Air(card_image(), tear=Tear(frame=FRAMES), seed=seed)
        ignore_silence(air, write_trailer)
        ends.add(air.image.blocks[7])
        assert air.image.locked_sectors() == ()
    assert ends == {OLD_TRAILER, NEW_TRAILER}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("frame", range(6, 9))
def test_a_value_changes_with_its_transfer_alone(frame: int, moment: Moment) -> None:
    air = Air(card_image(blocks=VALUES), tear=Tear(frame=frame, moment=moment), seed=1)

    def run(air: Air) -> None:
        air.open(5)
        air.count(0xC0, 5, 30)  # frames 6 and 7
        air.transfer(5)  # frame 8

    ignore_silence(air, run)
    if (frame, moment) == (8, "after"):
        assert air.image.blocks[5] == value.encode(70, 5)
    elif (frame, moment) != (8, "during"):
        assert air.image.blocks[5] == VALUES[5]


def test_a_card_put_back_is_a_new_field_and_knows_nothing_of_the_session() -> None:
    air = torn("during", FRAMES)
    again = Air(air.image)
    assert again.ask(0x30, 5) is None
    again.open(5)
    assert again.read(5) == VALUES[5]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_torn_card_has_no_power(moment: Moment) -> None:
    air = torn(moment, FRAMES - 1)
    again = Field(air.card)
    assert again.exchange(REQA) == air.image.atqa, "it is idle, whatever it was doing"


def test_a_tear_that_is_never_reached_does_nothing() -> None:
    air = Air(card_image(blocks=VALUES), tear=Tear(frame=FRAMES + 1))
    write_block(air)
    assert air.image.blocks[6] == NEW
    assert air.field.present


def test_an_empty_field_is_silent() -> None:
    field = Field(None)
    assert not field.present
    assert field.exchange(WUPA) is None
    field.off()
    assert field.frames == 0


@pytest.mark.parametrize(("frame", "moment"), [(0, "during"), (-1, "before"), (1, "late")])
def test_a_tear_that_cannot_be_is_a_misuse(frame: int, moment: Moment) -> None:
    with pytest.raises(ValueError, match="frame="):
        Tear(frame=frame, moment=moment)
