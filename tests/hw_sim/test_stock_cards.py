"""Cards from the box, and the card company's top-up machine."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim import stock, value
from hw_sim.image import CardImage
from tests.hw_sim.rig import A, Air, B, name, vectors

OURS = (12, 13, 14)
TRANSPORT = bytes.fromhex("0102030405a6")
FACTORY = b"\xff" * 6
seeds = st.integers(0, 2**32)


def flora(seed: int = 1, *, free: bool = True, purse_ntd: int = 0) -> CardImage:
    return stock.new_flora(
        Random(seed), uid=None, purse_ntd=purse_ntd, sectors=OURS,
        transport_key_b=TRANSPORT, free_sector=free,
    )  # fmt: skip


def opens(image: CardImage, key_type: int, key: bytes) -> tuple[int, ...]:
    """The sectors that this key opens, tried over the air."""
    found = []
    for sector in range(16):
        air = Air(image)
        air.select()
        if air.prove(4 * sector, key_type, key):
            found.append(sector)
    return tuple(found)


@given(seeds, st.booleans())
def test_a_flora_card_is_as_public_sources_show_the_stock(seed: int, free: bool) -> None:  # noqa: FBT001
    image = flora(seed, free=free)
    assert (image.kind, image.chip, image.sak, image.atqa) == ("flora", "classic-1k", 8, b"\4\0")
    assert len(image.uid) == 4
    assert image.uid[0] not in (0x08, 0x88), "neither random nor the cascade tag"
    assert image.uid[0] & 0xF != 0xF, "not a UID that may come twice"
    bcc = image.uid[0] ^ image.uid[1] ^ image.uid[2] ^ image.uid[3]
    assert image.blocks[0][:8] == image.uid + bytes((bcc, 0x88, 0x04, 0x00))
    assert image.blocks[1].hex() == "0e140001070208030904081000000000"
    assert image.blocks[2] == bytes(16)
    assert all(image.trailer(4 * s)[6:10].hex() == "08778fff" for s in range(16))
    assert image.locked_sectors() == ()
    for sector in (8, 9, 10, 11):
        assert image.blocks[4 * sector : 4 * sector + 3] == [bytes(16)] * 3
    if free:
        assert image.blocks[48:51] + image.blocks[52:55] == [bytes(16)] * 6


@pytest.mark.parametrize("v", vectors("mad_absent"), ids=name)
def test_block_1_is_the_published_pattern(v: dict[str, str]) -> None:
    assert flora().blocks[1].hex() == v["block1"], v["source"]


def test_the_transport_key_opens_our_sectors_and_no_other() -> None:
    image = flora()
    assert opens(image, B, TRANSPORT) == OURS
    assert opens(image, A, TRANSPORT) == ()
    for key in (FACTORY, bytes(6), bytes.fromhex("a0a1a2a3a4a5")):
        assert opens(image, A, key) == opens(image, B, key) == ()


def test_a_card_without_a_free_sector_opens_to_nobody() -> None:
    image = flora(free=False)
    assert opens(image, A, TRANSPORT) == opens(image, B, TRANSPORT) == ()
    assert value.decode(image.blocks[57]) is None, "and has no purse of ours"


@given(seeds)
def test_no_key_is_met_twice_on_a_card(seed: int) -> None:
    image = flora(seed)
    keys = [key for s in range(16) for key in (image.trailer(4 * s)[:6], image.trailer(4 * s)[10:])]
    unknown = [key for key in keys if key != TRANSPORT]
    assert len(keys) - len(unknown) == len(OURS)
    assert len(set(unknown)) == len(unknown)


def test_what_our_sectors_let_each_key_do() -> None:
    image = flora(purse_ntd=100)
    key_a = image.trailer(48)[:6]
    air = Air(image)
    air.select()
    assert air.prove(48, B, TRANSPORT)
    assert air.write(48, b"x" * 16)
    assert air.prove(48, A, key_a)
    assert air.read(48) == b"x" * 16
    assert not air.write(48, b"y" * 16)


@pytest.mark.parametrize("purse_ntd", [-60, 0, 100, 32_767])
def test_the_purse_is_two_value_blocks_of_the_last_sector(purse_ntd: int) -> None:
    image = flora(purse_ntd=purse_ntd)
    assert image.blocks[56] == bytes(16)
    assert image.blocks[57] == image.blocks[58] == value.encode(purse_ntd, 0)


def test_company_sectors_hold_something_unless_they_are_ours() -> None:
    image = flora()
    assert all(any(image.blocks[4 * s : 4 * s + 3]) for s in (0, 1, 2, 7, 15))
    assert value.decode(image.blocks[8]) is not None, "the company's own purse"
    ours = stock.new_flora(
        Random(1), uid=None, purse_ntd=5, sectors=(3, 9), transport_key_b=TRANSPORT,
        free_sector=True,
    )  # fmt: skip
    assert ours.blocks[12:15] == [bytes(16)] * 3
    assert ours.blocks[37] == value.encode(5, 0)
    assert opens(ours, B, TRANSPORT) == (3, 9)


@pytest.mark.parametrize("uid", ["04112233445566", "01020304"])
def test_a_uid_can_be_given(uid: str) -> None:
    image = stock.new_blank_classic(Random(1), uid=bytes.fromhex(uid))
    assert image.uid.hex() == uid
    assert image.atqa == (b"\x04\x00" if len(image.uid) == 4 else b"\x44\x00")
    Air(image).select()


@pytest.mark.parametrize("uid", ["", "010203", "0102030405", "88020304", "01" * 10])
def test_a_uid_that_no_card_has_is_refused(uid: str) -> None:
    with pytest.raises(ValueError, match="UID"):
        stock.new_blank_classic(Random(1), uid=bytes.fromhex(uid))


@pytest.mark.parametrize(
    ("purse_ntd", "sectors", "key"),
    [
        (32_768, OURS, TRANSPORT), (-61, OURS, TRANSPORT), (0, (), TRANSPORT),
        (0, (0, 1), TRANSPORT), (0, (15, 16), TRANSPORT), (0, (12, 12), TRANSPORT),
        (0, OURS, b"short"),
    ],
)  # fmt: skip
def test_a_stock_card_that_cannot_be_is_a_misuse(
    purse_ntd: int, sectors: tuple[int, ...], key: bytes
) -> None:
    with pytest.raises(ValueError, match="=" if key != b"short" else "key"):
        stock.new_flora(
            Random(1), uid=None, purse_ntd=purse_ntd, sectors=sectors, transport_key_b=key,
            free_sector=True,
        )  # fmt: skip


def test_a_factory_card_opens_with_the_factory_key_everywhere() -> None:
    image = stock.new_blank_classic(Random(1), uid=None)
    assert image.kind == "blank-classic"
    assert all(image.trailer(4 * s) == FACTORY + b"\xff\x07\x80\x69" + FACTORY for s in range(16))
    assert opens(image, A, FACTORY) == tuple(range(16))
    assert image.blocks[1] == bytes(16)


def test_the_same_seed_makes_the_same_card() -> None:
    assert flora(5) == flora(5)
    assert flora(5) != flora(6)


PURSE = (57, 58)


def test_a_top_up_raises_both_blocks_and_keeps_their_address_bytes() -> None:
    image = flora(purse_ntd=-20)
    image.program(58, value.encode(-50, 9))
    assert stock.topup(image, 100, blocks=PURSE) == 50
    assert image.blocks[57] == value.encode(80, 0)
    assert image.blocks[58] == value.encode(50, 9)


def test_a_broken_block_is_left_as_it_is() -> None:
    image = flora(purse_ntd=10)
    image.program(57, b"broken".ljust(16))
    assert stock.topup(image, 5, blocks=PURSE) == 15
    assert image.blocks[57] == b"broken".ljust(16)


@pytest.mark.parametrize("ntd", [32_758, 0, -5])
def test_a_refused_top_up_changes_nothing(ntd: int) -> None:
    image = flora(purse_ntd=10)
    image.program(58, value.encode(-60, 0))  # torn: one block behind
    before = list(image.blocks)
    with pytest.raises(ValueError, match=f"ntd={ntd}"):
        stock.topup(image, ntd, blocks=PURSE)
    assert image.blocks == before
    assert stock.topup(image, 32_757, blocks=PURSE) == 32_697


def test_a_card_without_a_purse_cannot_be_topped_up() -> None:
    with pytest.raises(stock.NoPurseThere):
        stock.topup(flora(free=False), 5, blocks=PURSE)


def test_no_level_of_a_uid_begins_with_the_cascade_tag() -> None:
    """A reader would look for one level more, and never find the card."""

    class Stubborn(Random):
        """Draws the tag there at first."""

        drawn = 0

        def randbytes(self, n: int) -> bytes:
            self.drawn += 1
            found = super().randbytes(n)
            return found[:2] + b"\x88" + found[3:] if self.drawn == 1 and n == 6 else found

    assert stock.new_desfire(Stubborn(1), uid=None, ev1=False).uid[3] != 0x88
    uid = bytearray(bytes.fromhex("04010203040506"))
    uid[3] = 0x88
    with pytest.raises(ValueError, match="UID"):
        stock.new_desfire(Random(1), uid=bytes(uid), ev1=False)
    with pytest.raises(ValueError, match="UID"):
        stock.new_blank_classic(Random(1), uid=bytes(uid))
