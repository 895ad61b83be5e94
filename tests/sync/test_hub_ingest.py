"""The journal comes up: what arrives and what is answered (ledger.md 9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync import chain
from sync.hub.schema import claim as claims
from sync.hub.schema import journal, journal_orphan, terminal
from sync.wire.messages import b64, unb64
from tests.sync.hubentries import HOUR, confirmed, issued, states
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


def test_in_order_then_doubled(hub: HubRig, counter: Terminal) -> None:
    issued(counter, 1, [5], basis="alone")
    answer = counter.push()
    assert answer.body["ack"]["seq"] == 2
    before = hub.everything()
    assert counter.push().body == answer.body
    after = hub.everything()
    assert {name for name in after if after[name] != before[name]} == {"nonce"}


def test_content_is_kept_byte_for_byte(hub: HubRig, counter: Terminal) -> None:
    counter.write("refusal", product="flora", rule="F12", hour=HOUR)
    counter.push()
    (row,) = hub.rows(journal)
    assert b64(row["content"]) == counter.entries[0]["content"]
    assert (row["head"], row["received"]) == (counter.heads[1], HOUR)


def test_a_gap_is_told_where_the_hub_stands(hub: HubRig, counter: Terminal) -> None:
    for _ in range(3):
        counter.write("started", software="1")
    assert counter.push(1, 1).status == 200
    answer = counter.push(3, 3)
    assert (answer.status, answer.code) == (409, "gap")
    error = answer.body["error"]
    assert (error["seq"], error["head"]) == (1, b64(counter.heads[1]))
    assert [row["seq"] for row in hub.rows(journal)] == [1]


def test_entries_that_arrive_three_one_two_end_in_the_same_state(
    hub: HubRig, counter: Terminal
) -> None:
    """L22: order by sequence, whatever comes first."""
    counter.claim_entry(1, [5], basis="alone")
    confirmed(counter, 1)
    counter.claim_entry(2, [6], basis="alone")
    assert counter.push(3, 3).code == "gap"
    assert counter.push(1, 1).status == 200
    assert counter.push(2, 2).status == 200
    assert counter.push(3, 3).status == 200
    assert states(hub) == {1: "confirmed", 2: "open"}


def test_an_overlapping_push_adds_what_is_new(hub: HubRig, counter: Terminal) -> None:
    issued(counter, 1, [5], basis="alone")
    counter.push()
    issued(counter, 2, [6], basis="alone")
    assert counter.push(1, 4).body["ack"]["seq"] == 4
    assert len(hub.rows(journal)) == 4


def test_an_empty_push_only_shows_where_we_stand(hub: HubRig, counter: Terminal) -> None:
    assert counter.push(1, 0).body["ack"]["seq"] == 0
    issued(counter, 1, [5], basis="alone")
    counter.push()
    assert counter.push(3, 2).body["ack"]["seq"] == 2
    assert len(hub.rows(journal)) == 2


@pytest.mark.parametrize("broken", ["head", "seal", "content", "salt", "epoch"])
def test_a_chain_that_does_not_hold_is_a_case(hub: HubRig, counter: Terminal, broken: str) -> None:
    issued(counter, 1, [5], basis="alone")
    body = msgspec.json.decode(counter.push_body())
    if broken == "head":
        body["head"] = b64(bytes(32))
    elif broken == "seal":
        body["seal"] = b64(bytes(64))
    elif broken == "epoch":
        body["entries"][0]["epoch"] = 7
    else:
        text = body["entries"][0][broken]
        body["entries"][0][broken] = ("B" if text[0] == "A" else "A") + text[1:]
    answer = counter.answered(counter.request("POST", "/v1/journal", msgspec.json.encode(body)))
    assert (answer.status, answer.code) == (422, "chain")
    assert hub.rows(journal) == hub.rows(claims) == []
    assert [case[0] for case in hub.cases()] == ["bad_chain"]


@pytest.mark.parametrize(
    "changed",
    [
        {"entries": [{"seq": 2, "epoch": 1, "kind": "link", "salt": "A" * 22, "content": ""}]},
        {"entries": [{"seq": 1, "epoch": 1, "kind": "link"}]},
        {"from": 0},
        {"prev_head": "A"},
        {"epoch": 1 << 40},
    ],
)
def test_a_push_that_is_none(hub: HubRig, counter: Terminal, changed: dict[str, Any]) -> None:
    counter.write("started", software="1")
    answer = counter.push(**changed)
    assert (answer.status, answer.code) == (400, "form")
    assert hub.rows(journal) == []


def test_another_content_at_a_sequence_is_kept_and_counts(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    issued(counter, 1, [5], basis="alone")
    counter.push()
    clone = counter.clone()
    issued(clone, 2, [6], basis="alone")
    answer = clone.push()
    assert (answer.status, answer.code) == (409, "fork")
    assert answer.body["error"]["seq"] == 1
    assert ("journal_fork", "entry:T-01/1", "terminal:T-01") in hub.cases()
    assert [row["seq"] for row in hub.rows(journal_orphan)] == [1, 2]
    assert len(hub.rows(journal)) == 2
    assert other.claim(9, [6]).body["result"] == "refused"  # a card may be out


def test_a_clones_push_is_not_glued_to_the_others_line(hub: HubRig, counter: Terminal) -> None:
    """S21: the same length, another line before it."""
    issued(counter, 1, [5], basis="alone")
    counter.push()
    clone = counter.clone()
    issued(clone, 2, [6], basis="alone")
    clone.write("started", software="1")
    assert clone.push(3, 3).code == "fork"
    (row,) = hub.rows(terminal)
    assert (row["seq"], row["head"]) == (2, counter.heads[2])


def test_an_erased_entry_keeps_its_leaf_and_changes_nothing(hub: HubRig, counter: Terminal) -> None:
    counter.claim_entry(1, [5], basis="alone")
    entry = counter.entries[0]
    leaf = chain.leaf(unb64(entry["salt"]), unb64(entry["content"]))
    counter.entries[0] = {"seq": 1, "epoch": 1, "kind": "claim", "leaf": b64(leaf)}
    assert counter.push().status == 200
    (row,) = hub.rows(journal)
    assert (row["content"], row["salt"], row["leaf"]) == (None, None, leaf)
    assert states(hub) == {}
