"""No UID of a finished issuance on the disk, and nothing that joins a claim with a card."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from sync.ledger.ledger import Ledger
from tests.sync.rig import UID, LedgerHome, asked, issued, ref


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def begun(ledger: Ledger, person: int, uid: bytes) -> int:
    row = asked(ledger, person)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, uid)
    return row.n


def seen_on(home: LedgerHome, uid: bytes) -> bool:
    disk = home.bytes_on_disk()
    return uid in disk or uid.hex().encode() in disk.lower()


def test_the_uid_is_there_while_the_issuance_lives(home: LedgerHome, ledger: Ledger) -> None:
    """Guards the tests below, which an empty disk would pass."""
    begun(ledger, 1, UID)
    assert seen_on(home, UID)


def test_it_is_gone_when_the_issuance_is_over(home: LedgerHome, ledger: Ledger) -> None:
    chance = Random(9)
    uids = [chance.randbytes(7) for _ in range(30)]
    for person, uid in enumerate(uids, 1):
        issued(ledger, person, uid=uid)
    assert not [uid for uid in uids if seen_on(home, uid)]
    assert len(uids) == 30


@pytest.mark.parametrize("evidence", ["blanked", "kept"])
def test_it_is_gone_when_the_issuance_is_voided(
    home: LedgerHome, ledger: Ledger, evidence: str
) -> None:
    n = begun(ledger, 1, UID)
    spoiled_ref = ref(5) if evidence == "kept" else None
    ledger.void(n, evidence=evidence, spoiled_ref=spoiled_ref)  # type: ignore[arg-type]
    assert not seen_on(home, UID)


def test_it_is_gone_when_the_card_was_swapped(home: LedgerHome, ledger: Ledger) -> None:
    n = begun(ledger, 1, UID)
    ledger.swap_card(n, bytes(range(7)), spoiled_ref=ref(5))
    assert not seen_on(home, UID)


def test_a_long_reader_delays_it_and_the_next_transaction_makes_up_for_it(
    home: LedgerHome, ledger: Ledger
) -> None:
    """The result of the truncating checkpoint is looked at: busy while somebody reads."""
    n = begun(ledger, 1, UID)
    reader = sqlite3.connect(home.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM join_row").fetchone()
    ledger.confirm(n, mode="record", card="issued", handed_out=None)
    ledger.clear(n)
    assert seen_on(home, UID), "the reader still needs it"
    reader.execute("COMMIT")
    reader.close()
    ledger.refuse("flora", rule="F12", tokens=frozenset())
    assert not seen_on(home, UID)


def test_a_death_before_the_checkpoint_is_made_up_for_at_the_next_start(
    home: LedgerHome, ledger: Ledger
) -> None:
    n = begun(ledger, 1, UID)
    reader = sqlite3.connect(home.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM join_row").fetchone()
    ledger.confirm(n, mode="record", card="issued", handed_out=None)
    ledger.clear(n)
    copy = LedgerHome.__new__(LedgerHome)
    copy.__dict__.update(home.__dict__)
    copy.folder = home.folder / "copy"
    copy.folder.mkdir()
    for path in home.folder.glob("ledger.db*"):  # as a power cut leaves it
        (copy.folder / path.name).write_bytes(path.read_bytes())
    (copy.folder / "ledger.db-shm").unlink()
    reader.close()
    assert seen_on(copy, UID)
    copy.open()
    assert not seen_on(copy, UID)


def test_the_debt_of_another_window_is_paid_too(home: LedgerHome, ledger: Ledger) -> None:
    n = begun(ledger, 1, UID)
    other = home.open()
    reader = sqlite3.connect(home.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM join_row").fetchone()
    ledger.confirm(n, mode="record", card="issued", handed_out=None)
    ledger.clear(n)
    reader.close()
    other.refuse("flora", rule="F12", tokens=frozenset())
    assert not seen_on(home, UID)


def test_nothing_in_the_journal_of_an_unbound_card_names_it(
    home: LedgerHome, ledger: Ledger
) -> None:
    row = issued(ledger, 1)
    said = str(home.entries())
    assert row.claim_id.hex() in said
    assert UID.hex() not in said
    assert home.keys.card_ref(UID).hex() not in said


def test_claims_and_refusals_say_the_hour_and_no_more(home: LedgerHome, ledger: Ledger) -> None:
    row = issued(ledger, 1)
    ledger.ask("flora", row.tokens, rule="F1", proxy="none")
    for entry in home.entries():
        assert entry["hour"] == "2026-11-25T10+08"
    assert "02:03" not in str(home.entries())
    assert b"2026-11-25T02:03" not in home.bytes_on_disk(), "finer only while the row lives"


@pytest.mark.parametrize("how", ["void", "denied", "drop"])
def test_the_minute_of_an_issuance_that_came_to_nothing_is_gone_too(
    home: LedgerHome, ledger: Ledger, how: str
) -> None:
    n = asked(ledger, 1).n
    assert b"2026-11-25T02:03" in home.bytes_on_disk()
    if how == "void":
        ledger.void(n, evidence="unwritten")
    elif how == "denied":
        ledger.denied(n, rule="F15")
    else:
        ledger.drop(n)
    assert b"2026-11-25T02:03" not in home.bytes_on_disk()


def test_the_files_are_for_their_owner_only(home: LedgerHome, ledger: Ledger) -> None:
    issued(ledger, 1)
    files = list(home.folder.glob("ledger.db*"))
    assert len(files) >= 2
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
