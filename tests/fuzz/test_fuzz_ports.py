"""Any bits to a Classic behind its cipher, any blocks and APDUs to the NHI card: an answer or
silence, never an exception, and nothing written by one who only listened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import count
from random import Random

from hw_sim.classic import ClassicCard
from hw_sim.field import Field
from hw_sim.geometry import CHIP_CLASSIC_1K
from hw_sim.image import CardImage
from hw_sim.nhi import AID, NhiCard, NhiImage, new_nhi
from hw_sim.raw import Bits, RawPort, bits_of
from hw_sim.reader_chip import ReaderChip
from hw_sim.t1 import Block
from tests.fuzz import sent_to_cards as told
from tests.fuzz.mangle import MANY, SEED, Record, anything, chance, mangled
from tests.fuzz.test_fuzz_cards import classic, of_both_sizes, unchanged
from tests.hw_sim.raw_reader import RawReader

LISTENED = 40  # sessions


class Overheard:
    """A port with somebody listening: the bits of every frame that a reader sends."""

    def __init__(self, port: RawPort) -> None:
        self._port = port
        self.heard: list[Bits] = []

    def exchange(self, bits: Sequence[int]) -> Bits | None:
        self.heard.append(tuple(bits))
        return self._port.exchange(bits)


def overheard(image: CardImage, rng: Random) -> list[list[Bits]]:
    """Sessions of one who has a key, and writes, on a card just like this one."""
    sessions = []
    for _ in range(LISTENED):
        port = Overheard(RawPort(Field(ClassicCard(deepcopy(image))), start=rng.randrange(65_535)))
        reader = RawReader(port, image.uid)
        block = rng.randrange(1, len(image.blocks))
        trailer = image.trailer(block)
        reader.select()
        assert reader.open(block, trailer[10:], b=True, chosen=rng.randbytes(4))
        if reader.ask(bytes((0xA0, block))) == b"\x0a":
            reader.ask(rng.randbytes(16))
        sessions.append(port.heard)
    return sessions


def spoiled(rng: Random, bits: Bits) -> Bits:
    """Some bits wrong, missing or more."""
    flipped = [bit ^ (rng.random() < 0.02) for bit in bits]
    kind = rng.randrange(6)
    if kind == 0:
        flipped = flipped[: rng.randrange(len(flipped) + 1)]
    elif kind == 1:
        flipped += [rng.randrange(2) for _ in range(rng.randrange(30))]
    return tuple(int(bit) for bit in flipped)


def bit_frames(image: CardImage, rng: Random, many: int) -> Iterator[Bits]:
    """Whole sessions replayed, frames in the clear, spoiled ones of both, and noise."""
    sessions = overheard(image, rng)
    clear = told.sent(rng, (told.classic_story(image, known=False),), many)
    for n in count():
        if n >= many:
            return
        kind = rng.randrange(8)
        if kind < 2:
            yield from rng.choice(sessions)
        elif kind < 6:
            yield from map(bits_of, (frame for frame, _ in zip(clear, range(6), strict=False)))
        elif kind == 6:
            yield spoiled(rng, rng.choice(rng.choice(sessions)))
        else:
            yield tuple(rng.randrange(2) for _ in range(rng.choice((0, 1, 4, 7, 9, 36, 72, 162))))


@of_both_sizes
def test_bits_of_one_who_only_listened(chip: str, record_property: Record) -> None:
    rng = chance(f"bits {chip}")
    image = classic(chip, rng, known=False)
    before, many = list(image.blocks), MANY
    # The chip's own nonces come round, and a session replayed under its nonce again is a true one.
    fresh = (rng.randbytes(4) for _ in count())
    port = RawPort(Field(ClassicCard(image)), nonces=fresh)
    sent = answered = 0
    for bits in bit_frames(image, rng, many):
        answer = port.exchange(bits)
        assert answer is None or set(answer) <= {0, 1}
        answered += answer is not None
        sent += 1
        assert unchanged(image, before, known=False), f"seed {SEED}, frame {sent}: {bits}"
        if sent >= many:
            break
    record_property("frames_fuzzed", sent)
    assert answered > sent / 8
    assert image.writes == 0


def test_what_was_overheard_was_a_write() -> None:
    """Or the replays above would prove nothing."""
    rng = Random(1)
    image = classic(CHIP_CLASSIC_1K, rng, known=False)
    frames = [len(bits) for heard in overheard(image, rng) for bits in heard]
    assert frames.count(18 * 9) > LISTENED / 4


def nhi() -> NhiImage:
    return new_nhi(
        Random(1),
        holder={"name": "王小明", "id_no": "B100000002", "born": "1981-01-01", "sex": "M"},
    )


APDUS = (
    b"\x00\xa4\x04\x00\x10" + AID,
    bytes.fromhex("00ca1100020000"),
    bytes.fromhex("00ca110002000039"),
    bytes.fromhex("00c0000039"),
    bytes.fromhex("00b0000000"),
)


def test_nhi_blocks(record_property: Record) -> None:
    rng, image = chance("T=1"), nhi()
    before = deepcopy(image)
    card = NhiCard(image)
    card.reset()
    answered, number = 0, 0
    for n in range(MANY):
        pcb = rng.choice(
            (number, number | 0x20, 0x80, 0x90, 0xC0, 0xC1, 0xC2, 0xE1, rng.randrange(256))
        )
        block = bytes(Block(pcb, rng.choice((*APDUS, b"", anything(rng, 254)))[:254]))
        frame = rng.choice((block, block, block, mangled(rng, block, [block]), anything(rng, 300)))
        answer = card.answer(frame)
        assert answer is None or 4 <= len(answer) <= 258, frame.hex()
        answered += answer is not None
        number ^= 0x40
        if n % 97 == 0:
            assert card.reset() == image.atr
    record_property("frames_fuzzed", MANY)
    assert image == before
    assert answered > MANY / 2


def test_reader_chip_on_the_nhi_card(record_property: Record) -> None:
    rng, image = chance("reader chip NHI"), nhi()
    before = deepcopy(image)
    reader = ReaderChip(Field(NhiCard(image)))
    reader.power_on()
    shown = 0
    for n in range(MANY):
        apdu = rng.choice((*APDUS, mangled(rng, rng.choice(APDUS), APDUS), anything(rng, 300)))
        answer = reader.transmit(apdu)
        assert len(answer) >= 2, apdu.hex()
        shown += answer.startswith(image.profile)
        if n % 97 == 0:
            assert reader.power_on() == image.atr
    record_property("frames_fuzzed", MANY)
    assert image == before
    assert shown > MANY / 100
