"""The half fares of domain.md 2.7, from the command line on child cards: T6, T10, X3-X5, X11."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.spine.children import bind, child, issue, show
from tests.spine.rig import flora, make_card, make_home, person, tomorrow
from tests.spine.test_trips import BOUND, UNBOUND, Story, Tap, ride

STORIES = (
    Story(
        "T6",
        BOUND,
        50,
        (
            Tap("08:00", 0, "A", "on", 0, 0, 0, 50, "R1", "charge 0"),
            Tap(
                *("08:40", 12000, "A", "off", 12000, 2, 2, 48, "R2"),
                "distance_fare 15; free_section -13; charge 2",
            ),
        ),
    ),
    Story(
        "T10",
        UNBOUND,
        50,
        (
            Tap("08:00", 0, "A", "on", 0, 11, 11, 39, "R1", "boarding 11; charge 11"),
            Tap(
                *("08:40", 10400, "A", "off", 10400, 13, 2, 37, "R2"),
                "distance_fare 13; paid_at_boarding -11; charge 2",
            ),
        ),
    ),
    Story(
        "X3",
        UNBOUND,
        50,
        (
            Tap("08:00", 0, "A", "on", 0, 11, 11, 39, "R1"),
            Tap("12:00", 0, "B", "on", 0, 11, 22, 17, "R5", "lock 11; boarding 11; charge 22"),
            Tap("12:20", 7200, "B", "off", 7200, 11, 0, 17, "R2"),
        ),
    ),
    Story(
        "X4",
        BOUND,
        50,
        (
            Tap("08:00", 7200, "A", "on", 0, 0, 0, 50, "R1"),
            Tap("08:30", 18000, "A", "off", 10800, 1, 1, 49, "R2"),
        ),
    ),
    Story(
        "X5",
        BOUND,
        50,
        (
            Tap("08:00", 0, "A", "on", 0, 0, 0, 50, "R1"),
            Tap(
                *("08:40", 18000, "A", "off", 18000, 10, 10, 40, "R2"),
                "distance_fare 23; free_section -13; charge 10",
            ),
        ),
    ),
    Story(
        "X5 to the end",
        BOUND,
        50,
        (
            Tap("08:00", 0, "A", "on", 0, 0, 0, 50, "R1"),
            Tap(
                *("09:30", 30000, "A", "off", 30000, 10, 10, 40, "R2"),
                "distance_fare 38; free_section -13; cap -15; charge 10",
            ),
        ),
    ),
)
# Boards half the day before the 12th birthday, full on it.
BIRTHDAY = Story(
    "X11",
    UNBOUND,
    50,
    (
        Tap("23:59", 0, "A", "on", 0, 11, 11, 39, "R1", "boarding 11; charge 11"),
        Tap(
            *("24:20", 10400, "A", "off", 10400, 13, 2, 37, "R2"),  # boarded at half, ends at half
            "distance_fare 13; paid_at_boarding -11; charge 2",
        ),
        Tap("24:40", 0, "B", "on", 0, 15, 15, 22, "R1", "boarding 15; charge 15"),
    ),
)
BIRTHDAY_BOUND = Story(
    "X11 bound",
    BOUND,
    50,
    (
        Tap("23:59", 0, "A", "on", 0, 0, 0, 50, "R1", "charge 0"),
        Tap("24:40", 12000, "A", "off", 12000, 2, 2, 48, "R2"),
        Tap("25:00", 0, "A", "on", 0, 0, 0, 48, "R1", "charge 0"),
        Tap(
            *("25:40", 12000, "A", "off", 12000, 5, 5, 43, "R2"),
            "distance_fare 31; free_section -26; charge 5",
        ),
    ),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("half"), "T-01")


@pytest.fixture(scope="module")
def stops(home: Path) -> dict[int, str]:
    found = flora("network", "stops", "--route", "300", home=home)
    return {s["distance_m"]: s["stop"] for s in found.json}


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.name)
@pytest.mark.parametrize("chip", ["", "--ev1"], ids=["EV2", "EV1"])
def test_a_childs_trip_comes_to_the_amounts_worked_by_hand(
    story: Story, chip: str, home: Path, stops: dict[int, str], tmp_path: Path
) -> None:
    given = child(person(STORIES.index(story) + (50 if chip else 0)))
    _ride(story, given, home, stops, tmp_path, chip)


@pytest.mark.slow
@pytest.mark.parametrize("story", [BIRTHDAY, BIRTHDAY_BOUND], ids=lambda s: s.name)
def test_the_12th_birthday_ends_the_half_fare(
    story: Story, home: Path, stops: dict[int, str], tmp_path: Path
) -> None:
    twelfth = date.fromisoformat(tomorrow()) + timedelta(days=1)
    born = twelfth.replace(year=twelfth.year - 12)  # 29 February falls on 29 February 12 years on
    given = child(person(100 if story is BIRTHDAY else 101), born.isoformat())
    _ride(story, given, home, stops, tmp_path)


def _ride(
    story: Story,
    given: dict[str, object],
    home: Path,
    stops: dict[int, str],
    folder: Path,
    *chip: str,
) -> None:
    card = make_card(folder, "child", *filter(None, chip), kind="child")
    issued = issue(home, card, "child", given)
    assert issued.code == 0, issued.out + issued.err
    topped_up = flora("card", "topup", str(card), str(story.purse_ntd), home=home)
    assert topped_up.code == 0, topped_up.out + topped_up.err
    if story.start == BOUND:
        assert bind(home, card, given)["outcome"] == "bound"
    ride(story, card, home, stops)
    shown = show(home, card)
    assert shown["purse_ntd"] == story.taps[-1].purse_ntd
    if story.start == BOUND:
        assert shown["binding"]["class"] == "half"  # as it was made; the card's own end prices
