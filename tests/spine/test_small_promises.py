"""Promises of the command line that need a whole terminal to see."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person, tomorrow

OURS = range(48, 60)  # sectors 12 to 14


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, "T-01")


def issue(home: Path, card: Path, number: str, **more: object) -> Answer:
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    return flora(*line, home=home, given=citizen(number, **more))


def bind(home: Path, card: Path, number: str, verb: str = "bind") -> Answer:
    line = (verb, "--reader", on(card), "--applicant", "-")
    return flora(*line, home=home, given=citizen(number))


def blocks(card: Path, folder: Path) -> list[bytes]:
    dump = folder / f"{card.name}.mfd"
    assert flora("card", "export", str(card), str(dump)).code == 0
    data = dump.read_bytes()
    assert len(data) == 1024
    return [data[i : i + 16] for i in range(0, 1024, 16)]


def test_what_is_not_ours_stays_bit_for_bit(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", "--purse", "100")
    before = blocks(card, tmp_path)
    assert before[1].hex() == "0e140001070208030904081000000000"
    assert before[2] == bytes(16)
    assert issue(home, card, person(1)).code == 0
    assert bind(home, card, person(1)).code == 0
    stop = flora("network", "stops", "--route", "300", home=home).json[0]["stop"]
    tap = ("tap", "--reader", on(card), "--route", "300", "--stop", stop)
    assert flora(*tap, "--at", f"{tomorrow()}T08:00", home=home).code == 0
    after = blocks(card, tmp_path)
    changed = [block for block in range(64) if before[block] != after[block]]
    assert changed
    assert set(changed) <= set(OURS)


def test_only_the_holder_unbinds(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    assert issue(home, card, person(1)).code == 0
    assert bind(home, card, person(1)).code == 0
    for number in (person(2), person(1)):
        got = bind(home, card, number, "unbind")
        assert got.code == (3 if number == person(2) else 0), got.out
    assert flora("card", "show", "--reader", on(card), home=home)["binding"] is None
    again = bind(home, card, person(1), "unbind")
    assert (again.code, again["rule"]) == (3, "B6"), again.out


def test_more_numbers_never_turn_a_no_into_a_yes(home: Path, tmp_path: Path) -> None:
    """Naturalised since: refused with both numbers, then with either alone (I17)."""
    former = ["BC00000004"]
    assert issue(home, make_card(tmp_path, "a"), person(1), other_numbers=former).code == 0
    card = make_card(tmp_path, "b")
    both = issue(home, card, person(2), other_numbers=former)
    assert (both.code, both["rule"]) == (3, "F15"), both.out
    assert issue(home, card, person(2))["rule"] == "F15"


def test_the_list_of_earlier_collectors(home: Path, tmp_path: Path) -> None:
    rows = [person(1), "", "B100000003", person(2), person(1)]
    listed = "\ufeff" + "\r\n".join(rows) + "\r\n"
    for accepted, duplicates in ((2, 1), (0, 3)):
        got = flora("import", "claims", "-", home=home, given=listed.encode())
        assert got.code == 0, got.out + got.err
        assert (got["rows"], got["accepted"], got["duplicates"]) == (4, accepted, duplicates)
        assert [bad["line"] for bad in got["bad"]] == [3]
        assert all(bad["why"] for bad in got["bad"])
    refused = issue(home, make_card(tmp_path, "a"), person(1))
    assert (refused.code, refused["rule"]) == (3, "F14"), refused.out
    for path in home.rglob("*"):
        if path.is_file():
            assert person(1).encode() not in path.read_bytes()


@pytest.mark.parametrize("column", ["content", "salt", "leaf", "head", "seal"])
def test_one_bit_in_the_journal_is_found_and_named(column: str, home: Path, tmp_path: Path) -> None:
    assert issue(home, make_card(tmp_path, "a"), person(1)).code == 0
    assert bind(home, tmp_path / "a.card", person(1)).code == 0
    whole = flora("ledger", "verify", home=home)
    assert (whole.code, whole["whole"], whole["faults"]) == (0, True, [])
    db = sqlite3.connect(home / "ledger.db", isolation_level=None)
    for (trigger,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    seq, value = db.execute(
        f"SELECT seq, {column} FROM journal WHERE {column} IS NOT NULL ORDER BY seq"  # noqa: S608
    ).fetchone()
    flipped = bytes([value[0] ^ 1]) + value[1:]
    db.execute(
        f"UPDATE journal SET {column} = ? WHERE seq = ?",  # noqa: S608
        (flipped, seq),
    )
    db.close()
    found = flora("ledger", "verify", home=home)
    assert (found.code, found["whole"]) == (4, False), found.out
    assert seq in [fault.get("seq") for fault in found["faults"]]
    assert set(found["error"]) >= {"code", "what", "means", "next"}


def test_a_purse_holds_no_more_than_its_two_bytes(tmp_path: Path) -> None:
    got = flora("card", "new", "flora", str(tmp_path / "a"), "--purse", "32768")
    assert (got.code, got["error"]["code"]) == (2, "purse_too_full"), got.out
    card = make_card(tmp_path, "b", "--purse", "32760")
    before = card.read_bytes()
    got = flora("card", "topup", str(card), "8")
    assert (got.code, got["error"]["code"]) == (2, "purse_too_full"), got.out
    assert card.read_bytes() == before
    assert flora("card", "topup", str(card), "7")["purse_ntd"] == 32767


@pytest.mark.parametrize(("uid", "code"), [("88010203", 2), ("0102", 2), ("04a1b2c3", 0)])
def test_uids_are_four_or_seven_bytes_and_no_cascade_tag(
    uid: str, code: int, tmp_path: Path
) -> None:
    assert flora("card", "new", "flora", str(tmp_path / "c"), "--uid", uid).code == code


def test_dumps_are_1024_bytes(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(bytes(1000))
    got = flora("card", "import", str(tmp_path / "short"), str(tmp_path / "c"))
    assert got.code == 2
    assert "1000" in got["error"]["what"].replace(",", "")
    card = make_card(tmp_path, "whole")
    assert flora("card", "export", str(card), str(tmp_path / "dump")).code == 0
    assert flora("card", "import", str(tmp_path / "dump"), str(tmp_path / "d.card")).code == 0
    assert flora("card", "show", "--reader", on(tmp_path / "d.card")).code == 0


def test_card_show_writes_nothing(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    assert issue(home, card, person(1)).code == 0
    before, entries = card.read_bytes(), flora("ledger", "verify", home=home)["entries"]
    shown = flora("card", "show", "--reader", on(card), home=home)
    assert set(shown.json) >= {
        *("kind", "chip", "uid", "mode", "issued", "prepared", "binding"),
        *("trip", "purse_ntd", "our_sectors"),
    }
    bare = flora("card", "show", "--reader", on(card))
    assert bare.code == 0
    assert card.read_bytes() == before
    assert flora("ledger", "verify", home=home)["entries"] == entries
    json.dumps(shown.json)
