"""Issuances that were cut off, and how a clerk ends them (ledger.md 4.5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person

pytestmark = pytest.mark.slow
WRITING = "45"  # a frame in the midst of preparing


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, "T-01")


def cut(home: Path, card: Path, number: str) -> str:
    """Cut an issuance while its card is written; the row's number."""
    line = ("issue", "flora", "--reader", on(card, WRITING), "--applicant", "-")
    assert flora(*line, home=home, given=citizen(number)).code == 4
    row = flora("open", "list", home=home).json[-1]
    assert row["step"] == "writing"
    assert set(row) >= {"n", "product", "since", "step"}
    return str(row["n"])


def issue(home: Path, card: Path, number: str) -> Answer:
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    return flora(*line, home=home, given=citizen(number))


def end(verb: str, n: str, card: Path, *more: str, home: Path) -> Answer:
    return flora("open", verb, n, "--reader", on(card), *more, home=home)


def test_finish_and_void_want_that_very_card(home: Path, tmp_path: Path) -> None:
    card, other = make_card(tmp_path, "a"), make_card(tmp_path, "b")
    n = cut(home, card, person(1))
    for verb in ("finish", "void"):
        before = other.read_bytes()
        assert end(verb, n, other, home=home).code == 3
        assert end(verb, n, tmp_path / "none", home=home).code == 4
        assert other.read_bytes() == before
    # Nor does the half-written card serve somebody else meanwhile.
    got = issue(home, card, person(2))
    assert (got.code, got["error"]["code"]) == (4, "card_of_open_row"), got.out
    assert end("void", n, card, home=home)["evidence"] == "blanked"
    assert issue(home, card, person(2)).code == 0
    assert issue(home, other, person(1)).code == 0


def test_a_card_kept_is_spoiled_and_another_takes_its_place(home: Path, tmp_path: Path) -> None:
    card, other = make_card(tmp_path, "a"), make_card(tmp_path, "b")
    n = cut(home, card, person(1))
    assert end("finish", n, other, "--card-kept", home=home).code == 0
    assert flora("card", "show", "--reader", on(other), home=home)["issued"] is True
    got = issue(home, card, person(2))
    assert (got.code, got["error"]["code"]) == (4, "card_booked_spoiled"), got.out
    line = ("bind", "--reader", on(card), "--applicant", "-")
    assert flora(*line, home=home, given=citizen(person(1))).code == 4


def test_a_void_with_the_card_kept_frees_the_person(home: Path, tmp_path: Path) -> None:
    card, other = make_card(tmp_path, "a"), make_card(tmp_path, "b")
    n = cut(home, card, person(1))
    got = end("void", n, tmp_path / "none", "--card-kept", home=home)
    assert (got.code, got["evidence"]) == (0, "kept"), got.out
    assert issue(home, other, person(1)).code == 0


def test_a_card_that_left_counts_as_issued(home: Path, tmp_path: Path) -> None:
    card, other = make_card(tmp_path, "a"), make_card(tmp_path, "b")
    n = cut(home, card, person(1))
    got = end("finish", n, tmp_path / "none", "--card-left", home=home)
    assert (got.code, got["outcome"]) == (0, "issued"), got.out
    again = issue(home, other, person(1))
    assert (again.code, again["rule"]) == (3, "F15")


def test_another_counter_leaves_a_half_written_card_alone(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "a")
    cut(home, card, person(1))
    other_home = make_home(tmp_path, "T-02")
    before = card.read_bytes()
    got = issue(other_home, card, person(2))
    assert (got.code, got["error"]["code"]) == (4, "card_half_written"), got.out
    assert card.read_bytes() == before
    assert flora("open", "list", home=other_home).json == []


def test_a_number_that_is_not_open_is_said(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "a")
    for verb in ("finish", "void"):
        got = end(verb, "7", card, home=home)
        assert (got.code, got["error"]["code"]) == (2, "no_open_row"), got.out


def test_a_living_issuance_is_never_ended_from_another_window(home: Path, tmp_path: Path) -> None:
    from terminal.home import Home

    card = make_card(tmp_path, "a")
    n = cut(home, card, person(1))
    with Home.open(home) as living, living.ledger.hold(int(n)):
        for verb in ("finish", "void"):
            got = end(verb, n, card, home=home)
            assert (got.code, got["error"]["code"]) == (4, "busy"), got.out
    assert end("finish", n, card, home=home).code == 0


def test_a_prepared_card_is_finished_by_binding_it_elsewhere(home: Path, tmp_path: Path) -> None:
    """The counter died between confirm and final write, the holder went on with the card."""
    two = make_home(tmp_path, "T-02")
    for frame in range(45, 200):  # from the midst of preparing on
        card = make_card(tmp_path, f"p{frame}")
        line = ("issue", "flora", "--reader", on(card, f"{frame}:after"), "--applicant", "-")
        if flora(*line, home=home, given=citizen(person(frame))).code == 0:
            break
        if flora("card", "show", "--reader", on(card), home=home)["prepared"]:
            bind = ("bind", "--reader", on(card), "--applicant", "-")
            got = flora(*bind, home=two, given=citizen(person(frame)))
            assert got["outcome"] == "bound", got.out
            shown = flora("card", "show", "--reader", on(card), home=two)
            assert (shown["issued"], shown["prepared"]) == (True, False)
            refused = issue(two, card, person(500))
            assert (refused.code, refused["error"]["code"]) == (4, "already_issued")
            (row,) = flora("open", "list", home=home).json
            assert end("finish", str(row["n"]), card, home=home).code == 0
            return
        for row in flora("open", "list", home=home).json:
            assert end("finish", str(row["n"]), card, home=home).code == 0
    raise AssertionError("no tear left a prepared card")
