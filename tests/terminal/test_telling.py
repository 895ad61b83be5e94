"""What people read of a decision: parts, papers, reasons, rule; one price line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

import main
from issuance.desk import IssueOutcome
from terminal.telling import decision_lines, parts_of
from terminal.words.speak import filled, plain, settle
from tests.spine.rig import flora

EXPIRED = IssueOutcome(
    outcome="refused",
    rule="F12",
    source="report.3.1.4.2",
    missing=("residence_certificate", "spouse_household_certificate|spouse_household_transcript"),
    facts={"said": "F12", "unusable": (("residence_certificate", "expired"),)},
)


def test_every_paper_is_named_with_its_alternatives_and_its_fault() -> None:
    settle("en")
    said = "\n".join(decision_lines(EXPIRED))
    assert "spouse's household certificate or spouse's household transcript" in said
    assert "residence certificate (ARC): expired" in said
    assert "Rule F12 (report.3.1.4.2)" in said
    settle("zh-TW")
    said = "\n".join(decision_lines(EXPIRED))
    assert "配偶的戶口名簿或配偶的戶籍謄本" in said
    assert "居留證：已逾期" in said


def test_an_office_is_called_by_its_name() -> None:
    facts: dict[str, object] = {"office": "office-66000060", "month": "2026-11"}
    taken = IssueOutcome(outcome="refused", rule="F15", source="x", facts=facts)
    settle("zh-TW")
    assert "西屯區公所" in "".join(parts_of(taken))
    settle("en")
    assert "Xitun District Office" in "".join(parts_of(taken))
    elsewhere = IssueOutcome(outcome="refused", rule="F15", source="x", facts={"office": "old-7"})
    assert "old-7" in "".join(parts_of(elsewhere))


def test_a_fact_that_is_not_known_is_a_dash() -> None:
    settle("en")
    assert filled("{a} {b}", {"a": 1.0}) == "1 –"
    assert plain(["x", b"\x01", None]) == "x, 01, –"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ("distance fare", "balance NT$90")), ("zh-TW", ("里程計費", "餘額 NT$90"))],
)
def test_a_price_is_explained_line_by_line(
    lang: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, card = tmp_path / "home", tmp_path / "a.card"
    flora("init", "--terminal", "T", "--district", "西屯區", home=home)
    flora("card", "new", "flora", str(card), "--purse", "100")
    papers = [{"kind": "national_id", "district": "66000060"}]
    given = {"kind": "citizen", "number": "B100000002", "documents": papers}
    for verb in (("issue", "flora"), ("bind",)):
        reader = ("--reader", f"sim:{card}", "--applicant", "-")
        assert flora(*verb, *reader, home=home, given=given).code == 0
    for stop, at in (("TC1001", "08:00"), ("TC1007", "08:40")):
        ride = ["--reader", f"sim:{card}", "--route", "300", "--stop", stop, "--vehicle", "A"]
        line = ["tap", *ride, "--at", f"2099-01-01T{at}", "--home", str(home), "--lang", lang]
        assert main.run(line) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in words)
