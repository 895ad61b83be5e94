"""Child and student cards through the whole spine: issue, bind, tap, show; and who gets none."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.spine.children import Given, bind, child, issue, pupil, show, years_ago
from tests.spine.hub import HubProcess
from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person, tomorrow
from tests.spine.test_kept_secret import found_under, needles

pytestmark = pytest.mark.slow

PRIMARY = {"level": "primary", "in_city": True, "code": "193601", "grade": 4}
TODAY = date.today()  # noqa: DTZ011 - the counter's
SCHOOL_YEAR = TODAY.year - (TODAY.month < 8)
BORN = years_ago(9)
HALF_UNTIL = (
    date.fromisoformat(BORN).replace(year=int(BORN[:4]) + 12) - timedelta(days=1)
).isoformat()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, "T-01")


def tap(home: Path, card: Path, stop_m: int, clock: str) -> Answer:
    stops = flora("network", "stops", "--route", "300", home=home).json
    stop = next(s["stop"] for s in stops if s["distance_m"] == stop_m)
    line = ("tap", "--reader", on(card), "--route", "300", "--stop", stop, "--vehicle", "A")
    return flora(*line, "--at", f"{tomorrow()}T{clock}", home=home)


@pytest.mark.parametrize("chip", [(), ("--ev1",), ("--random-uid",)], ids=["EV2", "EV1", "random"])
def test_a_child_card_from_the_box_to_the_bus(
    home: Path, tmp_path: Path, chip: tuple[str, ...]
) -> None:
    card, given = make_card(tmp_path, "c", *chip, kind="child"), child(person(1), school=PRIMARY)
    assert show(home, card)["kind"] == "blank-desfire"

    got = issue(home, card, "child", given)
    assert got.code == 0, got.out + got.err
    assert (got["outcome"], got["product"], got["rule"]) == ("issued", "child", "C1")
    assert (got["source"], got["card"]["kind"]) == ("report.4.1", "child")
    shown = show(home, card)
    said = {
        "kind": "child",
        "issued": True,
        "binding": None,
        "purse_ntd": 0,
        "expires_on": None,  # the purse never ends
        "half_until": HALF_UNTIL,
        "student_until": f"{SCHOOL_YEAR + 3}-07-31",
        "library_until": f"{SCHOOL_YEAR + 3}-07-31",
        "school": {"code": "193601", "grade": 4, "year": SCHOOL_YEAR},
        "library": True,
    }
    assert {name: shown[name] for name in said} == said

    assert flora("card", "topup", str(card), "50", home=home).code == 0
    bound = bind(home, card, given)
    assert (bound["outcome"], bound["rule"], bound["expires_on"]) == ("bound", "B1", None)
    assert tap(home, card, 0, "08:00")["outcome"] == "on"
    off = tap(home, card, 12_000, "08:40")
    assert (off["outcome"], off["fare_ntd"], off["purse_ntd"]) == ("off", 2, 48)
    shown = show(home, card)
    assert (shown["binding"]["class"], shown["purse_ntd"]) == ("half", 48)
    assert [event["charged_ntd"] for event in shown["events"]] == [0, 2]
    assert flora("ledger", "verify", home=home)["whole"] is True


def test_a_student_card_from_the_box_to_the_bus(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "s", kind="student")
    given = pupil(person(1), level="junior", grade=8)
    got = issue(home, card, "student", given)
    assert (got.code, got["outcome"], got["rule"]) == (0, "issued", "S1"), got.out
    assert got["card"]["kind"] == "student"
    last = date.fromisoformat(years_ago(-2))
    shown = show(home, card)
    said = {
        "kind": "student",
        "half_until": None,
        "student_until": f"{last.year + (last.month > 7)}-07-31",
        "library_until": None,
        "school": {"code": "193601", "grade": 8, "year": SCHOOL_YEAR},
        "library": False,
    }
    assert {name: shown[name] for name in said} == said
    assert flora("card", "topup", str(card), "100", home=home).code == 0
    assert tap(home, card, 0, "08:00")["charged_ntd"] == 15  # unbound, full
    assert tap(home, card, 9_000, "08:40")["charged_ntd"] == 3
    bound = bind(home, card, given)
    assert (bound["outcome"], bound["rule"]) == ("bound", "B3")
    assert bound["expires_on"] == f"{last.year}-10-31"
    assert show(home, card)["binding"]["class"] == "full"


def test_a_pupil_under_12_rides_at_half_on_a_student_card(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "s", kind="student")
    assert issue(home, card, "student", pupil(person(1), born=BORN)).code == 0
    assert show(home, card)["half_until"] == HALF_UNTIL
    assert tap(home, card, 0, "08:00")["charged_ntd"] == 11


def test_who_gets_none_and_why(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", kind="child")
    before = card.read_bytes()
    twelve, five = years_ago(12), years_ago(5)
    refused: tuple[tuple[str, Given, str, list[str]], ...] = (
        ("child", child(person(1), twelve), "C3", []),
        ("child", child(person(2), five), "C3", []),
        ("child", pupil(person(3), level="junior", grade=7, born=BORN), "C4", []),
        ("child", child(person(4), documents=[]), "F11", ["national_id"]),
        ("student", pupil(person(5), school={"in_city": False}), "S2", []),
        (
            "student",
            pupil(person(6), documents=[{"kind": "nhi_card"}]),
            *("F11", ["student_id|enrolment_certificate"]),
        ),
    )
    for product, given, rule, missing in refused:
        got = issue(home, card, product, given)
        assert (got.code, got["outcome"], got["product"]) == (3, "refused", product), got.out
        assert (got["rule"], got["missing"]) == (rule, missing)
        assert got["source"]
        assert got["next"]
    bad = (
        ("child", {k: v for k, v in child(person(7)).items() if k != "proxy"} | {"born": ""}),
        ("child", citizen(person(7))),  # no day of birth
        ("student", citizen(person(7))),  # no school
        ("student", pupil(person(7), school=PRIMARY | {"grade": "4"})),
        ("student", pupil(person(7), school=PRIMARY | {"grade": 7})),
    )
    for product, given in bad:
        assert issue(home, card, product, given).code == 2
    assert card.read_bytes() == before
    assert flora("open", "list", home=home).json == []
    assert issue(home, card, "child", child(person(1))).code == 0


def test_one_of_each_for_a_person_and_one_person_a_card(home: Path, tmp_path: Path) -> None:
    given = pupil(person(1), born=BORN)
    first, second = (make_card(tmp_path, name, kind="child") for name in "ab")
    assert issue(home, first, "child", given).code == 0
    again = issue(home, second, "child", given)
    assert (again.code, again["rule"], again["source"]) == (3, "C5", "report.4.1"), again.out
    taken = issue(home, first, "student", given)
    assert (taken.code, taken["error"]["code"]) == (4, "already_issued")
    # Another product is another claim.
    assert issue(home, second, "student", given).code == 0
    third = make_card(tmp_path, "c", kind="student")
    assert issue(home, third, "student", given)["rule"] == "S3"
    own = make_card(tmp_path, "d")
    assert issue(home, own, "flora", citizen(person(1))).code == 0


def test_each_product_has_its_own_stock(home: Path, tmp_path: Path) -> None:
    classic, desfire = make_card(tmp_path, "f"), make_card(tmp_path, "d", kind="blank-desfire")
    no_room = make_card(tmp_path, "n", "--no-free-sector")
    for card, product, given in (
        (classic, "child", child(person(1))),
        (no_room, "child", child(person(1))),
        (desfire, "flora", citizen(person(1))),
    ):
        before = card.read_bytes()
        got = issue(home, card, product, given)
        assert (got.code, got["error"]["code"]) == (4, "wrong_card"), got.out
        assert card.read_bytes() == before
    assert flora("open", "list", home=home).json == []
    assert issue(home, desfire, "student", pupil(person(1))).code == 0


def test_a_child_card_is_bound_to_its_child_alone(home: Path, tmp_path: Path) -> None:
    card, given = make_card(tmp_path, "c", kind="child"), child(person(1))
    assert issue(home, card, "child", given).code == 0
    parent = citizen("L100000000", born="1985-05-05")
    for other in (parent, child(person(2), years_ago(8))):
        got = bind(home, card, other)
        assert (got.code, got["rule"], got["outcome"]) == (3, "B6", "refused"), got.out
    unsaid = bind(home, card, citizen("L100000000"))
    assert (unsaid.code, unsaid["error"]["code"]) == (2, "field_absent")
    assert bind(home, card, given)["outcome"] == "bound"
    assert bind(home, card, given, "unbind")["outcome"] == "unbound"


def test_a_card_torn_at_any_frame_is_finished_without_the_application(
    home: Path, tmp_path: Path
) -> None:
    """`open finish` has no application; what the card says was kept with the open issuance."""
    number, n = person(1), 0
    for frame in range(1, 400, 7):
        card = make_card(tmp_path, f"c{frame}", kind="child")
        number = person(frame)
        got = issue(home, card, "child", child(number, school=PRIMARY), tear=f"{frame}:during")
        if got.code == 0:
            break
        assert got.code == 4, got.out
        rows = flora("open", "list", home=home).json
        if rows:
            n += 1
            assert rows[0]["product"] == "child"
            line = ("open", "finish", str(rows[0]["n"]), "--reader", on(card))
            done = flora(*line, home=home)
            assert (done.code, done["rule"]) == (0, "C1"), done.out + done.err
        else:
            assert issue(home, card, "child", child(number, school=PRIMARY)).code == 0
        shown = show(home, card)
        assert (shown["issued"], shown["half_until"]) == (True, HALF_UNTIL), frame
        assert (shown["school"]["code"], shown["library"]) == ("193601", True), frame
    assert n > 3, "never torn while an issuance was open"
    assert flora("open", "list", home=home).json == []


def test_a_day_of_birth_stays_nowhere(home: Path, tmp_path: Path) -> None:
    card, torn = (make_card(tmp_path, name, kind="child") for name in "ab")
    assert issue(home, card, "child", child(person(1))).code == 0
    assert issue(home, torn, "child", child(person(2)), tear="40").code == 4
    (row,) = flora("open", "list", home=home).json
    dates = needles(BORN.encode()) | {
        f"end {k}": v for k, v in needles(HALF_UNTIL.encode()).items()
    }
    assert found_under(home, dates), "the search can find it while the issuance is open"
    ended = flora("open", "void", str(row["n"]), "--reader", on(torn), home=home)
    assert ended.code == 0, ended.out
    assert found_under(home, dates) == []


def test_two_counters_and_a_hub_give_one_card(tmp_path: Path) -> None:
    given = child(person(1), school=PRIMARY)
    with HubProcess(tmp_path / "hub") as hub:
        one, two = make_home(tmp_path, "T-01"), make_home(tmp_path, "T-02", "北屯區")
        for name, home in (("T-01", one), ("T-02", two)):
            hub.enrol(name, home)
            assert flora("sync", "run", home=home).code == 0
        cards = [make_card(tmp_path, f"c{i}", kind="child") for i in range(4)]
        assert issue(one, cards[0], "child", given).code == 0
        assert flora("sync", "run", home=one).code == 0
        early = issue(two, cards[1], "child", given)
        assert (early.code, early["rule"]) == (3, "C5"), early.out
        assert flora("sync", "run", home=two)["done"] is True
        assert issue(two, cards[1], "student", pupil(person(1))).code == 0
        hub.stop()
        # Without the hub its own ledger refuses, nobody new is given anything, and binding goes on.
        late = issue(two, cards[2], "child", given)
        assert (late.code, late["rule"]) == (3, "C5"), late.out
        new = issue(two, cards[2], "child", child(person(2)))
        assert (new.code, new["error"]["code"]) == (5, "hub_silent"), new.out
        assert flora("open", "list", home=two).json == []
        assert bind(two, cards[0], given)["outcome"] == "bound"
        hub.start()
        assert flora("sync", "run", home=two)["done"] is True
        assert issue(two, cards[2], "child", child(person(2))).code == 0
