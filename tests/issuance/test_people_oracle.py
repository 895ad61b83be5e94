"""Child and student cards against a second oracle, a table over the raw JSON as its neighbour
`test_rules_oracle.py` is, whose papers and calendar it shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date

from hypothesis import example, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from issuance.rules.child import child_card, decide_child
from issuance.rules.student import decide_student, student_card
from tests.issuance.people import POLICY, TODAY, XITUN, YESTERDAY, Given, read
from tests.issuance.test_rules_oracle import (
    Answer,
    answer,
    applications,
    birthday,
    contradicts,
    is_national,
    look,
    proxy_way,
)

HOUSEHOLD = ("national_id", "household_certificate", "household_transcript")
BORN = ("2014-11-24", "2014-11-25", "2014-11-26", "2016-02-29", "2020-11-25", "2020-11-26",
        "1990-01-01", "2026-11-26")  # fmt: skip
GRADES = (1, 5, 6, 7, 12)
JULY_AFTER_GRADE_6 = {1: 2032, 5: 2028, 6: 2027}  # in school year 2026/27

# Entitled by C2, and by S1: chance alone meets it in few of 600 drawings.
PUPIL: Given = {
    "kind": "student",
    "number": "L122544270",
    "born": "2016-02-29",
    "documents": [{"kind": "nhi_card"}, {"kind": "enrolment_certificate"}],
    "school": {"in_city": True, "graduates_on": "2027-06-30", "code": "193601", "grade": 6},
}


@st.composite
def pupils(draw: st.DrawFn) -> Given:
    """Applications with a school that says all it can, and children of every age."""
    a = draw(applications())
    a["born"] = draw(st.sampled_from(BORN))
    a["school"]["code"] = "193601"
    a["school"]["grade"] = draw(st.sampled_from(GRADES))
    if a["kind"] == "citizen" and draw(st.booleans()):
        a["documents"].append({"kind": "enrolment_certificate"})
    return a


def child_oracle(a: Given) -> Answer:
    if a["kind"] != "citizen" and not is_in_primary_school_here(a):
        return "refused", "C4", ()
    if a["born"] <= TODAY.isoformat() and not birthday(a["born"], 6) <= TODAY:
        return "refused", "C3", ()
    if birthday(a["born"], 12) <= TODAY:
        return "refused", "C3", ()
    if a["kind"] != "citizen":
        return by_papers(a, pupil_ways(a), "C2")
    names = {d["kind"] for d in a["documents"]}
    some_f2 = names & {"nhi_card", "household_certificate", "household_transcript"}
    way = "F2" if some_f2 and "national_id" not in names else "F1"
    elsewhere = any(
        d.get("district", XITUN)[:5] != "66000" for d in a["documents"] if d["kind"] in HOUSEHOLD
    )
    said = by_papers(a, (way,), "C1")
    return ("refused", "C4", look(a, (way, *proxy_way(a)))[1]) if elsewhere else said


def student_oracle(a: Given) -> Answer:
    if not a["school"]["in_city"] or a["school"]["graduates_on"] <= YESTERDAY.isoformat():
        return "refused", "S2", ()
    return by_papers(a, pupil_ways(a), "S1")


def is_in_primary_school_here(a: Given) -> bool:
    place = a["school"]
    is_over = place["graduates_on"] < TODAY.isoformat()
    return bool(place["in_city"] and place["grade"] in JULY_AFTER_GRADE_6 and not is_over)


def pupil_ways(a: Given) -> tuple[str, ...]:
    abroad = a.get("nationality", "TWN") != "TWN" or not is_national(a["number"])
    return ("B3 student", "B3 foreign" if abroad else "pupil at home")


def by_papers(a: Given, ways: tuple[str, ...], entitles: str) -> Answer:
    broken, missing = look(a, (*ways, *proxy_way(a)))
    is_parent = a.get("proxy", {}).get("relation") == "parent"
    rows = (
        ("F13", contradicts(a)),
        ("F11", broken["F11"]),
        ("F12", broken["F12"]),
        ("F10" if is_parent else "F9", broken["proxy"]),
    )
    rule = next((rule for rule, is_broken in rows if is_broken), "")
    return ("refused", rule, missing) if rule else ("entitled", entitles, ())


def test_the_rules_of_children_and_students_agree_with_the_table(
    record_property: Callable[[str, object], None],
) -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=600)
    @example(PUPIL)
    @drawn(pupils())
    def agree(a: Given) -> None:
        app = read(a)
        child = decide_child(app, today=TODAY, policy=POLICY)
        assert answer(child) == child_oracle(a)
        student = decide_student(app, today=TODAY, policy=POLICY)
        assert answer(student) == student_oracle(a)
        if child.outcome == "entitled":
            said = child_card(app, today=TODAY)
            assert said.half_until is not None
            assert (said.half_until - birthday(a["born"], 12)).days == -1
            july = JULY_AFTER_GRADE_6[a["school"]["grade"]] if said.school else None
            assert said.student_until == said.library_until == (july and date(july, 7, 31))
            assert (said.school is not None) == is_in_primary_school_here(a)
        if student.outcome == "entitled":
            is_half = birthday(a["born"], 6) <= TODAY < birthday(a["born"], 12)
            assert (student_card(app, today=TODAY).half_until is not None) == is_half
        met.update((f"{child.outcome} {child.rule}", f"{student.outcome} {student.rule}"))

    agree()
    record_property("applications_of_pupils_compared", met.total() // 2)
    assert {"entitled C1", "entitled C2", "entitled S1", "refused C3", "refused C4"} <= set(met)
