"""The journal: one chain, sealed by the commit, pushed in whole commits, and the hub's word."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync import chain
from sync.errors import Chain, RolledBack
from sync.ledger.journal import Ack
from sync.ledger.ledger import Ledger
from tests.sync.rig import UID, LedgerHome, acknowledge, asked, enrol, issued, ref, tokens


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def no(ledger: Ledger, times: int = 1) -> None:
    for _ in range(times):
        ledger.refuse("flora", rule="F12", tokens=tokens(1))


def test_an_empty_journal_has_the_first_head(ledger: Ledger) -> None:
    assert (ledger.seq(), ledger.head()) == (0, chain.first_head("T-01"))
    assert ledger.head_at(0) == ledger.head()
    assert ledger.batch(0) == []
    assert ledger.waiting() == 0
    assert ledger.acked() is None


def test_each_commit_ends_in_one_seal(ledger: Ledger) -> None:
    row = asked(ledger, 1)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, UID)
    ledger.void(row.n, evidence="kept", spoiled_ref=ref(5))  # two entries in one commit
    first, second, third = ledger.batch(0)
    assert [bool(entry.seal) for entry in (first, second, third)] == [True, False, True]
    head = chain.first_head("T-01")
    for entry in (first, second, third):
        assert entry.content is not None
        assert entry.salt is not None
        assert entry.leaf == chain.leaf(entry.salt, entry.content)
        head = chain.next_head(head, seq=entry.seq, epoch=1, leaf_hash=entry.leaf)
        assert entry.head == head == ledger.head_at(entry.seq)
    assert ledger.head() == head


def test_a_seal_is_the_terminals(home: LedgerHome, ledger: Ledger) -> None:
    no(ledger)
    (entry,) = ledger.batch(0)
    assert entry.seal is not None
    message = chain.seal_message("T-01", seq=1, epoch=1, head=entry.head)
    Ed25519PublicKey.from_public_bytes(home.keys.public_key).verify(entry.seal, message)


def test_equal_contents_have_different_leaves(ledger: Ledger) -> None:
    no(ledger, 2)
    first, second = ledger.batch(0)
    assert first.content == second.content
    assert first.leaf != second.leaf


def test_the_content_is_sent_as_it_was_written(home: LedgerHome, ledger: Ledger) -> None:
    no(ledger)
    (entry,) = ledger.batch(0)
    assert entry.content == (
        b'{"kind":"refusal","product":"flora","rule":"F12","hour":"2026-11-25T10+08"}'
    )


def test_a_batch_ends_at_a_whole_commit(ledger: Ledger) -> None:
    ledger.import_claims("flora", [tokens(n) for n in range(10)])
    no(ledger, 3)
    assert [entry.seq for entry in ledger.batch(0, entries_max=12)] == list(range(1, 13))
    assert ledger.batch(0, entries_max=9) == [], "no whole commit fits"
    assert [entry.seq for entry in ledger.batch(11)] == [12, 13]
    assert ledger.batch(13) == []


def test_a_batch_keeps_to_the_bytes_unless_one_commit_is_larger(ledger: Ledger) -> None:
    ledger.import_claims("flora", [tokens(n) for n in range(10)])
    no(ledger, 3)
    assert [entry.seq for entry in ledger.batch(0, bytes_max=1)] == list(range(1, 11))
    assert [entry.seq for entry in ledger.batch(10, bytes_max=100)] == [11]
    assert [entry.seq for entry in ledger.batch(10, bytes_max=160)] == [11, 12]


def test_an_acknowledgement_is_kept(home: LedgerHome, ledger: Ledger) -> None:
    no(ledger, 3)
    ack = Ack(seq=2, head=ledger.head_at(2), era=1, sig=b"s" * 64)
    ledger.ack(ack)
    assert home.open().acked() == ack
    assert ledger.waiting() == 1
    ledger.ack(Ack(seq=1, head=ledger.head_at(1), era=1, sig=b"t" * 64))
    assert ledger.acked() == ack, "an older one changes nothing"
    acknowledge(ledger)
    assert ledger.waiting() == 0


def test_a_hub_with_more_than_this_ledger_shows_that_it_is_older(ledger: Ledger) -> None:
    no(ledger)
    with pytest.raises(RolledBack) as told:
        ledger.ack(Ack(seq=2, head=bytes(32), era=1, sig=bytes(64)))
    assert (told.value.acked, told.value.seq) == (2, 1)
    assert ledger.acked() is None


def test_a_hub_with_another_entry_is_not_believed(ledger: Ledger) -> None:
    no(ledger)
    with pytest.raises(Chain):
        ledger.ack(Ack(seq=1, head=bytes(32), era=1, sig=bytes(64)))
    assert ledger.acked() is None


def test_the_journal_only_grows(home: LedgerHome, ledger: Ledger) -> None:
    no(ledger, 2)
    db = sqlite3.connect(home.path, isolation_level=None)
    for sql in (
        "DELETE FROM journal WHERE seq = 2",
        "UPDATE journal SET kind = 'claim'",
        "UPDATE journal SET content = x'00'",
        "UPDATE journal SET seal = NULL",
        "UPDATE journal SET content = NULL",  # the salt must go too
        "INSERT INTO journal SELECT 4, epoch, kind, content, salt, leaf, head, seal FROM journal"
        " WHERE seq = 1",
        "INSERT INTO journal SELECT 2, epoch, kind, content, salt, leaf, head, seal FROM journal"
        " WHERE seq = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(sql)
    db.execute("UPDATE journal SET content = NULL, salt = NULL WHERE seq = 1")  # erasure may be
    db.close()


def test_the_standing_of_a_home(home: LedgerHome, ledger: Ledger) -> None:
    alone = ledger.standing()
    assert (alone.enrolled, alone.settled, alone.hub_url, alone.era) == (False, False, None, 0)
    assert ledger.age_s() is None
    issued(ledger, 1)
    enrol(ledger, settle=False)
    joined = home.open().standing()
    assert (joined.enrolled, joined.settled, joined.keyid) == (True, False, "T-01.1")
    assert (joined.era, joined.epoch, joined.hub_key) == (1, 1, bytes(32))
    assert joined.last_heard == home.clock.now()
    acknowledge(ledger)
    ledger.full_pull_done()
    home.clock.move(minutes=5)
    assert ledger.age_s() == 300
    assert ledger.standing().settled


def test_what_another_hub_acknowledged_is_not_this_hubs(ledger: Ledger) -> None:
    no(ledger)
    enrol(ledger)
    ledger.enrolled(hub_url="http://h", keyid="T-01.2", hub_key=bytes(32), era=1, epoch=2)
    assert ledger.acked() is not None, "the same hub: proof of what it once promised"
    assert not ledger.standing().settled, "and yet it is pulled anew"
    ledger.enrolled(hub_url="http://h", keyid="T-01.1", hub_key=b"k" * 32, era=1, epoch=3)
    assert ledger.acked() is None
    assert not ledger.standing().settled


def test_a_new_epoch_is_in_the_entries_that_follow(ledger: Ledger) -> None:
    no(ledger)
    ledger.enrolled(hub_url="http://h", keyid="T-01.2", hub_key=bytes(32), era=1, epoch=2)
    no(ledger)
    assert [entry.epoch for entry in ledger.batch(0)] == [1, 2]
    assert ledger.verify().whole
