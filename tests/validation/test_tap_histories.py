"""Random histories of taps, tears, kills and top-ups beside a card that is never torn."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from drivers.errors import CardRemoved
from tests.validation.bench import BINDING, STOP_AT, FakeCard, FakeLedger, Killed, at, gate
from validation.gate import TapOutcome

PLACES = st.tuples(st.sampled_from(sorted(STOP_AT)), st.sampled_from("AB"))
TEARS = st.none() | st.tuples(
    st.integers(1, 6), st.sampled_from(["before", "during", "after", "killed"])
)


class TornTaps(RuleBasedStateMachine):
    """The whole model: a twin that makes each tap once, when the torn card has come to carry it.

    A presentation moves the torn card on by no tap, one, or (finishing one first) by one only.
    """

    @initialize(bound=st.booleans(), purse_ntd=st.integers(0, 100))
    def start(self, *, bound: bool, purse_ntd: int) -> None:
        binding = BINDING if bound else None
        self.card = FakeCard(purse_ntd=purse_ntd, binding=binding)
        self.twin = FakeCard(purse_ntd=purse_ntd, binding=binding)
        self.ledger, self.twin_ledger = FakeLedger(), FakeLedger()
        self.given_ntd = purse_ntd
        self.now = at("08:00")
        self.open_tear = False
        self.last: TapOutcome | None = None

    @rule(place=PLACES, tear=TEARS, gap_s=st.sampled_from([0, 10, 300, 301, 1_800, 30_000]))
    def present(self, place: tuple[int, str], tear: tuple[int, str] | None, gap_s: int) -> None:
        self.now += timedelta(seconds=gap_s)
        stop_m, vehicle = place
        where: dict[str, Any] = {"stop": STOP_AT[stop_m].stop, "vehicle": vehicle}
        self.card.writes, self.card.tear = 0, tear
        got: TapOutcome | None = None
        with suppress(CardRemoved, Killed):
            got = gate(self.ledger).tap(self.card, route="300", at=self.now, **where)
        wanted: TapOutcome | None = None
        moved = _n(self.card) - _n(self.twin)
        assert moved in (0, 1)
        if moved or (got is not None and not got.finished):
            wanted = gate(self.twin_ledger).tap(self.twin, route="300", at=self.now, **where)
            assert _n(self.card) == _n(self.twin)
            self.last = wanted if moved else self.last
        self.open_tear = got is None
        if got is not None and got.finished:
            assert self.last is not None
            wanted = replace(self.last, purse_ntd=self.twin.purse.ntd if self.twin.purse else None)
        if got is not None:
            assert replace(got, finished=False) == wanted

    @rule(ntd=st.sampled_from([1, 10, 15, 20]))
    def top_up(self, ntd: int) -> None:
        self.card.top_up(ntd)
        self.twin.top_up(ntd)
        self.given_ntd += ntd

    @invariant()
    def the_record_is_the_twins(self) -> None:
        assert self.card.state == self.twin.state

    @invariant()
    def once_whole_the_money_is_right_on_card_and_in_the_journal(self) -> None:
        assert self.twin.purse is not None
        assert self.card.purse is not None
        if self.open_tear:
            return
        assert self.card.purse.ntd == self.twin.purse.ntd
        carried = [e for n, e in self.ledger.counted().items() if n <= _n(self.card)]
        assert {e["state"] for e in carried} <= {"done"}
        assert self.given_ntd - sum(e["charged_ntd"] for e in carried) == self.card.purse.ntd


def _n(card: FakeCard) -> int:
    assert card.state is not None
    return card.state.n


TestTornTaps = TornTaps.TestCase
TestTornTaps.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
