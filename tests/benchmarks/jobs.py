"""The jobs of docs/air.md on simulated cards in memory: where each starts, and what is done.

The card is opened and worked on as a counter or a validator does it; the field tells what went
over the air.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from cards.card import Card
from cards.personalise import check_blank, issue
from cards.state import CardState
from hw_sim.field import Field
from hw_sim.frames import with_crc
from hw_sim.image import Image
from hw_sim.iso_dep import PPS, RATS
from hw_sim.picc import card_of
from tests.benchmarks.plan import KBPS
from tests.cards import air, desfire_air, over_air

_DIVISOR_BITS = {106: 0, 212: 1, 424: 2}
Verb = Callable[[Any], None]


class RatedField(Field):
    """A reader that asks for a rate by itself, as PC/SC readers do: PPS follows the ATS."""

    def __init__(self, card: Any, *, kbps: int) -> None:
        super().__init__(card)
        bits = _DIVISOR_BITS[kbps]
        self._pps = with_crc(bytes((PPS, 0x11, bits << 2 | bits))) if bits else None

    def exchange(self, frame: bytes) -> bytes | None:
        answer = super().exchange(frame)
        if answer and self._pps and frame[:1] == bytes((RATS,)):
            assert super().exchange(self._pps), "the card does not take the rate"
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`name`: the column of docs/air.md, or `issue`. `older`: of a Classic's slots."""

    chip: str
    name: str
    start: Callable[[], Image]
    verb: Verb
    older: str = "B"
    rates_kbps: tuple[int, ...] = field(default=(106,))

    @property
    def title(self) -> str:
        """For a table and for a test's id."""
        slot = (
            f", slot {self.older} older" if self.chip == "Classic" and self.name != "issue" else ""
        )
        return f"{self.chip}: {self.name}{slot}"

    def run(self, kbps: int = 106) -> Field:
        """Once on a fresh card; the field it lay in."""
        image = deepcopy(self.start())
        found = RatedField(card_of(image), kbps=kbps)
        self.verb(over_air.opened(found))
        return found


def issue_classic(card: Card) -> None:
    """As the desk does: looked at before anything is claimed."""
    check_blank(card)
    air.prepare_it(card)
    issue(card)


def issue_desfire(card: Any) -> None:
    check_blank(card)
    desfire_air.prepare_it(card)
    issue(card)


def free_tap(card: Card) -> None:
    """A boarding or alighting that costs nothing."""
    state = card.state
    assert state is not None
    now = air.money(card)
    trip = replace(air.BOARDED, open=state.n % 2 == 0, paid_ntd=0)
    card.put(_moved(state, n=state.n + 1, trip=trip, purse_before=now, purse_after=now))


def _moved(state: CardState, **changes: Any) -> CardState:
    return replace(state, **changes)


@cache
def _classic(bound: bool) -> Image:  # noqa: FBT001
    image = over_air.flora()
    issue_classic(over_air.laid(image))
    if bound:
        air.bind(over_air.laid(image))
    return image


@cache
def _desfire(bound: bool) -> Image:  # noqa: FBT001
    verbs = (desfire_air.prepare_it, desfire_air.issue_it) + ((desfire_air.bind,) if bound else ())
    return desfire_air.after(*verbs)()


JOBS = (
    Job(chip="Classic", name="issue", start=over_air.flora, verb=issue_classic),
    *(
        Job(chip="Classic", name=name, start=lambda b=bound: _classic(b), verb=verb, older=older)  # type: ignore[misc]
        for name, verb in (
            ("tap that charges", air.tap_on),
            ("free tap", free_tap),
            ("bind", air.bind),
        )
        for older, bound in (("A", False), ("B", True))
    ),
    Job(chip="DESFire", name="issue", start=desfire_air.factory, verb=issue_desfire),
    *(
        Job(chip="DESFire", name=name, start=lambda b=bound: _desfire(b), verb=verb,  # type: ignore[misc]
            rates_kbps=KBPS)
        for name, verb, bound in (
            ("tap that charges", desfire_air.tap_on, True),
            ("free tap", free_tap, True),
            ("bind", desfire_air.bind, False),
        )
    ),
)  # fmt: skip
