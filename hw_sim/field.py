"""The RF field between a reader chip and the cards in it: it counts frames, bytes and time, can
take the cards away, and can lose or break a frame.

A frame is one transmission from reader to card, with or without an answer; REQA, anticollision,
selection and both halves of an authentication count like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter_ns
from typing import Literal, Protocol, runtime_checkable

from hw_sim import air
from hw_sim.air import NIBBLE_BITS, SHORT_BITS, Pace


class Picc(Protocol):
    """A card, as the field sees it. No verb ever raises."""

    @property
    def pace(self) -> Pace:
        """What the card adds to the time of the frame that it got last."""
        ...

    @property
    def rates_kbps(self) -> tuple[int, int]:
        """The rates of the next frame, from the reader and from the card."""
        ...

    def answer(self, frame: bytes) -> bytes | None:
        """One frame in, one frame or silence out."""
        ...

    def tear(self, frame: bytes, rng: Random, *, locks: bool) -> None:
        """The power goes while the card works on this frame; what it was programming is torn.
        `locks`: a torn block that says who may do what is lost for good."""
        ...

    def power_off(self) -> None:
        """The field is gone: all but the memory is forgotten."""
        ...


@runtime_checkable
class Contacts(Protocol):
    """What a card with contacts has beside: no frame reaches it before its reset."""

    def reset(self) -> bytes:
        """Power and reset at the contacts; the ATR."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tear:
    """Take the cards away at frame `frame` (1…).

    `before`: the card never gets that frame. `during`: it gets it and loses power while it works
    on it. `after`: it carries it out whole, but its answer is lost. `locks`: a Classic sector
    whose trailer is torn is lost for good (cards.md 2.7). Raises ValueError.
    """

    frame: int
    moment: Literal["before", "during", "after"] = "during"
    locks: bool = False

    def __post_init__(self) -> None:
        if self.frame < 1 or self.moment not in ("before", "during", "after"):
            raise ValueError(f"frame={self.frame} moment={self.moment!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Frame `frame` (1…) or its answer does not come through.

    `out`: the frame on its way to the card; `back`: the answer to it. `lost`: nothing arrives;
    `broken`: it arrives with one bit wrong. Raises ValueError.
    """

    frame: int
    way: Literal["out", "back"]
    harm: Literal["lost", "broken"]

    def __post_init__(self) -> None:
        if self.frame < 1 or self.way not in ("out", "back") or self.harm not in ("lost", "broken"):
            raise ValueError(f"frame={self.frame} way={self.way!r} harm={self.harm!r}")


class Stopwatch:
    """The host's own time inside this package, counted once however the calls nest. `ns`."""

    def __init__(self) -> None:
        self.ns = 0
        self._depth = self._started = 0

    def __enter__(self) -> None:
        if not self._depth:
            self._started = perf_counter_ns()
        self._depth += 1

    def __exit__(self, *_exception: object) -> None:
        self._depth -= 1
        if not self._depth:
            self.ns += perf_counter_ns() - self._started


class Field:
    """One presentation of one card, of several, or of none; a card that is put back gets a new
    field.

    `present`: a card is in the field. `frames`, `bytes`: how many frames the cards were sent so
    far, how many bytes both ways (one that is no whole byte counts as one). `air_us`: how long
    all that took by the model of `hw_sim.air`, with `reader_us` a frame for the reader's own
    delay. `collision`: the first bit of the last answer in which two cards disagreed (0… from the
    lowest bit of its first byte), or None. `inside`: the host's time in this package.
    """

    def __init__(
        self,
        card: Picc | None,
        *,
        beside: Sequence[Picc] = (),
        tear: Tear | None = None,
        noise: Sequence[Noise] = (),
        rng: Random | None = None,
        reader_us: float = 0.0,
        heard: Callable[[bytes, bytes | None], None] | None = None,
    ) -> None:
        """`heard` is told each frame and what came back of it, as the reader had them."""
        self.frames = self.bytes = 0
        self.air_us = 0.0
        self.collision: int | None = None
        self.inside = Stopwatch()
        self._cards = tuple(each for each in (card, *beside) if each is not None)
        self.present = bool(self._cards)
        self._tear = tear
        self._noise = {each.frame: each for each in noise}
        self._rng = rng or Random(0)  # noqa: S311 - a model's chance, no secret
        self._reader_us = reader_us
        self._heard = heard

    @property
    def cards(self) -> tuple[Picc, ...]:
        """What lies, or lay, in the field."""
        return self._cards

    def exchange(self, frame: bytes) -> bytes | None:
        """Send one frame to the cards; the answer, or None for silence. An empty one stands for a
        frame that no card can read."""
        self.collision = None
        if not self.present:
            return None
        with self.inside:
            return self._exchange(frame)

    def reset(self) -> bytes:
        """Power and reset at the contacts of a card that has any; its ATR, else b"". No frame is
        counted: the air has no part in it."""
        card = self._cards[0] if self.present else None
        return card.reset() if isinstance(card, Contacts) else b""

    def off(self) -> None:
        """Switch the field off and on again: the cards forget everything but their memory."""
        if self.present:
            for card in self._cards:
                card.power_off()

    def _exchange(self, frame: bytes) -> bytes | None:
        self.frames += 1
        rates = self._cards[0].rates_kbps
        if self._tear is not None and self.frames == self._tear.frame:
            self._take_away(frame, self._tear)
            answer, pace = None, Pace()
        else:
            answer, pace = self._carried(frame, self._noise.get(self.frames))
        self._count(frame, answer, rates, pace)
        if self._heard is not None:
            self._heard(frame, answer)
        return answer

    def _carried(self, frame: bytes, noise: Noise | None) -> tuple[bytes | None, Pace]:
        if noise is None:
            return self._answered(frame)
        if noise.way == "out" and noise.harm == "lost":
            return None, air.classic_pace(air.ClassicWork.SILENCE)
        if noise.way == "out":
            return self._answered(self._broken(frame, one_byte=SHORT_BITS))
        answer, pace = self._answered(frame)
        if answer is None or noise.harm == "lost":
            return None, pace
        return self._broken(answer, one_byte=NIBBLE_BITS), pace

    def _answered(self, frame: bytes) -> tuple[bytes | None, Pace]:
        """What all cards say together: the bits of one are seen over the silence of another, and
        where two bits differ the reader sees a collision."""
        loud = [(a, c.pace) for c in self._cards if (a := c.answer(frame)) is not None]
        if not loud:
            return None, max((c.pace for c in self._cards), key=lambda pace: pace.work_fc)
        first, pace = loud[0]
        for answer, _ in loud[1:]:
            first = self._collide(first, answer)
        return first, pace

    def _collide(self, one: bytes, other: bytes) -> bytes:
        size = max(len(one), len(other))
        a, b = (int.from_bytes(each.ljust(size, b"\x00"), "little") for each in (one, other))
        if a != b:
            at = ((a ^ b) & -(a ^ b)).bit_length() - 1
            self.collision = at if self.collision is None else min(at, self.collision)
        return (a | b).to_bytes(size, "little")

    def _broken(self, frame: bytes, *, one_byte: int) -> bytes:
        bits = one_byte if len(frame) == 1 else 8 * len(frame)
        at = self._chance().randrange(bits) if bits else 0
        return (int.from_bytes(frame, "little") ^ 1 << at).to_bytes(max(len(frame), 1), "little")

    def _take_away(self, frame: bytes, tear: Tear) -> None:
        self.present = False
        for card in self._cards:
            if tear.moment == "during":
                card.tear(frame, self._chance(), locks=tear.locks)
            elif tear.moment == "after":
                card.answer(frame)
            card.power_off()

    def _chance(self) -> Random:
        """Of this frame: its number enters, or one seed would tear every frame in the same way."""
        return Random(self._rng.getrandbits(64) + self.frames)  # noqa: S311

    def _count(
        self, frame: bytes, answer: bytes | None, rates_kbps: tuple[int, int], pace: Pace
    ) -> None:
        self.bytes += len(frame) + len(answer or b"")
        took = air.exchange(
            air.bits_of(frame, one_byte=SHORT_BITS),
            air.bits_of(answer or b"", one_byte=NIBBLE_BITS),
            rates_kbps=rates_kbps,
            pace=pace,
        )
        self.air_us += took.us + self._reader_us
