"""Frames lost and broken on the way, and several cards in one field."""

from __future__ import annotations

from random import Random
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hw_sim.classic import ClassicCard, State
from hw_sim.desfire.card import DesfireCard
from hw_sim.field import Field, Noise, Tear
from hw_sim.frames import ACK, SEL, WUPA, cascade, with_crc
from hw_sim.reader_chip import ReaderChip
from hw_sim.selection import find_level
from hw_sim.stock import is_uid, new_blank_classic, new_desfire
from tests.hw_sim.rig import Air, card_image

Way = Literal["out", "back"]
Harm = Literal["lost", "broken"]
WRITE_2 = 7  # three frames to select, two to authenticate, two to write
NEW = b"n" * 16


def noisy(frame: int, way: Way, harm: Harm, seed: int = 0) -> tuple[Air, Field]:
    air = Air(card_image())
    noise = (Noise(frame=frame, way=way, harm=harm),)
    air.field = Field(air.card, noise=noise, rng=Random(seed))
    return air, air.field


@pytest.mark.parametrize("harm", ["lost", "broken"])
@pytest.mark.parametrize("way", ["out", "back"])
def test_what_a_write_comes_to_when_its_last_frame_suffers(way: Way, harm: Harm) -> None:
    air, field = noisy(WRITE_2, way, harm)
    air.open(5)
    assert not air.write(6, NEW)
    assert (air.image.blocks[6] == NEW) == (way == "back"), "the card never takes a broken frame"
    assert field.present, "the card lies there"
    assert field.frames == WRITE_2


def test_a_broken_frame_has_one_wrong_bit_and_a_lost_one_is_never_heard() -> None:
    for seed in range(30):
        air, field = noisy(1, "back", "broken", seed)
        assert (field.exchange(WUPA) or b"") != air.image.atqa
        assert air.card.state is State.READY
    air, field = noisy(1, "out", "lost")
    assert field.exchange(WUPA) is None
    assert air.card.state is State.IDLE
    assert field.exchange(WUPA) == air.image.atqa


def test_an_ack_is_broken_within_its_four_bits() -> None:
    seen = set()
    for seed in range(40):
        air, field = noisy(6, "back", "broken", seed)
        air.open(5)
        answer = field.exchange(with_crc(b"\xa0\x06"))
        assert answer is not None
        assert (answer[0] ^ ACK[0]).bit_count() == 1
        seen.add(answer)
    assert seen == {b"\x0b", b"\x08", b"\x0e", b"\x02"}


@pytest.mark.parametrize("way", ["out", "back"])
@pytest.mark.parametrize("harm", ["lost", "broken"])
def test_blocks_of_iso_dep_get_over_each_lost_or_broken_frame(way: Way, harm: Harm) -> None:
    """ISO/IEC 14443-4: what does not come through is asked for again, once, and where the card
    never heard it sent again."""
    clean: list[bytes] = []
    for frame in range(7, 10):  # six frames to activate; then GetVersion in three
        image = new_desfire(Random(1), uid=None, ev1=False)
        field = Field(DesfireCard(image), noise=(Noise(frame=frame, way=way, harm=harm),))
        chip = ReaderChip(field)
        assert chip.power_on()
        clean.append(b"".join(chip.transmit(bytes.fromhex(text)) for text in ("60", "af", "af")))
        assert field.frames == 9 + (1 if way == "back" else 2)
    assert len(set(clean)) == 1
    assert len(clean[0]) == 3 + 28


@pytest.mark.parametrize(("frame", "way", "harm"), [(0, "out", "lost"), (1, "up", "lost")])
def test_noise_that_cannot_be_is_a_misuse(frame: int, way: Way, harm: Harm) -> None:
    with pytest.raises(ValueError, match="frame="):
        Noise(frame=frame, way=way, harm=harm)


# --- several cards

uids = st.binary(min_size=4, max_size=4).filter(lambda uid: uid[0] != 0x88)


def both(one: bytes, other: bytes) -> tuple[Field, list[ClassicCard]]:
    cards = [ClassicCard(card_image(uid=uid)) for uid in (one, other)]
    return Field(cards[0], beside=cards[1:]), cards


@given(uids, uids)
def test_two_uids_collide_at_their_first_differing_bit(one: bytes, other: bytes) -> None:
    field, _ = both(one, other)
    assert field.exchange(WUPA) == b"\x04\x00"
    answer = field.exchange(bytes((SEL[0], 0x20)))
    assert answer is not None
    if one == other:
        assert field.collision is None
        return
    bits = [int.from_bytes(uid, "little") for uid in (one, other)]
    first = next(n for n in range(32) if bits[0] >> n & 1 != bits[1] >> n & 1)
    assert field.collision == first


@given(uids, uids)
def test_the_reader_finds_one_and_then_the_other(one: bytes, other: bytes) -> None:
    field, cards = both(one, other)
    found = []
    for _ in range(2):
        if field.exchange(b"\x26") is None:
            break
        level = find_level(field, SEL[0])
        assert level is not None
        assert field.exchange(with_crc(bytes((SEL[0], 0x70)) + level)) == with_crc(b"\x08")
        found.append(level[:4])
        assert field.exchange(with_crc(b"\x50\x00")) is None
    assert set(found) == {one, other}
    assert one == other or {card.state for card in cards} == {State.HALTED}


@given(st.binary(min_size=3, max_size=3), st.binary(min_size=3, max_size=3))
def test_seven_bytes_are_found_over_two_levels(a: bytes, b: bytes) -> None:
    one, other = b"\x04" + a + b, b"\x04" + a[::-1] + b[::-1]
    assume(is_uid(one) and is_uid(other))
    cards = [DesfireCard(new_desfire(Random(1), uid=uid, ev1=False)) for uid in (one, other)]
    chip = ReaderChip(Field(cards[0], beside=cards[1:]))
    assert chip.power_on().hex() == "3b81800180" + "80"
    assert chip.transmit(bytes.fromhex("ffca000000"))[:-2] in (one, other)


def test_a_reader_with_two_cards_works_with_one_of_them() -> None:
    images = [new_blank_classic(Random(seed), uid=None) for seed in (1, 2)]
    cards = [ClassicCard(image) for image in images]
    chip = ReaderChip(Field(cards[0], beside=cards[1:]))
    assert chip.power_on()
    uid = chip.transmit(bytes.fromhex("ffca000000"))[:-2]
    chosen = next(image for image in images if image.uid == uid)
    for apdu in ("ff82000006ffffffffffff", "ff860000050100046000", "ffd6000410" + "aa" * 16):
        assert chip.transmit(bytes.fromhex(apdu)) == b"\x90\x00"
    assert chosen.blocks[4] == b"\xaa" * 16
    other = next(image for image in images if image is not chosen)
    assert other.writes == 0


def test_a_card_answers_only_to_its_own_bits() -> None:
    level = cascade(bytes.fromhex("9c599b32"))[0]
    for bits in range(40):
        air = Air(card_image(uid=bytes.fromhex("9c599b32")))
        air.raw(WUPA)
        whole, rest = divmod(bits, 8)
        known = int.from_bytes(level, "little") & (1 << bits) - 1
        sent = known.to_bytes(5, "little")[: whole + (rest > 0)]
        answer = air.raw(bytes((SEL[0], 0x20 + 0x10 * whole + rest)) + sent)
        assert answer is not None
        assert (known >> whole * 8) | int.from_bytes(answer, "little") == int.from_bytes(
            level[whole:], "little"
        )
        if bits:
            air.raw(WUPA)
            wrong = (known ^ 1 << bits - 1).to_bytes(5, "little")[: whole + (rest > 0)]
            assert air.raw(bytes((SEL[0], 0x20 + 0x10 * whole + rest)) + wrong) is None


def test_a_tear_takes_all_cards_away() -> None:
    cards = [ClassicCard(card_image(uid=bytes((n, 1, 2, 3)))) for n in (1, 2)]
    field = Field(cards[0], beside=cards[1:], tear=Tear(frame=2))
    field.exchange(WUPA)
    assert field.exchange(bytes((SEL[0], 0x20))) is None
    assert not field.present
    assert {card.state for card in cards} == {State.IDLE}


# --- a trailer torn for good


@pytest.mark.parametrize(("block", "lost"), [(6, ()), (7, (1,))])
def test_with_locks_a_torn_trailer_is_lost_for_good(block: int, lost: tuple[int, ...]) -> None:
    image = card_image()
    air = Air(image)
    air.field = Field(air.card, tear=Tear(frame=WRITE_2, locks=True), rng=Random(1))
    air.open(5)
    assert not air.write(block, b"fresh!" + image.blocks[block][6:])
    assert image.locked_sectors() == lost
    for key in (b"a-key-", b"fresh!"):
        again = Air(image)
        again.select()
        assert again.prove(5, key=key) == (not lost and key == b"a-key-")
