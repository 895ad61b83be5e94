"""A card lifted at frame N = 1, 2, … until the command gets through; after each the card can be
read, and the same command then finishes with the same money."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person, tomorrow

Run = Callable[[Path, str], Answer]  # (card, tear) -> answer
MOMENTS = ("before", "during", "after")
FRAMES_MAX = 400


def tear_everywhere(
    fresh: Callable[[int], tuple[Path, Run]], check: Callable[[Path, Answer], None], home: Path
) -> int:
    """Tear at every frame, a fresh start each, moments in turn; returns how many were survived."""
    for n in range(1, FRAMES_MAX):
        card, run = fresh(n)
        torn = run(card, f"{n}:{MOMENTS[n % 3]}")
        if torn.code == 0:
            check(card, torn)
            return n - 1
        assert torn.code == 4, torn.out + torn.err
        assert torn["error"]["code"] in {"card_removed", "no_card"}, torn.out
        shown = flora("card", "show", "--reader", on(card), home=home)
        assert shown.code == 0, f"unreadable after a tear at frame {n}: {shown.out}"
        done = run(card, "")
        assert done.code == 0, f"not finished after a tear at frame {n}: {done.out}"
        check(card, done)
    raise AssertionError("never got through")


@pytest.mark.slow
def test_issue_torn_at_every_frame(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    home = make_home(tmp_path, "T-01")

    def fresh(n: int) -> tuple[Path, Run]:
        def run(card: Path, tear: str) -> Answer:
            line = ("issue", "flora", "--reader", on(card, tear), "--applicant", "-")
            return flora(*line, home=home, given=citizen(person(n)))

        return make_card(tmp_path, f"i{n}", "--purse", "100"), run

    def check(card: Path, _: Answer) -> None:
        shown = flora("card", "show", "--reader", on(card), home=home)
        assert (shown["issued"], shown["purse_ntd"]) == (True, 100), shown.out
        assert flora("open", "list", home=home).json == []

    survived = tear_everywhere(fresh, check, home)
    record_property("tears survived by an issuance", survived)
    assert survived > 10
    assert flora("ledger", "verify", home=home)["whole"] is True


@pytest.mark.slow
def test_bind_torn_at_every_frame(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    home = make_home(tmp_path, "T-01")

    def fresh(n: int) -> tuple[Path, Run]:
        card = make_card(tmp_path, f"b{n}", "--purse", "100")
        who = citizen(person(n))
        line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
        assert flora(*line, home=home, given=who).code == 0

        def run(card: Path, tear: str) -> Answer:
            return flora(
                "bind", "--reader", on(card, tear), "--applicant", "-", home=home, given=who
            )

        return card, run

    def check(card: Path, done: Answer) -> None:
        assert done["outcome"] == "bound", done.out
        shown = flora("card", "show", "--reader", on(card), home=home)
        assert shown["binding"] is not None
        assert shown["purse_ntd"] == 100

    survived = tear_everywhere(fresh, check, home)
    record_property("tears survived by a binding", survived)
    assert survived > 5


@pytest.mark.slow
@pytest.mark.parametrize("topup_ntd", [0, 10], ids=["", "topped up in between"])
def test_tap_torn_at_every_frame(
    topup_ntd: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """An alighting that charges 10; a top-up before the second presentation changes nothing."""
    home = make_home(tmp_path, "T-01")
    stops = flora("network", "stops", "--route", "300", home=home).json
    at_m = {s["distance_m"]: s["stop"] for s in stops}
    master = make_card(tmp_path, "master", "--purse", "100")
    for verb in (("issue", "flora"), ("bind",)):
        line = (*verb, "--reader", on(master), "--applicant", "-")
        assert flora(*line, home=home, given=citizen()).code == 0

    def tap(card: Path, stop_m: int, clock: str, tear: str = "") -> Answer:
        line = ("tap", "--reader", on(card, tear), "--route", "300", "--stop", at_m[stop_m])
        return flora(*line, "--vehicle", "A", "--at", f"{tomorrow()}T{clock}", home=home)

    assert tap(master, 0, "08:00").code == 0
    topped: set[Path] = set()

    def fresh(n: int) -> tuple[Path, Run]:
        card = tmp_path / f"t{n}.card"
        shutil.copy(master, card)

        def run(card: Path, tear: str) -> Answer:
            if not tear and topup_ntd:
                topped.add(card)
                assert flora("card", "topup", str(card), str(topup_ntd), home=home).code == 0
            return tap(card, 18000, "08:40", tear)

        return card, run

    def check(card: Path, done: Answer) -> None:
        assert done["outcome"] in {"off", "again"}, done.out
        assert (done["distance_m"], done["fare_ntd"]) == (18000, 10)
        wanted = 90 + (topup_ntd if card in topped else 0)
        assert done["purse_ntd"] == wanted, done.out
        assert flora("card", "show", "--reader", on(card), home=home)["purse_ntd"] == wanted

    survived = tear_everywhere(fresh, check, home)
    record_property("tears survived by a tap", survived)
    assert survived > 5
