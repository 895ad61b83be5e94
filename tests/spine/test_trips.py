"""The hand-worked trips of domain.md 2.7, run from the command line as a validator would.

Half fares (T6, T10, X3-X5, X11) belong to the child card: `test_half_fares.py`. T11 has real dates:
the rules' own tests hold it.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.spine.rig import citizen, flora, make_card, make_home, on, person, tomorrow


class Tap(NamedTuple):
    at: str
    stop_m: int
    vehicle: str
    outcome: str
    distance_m: int
    fare_ntd: int
    charged_ntd: int
    purse_ntd: int
    rule: str
    lines: str = ""  # "name amount; …", empty: not compared
    topup_ntd: int = 0  # before this tap


class Story(NamedTuple):
    name: str
    start: str  # bound, unbound
    purse_ntd: int
    taps: tuple[Tap, ...]
    ledger_mode: bool = True  # runs there with the same money


BOUND, UNBOUND = "bound", "unbound"
ON = Tap("08:00", 0, "A", "on", 0, 0, 0, 100, "R1", "charge 0")


def off(stop_m: int, fare: int, lines: str) -> Tap:
    return Tap("08:40", stop_m, "A", "off", stop_m, fare, fare, 100 - fare, "R2", lines)


STORIES = (
    Story("T1", BOUND, 100, (ON, off(7200, 0, "distance_fare 20; free_section -20; charge 0"))),
    Story("T2", BOUND, 100, (ON, off(10300, 0, "distance_fare 26; free_section -26; charge 0"))),
    Story("T3", BOUND, 100, (ON, off(10400, 1, "distance_fare 27; free_section -26; charge 1"))),
    Story("T4", BOUND, 100, (ON, off(12000, 5, "distance_fare 31; free_section -26; charge 5"))),
    Story(
        "T5",
        BOUND,
        100,
        (ON, off(18000, 10, "distance_fare 46; free_section -26; cap -10; charge 10")),
    ),
    Story(
        "T7",
        UNBOUND,
        100,
        (
            Tap("08:00", 18000, "A", "on", 0, 15, 15, 85, "R1", "boarding 15; charge 15"),
            Tap(
                *("08:30", 10300, "A", "off", 7700, 15, 0, 85, "R2"),
                "distance_fare 20; card_discount -5; paid_at_boarding -15; charge 0",
            ),
        ),
    ),
    Story(
        "T8",
        UNBOUND,
        100,
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, 85, "R1", "boarding 15; charge 15"),
            Tap(
                *("08:35", 9000, "A", "off", 9000, 18, 3, 82, "R2"),
                "distance_fare 23; card_discount -5; paid_at_boarding -15; charge 3",
            ),
        ),
    ),
    Story(
        "T9",
        BOUND,
        100,
        (
            ON,
            Tap("17:30", 9000, "B", "on", 0, 0, 20, 80, "R5", "lock 20; charge 20"),
            Tap(
                *("18:00", 18000, "B", "off", 9000, 0, 0, 80, "R2"),
                "distance_fare 23; free_section -23; charge 0",
            ),
        ),
    ),
    Story(
        "T12",
        UNBOUND,
        100,
        (
            Tap("08:00:00", 7200, "A", "on", 0, 15, 15, 85, "R1", "boarding 15; charge 15"),
            Tap("08:00:00", 7200, "A", "again", 0, 15, 0, 85, "R3", "again 0"),
            Tap("08:05:00", 7200, "A", "again", 0, 15, 0, 85, "R3", "again 0"),
            Tap(
                *("08:05:01", 7200, "A", "off", 0, 15, 0, 85, "R2"),
                "distance_fare 20; card_discount -5; paid_at_boarding -15; charge 0",
            ),
            Tap("08:06:00", 7200, "A", "again", 0, 15, 0, 85, "R3", "again 0"),
        ),
    ),
    Story(
        "T13",
        BOUND,
        10,
        (
            Tap("23:50", 0, "A", "on", 0, 0, 0, 10, "R1", "charge 0"),
            Tap(
                *("24:50", 30000, "A", "off", 30000, 10, 10, 0, "R2"),
                "distance_fare 77; free_section -26; cap -41; charge 10",
            ),
        ),
    ),
    Story(
        "T14",
        BOUND,
        10,
        (
            Tap("07:00", 0, "A", "on", 0, 0, 0, 10, "R1", "charge 0"),
            Tap("12:00", 0, "B", "refused", 0, 0, 0, 10, "R6", "lock 20"),
            Tap("12:05", 0, "B", "on", 0, 0, 20, 0, "R5", "lock 20; charge 20", topup_ntd=10),
            Tap(
                *("13:00", 18000, "B", "off", 18000, 10, 10, -10, "R2"),
                "distance_fare 46; free_section -26; cap -10; charge 10",
            ),
            Tap("18:00", 18000, "C", "refused", 0, 0, 0, -10, "R7"),
            Tap("18:05", 18000, "C", "on", 0, 0, 0, 0, "R1", "charge 0", topup_ntd=10),
        ),
        ledger_mode=False,
    ),
    Story(
        "X1",
        UNBOUND,
        10,
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, -5, "R1"),
            Tap("08:35", 9000, "A", "off", 9000, 18, 3, -8, "R2"),
            Tap("09:00", 9000, "B", "refused", 0, 0, 0, -8, "R7"),
        ),
        ledger_mode=False,
    ),
    Story(
        "X2",
        UNBOUND,
        10,
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, -5, "R1"),
            Tap("09:30", 30000, "A", "refused", 30000, 15, 0, -5, "R8"),
            Tap("09:36", 30000, "A", "off", 30000, 72, 57, -52, "R2", topup_ntd=10),
        ),
        ledger_mode=False,
    ),
    Story(
        "X6",
        BOUND,
        100,
        (
            Tap("08:00:00", 0, "A", "on", 0, 0, 0, 100, "R1"),
            Tap("16:00:00", 18000, "A", "off", 18000, 10, 10, 90, "R2"),
        ),
    ),
    Story(
        "X7",
        BOUND,
        100,
        (
            Tap("08:00:00", 0, "A", "on", 0, 0, 0, 100, "R1"),
            Tap("16:00:01", 18000, "A", "on", 0, 0, 20, 80, "R5"),
        ),
    ),
    Story(
        "X8",
        UNBOUND,
        5,
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, -10, "R1"),
            Tap("12:00", 0, "B", "refused", 0, 0, 0, -10, "R7"),
        ),
        ledger_mode=False,
    ),
    Story(
        "X9",
        UNBOUND,
        35,
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, 20, "R1"),
            Tap("12:00", 0, "B", "on", 0, 15, 35, -15, "R5"),
        ),
        ledger_mode=False,
    ),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("trips"), "T-01")


@pytest.fixture(scope="module")
def stops(home: Path) -> dict[int, str]:
    found = flora("network", "stops", "--route", "300", home=home)
    return {s["distance_m"]: s["stop"] for s in found.json}


def _at(clock: str) -> str:
    hour, _, rest = clock.partition(":")
    if int(hour) < 24:
        return f"{tomorrow()}T{clock}"
    return f"{date.fromisoformat(tomorrow()) + timedelta(days=1)}T{int(hour) - 24:02d}:{rest}"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["record", "ledger"])
@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.name)
def test_a_trip_comes_to_the_amounts_worked_by_hand(
    story: Story, mode: str, home: Path, stops: dict[int, str], tmp_path: Path
) -> None:
    if mode == "ledger" and not story.ledger_mode:
        return  # has no purse there: R6-R8 never apply (domain.md 2.6)
    index = STORIES.index(story) + (50 if mode == "ledger" else 0)
    number = person(index)
    more = ("--no-free-sector",) if mode == "ledger" else ("--purse", str(story.purse_ntd))
    card = make_card(tmp_path, story.name, *more)
    issued = flora(
        "issue", "flora", "--reader", on(card), "--applicant", "-", home=home, given=citizen(number)
    )
    assert issued.code == 0, issued.out + issued.err
    if story.start == BOUND:
        bound = flora(
            "bind", "--reader", on(card), "--applicant", "-", home=home, given=citizen(number)
        )
        assert bound["outcome"] == "bound", bound.out + bound.err
    ride(story, card, home, stops, has_purse=mode == "record")
    shown = flora("card", "show", "--reader", on(card), home=home)
    assert shown["mode"] == mode
    assert shown["purse_ntd"] == (story.taps[-1].purse_ntd if mode == "record" else None)
    assert (shown["binding"] is not None) == (story.start == BOUND)


def ride(
    story: Story, card: Path, home: Path, stops: dict[int, str], *, has_purse: bool = True
) -> None:
    """Tap by tap, each with the amounts of the story."""
    for tap in story.taps:
        if tap.topup_ntd and has_purse:
            assert flora("card", "topup", str(card), str(tap.topup_ntd), home=home).code == 0
        line = ["tap", "--reader", on(card), "--route", "300", "--stop", stops[tap.stop_m]]
        got = flora(*line, "--vehicle", tap.vehicle, "--at", _at(tap.at), home=home)
        assert got.code == (3 if tap.outcome == "refused" else 0), got.out + got.err
        wanted = {
            "outcome": tap.outcome,
            "distance_m": tap.distance_m,
            "fare_ntd": tap.fare_ntd,
            "charged_ntd": tap.charged_ntd,
            "purse_ntd": tap.purse_ntd if has_purse else None,
            "rule": tap.rule,
        }
        assert {k: got[k] for k in wanted} == wanted, f"{story.name} at {tap.at}"
        if tap.lines:
            said = "; ".join(f"{line['name']} {line['amount_ntd']}" for line in got["lines"])
            assert said == tap.lines, f"{story.name} at {tap.at}"
