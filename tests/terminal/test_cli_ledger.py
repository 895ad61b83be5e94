"""Commands around the ledger: open issuances, the list of earlier collectors, its own check."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from terminal.home import Home
from tests.spine.rig import Answer, flora

EARLIER = ("B100000002", "L100000000", "A800000014")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    assert flora("init", "--terminal", "T-01", "--district", "66000060", home=path).code == 0
    return path


def import_(home: Path, data: bytes) -> Answer:
    return flora("import", "claims", "-", home=home, given=data)


def test_earlier_collectors_are_refused_and_no_number_stays(home: Path, tmp_path: Path) -> None:
    said = import_(home, "\n".join(EARLIER).encode())
    assert (said.code, said["rows"], said["accepted"], said["duplicates"]) == (0, 3, 3, 0)
    again = import_(home, "\n".join(EARLIER).encode())
    assert (again["accepted"], again["duplicates"]) == (0, 3)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    for number in EARLIER:
        assert number.encode() not in stored
    card = tmp_path / "a.card"
    flora("card", "new", "flora", str(card))
    documents = [{"kind": "national_id", "district": "66000060"}]
    given = {"kind": "citizen", "number": EARLIER[0], "documents": documents}
    refused = flora(
        "issue", "flora", "--reader", f"sim:{card}", "--applicant", "-", home=home, given=given
    )
    assert (refused.code, refused["rule"]) == (3, "F14")


def test_a_bad_line_is_told_by_its_line_and_the_rest_goes_in(home: Path) -> None:
    rows = [
        b"\xef\xbb\xbfB100000002",
        b"number",
        b"",
        b"B100000003",
        b"\xc4\xe3",
        b'"l100000000",x',
    ]
    said = import_(home, b"\r\n".join(rows))
    assert (said["rows"], said["accepted"]) == (5, 2)
    assert [(row["line"], row["code"]) for row in said["bad"]] == [
        (2, "number_shape"),
        (4, "number_checksum"),
        (5, "not_utf8"),
    ]
    assert "B100000003" not in said.out + said.err


def test_a_list_in_a_file_and_a_missing_one(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "earlier.csv"
    missing = flora("import", "claims", str(file), home=home)
    assert (missing.code, missing["error"]["code"]) == (4, "file_trouble")
    file.write_text("B100000002\n")
    assert flora("import", "claims", str(file), home=home)["accepted"] == 1


def test_a_whole_ledger_says_so(home: Path) -> None:
    import_(home, b"B100000002\n")
    said = flora("ledger", "verify", home=home)
    assert (said.code, said["whole"], said["faults"]) == (0, True, [])
    assert said["entries"] >= 1


def test_a_flipped_bit_is_named_beside_the_error(home: Path) -> None:
    import_(home, b"B100000002\n")
    with sqlite3.connect(home / "ledger.db") as db:
        names = [
            row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        ]
        for name in names:
            db.execute(f'DROP TRIGGER "{name}"')
        leaf = bytearray(db.execute("SELECT leaf FROM journal WHERE seq = 1").fetchone()[0])
        leaf[0] ^= 1
        db.execute("UPDATE journal SET leaf = ? WHERE seq = 1", (bytes(leaf),))
    db.close()
    said = flora("ledger", "verify", home=home)
    assert (said.code, said["whole"], said["error"]["code"]) == (4, False, "ledger_not_whole")
    assert 1 in [fault.get("seq") for fault in said["faults"]]


def test_nothing_is_open_at_first(home: Path) -> None:
    said = flora("open", "list", home=home)
    assert (said.code, said.json) == (0, [])
    for verb in ("finish", "void"):
        none = flora("open", verb, "7", "--reader", "sim:x", home=home)
        assert (none.code, none["error"]["code"]) == (2, "no_open_row")


def test_an_issuance_cut_off_is_listed_and_voided(home: Path) -> None:
    with Home.open(home) as opened:
        row = opened.ledger.ask("flora", frozenset({bytes(16)}), rule="F1", proxy="none")
        n = getattr(row, "n")  # noqa: B009  an OpenRow; Taken is impossible in a fresh ledger
    listed = flora("open", "list", home=home)
    assert [(one["n"], one["product"], one["step"]) for one in listed.json] == [
        (n, "flora", "asked")
    ]
    assert listed.json[0]["since"].endswith("+08:00")
    void = flora("open", "void", str(n), "--reader", "sim:none", home=home)
    assert (void.code, void["outcome"], void["evidence"]) == (0, "voided", "unwritten")
    assert flora("open", "list", home=home).json == []


def test_a_terminal_that_stands_alone_says_so(home: Path) -> None:
    said = flora("sync", "status", home=home)
    assert (said["hub"], said["ledger_age_s"], said["waiting"]) == (None, None, 0)
    run = flora("sync", "run", home=home)
    assert (run.code, run["error"]["code"]) == (2, "not_enrolled")


def test_both_ends_of_a_declaration_cannot_be_true(home: Path) -> None:
    said = flora(
        "open", "finish", "1", "--reader", "sim:x", "--card-kept", "--card-left", home=home
    )
    assert (said.code, said["error"]["code"]) == (2, "argument_bad")
