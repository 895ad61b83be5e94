"""The trips worked by hand, domain.md 2.7, as data: T1-T14 and X1-X9 (X10, X11 are about days).

`half`: on a child card. `clock` counts days from D. `lines` None: the page does not list them.
"""

from __future__ import annotations

from typing import NamedTuple

from cards.state import BindingMark
from tests.validation.bench import BINDING


class Tap(NamedTuple):
    clock: str
    stop_m: int
    vehicle: str
    outcome: str
    distance_m: int
    fare_ntd: int
    charged_ntd: int
    purse_ntd: int
    rule: str
    lines: str | None = None
    topup_ntd: int = 0  # before this tap


BOUND, UNBOUND = "bound", "unbound"


class Story(NamedTuple):
    name: str
    card: str
    purse_ntd: int
    taps: tuple[Tap, ...]
    half: bool = False
    day: str = "2026-11-25"
    in_ledger_mode: bool = True  # the same outcome and money there

    @property
    def binding(self) -> BindingMark | None:
        return BINDING if self.card == BOUND else None


ON = Tap("08:00", 0, "A", "on", 0, 0, 0, 100, "R1", "charge 0")
ON_15 = Tap("08:00", 0, "A", "on", 0, 15, 15, 85, "R1", "boarding 15; charge 15")
SHORT = "distance_fare 20; card_discount -5; paid_at_boarding -15; charge 0"


def _off(stop_m: int, fare_ntd: int, lines: str) -> Tap:
    return Tap("08:40", stop_m, "A", "off", stop_m, fare_ntd, fare_ntd, 100 - fare_ntd, "R2", lines)


def _again(clock: str) -> Tap:
    return Tap(clock, 7_200, "A", "again", 0, 15, 0, 85, "R3", "again 0")


T = (
    Story("T1", BOUND, 100, (ON, _off(7_200, 0, "distance_fare 20; free_section -20; charge 0"))),
    Story("T2", BOUND, 100, (ON, _off(10_300, 0, "distance_fare 26; free_section -26; charge 0"))),
    Story("T3", BOUND, 100, (ON, _off(10_400, 1, "distance_fare 27; free_section -26; charge 1"))),
    Story("T4", BOUND, 100, (ON, _off(12_000, 5, "distance_fare 31; free_section -26; charge 5"))),
    Story(
        *("T5", BOUND, 100),
        (ON, _off(18_000, 10, "distance_fare 46; free_section -26; cap -10; charge 10")),
    ),
    Story(
        *("T6", BOUND, 50),
        (
            Tap("08:00", 0, "A", "on", 0, 0, 0, 50, "R1", "charge 0"),
            Tap(
                *("08:40", 12_000, "A", "off", 12_000, 2, 2, 48, "R2"),
                "distance_fare 15; free_section -13; charge 2",
            ),
        ),
        half=True,
    ),
    Story(
        *("T7", UNBOUND, 100),
        (
            Tap("08:00", 18_000, "A", "on", 0, 15, 15, 85, "R1", "boarding 15; charge 15"),
            Tap("08:30", 10_300, "A", "off", 7_700, 15, 0, 85, "R2", SHORT),
        ),
    ),
    Story(
        *("T8", UNBOUND, 100),
        (
            ON_15,
            Tap(
                *("08:35", 9_000, "A", "off", 9_000, 18, 3, 82, "R2"),
                "distance_fare 23; card_discount -5; paid_at_boarding -15; charge 3",
            ),
        ),
    ),
    Story(
        *("T9", BOUND, 100),
        (
            ON,
            Tap("17:30", 9_000, "B", "on", 0, 0, 20, 80, "R5", "lock 20; charge 20"),
            Tap(
                *("18:00", 18_000, "B", "off", 9_000, 0, 0, 80, "R2"),
                "distance_fare 23; free_section -23; charge 0",
            ),
        ),
    ),
    Story(
        *("T10", UNBOUND, 50),
        (
            Tap("08:00", 0, "A", "on", 0, 11, 11, 39, "R1", "boarding 11; charge 11"),
            Tap(
                *("08:40", 10_400, "A", "off", 10_400, 13, 2, 37, "R2"),
                "distance_fare 13; paid_at_boarding -11; charge 2",
            ),
        ),
        half=True,
    ),
    Story(
        *("T11", UNBOUND, 100),
        (
            Tap("23:50", 0, "A", "on", 0, 0, 0, 100, "R1", "charge 0"),
            Tap(
                *("1 00:25", 12_000, "A", "off", 12_000, 5, 5, 95, "R2"),
                "distance_fare 31; free_section -26; charge 5",
            ),
            Tap("1 08:00", 0, "B", "on", 0, 15, 15, 80, "R1", "boarding 15; charge 15"),
            Tap("1 08:20", 7_200, "B", "off", 7_200, 15, 0, 80, "R2", SHORT),
        ),
        day="2020-12-31",
    ),
    Story(
        *("T12", UNBOUND, 100),
        (
            Tap("08:00:00", 7_200, "A", "on", 0, 15, 15, 85, "R1", "boarding 15; charge 15"),
            _again("08:00:00"),
            _again("08:05:00"),
            Tap("08:05:01", 7_200, "A", "off", 0, 15, 0, 85, "R2", SHORT),
            _again("08:06:00"),
        ),
    ),
    Story(
        *("T13", BOUND, 10),
        (
            Tap("23:50", 0, "A", "on", 0, 0, 0, 10, "R1", "charge 0"),
            Tap(
                *("1 00:50", 30_000, "A", "off", 30_000, 10, 10, 0, "R2"),
                "distance_fare 77; free_section -26; cap -41; charge 10",
            ),
        ),
    ),
    Story(
        *("T14", BOUND, 10),
        (
            Tap("07:00", 0, "A", "on", 0, 0, 0, 10, "R1", "charge 0"),
            Tap("12:00", 0, "B", "refused", 0, 0, 0, 10, "R6", "lock 20"),
            Tap("12:05", 0, "B", "on", 0, 0, 20, 0, "R5", "lock 20; charge 20", 10),
            Tap(
                *("13:00", 18_000, "B", "off", 18_000, 10, 10, -10, "R2"),
                "distance_fare 46; free_section -26; cap -10; charge 10",
            ),
            Tap("18:00", 18_000, "C", "refused", 0, 0, 0, -10, "R7", ""),
            Tap("18:05", 18_000, "C", "on", 0, 0, 0, 0, "R1", "charge 0", 10),
        ),
        in_ledger_mode=False,
    ),
)

X = (
    Story(
        *("X1 advance at boarding", UNBOUND, 10),
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, -5, "R1"),
            Tap("08:35", 9_000, "A", "off", 9_000, 18, 3, -8, "R2"),
            Tap("09:00", 9_000, "B", "refused", 0, 0, 0, -8, "R7"),
        ),
        in_ledger_mode=False,
    ),
    Story(
        *("X2 limit", UNBOUND, 10),
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, -5, "R1"),
            Tap("09:30", 30_000, "A", "refused", 30_000, 15, 0, -5, "R8"),
            Tap("09:36", 30_000, "A", "off", 30_000, 72, 57, -52, "R2", topup_ntd=10),
        ),
        in_ledger_mode=False,
    ),
    Story(
        *("X3 lock, half", UNBOUND, 50),
        (
            Tap("08:00", 0, "A", "on", 0, 11, 11, 39, "R1"),
            Tap("12:00", 0, "B", "on", 0, 11, 22, 17, "R5", "lock 11; boarding 11; charge 22"),
            Tap("12:20", 7_200, "B", "off", 7_200, 11, 0, 17, "R2"),
        ),
        half=True,
    ),
    Story(
        *("X4 half, small", BOUND, 50),
        (
            Tap("08:00", 7_200, "A", "on", 0, 0, 0, 50, "R1"),
            Tap("08:30", 18_000, "A", "off", 10_800, 1, 1, 49, "R2"),
        ),
        half=True,
    ),
    Story(
        *("X4 an adult pays 2", BOUND, 50),
        (
            Tap("08:00", 7_200, "A", "on", 0, 0, 0, 50, "R1"),
            Tap("08:30", 18_000, "A", "off", 10_800, 2, 2, 48, "R2"),
        ),
    ),
    Story(
        *("X5 cap, half", BOUND, 50),
        (
            Tap("08:00", 0, "A", "on", 0, 0, 0, 50, "R1"),
            Tap(
                *("08:40", 18_000, "A", "off", 18_000, 10, 10, 40, "R2"),
                "distance_fare 23; free_section -13; charge 10",
            ),
        ),
        half=True,
    ),
    Story(
        *("X5 cap, half, farther", BOUND, 50),
        (
            Tap("08:00", 0, "A", "on", 0, 0, 0, 50, "R1"),
            Tap(
                *("08:40", 30_000, "A", "off", 30_000, 10, 10, 40, "R2"),
                "distance_fare 38; free_section -13; cap -15; charge 10",
            ),
        ),
        half=True,
    ),
    Story(
        *("X6 eight hours", BOUND, 100),
        (
            Tap("08:00:00", 0, "A", "on", 0, 0, 0, 100, "R1"),
            Tap("16:00:00", 18_000, "A", "off", 18_000, 10, 10, 90, "R2"),
        ),
    ),
    Story(
        *("X7 a second more", BOUND, 100),
        (
            Tap("08:00:00", 0, "A", "on", 0, 0, 0, 100, "R1"),
            Tap("16:00:01", 18_000, "A", "on", 0, 0, 20, 80, "R5"),
        ),
    ),
    Story(
        *("X8 lock not covered", UNBOUND, 5),
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, -10, "R1"),
            Tap("12:00", 0, "B", "refused", 0, 0, 0, -10, "R7"),
        ),
        in_ledger_mode=False,
    ),
    Story(
        *("X9 lock, then advance", UNBOUND, 35),
        (
            Tap("08:00", 0, "A", "on", 0, 15, 15, 20, "R1"),
            Tap(
                *("12:00", 0, "B", "on", 0, 15, 35, -15, "R5"),
                "lock 20; boarding 15; charge 35",
            ),
        ),
        in_ledger_mode=False,
    ),
)
