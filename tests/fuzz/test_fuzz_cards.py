"""Any frames to the simulated cards, the reader chip and the PN532: an answer or silence, never an
exception, and nothing is written without its key (the whole memory compared)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from hw_sim.classic import MOVES, ClassicCard, Move, State
from hw_sim.desfire.image import DesfireImage
from hw_sim.field import Field
from hw_sim.geometry import CHIP_CLASSIC_1K, CHIP_CLASSIC_4K
from hw_sim.image import CardImage
from hw_sim.picc import card_of
from hw_sim.pn532 import Pn532
from hw_sim.pn532.frames import ACK, Inbox, Mark, framed
from hw_sim.reader_chip import ReaderChip
from hw_sim.stock import new_blank_classic
from tests.fuzz import sent_to_cards as told
from tests.fuzz.mangle import MANY, SEED, Record, anything, chance, mangled
from tests.fuzz.sent_to_cards import KNOWN_BLOCKS, Story, sent
from tests.hw_sim.desfire_rig import Terminal

FRAME_BYTES_MAX = 256
known_or_not = pytest.mark.parametrize("known", [False, True], ids=["no key", "one key"])
of_both_sizes = pytest.mark.parametrize("chip", [CHIP_CLASSIC_1K, CHIP_CLASSIC_4K])
of_both_kinds = pytest.mark.parametrize("ev1", [True, False], ids=["EV1", "EV2"])
UIDS = {
    CHIP_CLASSIC_1K: bytes.fromhex("9c599b32"),
    CHIP_CLASSIC_4K: bytes.fromhex("04112233445566"),
}


def classic(chip: str, rng: Random, *, known: bool) -> CardImage:
    """A card whose sectors are all under keys of their own; with `known` one of them is ours."""
    image = new_blank_classic(rng, uid=UIDS[chip], chip=chip)
    for block, data in enumerate(image.blocks):
        if data.startswith(b"\xff" * 6):
            keys = rng.randbytes(6), rng.randbytes(6)
            access = rng.choice((b"\xff\x07\x80\x69", b"\x08\x77\x8f\xff", b"\x78\x77\x88\xc1"))
            image.blocks[block] = keys[0] + access + keys[1]
    return told.give_sector(image) if known else image


def unchanged(image: CardImage, before: list[bytes], *, known: bool) -> bool:
    """Whether all but what one key opens is as it was."""
    ours = KNOWN_BLOCKS if known else frozenset()
    return len(image.blocks) == len(before) and all(
        now == then
        for block, (now, then) in enumerate(zip(image.blocks, before, strict=True))
        if block not in ours
    )


@of_both_sizes
@known_or_not
def test_classic_frames(chip: str, known: bool, record_property: Record) -> None:  # noqa: FBT001
    rng = chance(f"{chip} {known}")
    image = classic(chip, rng, known=known)
    before = list(image.blocks)
    card = ClassicCard(image)
    answered = 0
    for frame in sent(rng, (told.classic_story(image, known=known),), MANY):
        answer = card.answer(frame)
        assert answer is None or 1 <= len(answer) <= 18, frame.hex()
        answered += answer is not None
        assert card.pace.work_fc >= 0
        assert unchanged(image, before, known=known), f"seed {SEED}: {frame.hex()}"
        if rng.random() < 0.001:
            card.power_off()
    record_property("frames_fuzzed", MANY)
    assert answered > MANY / 8
    assert image.writes == 0 or known
    assert not known or list(image.blocks) != before


@of_both_kinds
def test_desfire_frames(ev1: bool, record_property: Record) -> None:  # noqa: FBT001
    rng = chance(f"DESFire {ev1}")
    image = told.desfire_image(ev1=ev1)
    before = image.copied()
    card = card_of(image, rng=rng)
    answered = 0
    for frame in sent(rng, (told.desfire_story(image, rng),), MANY):
        answer = card.answer(frame)
        assert answer is None or 1 <= len(answer) <= FRAME_BYTES_MAX, frame.hex()
        answered += answer is not None
        assert card.pace.work_fc >= 0
        if rng.random() < 0.01:
            assert image == before, f"seed {SEED}, at or before {frame.hex()}"
            card.power_off()
    record_property("frames_fuzzed", MANY)
    assert image == before
    assert answered > MANY / 8


@of_both_kinds
def test_desfire_messages_of_one_who_has_one_key(ev1: bool, record_property: Record) -> None:  # noqa: FBT001
    """Sealed as they must be: files under the other keys, keys and settings stay as they are."""
    rng = chance(f"one key of a DESFire {ev1}")
    image = told.desfire_image(ev1=ev1)
    before, many = image.copied(), 0
    while many < MANY:
        terminal = Terminal(image, rng)
        for told_now in told.under_a_session(terminal, rng):
            assert terminal.raw(told_now), told_now.hex()
            many += 1
        assert guarded(image) == guarded(before), f"seed {SEED}, before message {many}"
        image.applications[0].files[1].content = before.applications[0].files[1].content
    record_property("frames_fuzzed", many)


def guarded(image: DesfireImage) -> object:
    """All that the one key does not open."""
    application = image.applications[0]
    files = {number: file for number, file in application.files.items() if number not in (1, 4)}
    settings = (image.ks1, image.master, image.uid, image.ats, image.random_uid)
    return settings, application.keys, files, len(image.applications)


@of_both_sizes
@known_or_not
def test_reader_chip_on_a_classic(chip: str, known: bool, record_property: Record) -> None:  # noqa: FBT001
    rng = chance(f"reader chip {chip} {known}")
    image = classic(chip, rng, known=known)
    before = list(image.blocks)
    reader = ReaderChip(Field(ClassicCard(image)))
    reader.power_on()
    for apdu in sent(rng, (told.classic_apdus(image, known=known),), MANY):
        assert len(reader.transmit(apdu)) >= 2, apdu.hex()
        assert unchanged(image, before, known=known), f"seed {SEED}: {apdu.hex()}"
        if rng.random() < 0.001:
            assert reader.power_on()
    record_property("frames_fuzzed", MANY)
    assert (list(image.blocks) != before) == known


@of_both_kinds
def test_reader_chip_on_a_desfire(ev1: bool, record_property: Record) -> None:  # noqa: FBT001
    rng = chance(f"reader chip DESFire {ev1}")
    image = told.desfire_image(ev1=ev1)
    before = image.copied()
    reader = ReaderChip(Field(card_of(image, rng=rng)))
    reader.power_on()
    for apdu in sent(rng, (told.desfire_apdus(image, rng),), MANY):
        assert reader.transmit(apdu), apdu.hex()
        if rng.random() < 0.01:
            assert image == before, f"seed {SEED}, at or before {apdu.hex()}"
            assert reader.power_on()
    record_property("frames_fuzzed", MANY)
    assert image == before


def pieces(rng: Random, story: Story, many: int) -> Iterator[bytes]:
    """What comes over the chip's line: commands whole, spoiled, cut in two; noise between."""
    before = [framed(b"\xd4\x02")]
    for frame in sent(rng, (story,), many):
        kind = rng.randrange(30)
        if kind == 0:
            yield anything(rng, 300)
        elif kind == 1:
            yield mangled(rng, frame, before)
        elif kind == 2:
            at = rng.randrange(len(frame) + 1)
            yield frame[:at]
            yield frame[at:]
        else:
            yield rng.choice((frame, frame, b"\x55\x55" + bytes(14) + frame, ACK + frame))


@pytest.mark.parametrize("what", ["classic", "classic, one key", "nothing"])
def test_pn532_before_a_classic(what: str, record_property: Record) -> None:
    rng = chance(f"PN532 {what}")
    known = what == "classic, one key"
    image = classic(CHIP_CLASSIC_1K, rng, known=known)
    before = list(image.blocks)
    chip = Pn532(lambda: Field(None if what == "nothing" else card_of(image, rng=rng)))
    for piece in talked(chip, rng, told.pn532_story(image, known=known)):
        assert unchanged(image, before, known=known), f"seed {SEED}: {piece.hex()}"
    record_property("frames_fuzzed", MANY)
    assert still_there(chip)
    assert (image.blocks != before) == known


@of_both_kinds
def test_pn532_before_a_desfire(ev1: bool, record_property: Record) -> None:  # noqa: FBT001
    rng = chance(f"PN532 DESFire {ev1}")
    image = told.desfire_image(ev1=ev1)
    before = image.copied()
    chip = Pn532(lambda: Field(card_of(image, rng=rng)))
    for n, piece in enumerate(talked(chip, rng, told.pn532_story(image, known=False))):
        assert n % 100 or image == before, f"seed {SEED}, at or before {piece.hex()}"
    record_property("frames_fuzzed", MANY)
    assert still_there(chip)
    assert image == before


def talked(chip: Pn532, rng: Random, story: Story) -> Iterator[bytes]:
    """Say it all to the chip; each piece once the chip has answered it in whole frames."""
    for piece in pieces(rng, story, MANY):
        rate = chip.rate if rng.random() < 0.99 else 9_600
        for frame in chip.hear(piece, rate=rate):
            assert len(Inbox().feed(frame)) == 1, piece.hex()
        if rng.random() < 0.1:
            chip.step()
        if rng.random() < 0.05:
            chip.idle()
        yield piece


def still_there(chip: Pn532) -> bool:
    """Whether the chip says its firmware to a host that comes anew: no hang."""
    chip.idle()
    chip.hear(ACK, rate=chip.rate)
    chip.hear(bytes(16), rate=chip.rate)
    answered = chip.hear(framed(b"\xd4\x02"), rate=chip.rate)
    return Inbox().feed(b"".join(answered)) == [Mark.ACK, bytes.fromhex("d50332010607")]


def test_the_guard_sees_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that takes any key is caught by the same loop."""

    def opened(card: ClassicCard, _frame: bytes) -> bytes:
        card.state = State.OPEN
        return bytes(4)

    monkeypatch.setitem(MOVES, (State.CHALLENGED, b""), Move(8, opened, crc=False))
    with pytest.raises(AssertionError, match="seed"):
        test_classic_frames(CHIP_CLASSIC_1K, known=False, record_property=lambda *_: None)
