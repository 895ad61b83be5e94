"""The RF field between a reader chip and one card: it counts frames and can take the card away.

A frame is one transmission from reader to card, with or without an answer; REQA, anticollision,
selection and both halves of an authentication count like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol


class Picc(Protocol):
    """A card, as the field sees it. No verb ever raises."""

    def answer(self, frame: bytes) -> bytes | None:
        """One frame in, one frame or silence out."""
        ...

    def tear(self, frame: bytes, rng: Random) -> None:
        """The power goes while the card works on this frame; what it was programming is torn."""
        ...

    def power_off(self) -> None:
        """The field is gone: all but the memory is forgotten."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tear:
    """Take the card away at frame `frame` (1…).

    `before`: the card never gets that frame. `during`: it gets it and loses power while it works
    on it. `after`: it carries it out whole, but its answer is lost. Raises ValueError.
    """

    frame: int
    moment: Literal["before", "during", "after"] = "during"

    def __post_init__(self) -> None:
        if self.frame < 1 or self.moment not in ("before", "during", "after"):
            raise ValueError(f"frame={self.frame} moment={self.moment!r}")


class Field:
    """One presentation of one card (or of none); a card that is put back gets a new field.

    `present`: a card is in the field. `frames`: how many it was sent so far.
    """

    def __init__(
        self, card: Picc | None, *, tear: Tear | None = None, rng: Random | None = None
    ) -> None:
        self.present = card is not None
        self.frames = 0
        self._card = card
        self._tear = tear
        self._rng = rng or Random(0)  # noqa: S311 - a model's chance, no secret

    def exchange(self, frame: bytes) -> bytes | None:
        """Send one frame to the card; its answer, or None for silence."""
        if self._card is None or not self.present:
            return None
        self.frames += 1
        if self._tear is None or self.frames != self._tear.frame:
            return self._card.answer(frame)
        self._take_away(self._card, frame, self._tear)
        return None

    def off(self) -> None:
        """Switch the field off and on again: the card forgets everything but its memory."""
        if self._card is not None and self.present:
            self._card.power_off()

    def _take_away(self, card: Picc, frame: bytes, tear: Tear) -> None:
        self.present = False
        if tear.moment == "during":
            # The frame's number enters, or one seed would tear every frame in the same way.
            card.tear(frame, Random(self._rng.getrandbits(64) + tear.frame))  # noqa: S311
        elif tear.moment == "after":
            card.answer(frame)
        card.power_off()
