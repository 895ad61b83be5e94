"""Claims at the hub: nobody twice, one answer for ever, also when many ask at once (I1, I4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sync.hub.schema import claim as claims
from sync.hub.schema import claim_token, link, token
from tests.sync.hubrig import HubRig, Terminal


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def counter(hub: HubRig) -> Terminal:
    return hub.join("T-01", role="counter")


@pytest.fixture
def other(hub: HubRig) -> Terminal:
    return hub.join("T-02", role="counter", site="D66000070")


def test_the_second_asker_is_told_office_month_and_rule(counter: Terminal, other: Terminal) -> None:
    assert counter.claim(1, [5]).body["result"] == "granted"
    said = other.claim(2, [5]).body
    assert (said["result"], said["reason"], said["rule"]) == ("refused", "already", "F16")
    assert (said["office"], said["month"]) == ("D66000060", "2026-11")


@pytest.mark.parametrize("product", ["child", "student"])
def test_each_product_is_given_once_to_a_person(
    counter: Terminal, other: Terminal, product: str
) -> None:
    assert counter.claim(1, [5]).body["result"] == "granted"  # a Flora card
    assert counter.claim(2, [5], product=product).body["result"] == "granted"
    again = other.claim(3, [5], product=product).body
    assert (again["result"], again["rule"]) == ("refused", "F16")


def test_a_claim_has_one_answer_for_ever(hub: HubRig, counter: Terminal, other: Terminal) -> None:
    first = counter.claim(1, [5]).body
    refused = other.claim(2, [5]).body
    before = hub.everything()
    assert counter.claim(1, [5]).body == first
    assert other.claim(2, [5]).body == refused
    after = hub.everything()
    assert {name for name in after if after[name] != before[name]} == {"nonce"}
    counter.claim_entry(1, [5])
    counter.write("void", claim=f"{1:032x}", hour="2026-11-25T10+08", evidence="unwritten")
    counter.push()
    assert counter.claim(1, [5]).body["result"] == "void"
    assert other.claim(2, [5]).body == refused
    assert other.claim(3, [5]).body["result"] == "granted"


def test_one_id_for_two_requests_is_a_case(hub: HubRig, counter: Terminal) -> None:
    counter.claim(1, [5])
    answer = counter.claim(1, [6])
    assert (answer.status, answer.code) == (409, "claim_reused")
    assert hub.cases() == [("claim_reused", f"claim:{1:032x}", "terminal:T-01")]
    assert len(hub.rows(claims)) == 1


def test_showing_more_numbers_never_turns_no_into_yes(counter: Terminal, other: Terminal) -> None:
    counter.claim(1, [5])
    assert other.claim(2, [5, 6]).body["result"] == "refused"
    assert other.claim(3, [6]).body["result"] == "refused"  # I17: shown once, remembered
    assert other.claim(4, [6, 7]).body["result"] == "refused"
    assert other.claim(5, [7]).body["result"] == "refused"
    assert other.claim(6, [8]).body["result"] == "granted"


def test_links_in_the_request_belong_to_the_person(counter: Terminal) -> None:
    counter.claim(1, [5])
    links = [[f"{5:032x}", f"{6:032x}"]]
    assert counter.claim(2, [6], links=links).body["result"] == "refused"


def test_a_link_that_joins_two_holders_is_a_case_and_both_stay(
    hub: HubRig, counter: Terminal
) -> None:
    counter.claim(1, [5])
    counter.claim(2, [6])
    assert counter.claim(3, [5, 6]).body["result"] == "refused"
    assert hub.cases() == [("double_by_link", f"claim:{1:032x}", f"claim:{2:032x}")]
    assert {row["state"] for row in hub.rows(claims)} == {"open", "refused"}


def test_a_refusal_of_one_number_leaves_no_token_behind(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.claim(1, [5])
    other.claim(2, [5])
    (row,) = [row for row in hub.rows(claims) if row["state"] == "refused"]
    assert row["tokens"] is None
    assert len(hub.rows(token)) == 1


def test_the_hub_keeps_the_hour_of_a_claim_and_no_more(hub: HubRig, counter: Terminal) -> None:
    hub.clock.move(minutes=37, seconds=21)
    counter.claim(1, [5])
    (row,) = hub.rows(claims)
    assert row["hour"] == "2026-11-25T10+08"
    everything = hub.everything()
    del everything["nonce"], everything["hub_state"], everything["invite"]
    said = repr(everything)
    assert ":37" not in said
    assert str(int(hub.clock.now().timestamp())) not in said


@pytest.mark.parametrize(
    "changed",
    [
        {"tokens": [f"{6:032x}", f"{5:032x}"]},
        {"tokens": [f"{5:032x}"] * 2},
        {"tokens": []},
        {"claim": "1"},
    ],
)
def test_a_claim_that_is_none_changes_nothing(
    hub: HubRig, counter: Terminal, changed: dict[str, object]
) -> None:
    answer = counter.claim(1, [5], **changed)
    assert (answer.status, answer.code) == (400, "form")
    assert hub.rows(claims) == []


def test_another_generation_is_told_so(counter: Terminal) -> None:
    answer = counter.claim(1, [5], generation=2)
    assert (answer.status, answer.code) == (409, "generation")


def test_many_at_once_for_one_person(hub: HubRig) -> None:
    """L9: one yes, everybody else `already`, nobody a server fault."""
    asking = [hub.join(f"T-{n:02}", role="counter") for n in range(8)]
    requests = [
        (one, one.request("POST", "/v1/claims", one.claim_body(n * 10 + at, [5])))
        for at in range(4)
        for n, one in enumerate(asking)
    ]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda pair: pair[0].answered(pair[1]), requests))
    results = Counter((answer.status, answer.body.get("result")) for answer in answers)
    assert results == {(200, "granted"): 1, (200, "refused"): 31}
    assert len(hub.rows(claim_token)) == 1


def test_the_same_claim_sent_by_many_threads_is_one(hub: HubRig, counter: Terminal) -> None:
    requests = [counter.request("POST", "/v1/claims", counter.claim_body(1, [5])) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(counter.answered, requests))
    assert {answer.body["result"] for answer in answers} == {"granted"}
    assert len(hub.rows(claims)) == 1


class People(RuleBasedStateMachine):
    """Against the smallest model: a person is a set of numbers; who holds a claim holds it."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.hub = HubRig.make(Path(self.folder.name) / "hub")
        self.counter = self.hub.join("T-01")
        self.groups: list[set[int]] = []
        self.holders: list[set[int]] = []  # by claim: the numbers it was made with
        self.count = 0

    def group(self, shown: set[int]) -> set[int]:
        joined = set(shown)
        for known in [known for known in self.groups if known & joined]:
            self.groups.remove(known)
            joined |= known
        self.groups.append(joined)
        return joined

    @rule(shown=st.sets(st.integers(0, 7), min_size=1, max_size=3))
    def ask(self, shown: set[int]) -> None:
        self.count += 1
        person = self.group(shown)
        taken = any(person & holder for holder in self.holders)
        answer = self.counter.claim(self.count, sorted(shown)).body["result"]
        assert answer == ("refused" if taken else "granted")
        if not taken:
            self.holders.append(set(shown))

    @invariant()
    def every_token_of_a_holder_is_booked(self) -> None:
        booked = {int.from_bytes(row["token"], "big") for row in self.hub.rows(claim_token)}
        wanted: set[int] = set()
        for person in self.groups:
            if any(person & holder for holder in self.holders):
                wanted |= person
        assert booked == wanted

    @invariant()
    def roots_are_the_smallest_of_their_component(self) -> None:
        for row in self.hub.rows(token):
            one = int.from_bytes(row["token"], "big")
            (group,) = [group for group in self.groups if one in group]
            assert int.from_bytes(row["root"], "big") == min(group)

    def teardown(self) -> None:
        self.hub.city.store.close()
        self.folder.cleanup()


TestPeople = People.TestCase
TestPeople.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)


def test_links_are_kept_once(hub: HubRig, counter: Terminal) -> None:
    counter.claim(1, [5, 6])
    counter.claim(2, [5, 6])
    assert len(hub.rows(link)) == 1
