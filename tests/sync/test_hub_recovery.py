"""A hub restored from an older copy notices, and says yes to nobody (ledger.md 7.6, I21, S23)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.hub.schema import hub_state, terminal_key
from sync.wire.messages import b64
from tests.sync.hubrig import HubRig, Terminal

HOUR = "2026-11-25T10+08"


@dataclass
class Restored:
    """A hub whose database is older than what it acknowledged to T-01."""

    hub: HubRig
    first: Terminal
    second: Terminal

    @property
    def recovers(self) -> bool:
        return bool(self.hub.rows(hub_state)[0]["recovering"])


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Restored]:
    home = tmp_path / "hub"
    hub = HubRig.make(home)
    first, second = hub.join("T-01"), hub.join("T-02")
    first.write("started", software="1")
    first.push()
    hub.city.store.close()
    shutil.copytree(home, tmp_path / "backup")
    hub = HubRig.make(home)
    first.hub = hub
    first.claim(1, [5])
    first.claim_entry(1, [5])
    first.push()
    hub.city.store.close()
    hub = HubRig.make(tmp_path / "backup")
    first.hub = second.hub = hub
    yield Restored(hub=hub, first=first, second=second)
    hub.city.store.close()


def test_before_an_ack_is_shown_it_is_exposed(restored: Restored) -> None:
    assert restored.second.claim(2, [5]).body["result"] == "granted"  # said openly: 7.6


def test_a_shown_ack_beyond_its_head_stops_claims(restored: Restored) -> None:
    answer = restored.first.claim(9, [6])
    assert (answer.status, answer.code) == (503, "recovering")
    assert restored.second.claim(2, [5]).code == "recovering"
    assert restored.recovers


def test_a_push_shows_it_too_and_brings_the_facts_back(restored: Restored) -> None:
    assert restored.first.push(3, 2).code == "gap"  # nothing new, only where it stands
    assert restored.second.claim(2, [5]).code == "recovering"
    assert restored.first.push(2).status == 200
    assert restored.recovers  # T-02 has not been heard
    assert restored.second.claim(2, [5]).code == "recovering"
    assert restored.second.push(1, 0).status == 200
    assert not restored.recovers
    assert restored.second.claim(2, [5]).body["result"] == "refused"


def test_the_last_to_come_ends_it_in_any_order(restored: Restored) -> None:
    restored.first.claim(9, [6])
    restored.second.push(1, 0)
    assert restored.recovers
    restored.first.push(2)
    assert not restored.recovers


def test_a_revoked_terminal_is_not_waited_for(restored: Restored) -> None:
    restored.first.claim(9, [6])
    newer = Terminal(hub=restored.hub, name="T-02", seed=b"\x09" * 32)
    newer.enrol(restored.hub.invite("T-02"))
    restored.first.push(2)
    assert restored.recovers  # its successor is
    newer.push(1, 0)
    assert not restored.recovers


def test_a_key_revoked_without_a_successor_is_not_waited_for(restored: Restored) -> None:
    restored.first.claim(9, [6])
    end = update(terminal_key).where(terminal_key.c.terminal == "T-02").values(revoked=True)
    restored.hub.city.store.write(lambda tx: tx.execute(end))
    restored.first.push(2)
    assert not restored.recovers


def test_a_known_claim_is_answered_all_the_same(restored: Restored) -> None:
    granted = restored.second.claim(2, [7]).body
    restored.first.claim(9, [6])
    assert restored.second.claim(2, [7]).body == granted


@pytest.mark.parametrize("forged", ["sig", "seq", "era", "head"])
def test_a_forged_ack_says_nothing(restored: Restored, forged: str) -> None:
    assert restored.first.acked is not None
    changed = {"sig": b64(bytes(64)), "seq": 99, "era": 2, "head": b64(bytes(32))}[forged]
    ack = restored.first.acked | {forged: changed}
    assert restored.first.claim(9, [6], ack=ack).body["result"] == "granted"
    assert not restored.recovers


def test_another_terminals_ack_says_nothing(restored: Restored) -> None:
    answer = restored.second.claim(9, [6], ack=restored.first.acked)
    assert answer.body["result"] == "granted"


def test_an_ack_of_what_is_here_says_nothing(restored: Restored) -> None:
    restored.first.push(2)
    restored.second.push(1, 0)
    assert restored.first.claim(9, [6]).body["result"] == "granted"
