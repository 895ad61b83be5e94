"""Keys rolled over from the command line: `keys rotate`, then `card rekey` on a card in the field,
torn at every frame, and with a trailer lost for good."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hw_sim.image import load_classic
from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person, tomorrow

MOMENTS = ("before", "during", "after")
FRAMES_MAX = 120
PREPARED = "70:before"  # of an issuance: the record is whole, the claim not yet confirmed


def rekey(card: Path, home: Path, tear: str = "") -> Answer:
    return flora("card", "rekey", "--reader", on(card, tear), home=home)


def issue(card: Path, home: Path, who: object, tear: str = "") -> Answer:
    line = ("issue", "flora", "--reader", on(card, tear), "--applicant", "-")
    return flora(*line, home=home, given=who)


def bind(card: Path, home: Path, who: object) -> Answer:
    return flora("bind", "--reader", on(card), "--applicant", "-", home=home, given=who)


def tap(card: Path, home: Path, stop: str, clock: str) -> Answer:
    line = ("tap", "--reader", on(card), "--route", "300", "--stop", stop, "--vehicle", "A")
    return flora(*line, "--at", f"{tomorrow()}T{clock}", home=home)


def shown(card: Path, home: Path) -> Any:
    answer = flora("card", "show", "--reader", on(card), home=home)
    assert answer.code == 0, answer.out
    return answer.json


def rotate(home: Path) -> None:
    done = flora("keys", "rotate", home=home)
    assert (done.code, "open no more" in done.err) == (0, False)


def between_versions(home: Path) -> int:
    """Cards that the ledger knows to be on their way to new keys."""
    with sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM rekey").fetchone()[0])


def trailers(card: Path) -> list[bytes]:
    return load_classic(card).blocks[3::4]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, "T-01")


@pytest.fixture
def bound(tmp_path: Path, home: Path) -> Path:
    """A bound card, issued under the version before the current one."""
    card, who = make_card(tmp_path, "bound", "--purse", "100"), citizen()
    assert issue(card, home, who).code == bind(card, home, who).code == 0
    rotate(home)
    return card


def stops(home: Path) -> list[str]:
    return [s["stop"] for s in flora("network", "stops", "--route", "300", home=home).json]


def test_a_card_under_the_previous_version_rides_and_is_bound_and_gets_the_new_one(
    home: Path, bound: Path
) -> None:
    on_, off, *_ = stops(home)
    old = trailers(bound)
    assert tap(bound, home, on_, "08:00")["outcome"] == "on"
    assert bind(bound, home, citizen()).code == 0
    assert trailers(bound) == old
    before = shown(bound, home)
    done = rekey(bound, home)
    assert (done.code, done["outcome"], done["key_version"]) == (0, "rekeyed", 2)
    changed = [i for i, (a, b) in enumerate(zip(old, trailers(bound), strict=True)) if a != b]
    assert (changed, between_versions(home)) == ([12, 13, 14], 0)
    assert shown(bound, home) == before
    again = rekey(bound, home)
    assert (again.code, again["outcome"]) == (0, "current")
    assert tap(bound, home, off, "08:20")["outcome"] == "off"


def test_a_new_card_gets_the_new_version_and_an_old_one_is_lost_after_two(
    tmp_path: Path, home: Path, bound: Path
) -> None:
    new = make_card(tmp_path, "new")
    assert issue(new, home, citizen(person(2))).code == 0
    assert rekey(new, home)["outcome"] == "current"
    again = flora("keys", "rotate", home=home)
    assert "card.1 open no more" in again.err, "the custodians hear which cards are left behind"
    assert rekey(new, home)["outcome"] == "rekeyed"
    late = rekey(bound, home)
    assert (late.code, late["error"]["code"]) == (4, "keys_too_old")
    assert shown(bound, home)["kind"] == "older-keys"
    twice = issue(bound, home, citizen(person(3)))
    assert (twice.code, twice["error"]["code"]) == (4, "keys_too_old"), "handed out twice"
    assert flora("open", "list", home=home).json == [], "no claim was made for it"
    ridden = tap(bound, home, stops(home)[0], "09:00")
    assert (ridden.code, ridden["error"]["code"]) == (4, "keys_too_old"), "no trip begun anew"


@pytest.mark.slow
def test_rekey_torn_at_every_frame(
    tmp_path: Path, home: Path, bound: Path, record_property: Callable[[str, object], None]
) -> None:
    facts, old = shown(bound, home), trailers(bound)
    for n in range(1, FRAMES_MAX):
        card = tmp_path / "torn.card"
        shutil.copy(bound, card)
        torn = rekey(card, home, f"{n}:{MOMENTS[n % 3]}")
        if torn.code == 0:
            break
        assert (torn.code, torn["error"]["code"]) == (4, "card_removed"), torn.out
        assert shown(card, home) == facts, f"frame {n}"
        if trailers(card) != old:
            assert between_versions(home) == 1, f"frame {n}"
        assert rekey(card, home)["outcome"] == "rekeyed", f"frame {n}"
        assert between_versions(home) == 0
        assert shown(card, home) == facts, f"frame {n}"
        assert rekey(card, home)["outcome"] == "current"
    record_property("tears survived by a roll-over", n - 1)
    assert n > 50
    assert flora("ledger", "verify", home=home)["whole"] is True


@pytest.mark.slow
def test_a_card_that_rekeying_lost_for_good_is_spoiled_and_its_claim_completes_on_another(
    tmp_path: Path, home: Path, record_property: Callable[[str, object], None]
) -> None:
    """Prepared, its claim still open; then the keys are rolled over and a trailer tears."""
    prepared = make_card(tmp_path, "prepared")
    assert issue(prepared, home, citizen(), PREPARED).code == 4
    rotate(home)
    assert shown(prepared, home)["prepared"] is True
    lost = []
    for n in range(30, FRAMES_MAX):
        card = tmp_path / f"lost{n}.card"
        shutil.copy(prepared, card)
        if rekey(card, home, f"{n}:locks").code == 0:
            break
        if load_classic(card).locked_sectors():
            lost.append(card)
        else:
            assert rekey(card, home).code == 0
    assert len(lost) == 3
    record_property("cards spoiled by a trailer lost for good", len(lost))
    for card in lost:
        for answer in (
            flora("card", "show", "--reader", on(card), home=home),
            rekey(card, home),
            bind(card, home, citizen()),
            flora("open", "finish", "1", "--reader", on(card), home=home),
        ):
            assert (answer.code, answer["error"]["code"]) == (4, "card_spoiled"), answer.out
    finish_on_another(tmp_path, home, citizen())


@pytest.mark.slow
def test_a_card_that_issuing_lost_for_good_is_spoiled_and_its_claim_completes_on_another(
    tmp_path: Path, home: Path, record_property: Callable[[str, object], None]
) -> None:
    spoiled = 0
    for n in range(1, FRAMES_MAX):
        card, who = make_card(tmp_path, f"i{n}"), citizen(person(n))
        if issue(card, home, who, f"{n}:locks").code == 0:
            break
        if not load_classic(card).locked_sectors():
            assert issue(card, home, who).code == 0, f"frame {n}"
            continue
        again = issue(card, home, who)
        assert (again.code, again["error"]["code"]) == (4, "card_spoiled"), again.out
        finish_on_another(tmp_path, home, who)
        spoiled += 1
    record_property("cards spoiled by a trailer lost for good", spoiled)
    assert spoiled == 3


def finish_on_another(folder: Path, home: Path, who: object) -> None:
    """The one open issuance goes on with a new card, and it is the person's only one."""
    [row] = flora("open", "list", home=home).json
    other = make_card(folder, f"other{row['n']}")
    line = ("open", "finish", str(row["n"]), "--card-kept", "--reader", on(other))
    assert flora(*line, home=home)["outcome"] == "issued"
    assert shown(other, home)["issued"] is True
    assert flora("open", "list", home=home).json == []
    assert bind(other, home, who).code == 0
    third = issue(make_card(folder, f"third{row['n']}"), home, who)
    assert (third.code, third["outcome"]) == (3, "refused")


def test_what_has_no_keys_to_change_is_left_alone(tmp_path: Path, home: Path) -> None:
    for name, options, kind, code in (
        ("full", ["--no-free-sector"], "flora", "no_keys_of_ours"),
        ("stock", [], "flora", "card_not_issued"),
        ("blank", [], "blank-classic", "wrong_card"),
    ):
        card = make_card(tmp_path, name, *options, kind=kind)
        data = card.read_bytes()
        refused = rekey(card, home)
        assert (refused.code, refused["error"]["code"]) == (4, code), refused.out
        assert card.read_bytes() == data
    gone = flora("card", "rekey", "--reader", on(tmp_path / "none"), home=home)
    assert (gone.code, gone["error"]["code"]) == (4, "no_such_reader")


@pytest.mark.parametrize("role", ["validator", "kiosk", "import"])
def test_only_counters_change_keys(role: str, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    refused = rekey(card, make_home(tmp_path, "T-02", role=role))
    assert (refused.code, refused["error"]["code"]) == (2, "wrong_role"), refused.out
