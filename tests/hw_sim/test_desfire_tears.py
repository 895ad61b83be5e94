"""A card torn at every frame, its file, its random UID and its ISO commands (cards.md 5.8, 5.9)."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Literal

import pytest

from hw_sim.desfire.card import DesfireCard
from hw_sim.desfire.image import Bytes, DesfireImage
from hw_sim.field import Field, Tear
from hw_sim.image import ImageCorrupt, load, load_classic, save
from hw_sim.reader_chip import ReaderChip
from tests.hw_sim.desfire_rig import (
    APP,
    OK,
    Terminal,
    at,
    blank,
    count,
    data_file,
    record,
    record_file,
    value_file,
    write,
)

Moment = Literal["before", "during", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")


def laid() -> DesfireImage:
    image = blank()
    terminal = Terminal(image)
    terminal.application(ks1=0xFF, ks2=0x02)
    terminal.ask(data_file(1, "EEEE", code=0xCB))
    terminal.ask(value_file(2, "EEEE"))
    terminal.ask(record_file(3, "EEEE", size=4, most=4, code=0xC0))
    return image


def run(image: DesfireImage, tear: Tear | None, seed: int) -> Field:
    """One transaction over all three files, through the reader chip."""
    field = Field(DesfireCard(image, rng=Random(2)), tear=tear, rng=Random(seed))
    chip = ReaderChip(field)
    chip.power_on()
    changes = (write(1, b"new!"), count(0x0C, 2, 700), record(3, b"trip"))
    for message in (b"\x5a" + APP, *changes, b"\xc7"):
        chip.transmit(message)
    return field


def test_a_transaction_torn_anywhere_is_old_or_new_and_never_mixed() -> None:
    old, new = laid(), laid()
    frames = run(new, None, 0).frames
    assert new != old
    seen = set()
    for frame in range(1, frames + 1):
        for moment in MOMENTS:
            for seed in range(8):
                image = laid()
                run(image, Tear(frame=frame, moment=moment), seed)
                assert image in (old, new), (frame, moment)
                seen.add((frame == frames, moment, image == new))
                if frame < frames or moment == "before":
                    assert image == old, (frame, moment)
                if frame == frames and moment == "after":
                    assert image == new
    assert {(True, "during", True), (True, "during", False)} <= seen


def test_a_changed_card_is_in_its_file_as_it_was(tmp_path: Path) -> None:
    image = laid()
    run(image, None, 0)
    save(tmp_path / "card", image)
    assert load(tmp_path / "card") == image
    with pytest.raises(ImageCorrupt):
        load_classic(tmp_path / "card")


@pytest.mark.parametrize("field", ["uid", "master", "applications", "ats", "random_uid"])
def test_a_file_without_a_field_is_corrupt(tmp_path: Path, field: str) -> None:
    save(tmp_path / "card", laid())
    text = (tmp_path / "card").read_text().replace(f'"{field}"', '"other"', 1)
    (tmp_path / "card").write_text(text)
    with pytest.raises(ImageCorrupt):
        load(tmp_path / "card")


def test_a_random_uid_is_new_each_time_and_the_true_one_is_kept_back() -> None:
    image = blank()
    terminal = Terminal(image)
    assert terminal.d40().full(b"\x5c\x00", b"\x02") == OK
    chip = ReaderChip(Field(DesfireCard(image, rng=Random(1))))
    uids = set()
    for _ in range(3):
        assert chip.power_on().hex() == "3b8180018080"
        answer = chip.transmit(bytes.fromhex("ffca000000"))
        assert (answer[0], len(answer)) == (0x08, 6)
        uids.add(answer)
    assert len(uids) == 3
    assert terminal.ask(b"\x60")[14:21] == bytes(7)


def test_a_card_that_may_not_be_formatted_is_not() -> None:
    terminal = Terminal(laid())
    terminal.select(bytes(3))
    session = terminal.d40()
    assert session.full(b"\x5c\x00", b"\x01") == OK
    assert terminal.status(b"\xfc") == 0x9D
    assert terminal.image.applications


def test_iso_reads_what_is_free_to_read() -> None:
    terminal = Terminal(blank())
    name = bytes.fromhex("d2760000850101")
    terminal.application(ks2=0x21, more=b"\x10\xe1" + name)
    terminal.ask(b"\xcd\x01\x03\xe1\x00\xee\xee\x0f\x00\x00")
    terminal.ask(b"\xcd\x02\x04\xe1\x00\x00\x00\x0f\x00\x00")
    terminal.ask(write(1, b"capability"))
    assert terminal.raw(b"\x00\xa4\x04\x00\x07" + name) == b"\x90\x00"
    assert terminal.raw("00a4000c02e103") == b"\x90\x00"
    assert terminal.raw("00b000000a") == b"capability\x90\x00"
    assert terminal.raw("00d6000003616263") == b"\x90\x00"
    assert terminal.image.applications[0].files[1].content == Bytes(b"abcability" + bytes(5))
    assert terminal.raw("00a4000c02e104") == b"\x90\x00"
    assert terminal.raw("00b0000001") == b"\x69\x82"
    assert terminal.raw("00d600000161") == b"\x69\x82"
    assert terminal.raw("00a40400020102") == b"\x6a\x82"
    assert terminal.raw("00a4040007d2760000850100") == b"\x90\x00"
    assert terminal.status(at(0xBD, 1, 0, 0)) == 0x9D  # at card level
