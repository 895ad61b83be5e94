"""What one terminal did reaches the hub and comes back to another, which then refuses too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spine.hub import HubProcess
from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person, tomorrow
from tests.spine.test_kept_secret import found_under, needles

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path / "hub") as served:
        yield served


def issue(home: Path, card: Path, number: str, **more: object) -> Answer:
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    return flora(*line, home=home, given=citizen(number, **more))


def sync(home: Path) -> Answer:
    got = flora("sync", "run", home=home)
    assert got.code == 0, got.out + got.err
    assert got["done"] is True
    return got


def test_the_whole_job_over_two_terminals(hub: HubProcess, tmp_path: Path) -> None:
    one, two = make_home(tmp_path, "T-01"), make_home(tmp_path, "T-02", "北屯區")
    three = make_home(tmp_path, "T-03")
    for name, home in (("T-01", one), ("T-02", two), ("T-03", three)):
        hub.enrol(name, home)
        sync(home)
    uid = bytes.fromhex("9ac7be51")
    first = make_card(tmp_path, "a", "--uid", uid.hex())
    assert issue(one, first, person(1)).code == 0
    stop = flora("network", "stops", "--route", "300", home=one).json[0]["stop"]
    tap = ("tap", "--reader", on(first), "--route", "300", "--stop", stop)
    assert flora(*tap, "--at", f"{tomorrow()}T08:00", home=one).code == 0
    sync(one)

    # The hub refuses at the second counter before that one has heard of it, and after.
    early = issue(three, make_card(tmp_path, "b"), person(1))
    assert (early.code, early["rule"]) == (3, "F15"), early.out
    assert sync(two)["pulled"] > 0
    late = issue(two, make_card(tmp_path, "c"), person(1))
    assert (late.code, late["rule"], late["source"]) == (3, "F15", "report.3.1.2.3"), late.out
    assert issue(two, make_card(tmp_path, "d"), person(2)).code == 0

    status = flora("sync", "status", home=two)
    assert status["waiting"] == 0
    assert status["hub"] == hub.url
    assert status["ledger_age_s"] < 600

    hub.stop()
    # Its own ledger still refuses (3, not 5); somebody new waits for the hub (5), nothing is open.
    assert issue(two, make_card(tmp_path, "e"), person(1)).code == 3
    new = issue(two, make_card(tmp_path, "f"), person(3))
    assert (new.code, new["error"]["code"]) == (5, "hub_silent"), new.out
    assert flora("open", "list", home=two).json == []
    run = flora("sync", "run", home=two)
    assert run.code == 5
    assert {"pushed", "pulled", "waiting", "error"} <= set(run.json)
    # Binding goes on meanwhile, and is pushed later.
    line = ("bind", "--reader", on(tmp_path / "d.card"), "--applicant", "-")
    assert flora(*line, home=two, given=citizen(person(2)))["outcome"] == "bound"
    assert flora("sync", "status", home=two)["waiting"] > 0

    hub.start()
    sync(two)
    assert flora("sync", "status", home=two)["waiting"] == 0
    assert issue(two, tmp_path / "f.card", person(3)).code == 0
    for home in (one, two):
        sync(home)
        assert flora("ledger", "verify", home=home)["whole"] is True
    numbers = {f"{i} {k}": v for i in (1, 2, 3) for k, v in needles(person(i).encode()).items()}
    unbound = {f"uid {k}": v for k, v in needles(uid).items()}
    for place in (one, two, three, hub.home):
        assert found_under(place, numbers | unbound) == []


def test_a_binding_moves_between_counters(hub: HubProcess, tmp_path: Path) -> None:
    one, two = make_home(tmp_path, "T-01"), make_home(tmp_path, "T-02")
    hub.enrol("T-01", one)
    hub.enrol("T-02", two)
    sync(one)
    sync(two)
    first, second = make_card(tmp_path, "a"), make_card(tmp_path, "b")
    assert issue(one, first, person(1)).code == 0
    assert issue(two, second, person(2)).code == 0

    def bind(home: Path, card: Path, number: str) -> Answer:
        line = ("bind", "--reader", on(card), "--applicant", "-")
        return flora(*line, home=home, given=citizen(number))

    assert bind(one, first, person(1))["outcome"] == "bound"
    sync(one)
    sync(two)
    # A second card moves it; A moved to B and back to A rides free at once.
    assert bind(two, second, person(1))["outcome"] == "moved"
    sync(two)
    sync(one)
    assert flora("card", "show", "--reader", on(first), home=one)["binding"] is None
    assert bind(one, first, person(1))["outcome"] == "moved"
    sync(one)
    sync(two)
    assert flora("card", "show", "--reader", on(first), home=two)["binding"] is not None
    assert flora("card", "show", "--reader", on(second), home=two)["binding"] is None
    # The old card may be bound anew for somebody else.
    assert bind(two, second, person(2))["outcome"] == "bound"
    # And a card that serves one person is refused to another.
    taken = bind(two, first, person(3))
    assert (taken.code, taken["rule"]) == (3, "B6"), taken.out


def test_stand_alone_doubles_become_one_case(hub: HubProcess, tmp_path: Path) -> None:
    one, two = make_home(tmp_path, "T-01"), make_home(tmp_path, "T-02")
    for home, card in ((one, "a"), (two, "b")):
        assert issue(home, make_card(tmp_path, card), person(1)).code == 0
    hub.enrol("T-01", one)
    # Just enrolled: nothing new before its facts are up and one full pull is applied.
    waiting = issue(one, make_card(tmp_path, "c"), person(2))
    assert (waiting.code, waiting["error"]["code"]) == (5, "settling"), waiting.out
    sync(one)
    assert issue(one, tmp_path / "c.card", person(2)).code == 0
    hub.enrol("T-02", two)
    sync(two)
    sync(one)
    for home in (one, two):
        assert issue(home, make_card(tmp_path, f"again-{home.name}"), person(1)).code == 3
        assert flora("ledger", "verify", home=home)["whole"] is True


def test_another_citys_hub_is_refused(tmp_path: Path) -> None:
    own = make_home(tmp_path, "T-01")
    made = flora("profile", "new", str(tmp_path / "other.json"), given=b"secret\nsecret\n")
    assert made.code == 0, made.out + made.err
    home = tmp_path / "hub"
    assert flora("hub", "init", "--profile", str(tmp_path / "other.json"), home=home).code == 0
    with HubProcess(home) as other:
        code = flora("hub", "invite", "T-01", home=home)["code"]
        line = ("sync", "enrol", "--hub", other.url, "--code", code)
        got = flora(*line, home=own)
        assert (got.code, got["error"]["code"] if got.json else None) == (3, "stranger"), got.out
    assert flora("sync", "status", home=own)["hub"] is None
