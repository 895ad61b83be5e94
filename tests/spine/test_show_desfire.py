"""`card show` of a child card at every stage of its life, in both languages."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import main
from tests.spine.children import bind, child, issue, show
from tests.spine.rig import flora, make_card, make_home, on, person, tomorrow

SCHOOL = {"level": "primary", "in_city": True, "code": "193601", "grade": 4}


def said(home: Path, card: Path, lang: str) -> str:
    """What people read."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        line = ("card", "show", "--reader", on(card), "--home", str(home), "--lang", lang)
        assert main.run(list(line)) == 0
    return out.getvalue()


def tap(home: Path, card: Path, stop: str) -> None:
    line = ("tap", "--reader", on(card), "--route", "300", "--stop", stop, "--vehicle", "A")
    assert flora(*line, "--at", f"{tomorrow()}T08:00", home=home).code == 0


@pytest.mark.parametrize(
    ("lang", "blank", "kind", "half", "school", "library", "event"),
    [
        (
            *("zh-TW", "出廠空白卡，可發兒童卡或數位學生證", "卡別：兒童卡", "兒童半票至 20"),
            *("學校：193601，4 年級（", "已有圖書證號", "300 路"),
        ),
        (
            *("en", "factory-blank card, for a child or student card", "Kind: child card"),
            *("Half fare until 20", "School: 193601, grade 4 (", "Holds a library number"),
            "route 300, boarded at",
        ),
    ],
    ids=["zh-TW", "en"],
)
def test_a_child_card_is_told_at_every_stage(
    lang: str,
    blank: str,
    kind: str,
    half: str,
    school: str,
    library: str,
    event: str,
    tmp_path: Path,
) -> None:
    home = make_home(tmp_path, "T-01")
    card, given = make_card(tmp_path, "c", kind="child"), child(person(1), school=SCHOOL)
    factory = said(home, card, lang)
    assert blank in factory
    assert half not in factory
    assert issue(home, card, "child", given).code == 0
    issued = said(home, card, lang)
    for words in (kind, half, school, library):
        assert words in issued
    assert "–" not in issued  # a hole without a fact
    assert flora("card", "topup", str(card), "50", home=home).code == 0
    assert bind(home, card, given).code == 0
    stop = flora("network", "stops", "--route", "300", home=home).json[0]["stop"]
    tap(home, card, stop)
    tapped = said(home, card, lang)
    assert event in tapped
    assert "NT$50" in tapped
    assert "–" not in tapped


def test_every_binding_on_the_card_is_listed_until_it_is_ended(tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    card, given = make_card(tmp_path, "c", kind="child"), child(person(1))
    assert show(home, card)["policies"] is None
    assert issue(home, card, "child", given).code == 0
    assert show(home, card)["policies"] == []
    assert bind(home, card, given).code == 0
    shown = show(home, card)
    assert (
        shown["policies"]
        == [shown["binding"]]
        == [{"policy": "double-ten", "expires_on": None, "class": "half"}]
    )
    bound = card.read_bytes()
    assert bind(home, card, given, "unbind").code == 0
    card.write_bytes(bound)  # torn before the mark was taken off
    shown = show(home, card)
    assert (shown["binding"], shown["policies"]) == (None, [])
