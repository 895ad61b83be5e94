"""What journal entries change at the hub, and what contradicts (ledger.md 4, 9.3, 14)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync import chain
from sync.hub.schema import case_file, claim_token, journal, spoiled, tap
from sync.hub.schema import claim as claims
from sync.wire.messages import b64, unb64
from tests.sync.hubentries import HOUR, confirmed, issued, states, tapped, voided
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


def test_a_claim_and_its_confirm(hub: HubRig, counter: Terminal, other: Terminal) -> None:
    counter.claim(1, [5])
    issued(counter, 1, [5])
    counter.push()
    assert states(hub) == {1: "confirmed"}
    assert other.claim(2, [5]).body["rule"] == "F15"


def test_twins_recorded_offline_are_one_case_with_both_sides(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    """L8: the first ingested keeps the tokens, the other is live all the same."""
    issued(counter, 1, [5], basis="alone")
    issued(other, 2, [5], basis="alone")
    assert counter.push().status == other.push().status == 200
    assert hub.cases() == [("double_claim", f"claim:{1:032x}", f"claim:{2:032x}")]
    assert states(hub) == {1: "confirmed", 2: "confirmed"}
    assert [row["claim"] for row in hub.rows(claim_token)] == [bytes.fromhex(f"{1:032x}")]
    detail = msgspec.json.decode(hub.rows(case_file)[0]["detail"])
    assert (detail["a"]["terminal"], detail["b"]["terminal"]) == ("T-01", "T-02")
    assert other.claim(3, [5]).body["rule"] == "F16"  # one side of an undecided case


def test_a_void_of_one_side_gives_the_person_to_the_other(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.claim_entry(1, [5], basis="alone")
    counter.push()
    issued(other, 2, [5], basis="alone")
    other.push()
    voided(counter, 1)
    counter.push()
    assert hub.rows(case_file)[0]["state"] == "closed"
    assert [row["claim"] for row in hub.rows(claim_token)] == [bytes.fromhex(f"{2:032x}")]
    assert counter.claim(3, [5]).body["rule"] == "F15"


def test_a_fact_against_the_hubs_no_is_a_case(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.claim(1, [5])
    other.claim(2, [5])
    issued(other, 2, [5], basis="alone")
    other.push()
    assert states(hub)[2] == "confirmed"
    assert hub.cases() == [("double_claim", f"claim:{1:032x}", f"claim:{2:032x}")]


def test_a_void_frees(hub: HubRig, counter: Terminal, other: Terminal) -> None:
    counter.claim(1, [5])
    counter.claim_entry(1, [5])
    voided(counter, 1)
    counter.push()
    assert other.claim(2, [5]).body["result"] == "granted"


def test_a_void_that_overtakes_its_claim_blocks_nobody(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    """S4."""
    voided(counter, 1)
    counter.push()
    assert counter.claim(1, [5]).body["result"] == "void"
    assert other.claim(2, [5]).body["result"] == "granted"


def test_a_confirmed_claim_is_not_voided(hub: HubRig, counter: Terminal, other: Terminal) -> None:
    issued(counter, 1, [5], basis="alone")
    seq = voided(counter, 1, "kept")
    counter.push()
    assert hub.cases() == [("void_after_confirm", f"claim:{1:032x}", f"entry:T-01/{seq}")]
    assert other.claim(2, [5]).body["result"] == "refused"


@pytest.mark.parametrize(
    ("evidence", "frees"), [("unwritten", False), ("blanked", True), ("kept", True)]
)
def test_a_void_of_a_later_epoch_needs_evidence(
    hub: HubRig, counter: Terminal, evidence: str, *, frees: bool
) -> None:
    counter.claim_entry(1, [5], basis="alone")
    counter.epoch = 2
    voided(counter, 1, evidence)
    counter.epoch = 1
    counter.push()
    assert (states(hub)[1] == "void") == frees
    assert [case[0] for case in hub.cases()] == ([] if frees else ["void_old_epoch"])


def test_nobody_ends_another_terminals_claim(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.claim(1, [5])
    voided(other, 1)
    confirmed(other, 1)
    other.push()
    assert states(hub) == {1: "open"}
    assert {case[0] for case in hub.cases()} == {"claim_unknown"}


def test_an_imported_claim_is_confirmed_and_says_f14(hub: HubRig, other: Terminal) -> None:
    importer = hub.join("I-01", role="import")
    importer.claim_entry(1, [5], basis="import")
    again = hub.join("I-02", role="import")
    again.claim_entry(2, [5], basis="import")
    importer.push()
    again.push()
    assert states(hub) == {1: "confirmed", 2: "confirmed"}
    assert hub.cases() == []  # the same list loaded at two places contradicts nothing
    assert other.claim(3, [5]).body["rule"] == "F14"


def test_links_come_from_refusals_too(hub: HubRig, counter: Terminal, other: Terminal) -> None:
    """S25."""
    issued(counter, 1, [5], basis="alone")
    tokens = [f"{5:032x}", f"{6:032x}"]
    counter.write("refusal", product="flora", rule="F15", hour=HOUR, tokens=tokens)
    counter.write("link", tokens=[f"{6:032x}", f"{7:032x}"], hour=HOUR)
    counter.push()
    assert other.claim(2, [7]).body["result"] == "refused"


def test_a_spoiled_card_is_told_to_everybody(hub: HubRig, counter: Terminal) -> None:
    counter.write("spoiled", refs=[f"{7:016x}", f"{8:016x}"])
    counter.write("spoiled", refs=[f"{7:016x}"])
    counter.push()
    assert len(hub.rows(spoiled)) == 2
    validator = hub.join("V-01", role="validator")
    assert [row["kind"] for row in validator.pull().body["rows"]] == ["spoiled", "spoiled"]


UNREADABLE: list[tuple[str, dict[str, Any]]] = [
    ("claim", {"claim": "x"}),
    ("bind", {"at": "yesterday"}),
    ("confirm", {}),
    ("tap", {"n": -1}),
    ("holiday", {"greeting": "新年快樂"}),
]


@pytest.mark.parametrize(("kind", "content"), UNREADABLE)
def test_content_never_makes_a_push_fail(hub: HubRig, kind: str, content: dict[str, Any]) -> None:
    """S35."""
    anyone = hub.join("T-09")
    seq = anyone.write(kind, **content)
    issued(anyone, 1, [5], basis="alone")
    assert anyone.push().body["ack"]["seq"] == seq + 2
    assert hub.cases() == [("unknown_kind", f"entry:T-09/{seq}", "terminal:T-09")]
    assert states(hub) == {1: "confirmed"}


def test_a_content_that_is_no_json_is_kept(hub: HubRig, counter: Terminal) -> None:
    counter.write("claim")
    raw = b"\xff[" * 9
    counter.entries[0]["content"] = b64(raw)
    leaf = chain.leaf(unb64(counter.entries[0]["salt"]), raw)
    counter.heads[1] = chain.next_head(counter.heads[0], seq=1, epoch=1, leaf_hash=leaf)
    assert counter.push().status == 200
    assert [case[0] for case in hub.cases()] == ["unknown_kind"]


@pytest.mark.parametrize(
    ("role", "kind"),
    [("validator", "claim"), ("kiosk", "tap"), ("counter", "tap"), ("import", "bind")],
)
def test_a_kind_that_is_not_the_roles_changes_nothing(hub: HubRig, role: str, kind: str) -> None:
    odd = hub.join("X-01", role=role)
    if kind == "claim":
        odd.claim_entry(1, [5], basis="alone")
    elif kind == "tap":
        tapped(odd, 1)
    else:
        odd.bind_entry(1, 5, 7)
    assert odd.push().status == 200
    assert [case[0] for case in hub.cases()] == ["unknown_kind"]
    assert hub.rows(claims) == hub.rows(tap) == []


def test_a_kind_outside_that_differs_from_the_kind_inside(hub: HubRig, counter: Terminal) -> None:
    # The chain covers the content alone, so the name beside it proves nothing.
    counter.claim_entry(1, [5], basis="alone")
    counter.entries[0]["kind"] = "confirm"
    assert counter.push().status == 200
    assert [case[0] for case in hub.cases()] == ["unknown_kind"]


# Taps


@pytest.mark.parametrize(
    ("changed", "cases"),
    [
        ({}, 0),
        ({"charged_ntd": 25}, 1),
        ({"purse_after": 75}, 1),
        ({"stop": "B"}, 1),
        ({"vehicle": "EAL-1234"}, 0),
        ({"at": "2026-11-25T05:00:00Z"}, 0),
        ({"state": "torn", "charged_ntd": 0}, 0),
        ({"purse_before": None, "purse_after": None, "charged_ntd": 9}, 0),
    ],
)
def test_one_counter_at_two_validators(hub: HubRig, changed: dict[str, Any], cases: int) -> None:
    first, second = hub.join("V-01", role="validator"), hub.join("V-02", role="validator")
    tapped(first, 41)
    seq = tapped(second, 41, **changed)
    assert first.push().status == second.push().status == 200
    wanted = [("card_fork", "entry:V-01/1", f"entry:V-02/{seq}")]
    assert hub.cases() == wanted[:cases]


def test_of_one_terminals_taps_with_one_counter_the_last_counts(hub: HubRig) -> None:
    validator = hub.join("V-01", role="validator")
    tapped(validator, 41, state="torn")
    tapped(validator, 41)
    tapped(validator, 42)
    validator.push()
    assert [(row["n"], row["seq"]) for row in hub.rows(tap)] == [(41, 2), (42, 3)]


def test_receipts_of_claims_are_hours_and_of_taps_are_not(hub: HubRig) -> None:
    hub.clock.move(minutes=37)
    both = hub.join("T-01")
    issued(both, 1, [5], basis="alone")
    both.write("refusal", product="flora", rule="F12", hour=HOUR)
    voided(both, 9)
    tapped(both, 1)
    both.push()
    receipts = [row["received"] for row in hub.rows(journal)]
    assert receipts[:4] == [HOUR] * 4
    assert receipts[4].startswith("2026-11-25T02:37")
