"""One pass of push and pull: real ledgers, a real hub, joined in memory (ledger.md 9, 10)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from sqlalchemy import update

from sync.errors import EntryRefused, HubSilent, Recovering, Revoked, Rubbish, Settling, Stranger
from sync.hub.door import Door
from sync.hub.schema import claim as claims
from sync.hub.schema import feed, journal
from sync.run import AlreadyRunning, run
from tests.sync.hubhomes import OTHER, PERSON, HomeRig
from tests.sync.hubrig import DoorTransport, HubRig, city_bytes

Make = Callable[..., HomeRig]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def make(tmp_path: Path, hub: HubRig) -> Iterator[Make]:
    homes: list[HomeRig] = []

    def made(name: str, *, role: str | None = None, profile: bytes | None = None) -> HomeRig:
        home = HomeRig.make(tmp_path / name, name, role=role, clock=hub.clock, profile=profile)
        homes.append(home)
        return home

    yield made
    for home in homes:
        home.close()


class LosesAnswers(DoorTransport):
    """The hub does its work, and the answer never arrives (L7)."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        super().handle_request(request)
        raise httpx2.ReadError("the line went dead")


def test_what_one_counter_issued_the_other_refuses(hub: HubRig, make: Make) -> None:
    first, second = make("T-01").joined(hub), make("T-02").joined(hub)
    row = first.ask()
    answer = first.client(hub.transport()).claim(row)
    assert (answer.result, answer.rule) == ("granted", None)
    first.ledger.granted(row.n, basis="hub")
    assert second.is_taken() is None
    asked = second.ask()
    assert second.client(hub.transport()).claim(asked).rule == "F16"
    second.ledger.denied(asked.n, rule="F16")
    first.run(hub.transport())
    second.run(hub.transport())
    assert second.is_taken() == "F16"
    first.ledger.begin_writing(row.n, b"\x01\x02\x03\x04")
    first.ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    first.ledger.clear(row.n)
    assert first.run(hub.transport()).waiting == 0
    assert second.run(hub.transport()).done
    assert second.is_taken() == "F15"
    assert first.ledger.verify().whole
    assert second.ledger.verify().whole


def test_a_pass_counts_what_it_did(hub: HubRig, make: Make) -> None:
    home = make("T-01").joined(hub)
    home.issue(basis="hub")
    result = home.run(hub.transport())
    assert (result.pushed, result.waiting, result.done, result.fault) == (2, 0, True, None)
    assert home.run(hub.transport()).pushed == 0
    acked = home.ledger.acked()
    assert acked is not None
    assert acked.seq == 2
    assert len(hub.rows(journal)) == 2


def test_a_lost_answer_is_made_up_for_by_the_next_pass(hub: HubRig, make: Make) -> None:
    home = make("T-01").joined(hub)
    home.issue(basis="hub")
    lost = home.run(LosesAnswers(hub))
    assert isinstance(lost.fault, HubSilent)
    assert (lost.pushed, lost.waiting) == (0, 2)
    assert home.run(hub.transport()).done
    assert len(hub.rows(journal)) == 2
    assert [row["state"] for row in hub.rows(claims)] == ["confirmed"]


def test_a_claims_lost_answer_is_asked_for_again(hub: HubRig, make: Make) -> None:
    home = make("T-01").joined(hub)
    row = home.ask()
    with pytest.raises(HubSilent) as silent:
        home.client(LosesAnswers(hub)).claim(row)
    assert silent.value.sent
    assert home.client(hub.transport()).claim(row).result == "granted"
    assert len(hub.rows(claims)) == 1


def test_what_stood_alone_is_uploaded_before_anything_new(hub: HubRig, make: Make) -> None:
    """L8: both issued to one person before they joined."""
    first, second = make("T-01"), make("T-02")
    first.issue()
    second.issue()
    first.join(hub.invite("T-01"), hub.transport())
    with pytest.raises(Settling):
        first.ask(OTHER)
    assert first.run(hub.transport()).done
    assert first.ask(OTHER).step == "asked"
    second.joined(hub)
    assert [case[0] for case in hub.cases()] == ["double_claim"]
    assert first.run(hub.transport()).done
    assert first.ledger.verify().whole
    assert second.ledger.verify().whole


def test_a_pass_that_was_cut_off_goes_on(hub: HubRig, make: Make) -> None:
    home = make("T-01").joined(hub)
    home.issue(basis="hub")
    result = home.run(hub.transport(), seconds=0)
    assert (result.done, result.fault, result.waiting) == (False, None, 2)
    assert home.run(hub.transport()).done


def test_many_entries_go_up_in_batches_and_many_rows_come_down(hub: HubRig, make: Make) -> None:
    importer, reader = make("I-01", role="import"), make("T-02")
    people = [frozenset({n.to_bytes(16, "big")}) for n in range(1, 1201)]
    importer.ledger.import_claims("flora", people)
    importer.joined(hub)
    assert importer.ledger.waiting() == 0
    assert len(hub.rows(claims)) == 1200
    reader.joined(hub)
    assert reader.is_taken(people[0]) == "F14"
    assert reader.is_taken(people[-1]) == "F14"


def test_a_second_pass_finds_the_first_running(hub: HubRig, make: Make) -> None:
    home = make("T-01").joined(hub)
    seen: list[type[Exception]] = []

    class Second(DoorTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            try:
                home.run(hub.transport())
            except AlreadyRunning as error:
                seen.append(type(error))
            return super().handle_request(request)

    assert home.run(Second(hub)).done
    assert seen == [AlreadyRunning, AlreadyRunning]
    assert home.run(hub.transport()).done


def test_a_revoked_terminal_is_told(hub: HubRig, make: Make, tmp_path: Path) -> None:
    home = make("T-01").joined(hub)
    successor = HomeRig.make(tmp_path / "successor", "T-01", clock=hub.clock)
    successor.join(hub.invite("T-01"), hub.transport())
    successor.close()
    assert successor.keys.public_key != home.keys.public_key
    home.issue(basis="hub")
    result = home.run(hub.transport())
    assert isinstance(result.fault, Revoked)
    assert result.waiting == 2
    with pytest.raises(Revoked):
        home.client(hub.transport()).claim(home.ask(OTHER))


def test_a_hub_of_another_city_is_not_joined(hub: HubRig, make: Make) -> None:
    home = make("T-01", profile=city_bytes(b"another-salt-16!"))
    with pytest.raises(Stranger):
        home.join(hub.invite("T-01"), hub.transport())
    assert not home.ledger.standing().enrolled


def test_a_damaged_entry_is_named_and_all_is_kept(hub: HubRig, make: Make) -> None:
    home = make("T-01").joined(hub)
    home.issue(basis="hub")
    db = sqlite3.connect(home.folder / "ledger.db")
    db.execute("DROP TRIGGER IF EXISTS journal_keeps")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("UPDATE journal SET salt = zeroblob(16) WHERE seq = 1")
    db.commit()
    db.close()
    result = home.run(hub.transport())
    assert isinstance(result.fault, EntryRefused)
    assert (result.fault.seq, result.fault.why, result.waiting) == (1, "chain", 2)
    assert hub.rows(journal) == []


def test_a_restored_hub_is_noticed_by_a_pass_and_healed(
    tmp_path: Path, hub: HubRig, make: Make
) -> None:
    first, second = make("T-01").joined(hub), make("T-02").joined(hub)
    hub.city.store.close()
    shutil.copytree(tmp_path / "hub", tmp_path / "backup")
    first.issue(basis="hub")
    assert first.run(HubRig.make(tmp_path / "hub", clock=hub.clock).transport()).done
    old = HubRig.make(tmp_path / "backup", clock=hub.clock)
    with pytest.raises(Recovering):
        first.client(old.transport()).claim(first.ask(OTHER))
    with pytest.raises(Recovering):
        second.client(old.transport()).claim(second.ask(OTHER))
    assert first.run(old.transport()).done
    assert second.run(old.transport()).done
    assert second.is_taken(PERSON) == "F15"
    assert first.client(old.transport()).claim(first.ask(OTHER)).result == "granted"
    old.city.store.close()


def test_a_changed_row_of_the_hubs_own_table_is_rubbish(hub: HubRig, make: Make) -> None:
    """Signed by the right key, and the chain of heads tells all the same."""
    first, second = make("T-01").joined(hub), make("T-02").joined(hub)
    first.issue(basis="hub")
    first.run(hub.transport())
    rows = hub.rows(feed)
    lie = rows[-1]["issue"].replace('"confirmed"', '"void"')
    assert lie != rows[-1]["issue"]
    change = update(feed).where(feed.c.id == rows[-1]["id"]).values(issue=lie)
    assert second.run(hub.transport()).done
    hub.city.store.write(lambda tx: tx.execute(change))
    third = make("T-03")
    third.join(hub.invite("T-03"), hub.transport())
    result = third.run(hub.transport())
    assert isinstance(result.fault, Rubbish)
    assert third.ledger.cursor().pos == 0


def test_an_ack_that_the_hub_has_not_signed_is_not_kept(
    hub: HubRig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make("T-01").joined(hub)
    before = home.ledger.acked()
    home.issue(basis="hub")
    made = Door._ack
    monkeypatch.setattr(
        Door,
        "_ack",
        lambda door, name, taken: msgspec.structs.replace(made(door, name, taken), sig="A" * 86),
    )
    result = home.run(hub.transport())
    assert isinstance(result.fault, Rubbish)
    assert home.ledger.acked() == before


def test_a_validators_home_gets_its_view(hub: HubRig, make: Make) -> None:
    counter, validator = make("T-01").joined(hub), make("V-01", role="validator").joined(hub)
    row = counter.ask()
    counter.ledger.granted(row.n, basis="hub")
    counter.ledger.begin_writing(row.n, b"\x01\x02\x03\x04")
    ref = counter.keys.card_ref(b"\x01\x02\x03\x04")
    counter.ledger.void(row.n, evidence="kept", spoiled_ref=ref)
    counter.run(hub.transport())
    assert not validator.ledger.spoiled(ref)
    assert validator.run(hub.transport()).pulled == 1
    assert validator.ledger.spoiled(ref)


def test_run_refuses_a_home_that_has_not_joined(make: Make) -> None:
    from sync.errors import NotEnrolled

    home = make("T-01")
    with pytest.raises(NotEnrolled):
        run(home.ledger, home.client(None), run_dir=home.folder / "run", seconds=1)
