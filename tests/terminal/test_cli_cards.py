"""Simulated cards from the command line, and what is shown of a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hw_sim.image import load_classic
from tests.spine.rig import Answer, flora

CITIZEN = {
    "kind": "citizen",
    "number": "B100000002",
    "documents": [{"kind": "national_id", "district": "66000060", "issued_on": "2020-01-01"}],
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    assert flora("init", "--terminal", "T-01", "--district", "66000060", home=path).code == 0
    return path


def new(path: Path, *more: str) -> Answer:
    return flora("card", "new", "flora", str(path), *more)


def show(path: Path, home: Path | None = None) -> Answer:
    return flora("card", "show", "--reader", f"sim:{path}", home=home)


def test_a_card_keeps_uid_and_purse(tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    assert new(card, "--uid", "04A1B2C3", "--purse", "100")["uid"] == "04a1b2c3"
    assert flora("card", "topup", str(card), "50")["purse_ntd"] == 150
    assert load_classic(card).uid.hex() == "04a1b2c3"


@pytest.mark.parametrize("uid", ["88010203", "0102", "0102030405", "zz010203", "04 a1 b2 c3"])
def test_a_serial_no_card_can_have_is_refused(uid: str, tmp_path: Path) -> None:
    said = new(tmp_path / "a.card", "--uid", uid)
    assert (said.code, said["error"]["code"]) == (2, "bad_uid")
    assert not list(tmp_path.iterdir())


def test_a_purse_has_an_upper_end(tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    full = new(card, "--purse", "32768")
    assert (full.code, full["error"]["code"]) == (2, "purse_too_full")
    assert new(card, "--purse", "32767").code == 0
    before = card.read_bytes()
    over = flora("card", "topup", str(card), "1")
    assert (over.code, over["error"]["code"]) == (2, "purse_too_full")
    assert "32767" in over["error"]["what"]
    assert card.read_bytes() == before


def test_a_card_without_a_purse_is_not_topped_up(tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    assert flora("card", "new", "blank-classic", str(card)).code == 0
    said = flora("card", "topup", str(card), "1")
    assert (said.code, said["error"]["code"]) == (4, "no_purse")


@pytest.mark.parametrize(
    "argv", [("card", "topup", "{card}", "5"), ("card", "export", "{card}", "x")]
)
def test_a_missing_or_damaged_file_is_exit_4(argv: tuple[str, ...], tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    line = [word.format(card=card) for word in argv]
    missing = flora(*line)
    assert (missing.code, missing["error"]["code"]) == (4, "file_trouble")
    card.write_text("{")
    damaged = flora(*line)
    assert (damaged.code, damaged["error"]["code"]) == (4, "card_file_corrupt")


def test_a_dump_comes_back_the_same(tmp_path: Path) -> None:
    card, dump, again = tmp_path / "a.card", tmp_path / "a.bin", tmp_path / "b.card"
    new(card, "--purse", "7")
    assert flora("card", "export", str(card), str(dump))["bytes"] == 1024
    assert flora("card", "import", str(dump), str(again))["uid"] == load_classic(card).uid.hex()
    assert load_classic(again).blocks == load_classic(card).blocks
    dump.write_bytes(dump.read_bytes()[:-1])
    short = flora("card", "import", str(dump), str(again))
    assert (short.code, short["error"]["code"]) == (2, "dump_size")
    assert "1023" in short["error"]["what"]


def test_without_a_home_only_the_public_facts_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLORA_HOME", str(tmp_path / "none"))
    new(tmp_path / "a.card", "--uid", "04a1b2c3")
    said = show(tmp_path / "a.card")
    assert said.code == 0
    assert (said["chip"], said["uid"]) == ("MIFARE Classic 1K", "04a1b2c3")
    opened = ("mode", "issued", "prepared", "binding", "trip", "purse_ntd", "our_sectors")
    assert [said[name] for name in opened] == [None] * len(opened)


def test_a_home_that_was_named_must_be_there(tmp_path: Path) -> None:
    new(tmp_path / "a.card")
    said = show(tmp_path / "a.card", home=tmp_path / "none")
    assert (said.code, said["error"]["code"]) == (2, "no_home")


def seen(answer: Answer, *names: str) -> dict[str, Any]:
    return {name: answer[name] for name in names}


def test_show_follows_a_card_through_its_life(home: Path, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    reader = ("--reader", f"sim:{card}")
    new(card, "--purse", "100")
    facts = ("kind", "mode", "issued", "prepared", "binding", "trip", "purse_ntd", "our_sectors")
    fresh = {
        "kind": "flora",
        "mode": "record",
        "issued": False,
        "prepared": False,
        "binding": None,
        "trip": None,
        "purse_ntd": 100,
        "our_sectors": [12, 13, 14],
    }
    assert seen(show(card, home), *facts) == fresh
    before = card.read_bytes()
    issued = flora("issue", "flora", *reader, "--applicant", "-", home=home, given=CITIZEN)
    assert issued.code == 0
    assert issued["card"] == {"kind": "flora", "chip": "MIFARE Classic 1K"}
    assert card.read_bytes() != before
    assert seen(show(card, home), "issued", "prepared") == {"issued": True, "prepared": False}
    flora("bind", *reader, "--applicant", "-", home=home, given=CITIZEN)
    bound = show(card, home)["binding"]
    assert bound == {"policy": "double-ten", "expires_on": None, "class": "full"}
    flora("tap", *reader, "--route", "300", "--stop", "TC1001", "--vehicle", "A", home=home)
    trip = show(card, home)["trip"]
    assert seen_trip(trip) == (True, "300", "TC1001")
    flora("unbind", *reader, "--applicant", "-", home=home, given=CITIZEN)
    assert show(card, home)["binding"] is None


def test_a_binding_that_moved_away_is_no_longer_shown(home: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.card", tmp_path / "b.card"
    for card, person in ((first, CITIZEN), (second, {**CITIZEN, "number": "L100000000"})):
        new(card)
        reader = ("--reader", f"sim:{card}", "--applicant", "-")
        assert flora("issue", "flora", *reader, home=home, given=person).code == 0
    for card, outcome in ((first, "bound"), (second, "moved")):
        reader = ("--reader", f"sim:{card}", "--applicant", "-")
        said = flora("bind", *reader, home=home, given=CITIZEN)
        assert (said.code, said["outcome"]) == (0, outcome)
    assert show(second, home)["binding"] is not None
    assert show(first, home)["binding"] is None, "its mark is still on the card"


def seen_trip(trip: dict[str, Any]) -> tuple[bool, str, str]:
    return trip["open"], trip["route"], trip["boarded_stop"]


def test_show_never_writes(home: Path, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    new(card)
    inode = card.stat().st_ino
    show(card, home)
    assert card.stat().st_ino == inode


def test_a_card_of_the_wrong_kind_is_shown_as_what_it_is(home: Path, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    flora("card", "new", "blank-classic", str(card))
    said = show(card, home)
    assert (said.code, said["kind"], said["mode"]) == (0, "blank-classic", None)


def test_a_card_without_a_free_sector_is_in_ledger_mode(home: Path, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    new(card, "--no-free-sector")
    said = show(card, home)
    assert (said["mode"], said["issued"], said["purse_ntd"]) == ("ledger", None, None)
    assert said["our_sectors"] == []


@pytest.mark.parametrize(
    ("reader", "exit_code", "code"),
    [
        ("sim:{none}", 4, "no_such_reader"),
        ("usb:1", 2, "unknown_scheme"),
        ("sim", 2, "unknown_scheme"),
        ("sim:{none}?tear=x", 2, "unknown_scheme"),
    ],
)
def test_a_reader_that_is_none(reader: str, exit_code: int, code: str, tmp_path: Path) -> None:
    said = flora("card", "show", "--reader", reader.format(none=tmp_path / "none"))
    assert (said.code, said["error"]["code"]) == (exit_code, code)


def test_people_read_lines(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import main

    card = tmp_path / "a.card"
    new(card, "--purse", "42")
    line = ["card", "show", "--reader", f"sim:{card}", "--home", str(home)]
    assert main.run([*line, "--lang", "zh-TW"]) == 0
    out, err = capsys.readouterr()
    assert "餘額：NT$42" in out
    assert "模擬" in err
    assert main.run([*line, "--lang", "en"]) == 0
    assert "Balance: NT$42" in capsys.readouterr().out
