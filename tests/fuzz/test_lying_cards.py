"""Cards, readers and lines that answer wrongly: the terminal names a fault or goes on, and ends.

Every answer of an honest card may be spoiled on its way. What is asked of the terminal is no
crash, no hang; what a spoiled answer may do to a card is a matter of the air's own checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from apdu.errors import Fault
from cards.errors import CardNotIssued
from cards.identify import directory, recognise
from cards.open import open_card
from cards.personalise import prepare
from cards.rekey import rekey
from drivers import iso_dep
from drivers.contract import Connection
from hw_sim.field import Field
from hw_sim.frames import WUPA, cascade, with_crc
from hw_sim.image import Image
from hw_sim.iso_dep import IsoDepCard
from hw_sim.nhi import new_nhi
from hw_sim.picc import card_of
from hw_sim.stock import new_blank_classic
from terminal.nhi import read_holder
from tests.benchmarks.jobs import JOBS, Job
from tests.cards import desfire_air, over_air
from tests.cards.rig import DIRECTORY, KEYS, OURS, FakeShelf
from tests.cards.test_desfire_tears import FakeJournal
from tests.fuzz.mangle import MANY, SEED, SOAK, Record, anything, chance, mangled
from tests.hw_sim.desfire_rig import blank

ENDLESS = 5_000
"""Questions that one piece of work may ask; the longest honest one asks some 80."""
HOLDER = {"name": "王小明", "id_no": "B100000002", "born": "1981-01-01", "sex": "M"}
STATUS = (b"\x90\x00", b"\x63\x00", b"\x64\x00", b"\x61\x10", b"\x61\x00", b"\x6c\x01", b"\x6c\x00",
          b"\x91\x00", b"\x91\xaf", b"\x91\xae", b"\x91\x1c", b"\x69\x82", b"")  # fmt: skip


class LyingLink(over_air.AirLink):
    """The reader chip, and now and then not what it said."""

    def __init__(self, image: Image, rng: Random, *, lies: float) -> None:
        super().__init__(Field(card_of(image, rng=rng)))
        self._rng = rng
        self._lies = lies
        self._heard = [b"\x90\x00"]
        self.asked = 0

    def transmit(self, apdu: bytes) -> bytes | None:
        self.asked += 1
        assert self.asked < ENDLESS, "it asks for ever"
        answer = super().transmit(apdu)
        if answer is None or self._rng.random() > self._lies:
            return answer
        self._heard = [*self._heard[-20:], answer]
        kind = self._rng.randrange(4)
        if kind == 0:
            return anything(self._rng, 70)
        if kind == 1:
            return answer[:-2] + self._rng.choice(STATUS)
        if kind == 2:
            return self._rng.choice(self._heard)
        return mangled(self._rng, answer, self._heard)


def opened(connection: Connection) -> Any:
    return open_card(connection, keys=KEYS, shelf=FakeShelf(), ours=OURS)


def look(connection: Connection) -> None:
    """All that `card show` asks."""
    recognise(connection)
    if connection.classic is not None:
        directory(connection.classic)
    card = opened(connection)
    for ask in ("school", "library", "events"):
        if verb := getattr(card, ask, None):
            verb()


Work = Callable[[Connection], object]


def working(job: Job) -> Work:
    """The job, unless the card says (or is made to say) that it was never handed out."""

    def work(connection: Connection) -> None:
        card = opened(connection)
        if job.name != "issue" and (card.state is None or card.purse is None):
            raise CardNotIssued
        job.verb(card)

    return work


JOB = {job.title: job for job in JOBS}
WORKS: dict[str, tuple[Callable[[], Image], Work]] = {
    **{title: (job.start, working(job)) for title, job in JOB.items() if job.older == "B"},
    "Classic: look": (JOB["Classic: free tap, slot B older"].start, look),
    "Classic 4K: look": (
        lambda: new_blank_classic(Random(1), uid=None, chip="classic-4k"),
        look,
    ),
    "Classic: prepare": (
        over_air.flora,
        lambda connection: prepare(opened(connection), directory=DIRECTORY),
    ),
    "DESFire: look": (JOB["DESFire: free tap"].start, look),
    "DESFire: rekey": (
        JOB["DESFire: free tap"].start,
        lambda connection: rekey(
            open_card(connection, keys=desfire_air.ROTATED, shelf=FakeShelf(), ours=OURS),
            version=2,
            journal=FakeJournal(),
        ),
    ),
    "NHI: read": (lambda: new_nhi(Random(1), holder=HOLDER), read_holder),
    "NHI: look": (lambda: new_nhi(Random(1), holder=HOLDER), look),
}


@pytest.mark.parametrize("name", WORKS)
def test_a_lying_card_ends_in_a_fault_or_in_the_work_done(
    name: str, record_property: Record
) -> None:
    make, work = WORKS[name]
    rng, start = chance(f"lies {name}"), make()
    ends: Counter[str] = Counter()
    answers = 0
    while answers < (MANY if SOAK else MANY // 4):
        link = LyingLink(deepcopy(start), rng, lies=rng.choice((0.02, 0.1, 0.5)))
        try:
            work(link.connect())
            ends["done"] += 1
        except Fault as fault:
            ends[type(fault).__name__] += 1
        except Exception as crash:
            crash.add_note(f"{name}, seed {SEED}, after {answers + link.asked} answers")
            raise
        answers += link.asked
    record_property("answers_fuzzed", answers)
    assert len(ends) > 1, ends


SELECTION = (
    WUPA,
    *(
        frame
        for sel, level in zip((0x93, 0x95), cascade(blank().uid), strict=True)
        for frame in (bytes((sel, 0x20)), with_crc(bytes((sel, 0x70)) + level))
    ),
)


class LyingAir:
    """Frames of a card in the protocol, spoiled, made up, or sent without end."""

    frame_bytes, rate_index = 256, 2

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._card = card_of(blank(), rng=rng)
        assert isinstance(self._card, IsoDepCard)
        for selecting in SELECTION:
            self._card.answer(selecting)
        self._mood = rng.choice(("honest", "honest", "empty chain", "waits", "echo", "noise"))
        self.turns = 0

    def turn(self, frame: bytes, wait_s: float) -> bytes | None:
        self.turns += 1
        assert self.turns < 70_000, f"it asks for ever: {self._mood}"
        rng = self._rng
        if self._mood == "honest" or self.turns < 3:
            answer = self._card.answer(with_crc(frame))
            answer = None if answer is None else answer[:-2]
            return mangled(rng, answer or b"", [frame]) if rng.random() < 0.1 else answer
        number = frame[0] & 1 if frame else 0
        return {
            "empty chain": bytes((0x12 | number,)),
            "waits": bytes((0xF2, rng.choice((0, 1, 59, 255)))),
            "echo": frame,
            "noise": anything(rng, 300),
        }[self._mood]

    def set_rate(self, index: int) -> None:
        assert 0 <= index <= 3


def test_a_lying_card_in_the_protocol(
    monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    monkeypatch.setattr(iso_dep, "sleep", lambda _: None)
    rng = chance("lies in blocks")
    turns, ends = 0, Counter[str]()
    while turns < MANY:
        air = LyingAir(rng)
        blocks = iso_dep.activate(air, rate_index=2)
        for _ in range(4):
            if blocks is not None:
                with suppress(Fault):
                    answer = blocks.transmit(b"\x90\x60\x00\x00\x00" + bytes(rng.choice((0, 200))))
                    ends["silence" if answer is None else "answer"] += 1
        turns += air.turns
    record_property("frames_fuzzed", turns)
    assert len(ends) == 2
