"""What is sent to the simulated cards and chips: stories that make sense, and harm done to them.

A story is a list of frames (or APDUs, or commands) as an honest reader would send them, up to the
key that it does not have. `sent` tells stories one after the other and spoils some of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from hw_sim.desfire.image import DesfireImage
from hw_sim.frames import HLTA, WUPA, cascade, proof, with_crc
from hw_sim.geometry import blocks_of, sector_of, trailer_of
from hw_sim.image import CardImage
from hw_sim.pn532.frames import framed
from tests.fuzz.mangle import INTERESTING, anything, mangled
from tests.hw_sim.desfire_rig import Terminal, aes_key, at, blank, data_file, value_file, write
from tests.hw_sim.test_desfire_fuzz import message

Story = Callable[[Random], list[bytes]]
KNOWN_SECTOR = 1
KNOWN_KEY = b"we-do."
FREE_TRAILER = KNOWN_KEY + bytes.fromhex("ff078069") + KNOWN_KEY
KNOWN_BLOCKS = frozenset(blocks_of(KNOWN_SECTOR))
GUESSES = (b"\xff" * 6, bytes(6), b"\xa0\xa1\xa2\xa3\xa4\xa5", b"\xd3\xf7" * 3)
FRAME_LONGEST = 270


def sent(rng: Random, stories: tuple[Story, ...], many: int) -> Iterator[bytes]:
    """`many` frames of stories; one in ten spoiled, dropped, doubled or slipped in."""
    before = [b"\x00"]
    left = many
    while left > 0:
        for frame in _spoiled(rng, rng.choice(stories)(rng), before):
            yield frame
            left -= 1
            if not left:
                return


def _spoiled(rng: Random, story: list[bytes], before: list[bytes]) -> Iterator[bytes]:
    for frame in story:
        kind = rng.randrange(50)
        if kind == 0:
            yield anything(rng, FRAME_LONGEST)
        elif kind == 1:
            yield rng.choice(before)
        if kind == 2:
            continue
        if kind == 3:
            yield mangled(rng, frame, before)
        elif kind == 4:  # spoiled, and the CRC fits again
            yield with_crc(mangled(rng, frame[:-2], before))
        else:
            yield frame
    before[:] = [*before[-40:], *story]


# --- MIFARE Classic


def some_block(rng: Random, image: CardImage) -> int:
    """Mostly one that is there."""
    return rng.randrange(len(image.blocks) if rng.random() < 0.9 else 256)


def selecting(uid: bytes) -> list[bytes]:
    """A card sent to sleep from wherever it was, woken and selected."""
    story = [with_crc(b"\xc2"), HLTA, WUPA]
    for sel, level in zip((0x93, 0x95), cascade(uid), strict=False):
        story += [bytes((sel, 0x20)), with_crc(bytes((sel, 0x70)) + level)]
    return story


def _memory_verbs(rng: Random, block: int, image: CardImage) -> list[bytes]:
    """Reads and writes as they would go through, were the sector open."""
    other = rng.choice((block, some_block(rng, image)))
    value = (100).to_bytes(4, "little") + b"\x9b\xff\xff\xff" + (100).to_bytes(4, "little")
    data = rng.choice((rng.randbytes(16), value + b"\x00\xff\x00\xff", FREE_TRAILER))
    operand = with_crc(rng.randbytes(1) + bytes(3))
    counted = [with_crc(bytes((rng.choice((0xC0, 0xC1, 0xC2)), block))), operand]
    return rng.choice((
        [with_crc(bytes((0x30, other)))],
        [with_crc(bytes((0xA0, other))), with_crc(data)],
        [*counted, with_crc(bytes((0xB0, other)))],
        [with_crc(b"\x50\x00")],
        [b"\x40", b"\x43", with_crc(b"\xe0\x50")],
    ))  # fmt: skip


def classic_story(image: CardImage, *, known: bool) -> Story:
    """Select, authenticate, read and write. `known`: the keys of one sector are ours."""

    def story(rng: Random) -> list[bytes]:
        frames = selecting(image.uid)
        for _ in range(rng.randrange(1, 4)):
            ours = known and rng.random() < 0.7
            block = rng.choice(tuple(KNOWN_BLOCKS)) if ours else some_block(rng, image)
            key = KNOWN_KEY if ours else rng.choice((*GUESSES, rng.randbytes(6)))
            frames += [with_crc(bytes((rng.choice((0x60, 0x61)), block))), proof(key)]
            if not ours and rng.random() < 0.5:
                frames += selecting(image.uid)  # a refused key costs the selection
            for _ in range(rng.randrange(4)):
                frames += _memory_verbs(rng, block, image)
        return frames

    return story


def give_sector(image: CardImage) -> CardImage:
    """The same card with one sector under a key that everyone knows, value blocks in it."""
    for block in KNOWN_BLOCKS:
        image.blocks[block] = bytes.fromhex("640000009bffffff6400000000ff00ff")
    image.blocks[trailer_of(min(KNOWN_BLOCKS))] = FREE_TRAILER
    assert sector_of(min(KNOWN_BLOCKS)) == KNOWN_SECTOR
    return image


# --- DESFire

MASTER, TAP, OTHER = b"unknown to all..", b"we know this one", b"unknown as well."


def desfire_image(*, ev1: bool) -> DesfireImage:
    """Two files under a key that some tests know, two that nobody may write, all keys of ours."""
    image = blank(ev1=ev1)
    terminal = Terminal(image)
    terminal.application(ks1=0x0B, ks2=0x83)
    for made in (
        data_file(1, "1111", comm=1),
        data_file(2, "E222", comm=3, code=0xCB),
        value_file(3, "2222", comm=1),
        data_file(4, "1111", comm=3, code=0xCB),
    ):
        terminal.ev1().plain(made)
    image.ks1, image.master = 0x0A, aes_key(MASTER)
    image.applications[0].keys = [aes_key(OTHER), aes_key(TAP), aes_key(b"nobody knows it.")]
    return image


class Overheard(Terminal):
    """A terminal that has the keys, with somebody listening: every message it sends."""

    def __init__(self, image: DesfireImage, rng: Random) -> None:
        super().__init__(image, rng)
        self.heard: list[bytes] = []

    def raw(self, message: str | bytes) -> bytes:
        data = bytes.fromhex(message) if isinstance(message, str) else message
        self.heard.append(data)
        return super().raw(data)


def overheard(image: DesfireImage, rng: Random) -> list[list[bytes]]:
    """Whole sessions that changed such a card: an eavesdropper's treasure."""
    sessions = []
    for family in (_in_ev1, _in_ev2):
        if family is _in_ev2 and image.ev1:
            continue
        terminal = Overheard(image.copied(), rng)
        terminal.select()
        family(terminal)
        sessions.append(terminal.heard)
    return sessions


def _in_ev1(terminal: Terminal) -> None:
    terminal.ev1(1, TAP).mac(write(1, b"written under a MAC"))
    session = terminal.ev1(0, OTHER)
    new = session.sealed(b"\xc4\x00", b"the key after it\x05")
    assert terminal.write(new) == 0


def _in_ev2(terminal: Terminal) -> None:
    session = terminal.ev2(1, TAP)
    session.macked(write(1, b"written under a MAC"))
    session.full(at(0x3D, 4, 0, 10), b"enciphered")
    session.macked(b"\xc7")
    changed = terminal.ev2(0, OTHER).sealed(b"\xc4\x00", b"the key after it\x05")
    assert terminal.write(changed) == 0


def desfire_story(image: DesfireImage, rng: Random) -> Story:
    """Activation, then messages in blocks: made up, replayed, mixed."""
    sessions = overheard(image, rng)

    def story(rng: Random) -> list[bytes]:
        rats = bytes((0xE0, rng.randrange(9) << 4 | rng.choice((0,) * 9 + (5,))))  # seldom a CID
        frames = [*selecting(image.uid), with_crc(rats)]
        if rng.random() < 0.3:
            frames.append(with_crc(bytes((0xD0, 0x11, rng.choice((0, 5, 0x0A, 0x0F))))))
        number = 0
        told = list(rng.choice(sessions)) if rng.random() < 0.5 else _made_up(image, rng)
        for each in told:
            for part in blocks(each, number):
                frames.append(part)
                number ^= 1
            if rng.random() < 0.1:
                frames.append(with_crc(bytes((rng.choice((0xA2, 0xB2, 0xC2, 0xF2)) | number,))))
        return frames

    return story


def _made_up(image: DesfireImage, rng: Random) -> list[bytes]:
    told = [b"\x5a" + image.applications[0].aid] if rng.random() < 0.8 else []
    return told + [message(rng) for _ in range(rng.randrange(1, 12))]


def blocks(message: bytes, number: int, room: int = 61) -> Iterator[bytes]:
    """One message as I-blocks, the first with this number."""
    parts = [message[n : n + room] for n in range(0, len(message), room)] or [b""]
    for n, part in enumerate(parts):
        chained = 0x10 if n < len(parts) - 1 else 0
        yield with_crc(bytes((0x02 | chained | (number + n) % 2,)) + part)


def under_a_session(terminal: Terminal, rng: Random) -> Iterator[bytes]:
    """Messages of one who has the tap key and no other, each sealed as it must be."""
    terminal.select()
    sealed = _sealer(terminal)
    for _ in range(rng.randrange(1, 12)):
        told = message(rng)
        if len(told) < 2 or told[0] in (0x90, 0x00):
            told = bytes((rng.choice((0xC4, 0x54, 0x3D, 0xDF, 0xCD, 0xDA, 0xFC, 0x5F)), 1)) + told
        yield sealed(told, rng)


def _sealer(terminal: Terminal) -> Callable[[bytes, Random], bytes]:
    """A session with the tap key: a message with its MAC, on an EV2 half of them enciphered."""
    if terminal.image.ev1:
        ev1 = terminal.ev1(1, TAP)
        return lambda told, _: told + ev1.cmac(told)
    ev2 = terminal.ev2(1, TAP)

    def seal(told: bytes, rng: Random) -> bytes:
        size = rng.choice((0, rng.randrange(1, len(told))))
        return ev2.sealed(told[:size], told[size:]) if size else ev2.sealed(told)

    return seal


# --- the reader chip's pseudo-APDUs


def classic_apdus(image: CardImage, *, known: bool) -> Story:
    def story(rng: Random) -> list[bytes]:
        ours = known and rng.random() < 0.7
        block = rng.choice(tuple(KNOWN_BLOCKS)) if ours else some_block(rng, image)
        key = KNOWN_KEY if ours else rng.choice((*GUESSES, rng.randbytes(6)))
        kind, slot = rng.choice((0x60, 0x61)), rng.randrange(2)
        told = [
            bytes.fromhex("ffca000000"),
            bytes((0xFF, 0x82, rng.choice((0, 0x20)), slot, 6)) + key,
            bytes((0xFF, 0x86, 0, 0, 5, 1, 0, block, kind, slot))
            if rng.random() < 0.8
            else bytes((0xFF, 0x88, 0, block, kind, slot)),
        ]
        for _ in range(rng.randrange(1, 5)):
            other = rng.choice((block, some_block(rng, image)))
            told.append(rng.choice((
                bytes((0xFF, 0xB0, 0, other, 16)),
                bytes((0xFF, 0xD6, 0, other, 16)) + rng.choice((rng.randbytes(16), FREE_TRAILER)),
                bytes((0xFF, 0xD7, 0, other, 5, rng.randrange(3), 0, 0, 0, 5)),
                bytes((0xFF, 0xD7, 0, block, 2, 3, other)),
                bytes((0xFF, 0xB1, 0, other, 4)),
                bytes((0xFF, 0xC2, 0, 3, 11, 0xA0 | rng.randrange(2), 9, 0x80, 1, other))
                + bytes.fromhex("81040500000000"),
                bytes((0xFF, rng.choice(INTERESTING), rng.randrange(4), other, 1, 0)),
            )))  # fmt: skip
        return told

    return story


def desfire_apdus(image: DesfireImage, rng: Random) -> Story:
    """Wrapped and native messages as whole APDUs, and what is for the reader."""
    sessions = overheard(image, rng)

    def story(rng: Random) -> list[bytes]:
        if rng.random() < 0.3:
            return [bytes((0xFF, rng.choice((0xCA, 0x82, 0xB0)), 0, 0, 0)), anything(rng, 300)]
        told = list(rng.choice(sessions)) if rng.random() < 0.5 else _made_up(image, rng)
        if rng.random() < 0.5:
            told = [bytes((0x90, m[0], 0, 0, len(m) - 1)) + m[1:] + b"\0" for m in told if m]
        return told

    return story


# --- the PN532's commands


def pn532_story(image: CardImage | DesfireImage, *, known: bool) -> Story:
    def story(rng: Random) -> list[bytes]:
        ours = known and rng.random() < 0.7
        block = rng.choice(tuple(KNOWN_BLOCKS)) if ours else rng.randrange(256)
        key = KNOWN_KEY if ours else rng.choice((*GUESSES, rng.randbytes(6)))
        auth = bytes((rng.choice((0x60, 0x61)), block)) + key + image.uid[-4:]
        told = [
            rng.choice((b"\x14\x01", b"\x02", b"\x12\x14", b"\x00\x00libnfc")),
            b"\x32\x05\x00\x00" + bytes((rng.choice((0, 0, 0, 1, 0xFF)),)),
            bytes((0x4A, rng.choice((1, 1, 2)), 0)),
            b"\x40\x01" + auth,
        ]
        told += [_chip_command(rng, block) for _ in range(rng.randrange(1, 8))]
        return [framed(b"\xd4" + each) for each in told]

    return story


def _chip_command(rng: Random, block: int) -> bytes:
    register = bytes((0x63, rng.choice((0x02, 0x03, 0x05, 0x0D, 0x38, 0x39, 0x3C, 0x3D))))
    return rng.choice((
        b"\x40\x01\x30" + bytes((block,)),
        b"\x40\x01\xa0" + bytes((block,)) + rng.randbytes(16),
        b"\x40\x01" + bytes((rng.choice((0xC0, 0xC1, 0xC2)), block)) + rng.randbytes(4),
        b"\x40\x01\xb0" + bytes((block,)),
        b"\x40\x01" + message(rng),
        b"\x40\x41" + message(rng),
        b"\x42" + rng.choice((WUPA, with_crc(message(rng)), message(rng))),
        b"\x06" + register,
        b"\x08" + register + rng.choice((b"\x80", b"\x00", b"\x07", rng.randbytes(1))),
        bytes((0x4E, 1, rng.randrange(4), rng.randrange(4))),
        bytes((rng.choice((0x44, 0x52, 0x54)), rng.randrange(3))),
        bytes((0x60, rng.choice((1, 2, 0xFF)), 1, 0x10, 0x20)),
        bytes((0x10, rng.randrange(10))),
        b"\x16" + rng.randbytes(rng.randrange(3)),
        bytes((rng.randrange(256),)) + anything(rng, 262),
    ))  # fmt: skip
