"""Claims against the smallest model that is right: people as sets of numbers, and who has what."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from sync.errors import AlreadyConfirmed
from sync.ledger.claims import OpenRow, Taken
from tests.sync.rig import LedgerHome, claim_row, page, ref, token, tokens

NUMBERS = st.frozensets(st.integers(1, 5), min_size=1, max_size=3)


class People:
    """Numbers that belong together, by what was ever shown together."""

    def __init__(self) -> None:
        self.groups: list[set[int]] = []

    def of(self, numbers: frozenset[int]) -> set[int]:
        return set(numbers).union(*(g for g in self.groups if g & numbers))

    def join(self, numbers: frozenset[int]) -> None:
        one = self.of(numbers)
        self.groups = [g for g in self.groups if not g & one] + [one]


class Claims(RuleBasedStateMachine):
    """Windows die and come again; steps are taken in any order that the desk may take them."""

    rows = Bundle("rows")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.home = LedgerHome(Path(self.folder.name))
        self.ledger = self.home.open()
        self.people = People()
        self.live: dict[bytes, tuple[frozenset[int], str]] = {}  # claim id: numbers, how
        self.position = 0

    def holders(self, numbers: frozenset[int]) -> dict[bytes, str]:
        person = self.people.of(numbers)
        return {
            claim: how for claim, (made, how) in self.live.items() if self.people.of(made) & person
        }

    @rule(target=rows, numbers=NUMBERS)
    def ask(self, numbers: frozenset[int]) -> Any:
        before = self.holders(numbers)
        answer = self.ledger.ask("flora", tokens(*numbers), rule="F1", proxy="none")
        if isinstance(answer, OpenRow):
            assert set(before) <= {answer.claim_id}, "somebody twice"
            self.live.setdefault(answer.claim_id, (numbers, "mine"))
            if answer.claim_id in before:  # numbers shown for the row that is there
                self.people.join(numbers)
                return multiple()
            return answer
        assert before, "refused without a reason"
        how = set(before.values())
        expected = "F14" if "import" in how else "F15" if "confirmed" in how else "F16"
        if "mine" not in how:
            assert answer == Taken(rule=expected, office=answer.office, month=answer.month)
        self.people.join(numbers)
        return multiple()

    def known(self, row: OpenRow) -> OpenRow | None:
        return self.ledger.open_row(row.n)

    @rule(row=rows)
    def grant(self, row: OpenRow) -> None:
        if self.known(row):
            self.ledger.granted(row.n, basis="alone")
            self.people.join(self.live[row.claim_id][0])

    @rule(row=rows)
    def write(self, row: OpenRow) -> None:
        now = self.known(row)
        if now and now.step == "claimed":
            self.ledger.begin_writing(row.n, row.n.to_bytes(4, "big"))

    @rule(row=rows)
    def confirm(self, row: OpenRow) -> None:
        now = self.known(row)
        if now and now.step == "writing":
            self.ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
            self.live[row.claim_id] = (self.live[row.claim_id][0], "confirmed")

    @rule(row=consumes(rows))
    def clear(self, row: OpenRow) -> None:
        now = self.known(row)
        if now and now.step == "confirmed":
            self.ledger.clear(row.n)

    @rule(row=consumes(rows), declared=st.sampled_from(["kept", "blanked"]))
    def void(self, row: OpenRow, declared: Literal["kept", "blanked"]) -> None:
        now = self.known(row)
        if now is None:
            return
        if now.step == "confirmed":
            try:
                self.ledger.void(row.n, evidence="kept")
            except AlreadyConfirmed:
                return
            raise AssertionError("a confirmed claim was voided")
        if now.begun:
            self.ledger.void(row.n, evidence=declared, spoiled_ref=ref(row.n))
        else:
            self.ledger.void(row.n, evidence="unwritten")
        del self.live[row.claim_id]

    @rule(numbers=NUMBERS)
    def refuse(self, numbers: frozenset[int]) -> None:
        self.ledger.refuse("flora", rule="F12", tokens=tokens(*numbers))
        self.people.join(numbers)

    @rule(numbers=NUMBERS)
    def import_one(self, numbers: frozenset[int]) -> None:
        before = self.holders(numbers)
        known = {row[0] for row in self.home.rows("SELECT claim_id FROM claim")}
        accepted, duplicates = self.ledger.import_claims("flora", [tokens(*numbers)])
        assert (accepted, duplicates) == ((0, 1) if before else (1, 0))
        if accepted:
            (new,) = {row[0] for row in self.home.rows("SELECT claim_id FROM claim")} - known
            self.live[new] = (numbers, "import")
            self.people.join(numbers)

    @rule(n=st.integers(1, 2), state=st.sampled_from(["open", "confirmed", "void"]))
    def hear(self, n: int, state: str) -> None:
        """A claim of another office by number `n`, and what became of it."""
        self.ledger.apply_page(page(claim_row(n, state, n), after=self.position, era=0))
        self.position += 1
        claim_id = token(1000 + n)
        if state == "void":
            self.live.pop(claim_id, None)
        elif (state, self.live.get(claim_id, (0, ""))[1]) != ("open", "confirmed"):
            self.live[claim_id] = (frozenset({n}), state)

    @rule()
    def die(self) -> None:
        self.ledger.close()
        self.ledger = self.home.open()

    @invariant()
    def whole(self) -> None:
        said = self.ledger.verify()
        assert said.whole, said.faults

    @invariant()
    def every_live_claim_is_there(self) -> None:
        found = {
            row[0] for row in self.home.rows("SELECT claim_id FROM claim WHERE state <> 'void'")
        }
        assert found == set(self.live)

    def teardown(self) -> None:
        self.home.close()
        self.folder.cleanup()


TestClaims = Claims.TestCase
TestClaims.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
