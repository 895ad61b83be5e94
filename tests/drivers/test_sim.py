"""`sim:` URIs: a card file as a reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from apdu.secret import Secret
from drivers.errors import (
    CardFileCorrupt,
    CardFileUnwritable,
    CardRemoved,
    NoCard,
    NoSuchReader,
    UnknownScheme,
)
from drivers.registry import open_reader
from hw_sim import new_blank_classic, save
from hw_sim.image import Image, load_classic
from tests.drivers.cards import blank, desfire
from tests.drivers.contract_suite import (
    DATA,
    FACTORY,
    IsoDepContract,
    ReaderContract,
    classic,
)


class SimRig:
    """A folder in which card files are laid on a place and taken away."""

    def __init__(self, folder: Path, cards: tuple[Image, Image]) -> None:
        self.place = folder / "place"
        self.reader = open_reader(f"sim:{self.place}")
        self._boxed = (folder / "card-0", folder / "card-1")
        self._lying: Path | None = None
        for path, card in zip(self._boxed, cards, strict=True):
            save(path, card)
        self.uids = (cards[0].uid, cards[1].uid)

    def put(self, card: int) -> None:
        self.lift()
        self._lying = self._boxed[card]
        self._lying.rename(self.place)

    def lift(self) -> None:
        if self._lying is not None:
            self.place.rename(self._lying)
            self._lying = None


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SimRig]:
    rig = SimRig(tmp_path, (blank(0), blank(1)))
    yield rig
    rig.reader.close()


class TestSimReader(ReaderContract):
    """The contract, on a card file."""


@pytest.fixture
def desfire_rig(tmp_path: Path) -> Iterator[SimRig]:
    rig = SimRig(tmp_path, (desfire(0), desfire(1)))
    yield rig
    rig.reader.close()


class TestSimIsoDep(IsoDepContract):
    """The contract of cards with applications, on a card file."""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card"
    save(path, new_blank_classic(Random(1), uid=None))
    return path


def write_under(uri: str) -> None:
    """Meet the card and write one block: the whole of it, however it ends."""
    reader = open_reader(uri, must_exist=True)
    try:
        port = classic(reader.wait_for_card(timeout_s=0))
        assert port.authenticate(4, FACTORY, key_b=False)
        port.write(4, DATA)
    finally:
        reader.close()


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_tear_at_every_frame_leaves_old_or_new_bits(card: Path, moment: str) -> None:
    pristine = load_classic(card).blocks
    ended, frame = 0, 0
    while not ended:
        frame += 1
        image = load_classic(card)
        image.blocks = list(pristine)
        save(card, image)
        try:
            write_under(f"sim:{card}?tear={frame}:{moment}")
            ended = frame
        except CardRemoved:
            after = load_classic(card).blocks
            assert after[:4] + after[5:] == pristine[:4] + pristine[5:]
    # Three frames select the card, two authenticate, two write: all seven were torn.
    assert ended == 8
    assert load_classic(card).blocks[4] == DATA


def test_a_torn_card_stays_lifted_for_this_reader_only(card: Path) -> None:
    reader = open_reader(f"sim:{card}?tear=6")
    connection = reader.wait_for_card(timeout_s=0)
    assert classic(connection).authenticate(4, FACTORY, key_b=False)
    with pytest.raises(CardRemoved):
        classic(connection).read(4)
    assert reader.wait_for_removal(timeout_s=0)
    with pytest.raises(NoCard):
        reader.wait_for_card(timeout_s=0)
    assert open_reader(f"sim:{card}").wait_for_card(timeout_s=0).uid == load_classic(card).uid


def test_a_tear_before_the_uid_is_a_removed_card(card: Path) -> None:
    with pytest.raises(CardRemoved) as caught:
        open_reader(f"sim:{card}?tear=1").wait_for_card(timeout_s=0)
    assert caught.value.frames_done == 0


@pytest.mark.parametrize(
    ("said", "lost"), [("7", ()), ("7:during", ()), ("7:locks", (1,)), ("7:during:locks", (1,))]
)
def test_a_torn_trailer_takes_its_sector_along_only_where_it_is_asked_to(
    card: Path, said: str, lost: tuple[int, ...]
) -> None:
    reader = open_reader(f"sim:{card}?tear={said}")
    port = classic(reader.wait_for_card(timeout_s=0))
    assert port.authenticate(7, FACTORY, key_b=False)
    with pytest.raises(CardRemoved):
        port.write(7, b"\xaa" * 6 + bytes.fromhex("ff078069") + b"\xbb" * 6)
    assert load_classic(card).locked_sectors() == lost
    again = classic(open_reader(f"sim:{card}").wait_for_card(timeout_s=0))
    opened = [again.authenticate(7, key, key_b=False) for key in (FACTORY, Secret(b"\xaa" * 6))]
    assert sum(opened) == (not lost)


def test_a_tear_never_reached_is_none(card: Path) -> None:
    write_under(f"sim:{card}?tear=1000:before")
    assert load_classic(card).blocks[4] == DATA


@pytest.mark.parametrize(
    "said",
    [
        "",
        "0",
        "-1",
        "x",
        "1:",
        "1:sometimes",
        "1:during:after",
        "1,2",
        "1000000",
        "1:after:locks",
        "1:locks:during",
        "1:lock",
    ],
)
def test_a_tear_that_says_nothing_is_bad_usage(card: Path, said: str) -> None:
    with pytest.raises(UnknownScheme):
        open_reader(f"sim:{card}?tear={said}")


def test_a_missing_file_is_an_empty_reader_or_none(tmp_path: Path) -> None:
    uri = f"sim:{tmp_path / 'nothing'}"
    with pytest.raises(NoCard):
        open_reader(uri).wait_for_card(timeout_s=0)
    with pytest.raises(NoSuchReader):
        open_reader(uri, must_exist=True)


def test_a_file_that_is_no_card_is_named(tmp_path: Path) -> None:
    path = tmp_path / "card"
    path.write_text("{}")
    with pytest.raises(CardFileCorrupt) as caught:
        open_reader(f"sim:{path}", must_exist=True)
    assert caught.value.file == str(path)
    with pytest.raises(CardFileCorrupt):
        open_reader(f"sim:{tmp_path}", must_exist=True)


def test_a_card_changed_by_another_hand_was_lifted(card: Path) -> None:
    reader = open_reader(f"sim:{card}")
    port = classic(reader.wait_for_card(timeout_s=0))
    assert port.authenticate(4, FACTORY, key_b=False)
    image = load_classic(card)
    image.program(5, DATA)
    save(card, image)
    with pytest.raises(CardRemoved):
        port.write(4, DATA)
    assert reader.wait_for_removal(timeout_s=0)
    assert load_classic(card).blocks[4:6] == [bytes(16), DATA]  # the other hand's write is kept


def test_a_file_that_cannot_be_written_is_a_fault(
    card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("drivers.sim.save", full)
    port = classic(open_reader(f"sim:{card}").wait_for_card(timeout_s=0))
    assert port.authenticate(4, FACTORY, key_b=False)
    with pytest.raises(CardFileUnwritable):
        port.write(4, DATA)
    with pytest.raises(CardFileUnwritable):
        port.read(4)
    assert load_classic(card).blocks[4] == bytes(16)


def test_nothing_is_written_where_nothing_changed(card: Path) -> None:
    before = card.stat()
    port = classic(open_reader(f"sim:{card}").wait_for_card(timeout_s=0))
    assert port.authenticate(4, FACTORY, key_b=False)
    assert not port.authenticate(8, Secret(bytes(5) + b"\x01"), key_b=True)
    assert (card.stat().st_ino, card.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
