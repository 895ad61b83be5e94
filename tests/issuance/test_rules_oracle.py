"""The rules against a second oracle: a table over the raw JSON, written from domain.md 3 and 4.

It shares nothing with the rules but the catalog's source keys: papers are looked up by name in
one flat list, ages are days on a calendar, and each refusal is a row.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from issuance.rules.binding import decide_binding, decide_unbinding
from issuance.rules.decision import Decision
from issuance.rules.flora import decide_flora
from terminal.words.rules_binding import RULES as BINDING_WORDS
from terminal.words.rules_issuance import RULES as ISSUING_WORDS
from terminal.words.rules_issuance import key_of
from tests.issuance.people import POLICY, TODAY, TOMORROW, XITUN, YESTERDAY, Given, read

Answer = tuple[str, str, tuple[str, ...]]  # outcome, rule, missing

# --- the oracle -------------------------------------------------------------------------------

# One row a paper: the way it belongs to, and what will do.
PAPERS = (
    ("F1", "national_id"),
    ("F2", "nhi_card"),
    ("F2", "household_certificate|household_transcript"),
    ("F4", "residence_certificate"),
    ("F4", "spouse_national_id"),
    ("F4", "spouse_household_certificate|spouse_household_transcript"),
    ("F6", "permanent_residence_certificate"),
    ("B3 student", "student_id|enrolment_certificate"),
    ("B3 home", "national_id"),
    ("B3 foreign", "passport"),
    ("pupil at home", "national_id|nhi_card"),  # test_people_oracle.py
    ("letter", "proxy.letter_of_authority"),
    ("letter", "proxy.national_id"),
    ("child", "proxy.national_id|proxy.residence_certificate"),
)
SAYS_WHERE = {
    "citizen": ("F3", ("national_id", "household_certificate", "household_transcript")),
    "foreign_spouse": (
        "F5",
        ("spouse_national_id", "spouse_household_certificate", "spouse_household_transcript"),
    ),
    "permanent_resident": ("F6", ("permanent_residence_certificate",)),
}
FOREIGN = ("foreign_spouse", "permanent_resident", "foreign_resident")
BINDS_BY = {"citizen": "B1", "foreign_spouse": "B2", "student": "B3", "permanent_resident": "B4"}


def flat(a: Given) -> Iterator[tuple[str, Given]]:
    """All papers by name, the proxy's as `proxy.…`."""
    yield from ((d["kind"], d) for d in a["documents"])
    yield from (("proxy." + d["kind"], d) for d in a.get("proxy", {}).get("documents", ()))


def is_good(name: str, d: Given) -> bool:
    until, since = d.get("valid_until", "9999"), d.get("issued_on", "2020-01-01")
    too_old = name.endswith("national_id") and "spouse" not in name and since < "2005-12-21"
    return bool(until >= TODAY.isoformat() and since <= TODAY.isoformat() and not too_old)


def birthday(born: str, age: int) -> date:
    """The day on which that age is reached."""
    year, month, day = map(int, born.split("-"))
    if (month, day) == (2, 29) and not calendar.isleap(year + age):
        month, day = 3, 1
    return date(year + age, month, day)


def is_national(number: str) -> bool:
    return number[1] in "12"


def ways(a: Given, *, binding: bool) -> tuple[str, ...]:
    """The papers that are asked for, the applicant's and the proxy's."""
    names = {d["kind"] for d in a["documents"]}
    some_f2 = names & {"nhi_card", "household_certificate", "household_transcript"}
    abroad = a.get("nationality", "TWN") != "TWN" or not is_national(a["number"])
    own: tuple[str, ...] = {
        "citizen": ("F2",) if some_f2 and "national_id" not in names else ("F1",),
        "foreign_spouse": ("F4",),
        "permanent_resident": ("F6",),
        "student": ("B3 student", "B3 foreign" if abroad else "B3 home") if binding else (),
        "foreign_resident": (),
    }[a["kind"]]
    return own + proxy_way(a)


def proxy_way(a: Given) -> tuple[str, ...]:
    if "proxy" not in a:
        return ()
    is_child = a["proxy"]["relation"] == "parent" and birthday(a["born"], 18) > TODAY
    return ("child",) if is_child else ("letter",)


def look(a: Given, asked: tuple[str, ...]) -> tuple[dict[str, bool], tuple[str, ...]]:
    """Which of F9-F12 is broken, and what is still to be shown."""
    papers = list(flat(a))
    if "letter" in asked and not is_national(a["proxy"]["number"]):
        papers = [p for p in papers if p[0] != "proxy.national_id"]
    needs = [set(kinds.split("|")) for way, kinds in PAPERS if way in asked]
    lines = [kinds for way, kinds in PAPERS if way in asked]
    good = {name for name, d in papers if is_good(name, d)}
    shown = {name for name, _ in papers}
    not_met = [i for i, need in enumerate(needs) if not need & good]
    covered = set[str]().union(*(n for i, n in enumerate(needs) if i not in not_met))
    bad = [name for name, d in papers if not is_good(name, d) and name not in covered]
    extra = [name for name in bad if not any(name in needs[i] for i in not_met)]
    absent = [lines[i] for i in not_met if not needs[i] & shown]
    listed = [lines[i] for i in not_met] + extra
    own = [x for x in listed if not x.startswith("proxy.")]
    proxys = [x for x in listed if x.startswith("proxy.")]
    broken = {
        "F11": any(not x.startswith("proxy.") for x in absent),
        "F12": bool(bad),
        "proxy": any(x.startswith("proxy.") for x in absent),
    }
    return broken, tuple(dict.fromkeys(own + proxys))


def contradicts(a: Given) -> bool:
    numbers = {a["number"], *a.get("other_numbers", ())}
    return any(
        (
            a.get("proxy", {}).get("number") in numbers,
            sum(map(is_national, numbers)) >= 2,
            a["kind"] in FOREIGN and a.get("nationality") == "TWN",
            a.get("born", "") > TODAY.isoformat(),
        )
    )


def first_broken(a: Given, *, binding: bool) -> tuple[str, tuple[str, ...]]:
    broken, missing = look(a, ways(a, binding=binding))
    where, kinds = SAYS_WHERE.get(a["kind"], ("", ()))
    is_parent = a.get("proxy", {}).get("relation") == "parent"
    rows = (
        (where, any(d.get("district", XITUN)[:5] != "66000" for d in own(a) if d["kind"] in kinds)),
        ("F13", contradicts(a)),
        ("F11", broken["F11"]),
        ("F12", broken["F12"]),
        ("F10" if is_parent else "F9", broken["proxy"]),
    )
    return next((rule for rule, is_broken in rows if is_broken), ""), missing


def own(a: Given) -> list[Given]:
    return list(a["documents"])


def flora_oracle(a: Given) -> Answer:
    never = {"foreign_resident": "F7", "student": "F8"}
    if a["kind"] in never:
        return "refused", never[a["kind"]], ()
    rule, missing = first_broken(a, binding=False)
    return ("refused", rule, missing) if rule else ("entitled", ways(a, binding=False)[0], ())


def binding_oracle(a: Given) -> Answer:
    born = a.get("born")
    nobody = (
        a.get("holds_senior_card", False),
        a["kind"] == "foreign_resident",
        born is not None and born <= TODAY.isoformat() and birthday(born, 6) > TODAY,
    )
    if any(nobody):
        return "refused", "B5", ()
    rule = BINDS_BY[a["kind"]]
    if a["kind"] == "student":
        place = a["school"]
        if not place["in_city"] or place["graduates_on"] < TODAY.isoformat():
            return "refused", rule, ()
    broken, missing = first_broken(a, binding=True)
    if not broken:
        return "entitled", rule, ()
    return "refused", "B5" if broken in ("F3", "F5", "F6") else rule, missing


def ending(a: Given) -> str | None:
    """`expires_on` of an entitled one, in ISO."""
    if a["kind"] == "student":
        return f"{a['school']['graduates_on'][:4]}-10-31"
    kind = {"foreign_spouse": "residence_certificate"}.get(
        a["kind"], "permanent_residence_certificate"
    )
    if a["kind"] == "citizen":
        return None
    good = (d for d in own(a) if d["kind"] == kind and is_good(kind, d))
    last = max(str(d.get("valid_until", "no end")) for d in good)  # a word sorts after all dates
    return None if last == "no end" else last


# --- applications, field by field of domain.md 3.3 --------------------------------------------

NATIONAL = ("B100000002", "L100000000", "F131104093")
RESIDENT = ("BC00000004", "F800123455", "A800000014")
DAYS = (date(2005, 12, 20), date(2005, 12, 21), YESTERDAY, TODAY, TOMORROW)
USUAL = {
    "citizen": ("national_id", "nhi_card", "household_certificate", "household_transcript"),
    "foreign_spouse": ("residence_certificate", *SAYS_WHERE["foreign_spouse"][1]),
    "permanent_resident": ("permanent_residence_certificate",),
    "foreign_resident": ("residence_certificate",),
    "student": ("national_id", "passport", "student_id", "enrolment_certificate"),
    "proxy": ("letter_of_authority", "national_id", "residence_certificate"),
}
RARE = ("passport", "residence_certificate", "nhi_card", "enrolment_certificate")
BORN = ("1950-05-05", "2008-11-25", "2008-11-26", "2016-02-29", "2020-11-25", "2020-11-26",
        TODAY.isoformat(), TOMORROW.isoformat())  # fmt: skip

often = st.sampled_from([True, True, True, False])
seldom = st.sampled_from([False] * 7 + [True])


@st.composite
def papers(draw: st.DrawFn, kind: str) -> Given:
    found: Given = {"kind": kind}
    if kind != "letter_of_authority":
        found["district"] = draw(st.sampled_from([XITUN, "66000150", XITUN, XITUN, XITUN]))
        if draw(seldom):
            found["district"] = draw(st.sampled_from(["elsewhere", "63000010"]))
    if kind == "residence_certificate" or draw(seldom):
        good = [TODAY, TOMORROW, date(2027, 1, 31)]
        found["valid_until"] = draw(st.sampled_from([*good, YESTERDAY])).isoformat()
    if draw(seldom):
        found["issued_on"] = draw(st.sampled_from(DAYS)).isoformat()
    return found


@st.composite
def paper_lists(draw: st.DrawFn, whose: str) -> list[Given]:
    kinds = [kind for kind in USUAL[whose] if draw(often)]
    if draw(seldom):
        kinds.append(draw(st.sampled_from(RARE)))
    return [draw(papers(kind)) for kind in draw(st.permutations(kinds))]


@st.composite
def applications(draw: st.DrawFn) -> Given:
    kind = draw(st.sampled_from(("citizen", "citizen", *FOREIGN, "student")))
    fitting = {"citizen": NATIONAL, "student": NATIONAL + RESIDENT}.get(kind, RESIDENT)
    a: Given = {
        "kind": kind,
        "number": draw(st.sampled_from(fitting)),
        "documents": draw(paper_lists(kind)),
        "born": draw(st.sampled_from(BORN)),
        "school": {
            "in_city": draw(often),
            "graduates_on": draw(st.sampled_from(DAYS[2:])).isoformat(),
        },
    }
    if draw(seldom):
        a["other_numbers"] = draw(st.lists(st.sampled_from(NATIONAL + RESIDENT), max_size=2))
    if draw(seldom):
        a["nationality"] = draw(st.sampled_from(["TWN", "VNM"]))
    if draw(seldom):
        a["holds_senior_card"] = True
    if draw(st.booleans()):
        a["proxy"] = {
            "relation": draw(st.sampled_from(["parent", "other"])),
            "number": draw(st.sampled_from((*NATIONAL, *RESIDENT, "Y123456788", "Y123456788"))),
            "documents": draw(paper_lists("proxy")),
        }
    return a


def answer(decision: Decision) -> Answer:
    return decision.outcome, decision.rule, decision.missing


def test_the_rules_agree_with_the_table(record_property: Callable[[str, object], None]) -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=600)
    @drawn(applications())
    def agree(a: Given) -> None:
        app = read(a)
        card = decide_flora(app, today=TODAY, policy=POLICY)
        assert answer(card) == flora_oracle(a)
        bound = decide_binding(app, today=TODAY, policy=POLICY)
        assert answer(bound) == binding_oracle(a)
        if bound.outcome == "entitled":
            until = bound.expires_on.isoformat() if bound.expires_on else None
            assert until == ending(a)
        check_words(card, ISSUING_WORDS)
        check_words(bound, BINDING_WORDS)
        met.update((f"{card.outcome} {card.rule}", f"{bound.outcome} {bound.rule}"))

    agree()
    record_property("applications_compared", met.total() // 2)
    assert len(met) >= 12, met  # a strategy that makes no good application would prove nothing


@settings(max_examples=200)
@drawn(applications())
def test_unbinding_agrees_with_the_table(a: Given) -> None:
    broken, listed = look(a, proxy_way(a))
    missing = tuple(x for x in listed if x.startswith("proxy."))
    decision = decide_unbinding(read(a), today=TODAY, policy=POLICY)
    if contradicts(a):
        assert answer(decision) == ("refused", "B6", ())
    else:
        assert answer(decision) == ("refused" if missing else "entitled", "B6", missing), broken
    check_words(decision, BINDING_WORDS)


def check_words(decision: Decision, words: Mapping[str, object]) -> None:
    outcome = "refused" if decision.outcome == "refused" else "bound"
    assert key_of(decision.rule, outcome, decision.facts) in words
