"""The ledger checks itself: one bit anywhere in the journal is found, and its entry named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.ledger.verify import Verdict
from tests.sync.rig import (
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

COLUMNS = ("epoch", "kind", "content", "salt", "leaf", "head", "seal")


def lived_in(folder: Path) -> LedgerHome:
    """A home with six entries, two of them in one commit."""
    home = LedgerHome(folder)
    ledger = home.open()
    issued(ledger, 1)
    row = asked(ledger, 2, 3)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    ledger.void(row.n, evidence="kept", spoiled_ref=ref(1))
    ledger.refuse("flora", rule="F12", tokens=tokens(5, 6))
    assert home.kinds() == ["claim", "confirm", "claim", "void", "spoiled", "refusal"]
    ledger.close()
    return home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = lived_in(tmp_path)
    yield home
    home.close()


def verdict(home: LedgerHome) -> Verdict:
    ledger = home.open()
    try:
        return ledger.verify()
    finally:
        ledger.close()


def flipped(value: Any, bit: int) -> Any:
    """The value with one bit changed."""
    if isinstance(value, int):
        return value ^ (1 << bit)
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[bit // 8 % len(raw)] ^= 1 << (bit % 8)
    return raw.decode("latin-1") if isinstance(value, str) else bytes(raw)


def test_a_ledger_that_was_lived_in_is_whole(home: LedgerHome) -> None:
    said = verdict(home)
    assert said.whole, said.faults
    assert said.entries == 6


def test_an_empty_one_is_whole(tmp_path: Path) -> None:
    said = verdict(LedgerHome(tmp_path))
    assert (said.whole, said.entries) == (True, 0)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("bit", [0, 6, 77])
def test_one_bit_in_any_entry_is_found_and_the_entry_named(
    home: LedgerHome, column: str, bit: int
) -> None:
    if column == "epoch" and bit == 77:
        bit = 31
    (home.folder / "ledger.db-wal").unlink(missing_ok=True)
    pristine = home.path.read_bytes()
    tried = 0
    for seq in range(1, 7):
        home.path.write_bytes(pristine)
        ((value,),) = home.rows(f"SELECT {column} FROM journal WHERE seq = ?", seq)  # noqa: S608
        if value is None:  # no seal in the middle of a commit
            continue
        change = f"UPDATE journal SET {column} = ? WHERE seq = ?"  # noqa: S608
        home.damage(change, flipped(value, bit), seq)
        said = verdict(home)
        assert not said.whole
        assert seq in said.bad_entries(), said.faults
        tried += 1
    assert tried >= 5


def test_a_bit_in_the_file_itself_is_found_and_the_entry_named(home: LedgerHome) -> None:
    """As a disk does it: in the bytes of the content, of the salt and of the kind."""
    pristine = home.path.read_bytes()
    for seq in range(1, 7):
        row = home.rows("SELECT kind, content, salt FROM journal WHERE seq = ?", seq)[0]
        kind, content, salt = row
        # A record lies as kind, content, salt one after the other.
        start = pristine.index(kind.encode() + content + salt)
        for at in (0, len(kind), len(kind) + len(content) - 1, len(kind) + len(content)):
            damaged = bytearray(pristine)
            damaged[start + at] ^= 0x80
            home.path.write_bytes(damaged)
            said = verdict(home)
            assert seq in said.bad_entries(), (seq, at, said.faults)


def test_a_missing_entry_is_named(home: LedgerHome) -> None:
    home.damage("DELETE FROM journal WHERE seq = 3")
    assert 3 in verdict(home).bad_entries()


def test_a_cut_end_is_seen_where_a_commit_was_cut(home: LedgerHome) -> None:
    home.damage("DELETE FROM journal WHERE seq > 4")
    assert 4 in verdict(home).bad_entries(), "entry 4 and 5 were one commit"


def test_a_cut_end_is_seen_by_what_the_hub_acknowledged(home: LedgerHome) -> None:
    ledger = home.open()
    enrol(ledger)
    acknowledge(ledger)
    ledger.close()
    home.damage("DELETE FROM journal WHERE seq = 6")
    assert 6 in verdict(home).bad_entries()


def test_an_entry_that_was_rewritten_with_its_chain_breaks_its_seal(home: LedgerHome) -> None:
    home.damage("UPDATE journal SET seal = (SELECT seal FROM journal WHERE seq = 1) WHERE seq = 6")
    assert verdict(home).faults == [{"seq": 6, "why": "seal"}]


def test_another_terminals_journal_is_not_this_ones(home: LedgerHome) -> None:
    home.damage("UPDATE state SET terminal = 'T-02'")
    assert 1 in verdict(home).bad_entries()


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("DELETE FROM claim_token WHERE token = ?1", "claim_token"),
        ("INSERT INTO claim_token SELECT 'child', ?1, claim_id FROM claim_token", "claim_token"),
        ("UPDATE claim SET state = 'void' WHERE state = 'confirmed'", "claim_token"),
        ("PRAGMA foreign_keys = OFF", None),
        ("DELETE FROM claim WHERE state = 'confirmed'", "claim_token"),
    ],
)
def test_claims_are_held_against_their_tokens(
    home: LedgerHome, sql: str, table: str | None
) -> None:
    home.damage(sql, *([token(1)] if "?1" in sql else []))
    said = verdict(home)
    assert {fault.get("table") for fault in said.faults} >= ({table} if table else set())
    assert said.whole is (table is None)


def test_a_claim_that_the_journal_tells_of_and_that_is_not_there_is_named(
    home: LedgerHome,
) -> None:
    home.damage("UPDATE claim SET state = 'open' WHERE state = 'confirmed'")
    assert verdict(home).bad_entries() == [2]


def test_a_torn_page_is_a_fault_and_no_traceback(home: LedgerHome, tmp_path: Path) -> None:
    shutil.copy(home.path, tmp_path / "keep")
    pristine = home.path.read_bytes()
    roots = home.rows("SELECT rootpage FROM sqlite_master WHERE name = 'journal'")
    page_bytes = int.from_bytes(pristine[16:18], "big")
    start = (roots[0][0] - 1) * page_bytes
    home.path.write_bytes(pristine[:start] + bytes(page_bytes) + pristine[start + page_bytes :])
    said = verdict(home)
    assert not said.whole
    assert {fault.get("table") for fault in said.faults} >= {"journal"}
