"""What must be nowhere: numbers of people, UIDs of cards that their holders did not bind, and any
row that joins a claim to a card (I15, I16)."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path

import pytest

from tests.spine.rig import citizen, flora, make_card, make_home, on, person, tomorrow


def needles(value: bytes) -> dict[str, bytes]:
    """A value raw and in the encodings that our stores use."""
    return {
        "raw": value,
        "hex": value.hex().encode(),
        "HEX": value.hex().upper().encode(),
        "base64": base64.b64encode(value).rstrip(b"="),
        "base64url": base64.urlsafe_b64encode(value).rstrip(b"="),
        "utf-16": value.decode("latin-1").encode("utf-16-le"),
        "reversed": value[::-1],
    }


def found_under(folder: Path, values: dict[str, bytes]) -> list[str]:
    """Which needles occur in which file under a folder."""
    return [
        f"{name} in {path.name}"
        for path in folder.rglob("*")
        if path.is_file()
        for name, needle in values.items()
        if needle in path.read_bytes()
    ]


@pytest.mark.slow
def test_no_number_and_no_unbound_uid_stays_in_a_home(tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    stop = flora("network", "stops", "--route", "300", home=home).json[0]["stop"]
    uids: list[bytes] = []
    for index in range(6):
        number = person(index)
        more = ("--no-free-sector",) if index % 3 == 2 else ()
        card = make_card(tmp_path, f"c{index}", "--uid", f"9a7be{index}c{index}", *more)
        uids.append(bytes.fromhex(f"9a7be{index}c{index}"))
        line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
        assert flora(*line, home=home, given=citizen(number)).code == 0
        refused = flora(*line, home=home, given=citizen(number))
        assert refused.code == 4  # this very card is issued already
        other = make_card(tmp_path, f"d{index}")
        again = flora(*line[:3], on(other), *line[4:], home=home, given=citizen(number))
        assert (again.code, again["rule"]) == (3, "F15"), again.out
        tap = ("tap", "--reader", on(card), "--route", "300", "--stop", stop)
        assert flora(*tap, "--at", f"{tomorrow()}T08:00", home=home).code == 0
    numbers = {
        f"number {i} {k}": v for i in range(6) for k, v in needles(person(i).encode()).items()
    }
    assert found_under(home, numbers) == []
    marks = {f"uid {i} {k}": v for i, uid in enumerate(uids) for k, v in needles(uid).items()}
    assert found_under(home, marks) == []


@pytest.mark.slow
def test_the_search_itself_can_find(tmp_path: Path) -> None:
    (tmp_path / "planted").write_bytes(b"x" + person(1).encode() + b"y")
    assert found_under(tmp_path, {"n": person(1).encode()}) == ["n in planted"]


@pytest.mark.slow
def test_no_row_joins_a_claim_to_a_card(tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    card = make_card(tmp_path, "c")
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    issued = flora(*line, home=home, given=citizen())
    assert issued.code == 0
    db = sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True)
    try:
        assert db.execute("SELECT count(*) FROM join_row").fetchone() == (0,)
        entries = [
            json.loads(row[0]) for row in db.execute("SELECT content FROM journal ORDER BY seq")
        ]
    finally:
        db.close()
    own = [e for e in entries if e["kind"] in {"claim", "confirm"}]
    assert [e["kind"] for e in own] == ["claim", "confirm"]
    for entry in own:
        assert not {"card_ref", "uid", "card_number", "refs"} & set(entry), entry
        assert entry["hour"].endswith("+08")
        assert len(entry["hour"]) == len("2026-11-25T10+08")
