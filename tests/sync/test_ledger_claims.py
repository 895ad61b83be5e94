"""One issuance at one home: what each verb leaves on disk, and who is refused by which rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import AlreadyConfirmed, Busy, NoOpenRow, Role, Settling
from sync.ledger.claims import OpenRow, Taken
from sync.ledger.ledger import Ledger
from tests.sync.rig import (
    OTHER_UID,
    UID,
    LedgerHome,
    acknowledge,
    asked,
    enrol,
    issued,
    ref,
    token,
    tokens,
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def refused(ledger: Ledger, *numbers: int, product: str = "flora") -> Taken:
    answer = ledger.ask(product, tokens(*numbers), rule="F1", proxy="none")
    assert isinstance(answer, Taken), answer
    return answer


def test_each_step_is_on_disk_before_the_next(home: LedgerHome, ledger: Ledger) -> None:
    """The order of ledger.md 4.2, read by another connection after each verb."""
    row = asked(ledger, 1)
    assert home.rows("SELECT step FROM open_row") == [("asked",)]
    assert home.rows("SELECT token FROM claim_token") == [(token(1),)]
    assert home.kinds() == []

    ledger.granted(row.n, basis="alone")
    assert home.rows("SELECT step FROM open_row") == [("claimed",)]
    assert home.kinds() == ["claim"]
    assert home.rows("SELECT uid FROM join_row") == []

    ledger.begin_writing(row.n, UID)
    assert home.rows("SELECT step FROM open_row") == [("writing",)]
    assert home.rows("SELECT uid FROM join_row") == [(UID,)]
    assert home.rows("SELECT state FROM claim") == [("open",)]

    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    assert home.rows("SELECT step, mode FROM open_row") == [("confirmed", "record")]
    assert home.rows("SELECT state FROM claim") == [("confirmed",)]
    assert home.kinds() == ["claim", "confirm"]
    assert home.rows("SELECT uid FROM join_row") == [(UID,)]

    ledger.clear(row.n)
    assert home.rows("SELECT n FROM open_row") == home.rows("SELECT n FROM join_row") == []
    assert home.rows("SELECT token FROM claim_token") == [(token(1),)]


def test_the_entries_say_what_the_protocol_says(home: LedgerHome, ledger: Ledger) -> None:
    row = ledger.ask("flora", tokens(2, 1), rule="F4", proxy="parent", by="C-7")
    assert isinstance(row, OpenRow)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    ledger.confirm(row.n, mode="record", card="left", handed_out=None)
    claim, confirm = home.entries()
    assert list(claim.items()) == [
        ("kind", "claim"),
        ("claim", row.claim_id.hex()),
        ("product", "flora"),
        ("tokens", [token(1).hex(), token(2).hex()]),
        ("generation", 1),
        ("hour", "2026-11-25T10+08"),
        ("basis", "alone"),
        ("lease", None),
        ("policy", None),
        ("rule", "F4"),
        ("proxy", "parent"),
        ("by", "C-7"),
    ]
    assert list(confirm.items()) == [
        ("kind", "confirm"),
        ("claim", row.claim_id.hex()),
        ("hour", "2026-11-25T10+08"),
        ("stock", {"box": None, "out": 1}),
        ("mode", "record"),
        ("card", "left"),
        ("by", "C-7"),
    ]


def test_a_verb_said_twice_does_nothing_more(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    for _ in range(2):
        ledger.granted(row.n, basis="alone")
    for _ in range(2):
        ledger.begin_writing(row.n, UID)
    for _ in range(2):
        ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.granted(row.n, basis="alone")
    for _ in range(2):
        ledger.clear(row.n)
    assert home.kinds() == ["claim", "confirm"]


def test_what_the_card_is_to_say_stays_as_long_as_the_row(home: LedgerHome, ledger: Ledger) -> None:
    """Said again before the card is written the last word counts, later the first; and nothing of
    it is left in the file (a day of birth stands behind it)."""

    def ask(wanted: bytes) -> OpenRow:
        row = ledger.ask("child", tokens(1), rule="C1", proxy="parent", wanted=wanted)
        assert isinstance(row, OpenRow)
        return row

    assert ask(b"half fare to 2030-01-01").wanted == b"half fare to 2030-01-01"
    row = ask(b"half fare to 2028-02-28")
    assert row.wanted == b"half fare to 2028-02-28"
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    assert ask(b"half fare to 2031-01-01").wanted == b"half fare to 2028-02-28"
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.clear(row.n)
    for file in home.path.parent.glob("*.*"):
        assert b"half fare to" not in file.read_bytes(), file.name


@pytest.mark.parametrize("product", ["child", "student"])
def test_one_card_a_person_of_each_product(ledger: Ledger, product: str) -> None:
    def ask(product: str, *numbers: int) -> OpenRow | Taken:
        return ledger.ask(product, tokens(*numbers), rule="C1", proxy="none")

    issued(ledger, 1)  # a Flora card
    row = ask(product, 1, 2)
    assert isinstance(row, OpenRow)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.clear(row.n)
    again = ask(product, 2)
    assert isinstance(again, Taken)
    assert again.rule == "F15"
    assert refused(ledger, 2).rule == "F15"  # the link tells that 2 has a Flora card too


def test_the_row_tells_who_what_and_how_far(ledger: Ledger, home: LedgerHome) -> None:
    row = asked(ledger, 1, 2)
    assert (row.step, row.uid, row.begun, row.mode) == ("asked", None, False, None)
    assert row.tokens == tokens(1, 2)
    assert row.since == home.clock.now()
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    (found,) = ledger.open_rows()
    assert (found.step, found.uid, found.begun) == ("writing", UID, True)
    assert ledger.open_row(row.n) == found
    assert ledger.open_row(row.n + 1) is None


def test_ones_own_unfinished_issuance_comes_back_as_its_row(
    home: LedgerHome, ledger: Ledger
) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.close()  # it died
    again = asked(home.open(), 1)
    assert (again.n, again.claim_id, again.step) == (row.n, row.claim_id, "claimed")
    assert home.kinds() == ["claim"]


def test_a_number_more_on_ones_own_row_is_remembered(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    assert asked(ledger, 1, 9).n == row.n
    assert home.kinds() == ["link"]
    assert home.rows("SELECT token FROM claim_token ORDER BY 1") == [(token(1),), (token(9),)]


def test_a_living_issuance_is_nobody_elses(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    other = home.open()
    assert refused(other, 1) == Taken(rule="F16", office="D66000060", month="2026-11")
    with pytest.raises(Busy) as told, other.hold(row.n):
        pytest.fail("it was held twice")
    assert told.value.n == row.n
    with ledger.hold(row.n):
        pass
    with other.hold(row.n):
        pass


def test_a_killed_issuance_is_free_at_once(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.close()
    with home.open().hold(row.n):
        pass


def test_an_ended_issuance_leaves_no_mark(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    with ledger.hold(asked(ledger, 2).n):
        ledger.drop(2)
    assert list((home.folder / "run").iterdir()) == []


@pytest.mark.parametrize("steps", [0, 1])
def test_what_was_not_begun_is_voided_without_a_card(
    home: LedgerHome, ledger: Ledger, steps: int
) -> None:
    row = asked(ledger, 1)
    if steps:
        ledger.granted(row.n, basis="alone")
    ledger.void(row.n, evidence="unwritten")
    assert home.entries()[-1] == {
        "kind": "void",
        "claim": row.claim_id.hex(),
        "hour": "2026-11-25T10+08",
        "evidence": "unwritten",
        "spoiled": None,
        "by": None,
    }
    assert ledger.open_rows() == []
    assert home.rows("SELECT state, tokens FROM claim") == [("void", b"")]
    assert asked(ledger, 1).claim_id != row.claim_id


def test_what_was_begun_is_not_freed_as_unwritten(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    before = home.everything()
    with pytest.raises(ValueError, match="may have written"):
        ledger.void(row.n, evidence="unwritten")
    assert home.everything() == before


def test_a_row_of_an_earlier_epoch_counts_as_begun(ledger: Ledger) -> None:
    """Whoever cannot know that nothing was written treats it as written (ledger.md 4.5)."""
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.enrolled(hub_url="http://h", keyid="T-01.2", hub_key=bytes(32), era=1, epoch=2)
    (found,) = ledger.open_rows()
    assert found.begun
    with pytest.raises(ValueError, match="may have written"):
        ledger.void(row.n, evidence="unwritten")
    ledger.confirm(row.n, mode="record", card="left", handed_out=None)


def test_a_card_that_was_kept_is_spoiled_and_never_named_beside_its_claim(
    home: LedgerHome, ledger: Ledger
) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    ledger.void(row.n, evidence="kept", spoiled_ref=ref(5))
    claim, void, spoiled = home.entries()
    assert void["spoiled"] == {"box": None, "n": 1}
    assert spoiled == {"kind": "spoiled", "refs": [ref(5).hex()]}
    assert not [entry for entry in (claim, void) if ref(5).hex() in str(entry)]
    assert ledger.spoiled(ref(5))
    assert not ledger.spoiled(ref(6))


def test_another_card_takes_the_place_of_a_spoiled_one(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    with pytest.raises(ValueError, match="swap_card"):
        ledger.begin_writing(row.n, OTHER_UID)
    ledger.swap_card(row.n, OTHER_UID, spoiled_ref=ref(5))
    assert home.rows("SELECT uid FROM join_row") == [(OTHER_UID,)]
    assert home.kinds() == ["claim", "spoiled"]
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.clear(row.n)
    assert refused(ledger, 1).rule == "F15"


def test_a_confirmed_claim_is_never_voided(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    before = home.everything()
    with pytest.raises(AlreadyConfirmed):
        ledger.void(row.n, evidence="kept", spoiled_ref=ref(5))
    assert home.everything() == before


def test_a_card_is_not_handed_out_under_a_claim_that_is_not_made(ledger: Ledger) -> None:
    row = asked(ledger, 1)
    with pytest.raises(ValueError, match="asked"):
        ledger.begin_writing(row.n, UID)
    with pytest.raises(ValueError, match="asked"):
        ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    with pytest.raises(ValueError, match="asked"):
        ledger.clear(row.n)
    with pytest.raises(NoOpenRow):
        ledger.granted(row.n + 1, basis="alone")


def test_the_hubs_no_frees_the_person_here_and_is_journalled(
    home: LedgerHome, ledger: Ledger
) -> None:
    enrol(ledger)
    row = asked(ledger, 1, 2)
    ledger.denied(row.n, rule="F15")
    assert home.kinds() == ["refusal"]
    assert home.entries()[0]["tokens"] == [token(1).hex(), token(2).hex()]
    assert home.rows("SELECT count(*) FROM claim") == [(0,)]
    assert home.rows("SELECT count(*) FROM claim_token") == [(0,)]


def test_a_question_that_nobody_heard_is_taken_back(home: LedgerHome, ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.drop(row.n)
    assert home.kinds() == []
    assert home.rows("SELECT count(*) FROM claim") == [(0,)]
    ledger.drop(asked(ledger, 1, 2).n)
    assert home.kinds() == ["link"], "numbers shown together stay known"


def test_just_enrolled_nothing_new_is_claimed(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    begun = asked(ledger, 2)
    ledger.granted(begun.n, basis="alone")
    waiting = asked(ledger, 4)
    enrol(ledger, settle=False)
    assert ledger.standing().enrolled
    assert not ledger.standing().settled
    with pytest.raises(Settling) as told:
        ledger.ask("flora", tokens(3), rule="F1", proxy="none")
    assert told.value.waiting == 3
    assert ledger.open_rows() == [
        row for row in ledger.open_rows() if row.n in (begun.n, waiting.n)
    ]
    assert refused(ledger, 1).rule == "F15", "what is known here refuses all the same"
    assert asked(ledger, 2).n == begun.n, "what was claimed is finished"
    for basis in ("alone", "hub"):
        with pytest.raises(Settling):
            ledger.granted(waiting.n, basis=basis)
    with pytest.raises(Settling):
        asked(ledger, 4)
    acknowledge(ledger)
    with pytest.raises(Settling):
        asked(ledger, 3)
    ledger.full_pull_done()
    assert ledger.standing().settled
    assert asked(ledger, 3).step == "asked"


def test_numbers_shown_while_settling_are_remembered(home: LedgerHome, ledger: Ledger) -> None:
    enrol(ledger, settle=False)
    with pytest.raises(Settling):
        asked(ledger, 1, 2)
    assert home.kinds() == ["link"]


def test_an_enrolled_terminal_claims_nothing_alone(ledger: Ledger) -> None:
    row = asked(ledger, 1)
    enrol(ledger)
    with pytest.raises(Settling):
        ledger.granted(row.n, basis="alone")
    ledger.granted(row.n, basis="hub")


@pytest.mark.parametrize("role", ["validator", "kiosk"])
def test_a_validators_home_claims_nothing(tmp_path: Path, role: str) -> None:
    home = LedgerHome(tmp_path, role=role)
    ledger = home.open()
    with pytest.raises(Role):
        asked(ledger, 1)
    with pytest.raises(Role):
        ledger.import_claims("flora", [tokens(1)])
    assert home.kinds() == []
    home.close()


@pytest.mark.parametrize("role", ["counter", "import", "kiosk"])
def test_a_home_that_issues_takes_no_taps(tmp_path: Path, role: str) -> None:
    home = LedgerHome(tmp_path, role=role)
    with pytest.raises(Role):
        home.open().journal_tap({"n": 1})
    home.close()
