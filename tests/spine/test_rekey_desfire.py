"""A child card's keys rolled over from the command line, torn at every frame."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hw_sim.desfire.image import DesfireImage
from hw_sim.image import load
from tests.spine.children import bind, child, issue, show
from tests.spine.rig import Answer, flora, make_card, make_home, on, person, tomorrow

MOMENTS = ("before", "during", "after")
FRAMES_MAX = 120


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, "T-01")


@pytest.fixture
def bound(tmp_path: Path, home: Path) -> Path:
    """A bound child card with NT$50, issued under the version before the current one."""
    card, given = make_card(tmp_path, "c", kind="child"), child(person(1))
    assert issue(home, card, "child", given).code == bind(home, card, given).code == 0
    assert flora("card", "topup", str(card), "50", home=home).code == 0
    assert flora("keys", "rotate", home=home).code == 0
    return card


def rekey(home: Path, card: Path, tear: str = "") -> Answer:
    return flora("card", "rekey", "--reader", on(card, tear), home=home)


def tap(home: Path, card: Path, at: int, clock: str) -> Answer:
    stop = flora("network", "stops", "--route", "300", home=home).json[at]["stop"]
    line = ("tap", "--reader", on(card), "--route", "300", "--stop", stop, "--vehicle", "A")
    return flora(*line, "--at", f"{tomorrow()}T{clock}", home=home)


def versions(card: Path) -> set[int]:
    """Of all keys on the card."""
    image = load(card)
    assert isinstance(image, DesfireImage)
    [application] = image.applications
    return {image.master.version, *(key.version for key in application.keys)}


def between_versions(home: Path) -> int:
    with sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM rekey").fetchone()[0])


def test_a_child_card_rides_under_old_keys_and_gets_the_new_ones(home: Path, bound: Path) -> None:
    assert tap(home, bound, 0, "08:00")["outcome"] == "on"
    before = show(home, bound)
    done = rekey(home, bound)
    assert (done.code, done["outcome"], done["kind"]) == (0, "rekeyed", "child"), done.out
    assert (versions(bound), between_versions(home)) == ({2}, 0)
    assert show(home, bound).json == before.json
    assert rekey(home, bound)["outcome"] == "current"
    assert tap(home, bound, 1, "08:20")["outcome"] == "off"


@pytest.mark.slow
def test_rekey_of_a_child_card_torn_at_every_frame(
    tmp_path: Path, home: Path, bound: Path, record_property: Callable[[str, object], None]
) -> None:
    facts = show(home, bound).json
    for n in range(1, FRAMES_MAX):
        card = tmp_path / "torn.card"
        shutil.copy(bound, card)
        torn = rekey(home, card, f"{n}:{MOMENTS[n % 3]}")
        if torn.code == 0:
            break
        assert (torn.code, torn["error"]["code"]) == (4, "card_removed"), torn.out
        assert show(home, card).json == facts, f"frame {n}"
        assert versions(card) == {1} or between_versions(home) == 1, f"frame {n}"
        assert rekey(home, card)["outcome"] == "rekeyed", f"frame {n}"
        assert (versions(card), between_versions(home)) == ({2}, 0), f"frame {n}"
        assert show(home, card).json == facts, f"frame {n}"
    record_property("tears survived by a roll-over", n - 1)
    assert n > 40
    assert flora("ledger", "verify", home=home)["whole"] is True


def test_a_factory_card_has_no_keys_to_change(tmp_path: Path, home: Path) -> None:
    card = make_card(tmp_path, "c", kind="child")
    data = card.read_bytes()
    refused = rekey(home, card)
    assert (refused.code, refused["error"]["code"]) == (4, "card_not_issued"), refused.out
    assert card.read_bytes() == data
