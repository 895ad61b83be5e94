"""Any frames and messages: an answer or silence, no exception, and no write without its key."""

from __future__ import annotations

from random import Random

import pytest

from hw_sim.desfire.card import Desfire, DesfireCard
from hw_sim.desfire.image import DesfireImage, application_bytes
from hw_sim.desfire.runner import SPECS
from hw_sim.frames import with_crc
from tests.fuzz.mangle import MANY, chance
from tests.hw_sim.desfire_rig import Terminal, aes_key, at, blank, data_file, value_file

PER_CARD = 50
CODES = (*SPECS, 0x0A, 0x1A, 0xAA, 0x71, 0x77, 0xAF, 0x90, 0x00)


def locked(*, ev1: bool) -> DesfireImage:
    """A card on which nothing may be changed without a key that nobody here has."""
    image = blank(ev1=ev1)
    terminal = Terminal(image)
    terminal.application(ks1=0x0B, ks2=0x82)
    for message in (data_file(1, "0000"), data_file(2, "E111", comm=3), value_file(3, "0000")):
        made = terminal.ev1()
        made.plain(message)
    image.ks1, image.master = 0x0A, aes_key(b"unknown to all..")
    image.applications[0].keys = [aes_key(b"unknown as well.")] * 2
    return image


def message(rng: Random) -> bytes:
    """Half of them whole commands with a little harm, half of them anything."""
    if rng.random() < 0.3:
        return rng.randbytes(rng.randrange(80))
    code = rng.choice(CODES)
    body = bytes(rng.choice((0, 1, 2, 3, 8, 0xFF, rng.randrange(256))) for _ in range(40))
    body = body[: rng.choice((0, 1, 3, 4, 5, 7, 8, 16, 19, 25, 32, 40))]
    if rng.random() < 0.3:
        return bytes((0x90, code, 0, 0, len(body))) + body + b"\x00"
    if rng.random() < 0.2:
        return at(code, 1 + rng.randrange(3), 0, rng.randrange(20), body)
    return bytes((code,)) + body


@pytest.mark.parametrize("ev1", [True, False])
def test_any_message_gets_an_answer_and_writes_nothing(ev1: bool) -> None:  # noqa: FBT001
    rng = chance(f"messages {ev1}")
    image = locked(ev1=ev1)
    before = image.copied()
    for _ in range(MANY // PER_CARD):
        desfire = Desfire(image, rng)
        if rng.random() < 0.8:
            desfire.transmit(b"\x5a" + image.applications[0].aid)
        for _ in range(PER_CARD):
            sent = message(rng)
            assert desfire.transmit(sent), sent.hex()
            assert desfire.runner.core.session is None
        assert image == before


def test_any_frame_gets_an_answer_or_silence_and_writes_nothing() -> None:
    rng = chance("frames")
    image = locked(ev1=False)
    before = image.copied()
    card = DesfireCard(image, rng=rng)
    for n in range(MANY):
        if n % PER_CARD == 0:
            card.power_off()
            card.answer(b"\x52")
        frame = rng.choice((b"\x02", b"\x03", b"\x12", b"\xb2", b"\xe0", b"\x93\x70")) + message(
            rng
        )
        answer = card.answer(with_crc(frame) if rng.random() < 0.9 else frame)
        assert answer is None or len(answer) <= 256
    assert image == before


def test_a_card_that_is_open_to_all_stays_whole() -> None:
    """A factory card lets anyone make applications; memory never runs below nothing."""
    rng = chance("open")
    image = blank()
    for _ in range(MANY // PER_CARD):
        desfire = Desfire(image, rng)
        for _ in range(PER_CARD):
            desfire.transmit(message(rng))
    assert image.free_bytes() >= 0
    assert sum(map(application_bytes, image.applications)) + image.free_bytes() > 0
    assert Terminal(image).ask(b"\x60")
