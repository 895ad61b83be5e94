"""Bad input, each with a clear message in both languages, and nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.spine.rig import citizen, flora, make_card, make_home, on

SPOUSE: dict[str, object] = {
    "kind": "foreign_spouse",
    "number": "BC00000004",
    "nationality": "VNM",
    "documents": [{"kind": "residence_certificate", "valid_until": "2099-01-31"}],
}


class Bad(NamedTuple):
    name: str
    given: object
    code: int


def with_paper(**paper: object) -> dict[str, object]:
    return {"kind": "citizen", "number": "B100000002", "documents": [paper]}


BAD = (
    Bad("checksum", citizen("B100000003"), 2),
    Bad("shape", citizen("B1000"), 2),
    Bad("certificate number", citizen("123456789012"), 2),
    Bad("number before documents", {**with_paper(kind="nonsense"), "number": "B100000003"}, 2),
    Bad("spouse without papers", SPOUSE, 3),
    Bad(
        "proxy without a letter",
        citizen(
            proxy={
                "relation": "other",
                "number": "L100000000",
                "documents": [{"kind": "national_id"}],
            }
        ),
        3,
    ),
    Bad("not JSON", b'{"kind": ', 2),
    Bad("not UTF-8", b'{"kind": "\xff"}', 2),
    Bad("doubled key", b'{"kind": "citizen", "kind": "student"}', 2),
    Bad("NaN", b'{"kind": NaN}', 2),
    Bad("nested", b"[" * 50 + b"]" * 50, 2),
    Bad("two documents", b'{"kind": "citizen"} {"kind": "citizen"}', 2),
    Bad("empty", b"", 2),
    Bad("unknown kind", {**citizen(), "kind": "tourist"}, 2),
    Bad("unknown document", with_paper(kind="library_card", district="66000060"), 2),
    Bad("unknown district", with_paper(kind="national_id", district="66000999"), 2),
    Bad(
        "Minguo year",
        with_paper(kind="national_id", district="66000060", issued_on="0105-01-01"),
        2,
    ),
    Bad("no such day", citizen(born="2015-02-29"), 2),
    Bad("control character", citizen(nationality="V\x07M"), 2),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("bad"), "T-01")


def check_error(said: Any) -> None:
    """Three parts, none empty."""
    assert set(said["error"]) >= {"code", "what", "means", "next"}
    assert all(said["error"][part] for part in ("code", "what", "means", "next"))


@pytest.mark.parametrize("bad", BAD, ids=lambda b: b.name)
def test_bad_applications_change_nothing(bad: Bad, home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    before, ledger = card.read_bytes(), flora("ledger", "verify", home=home)["entries"]
    said: dict[str, str] = {}
    for lang in ("en", "zh-TW"):
        got = flora(
            *("issue", "flora", "--reader", on(card), "--applicant", "-"),
            home=home,
            given=bad.given,
            lang=lang,
        )
        assert got.code == bad.code, got.out + got.err
        if bad.code == 3:
            assert got["outcome"] == "refused"
            assert got["missing"]
            assert got["next"]
        else:
            check_error(got.json)
        said[lang] = got.out
    assert said["en"] != said["zh-TW"]
    assert card.read_bytes() == before
    entries = flora("ledger", "verify", home=home)["entries"]
    assert entries == ledger + (2 if bad.code == 3 else 0)  # a refusal is journalled, nothing else


@pytest.mark.parametrize(
    ("uri", "code"), [("carrier:pigeon", 2), ("nonsense", 2), ("sim:/nowhere/at/all", 4)]
)
def test_readers_that_are_none(uri: str, code: int, home: Path) -> None:
    line = ("issue", "flora", "--reader", uri, "--applicant", "-")
    got = flora(*line, home=home, given=citizen("F131104093"))
    assert got.code == code, got.out
    check_error(got.json)


def test_cards_that_will_not_do(home: Path, tmp_path: Path) -> None:
    who = citizen("O158238845")
    issue = ("issue", "flora", "--applicant", "-", "--reader")
    entries = flora("ledger", "verify", home=home)["entries"]
    blank = make_card(tmp_path, "blank", kind="blank-classic")
    corrupt = make_card(tmp_path, "corrupt")
    corrupt.write_bytes(corrupt.read_bytes()[:-40] + b"garbage")
    for card in (blank, corrupt):
        before = card.read_bytes()
        got = flora(*issue, on(card), home=home, given=who)
        assert got.code == 4, got.out
        check_error(got.json)
        assert card.read_bytes() == before
    assert flora("ledger", "verify", home=home)["entries"] == entries
    assert flora("open", "list", home=home).json == []


def test_an_issued_card_is_not_issued_again(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    issue = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    assert flora(*issue, home=home, given=citizen("W298765437")).code == 0
    before = card.read_bytes()
    got = flora(*issue, home=home, given=citizen("L100000000"))
    assert (got.code, got["error"]["code"]) == (4, "already_issued"), got.out
    assert card.read_bytes() == before
    # and that person is as free as before
    other = make_card(tmp_path, "d")
    line = ("issue", "flora", "--reader", on(other), "--applicant", "-")
    assert flora(*line, home=home, given=citizen("L100000000")).code == 0


def test_no_home_is_said(tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    got = flora(*line, home=tmp_path / "none", given=citizen())
    assert got.code == 2
    check_error(got.json)
    assert not (tmp_path / "none").exists()
