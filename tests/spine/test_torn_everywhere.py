"""Issuing, binding, tapping and re-keying on both chips, from every start, torn at every frame.

The card holds the old state or the new one, never a third; every block and file that is not ours
stays; whoever may not have it from this start never gets it by a tear; and the same operation
again, in an office started anew, completes it with the same money (limits of cards.md 2.7, 5.8).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apdu.errors import Fault
from cards.errors import AlreadyIssued, CardNotIssued
from drivers.errors import CardRemoved
from hw_sim.field import Tear
from hw_sim.image import CardImage
from tests.cards.rig import OURS
from tests.fuzz.mangle import Record
from tests.issuance.people import spouse
from tests.spine.office import PURSE_NTD, Office, every_tear, stock
from validation.gate import TapOutcome

Given = dict[str, object]
LATER = datetime(2027, 9, 1, tzinfo=UTC)  # the binding has ended, the half fare has not
RIDE_M = 12_000


def holder(chip: str, *, until: str) -> Given:
    """Somebody whose binding ends with a paper: a foreign spouse, a pupil of 9 years."""
    if chip == "Classic":
        return spouse(valid_until=datetime.fromisoformat(until).date())
    school = {"level": "primary", "in_city": True, "graduates_on": until}
    return {
        "kind": "student",
        "number": "B100000002",
        "born": "2017-05-05",
        "school": {**school, "code": "193601", "grade": 4},
        "documents": [{"kind": "national_id"}, {"kind": "enrolment_certificate"}],
    }


# --- operations: each may be done again after a tear


def issue(office: Office) -> object:
    return office.issue(_now(office))


def bind(office: Office) -> object:
    return office.bind(_now(office))


def board(office: Office) -> object:
    return office.tap(0, minutes=60)


def alight(office: Office) -> object:
    return office.tap(RIDE_M, minutes=90)


def rekey(office: Office) -> object:
    return office.rekey()


def _now(office: Office) -> Given:
    """The holder with papers that are good on that day."""
    return holder(office.chip, until="2027-06-30" if office.at < LATER else "2028-06-30")


# --- starts


def blank(folder: Path, chip: str) -> Office:
    return Office(folder=folder, image=stock(chip))


def half_written(folder: Path, chip: str) -> Office:
    """An issuance torn in the middle of its keys."""
    office = blank(folder, chip)
    office.tear = Tear(frame={"Classic": 50, "DESFire": 30}[chip], moment="after")
    with pytest.raises(CardRemoved):
        issue(office)
    office.restart()
    return office


def issued(folder: Path, chip: str) -> Office:
    office = blank(folder, chip)
    assert issue(office) == "issued"
    if chip == "DESFire":
        office.pay_in(PURSE_NTD)
    return office


def bound(folder: Path, chip: str) -> Office:
    office = issued(folder, chip)
    assert bind(office) == "bound"
    return office


def expired(folder: Path, chip: str) -> Office:
    """Bound to a policy until a day that is over."""
    office = bound(folder, chip)
    office.at = LATER
    office.restart()
    return office


def trip_open(folder: Path, chip: str) -> Office:
    office = bound(folder, chip)
    assert said(board(office)) == "on"
    return office


def charge_torn(folder: Path, chip: str) -> Office:
    """An unbound boarding whose record is written and whose charge is not yet taken."""
    for frame in range(20, 40):
        office = issued(folder / f"{frame}", chip)
        office.tear = Tear(frame=frame, moment="after")
        with pytest.raises(CardRemoved):
            board(office)
        office.restart()
        purse = office.lay().purse
        if purse is not None and not purse.settled:
            return office
        office.close()
    raise AssertionError("no frame leaves a charge to be taken")


Start = Callable[[Path, str], Office]
Operation = Callable[[Office], object]
STARTS: tuple[Start, ...] = (blank, half_written, issued, bound, expired, trip_open)
OPERATIONS: tuple[Operation, ...] = (issue, bind, board, alight, rekey)
CASES = [
    *(
        (chip, op, start)
        for chip in ("Classic", "DESFire")
        for op in OPERATIONS
        for start in STARTS
    ),
    *(("Classic", op, charge_torn) for op in (bind, board, alight, rekey)),
]
# From these starts an operation is refused; from all others it is done.
REFUSED: dict[Operation, tuple[tuple[Start, ...], type[Fault]]] = {
    issue: ((issued, bound, expired, trip_open), AlreadyIssued),
    bind: ((blank, half_written), CardNotIssued),
    board: ((blank, half_written), CardNotIssued),
    alight: ((blank, half_written), CardNotIssued),
    rekey: ((blank, half_written), CardNotIssued),
}


def foreign(office: Office) -> object:
    """What nothing of ours may change: a Classic's other sectors; of a DESFire, who it is."""
    image = office.image
    if isinstance(image, CardImage):
        return [data for b, data in enumerate(image.blocks) if b // 4 not in OURS.sectors]
    return image.uid, len(image.applications) <= 1


def said(answer: object) -> object:
    """The outcome of a tap; what the others answer as it is."""
    return answer.outcome if isinstance(answer, TapOutcome) else answer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chip", "operation", "start"),
    [
        pytest.param(chip, op, start, id=f"{chip} {op.__name__} from {start.__name__}")
        for chip, op, start in CASES
        if start not in REFUSED[op][0]
    ],
)
def test_old_or_new_and_completed(
    chip: str, operation: Operation, start: Start, tmp_path: Path, record_property: Record
) -> None:
    begin = start(tmp_path / "start", chip)
    old, theirs = begin.seen(), foreign(begin)
    whole = begin.copy(tmp_path / "whole")
    outcome = said(operation(whole))
    new, versions, whole_purse = whole.seen(), whole.versions, whole.lay().purse
    whole.close()
    survived = 0
    for where, office in every_tear(begin, tmp_path, operation):
        assert office.seen() in (old, new), f"a third state after a tear {where}"
        assert foreign(office) == theirs, where
        if operation is rekey and 2 in office.versions:
            ref = office.lay().card_ref
            assert office.ledger.rekeying_to(ref) == 2, f"keys changed and nobody knows: {where}"
        assert said(operation(office)) in (outcome, "again"), where
        assert (office.seen(), office.versions) == (new, versions), f"not completed: {where}"
        assert foreign(office) == theirs, where
        if operation in (board, alight):
            assert all(tap["state"] == "done" for tap in office.taps().values()), where
            assert office.lay().purse == whole_purse, where
        assert office.ledger.open_rows() == [], where
        survived += 1
    record_property(f"tears survived on a {chip}", survived)
    record_property("tears survived from every start", survived)
    assert survived > 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chip", "operation", "start"),
    [
        pytest.param(chip, op, start, id=f"{chip} {op.__name__} from {start.__name__}")
        for chip, op, start in CASES
        if start in REFUSED[op][0]
    ],
)
def test_what_is_refused_stays_refused_and_changes_nothing(
    chip: str, operation: Operation, start: Start, tmp_path: Path, record_property: Record
) -> None:
    begin = start(tmp_path / "start", chip)
    refused, image = REFUSED[operation][1], begin.image
    survived = 0

    def work(office: Office) -> None:
        with suppress(refused):
            operation(office)
            raise AssertionError("not refused")

    for where, office in every_tear(begin, tmp_path, work):
        assert office.image == image, where
        work(office)
        assert office.image == image, where
        survived += 1
    record_property(f"tears survived on a {chip}", survived)
    assert survived > 15


# Half fares of domain.md 2.7 on a child card with NT$50: stop, minute, charge, purse afterwards.
TRIPS = {
    "T6": (True, ((0, 480, 0, 50), (12_000, 520, 2, 48))),
    "T10": (False, ((0, 480, 11, 39), (10_400, 520, 2, 37))),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIPS)
def test_half_fares_torn_at_every_frame(name: str, tmp_path: Path, record_property: Record) -> None:
    is_bound, taps = TRIPS[name]
    begin = (bound if is_bound else issued)(tmp_path / "start", "DESFire")
    survived = 0
    for number, (stop_m, minute, charged_ntd, purse_ntd) in enumerate(taps):

        def hold(office: Office, stop_m: int = stop_m, minute: int = minute) -> TapOutcome:
            return office.tap(stop_m, minutes=minute)

        for where, office in every_tear(begin, tmp_path, hold):
            got = hold(office)
            assert (got.outcome, got.charged_ntd) in (
                (("on", "off")[number], charged_ntd),
                ("again", 0),
            ), where
            assert got.purse_ntd == purse_ntd, where
            entry = office.taps()[number + 1]
            assert (entry["class"], entry["charged_ntd"], entry["state"]) == (
                "half", charged_ntd, "done",
            ), where  # fmt: skip
            survived += 1
        begin = begin.copy(tmp_path / f"after {number}")
        assert hold(begin).purse_ntd == purse_ntd
    record_property("tears survived at half fare", survived)
    assert survived > 80
