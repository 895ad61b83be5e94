"""What only two open transactions can show: the locks, the keys and the sequencer, over PostgreSQL.

Each safeguard is tried with and without (ledger.md 17.2, 17.3): a guard whose removal nobody
notices guards nothing.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from sync.hub import claims, facts, feed
from sync.hub.contents import Linked
from sync.hub.schema import binding, case_file, claim_token, journal, tap, token
from sync.hub.schema import claim as claim_table
from sync.hub.schema import feed as feed_table
from sync.hub.store import Store, insert_new
from sync.wire.messages import ClaimRequest, decode
from tests.real.postgres import postgres
from tests.sync.hubrig import HubRig

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
HELD_S = 0.3  # long enough for the other side to run into the lock, if there is one


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def hub(server: str, tmp_path: Path) -> Iterator[HubRig]:
    name = f"city{next(_NUMBERS)}"
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    rig = HubRig.make(tmp_path / "hub", database=url)
    yield rig
    rig.city.store.close()


def test_a_day_on_postgresql(hub: HubRig) -> None:
    first, second = hub.join("T-01"), hub.join("T-02")
    assert first.claim(1, [5, 6]).body["result"] == "granted"
    assert second.claim(2, [6]).body["rule"] == "F16"
    first.claim_entry(1, [5, 6])
    first.write("confirm", claim=f"{1:032x}", hour="2026-11-25T10+08", card="issued")
    first.bind_entry(1, 5, 7)
    hub.clock.move(minutes=1)
    first.bind_entry(2, 6, 8)
    first.write("spoiled", refs=[f"{9:016x}"])
    first.write("holiday", greeting="新年快樂\u0000")
    assert first.push().body["ack"]["seq"] == 6
    assert first.push().body["ack"]["seq"] == 6
    second.claim_entry(3, [5], basis="alone")
    second.push()
    assert second.claim(4, [5]).body["rule"] == "F16"
    assert {case[0] for case in hub.cases()} == {"unknown_kind", "double_claim"}
    assert [row["active"] for row in hub.rows(binding)].count(True) == 1
    rows = second.pull().body["rows"]
    assert [row["pos"] for row in rows] == list(range(1, len(rows) + 1))
    assert Counter(row["kind"] for row in rows) == {
        "claim": 3, "link": 1, "binding": 3, "spoiled": 1,
    }  # fmt: skip
    assert len(hub.rows(journal)) == 7


def test_the_same_request_twice_is_refused_the_second_time(hub: HubRig) -> None:
    counter = hub.join("T-01")
    request = counter.request("POST", "/v1/claims", counter.claim_body(1, [5]))
    assert counter.answered(request).body["result"] == "granted"
    assert counter.answered(request).code == "replayed"


def test_taps_by_the_hundred_twice(hub: HubRig) -> None:
    validator = hub.join("V-01", role="validator")
    for n in range(500):
        validator.write(
            "tap", n=n, card_ref=f"{n % 7:016x}", route="300", stop="A", purse_before=9,
            purse_after=9, fare_ntd=0, charged_ntd=0, state="done",
        )  # fmt: skip
    assert validator.push().body["ack"]["seq"] == 500
    assert validator.push().body["ack"]["seq"] == 500
    assert len(hub.rows(tap)) == len(hub.rows(journal)) == 500


def test_many_at_once_for_one_person(hub: HubRig) -> None:
    """L9: numbers that overlap, so that locks are taken in many combinations."""
    counters = [hub.join(f"T-{n:02}") for n in range(8)]
    shown = [[5], [5, 6], [6, 7], [7, 5], [5, 6, 7], [6], [7], [6, 5]]
    requests = [
        (one, one.request("POST", "/v1/claims", one.claim_body(at * 10 + n, shown[(n + at) % 8])))
        for at in range(4)
        for n, one in enumerate(counters)
    ]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda pair: pair[0].answered(pair[1]), requests))
    assert {answer.status for answer in answers} == {200}
    live = [row for row in hub.rows(claim_table) if row["state"] == "open"]
    # Before their numbers were seen together, two of them could be two people: then it is a case.
    assert len(live) == 1 or "double_by_link" in {case[0] for case in hub.cases()}
    by_product = Counter((row["product"], row["token"]) for row in hub.rows(claim_token))
    assert set(by_product.values()) == {1}


def test_one_number_many_processes_one_card(hub: HubRig) -> None:
    counters = [hub.join(f"T-{n:02}") for n in range(8)]
    requests = [
        (one, one.request("POST", "/v1/claims", one.claim_body(at * 10 + n, [5])))
        for at in range(8)
        for n, one in enumerate(counters)
    ]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda pair: pair[0].answered(pair[1]), requests))
    results = Counter(answer.body["result"] for answer in answers)
    assert results == {"granted": 1, "refused": 63}


class Held:
    """Runs work in a transaction that stops before its COMMIT until it is let go."""

    def __init__(self, store: Store, work: Callable[[Connection], Any]) -> None:
        self.arrived = threading.Event()
        self.go = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self.result: Future[Any] = self._pool.submit(self._run, store, work)

    def _run(self, store: Store, work: Callable[[Connection], Any]) -> Any:
        def held(tx: Connection) -> Any:
            said = work(tx)
            self.arrived.set()
            assert self.go.wait(20)
            return said

        return store.write(held)

    def done(self) -> Any:
        """Let it commit, and wait for it."""
        self.go.set()
        try:
            return self.result.result(20)
        finally:
            self._pool.shutdown()


def asker(hub: HubRig, name: str) -> claims.Asker:
    return claims.Asker(terminal=name, site="D66000060", epoch=1, at=hub.clock.now())


def decision(hub: HubRig, claim: int, tokens: list[int]) -> Callable[[Connection], bytes]:
    terminal = hub.join(f"C-{claim}")
    request = decode(ClaimRequest, terminal.claim_body(claim, tokens))
    return lambda tx: claims.decide(tx, request, asker(hub, terminal.name)).body


def unlocked(tx: Connection, shown: Any) -> dict[bytes, bytes]:
    """`lock_person` without its locks: the safeguard taken out."""
    insert_new(tx, token, [{"token": one, "root": one} for one in sorted(shown)])
    rows = tx.execute(token.select()).all()
    roots = {row.root for row in rows if row.token in shown}
    return {row.token: row.root for row in rows if row.root in roots}


def both_claim(hub: HubRig) -> list[bytes]:
    """Two claims for one token, the first held before its COMMIT while the second runs."""
    first = Held(hub.city.store, decision(hub, 1, [5]))
    assert first.arrived.wait(10)
    second = Held(hub.city.store, decision(hub, 2, [5]))
    second.go.set()
    time.sleep(HELD_S)
    return [first.done(), second.done()]


def test_s18_the_second_waits_for_the_first(hub: HubRig) -> None:
    first, second = both_claim(hub)
    assert b'"granted"' in first
    assert b'"refused"' in second


def test_s17_without_the_locks_the_key_has_one_winner(
    hub: HubRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    _token_exists(hub, 5)
    monkeypatch.setattr(claims, "lock_person", unlocked)
    first, second = both_claim(hub)
    assert b'"granted"' in first
    assert b'"refused"' in second
    assert len(hub.rows(claim_token)) == 1


def test_s17_without_locks_and_key_both_are_granted(
    hub: HubRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the two tests above guard against is real."""
    _token_exists(hub, 5)
    monkeypatch.setattr(claims, "lock_person", unlocked)
    hub.city.store.write(
        lambda tx: tx.execute(text("ALTER TABLE claim_token DROP CONSTRAINT claim_token_pkey"))
    )
    assert [b'"granted"' in answer for answer in both_claim(hub)] == [True, True]


def _token_exists(hub: HubRig, *tokens: int) -> None:
    # A new token's own key would serialise the two as well; it is not what is tested here.
    rows = [{"token": one.to_bytes(16, "big"), "root": one.to_bytes(16, "big")} for one in tokens]
    hub.city.store.write(lambda tx: insert_new(tx, token, rows))


def claim_while_linked(hub: HubRig) -> list[str]:
    """Claims {A} and {C} stand open while a link A-C commits; the cases afterwards."""
    _token_exists(hub, 5, 6)
    first = Held(hub.city.store, decision(hub, 1, [5]))
    second = Held(hub.city.store, decision(hub, 2, [6]))
    assert first.arrived.wait(10)
    assert second.arrived.wait(10)
    content = Linked(kind="link", tokens=[f"{5:032x}", f"{6:032x}"])
    source = facts.Source(terminal="T-09", site="D66000060", epoch=1, seq=1, at=hub.clock.now())
    linking = Held(hub.city.store, lambda tx: facts.apply(tx, content, source))
    linking.go.set()
    time.sleep(HELD_S)
    for one in (first, second, linking):
        one.done()
    return [row["kind"] for row in hub.rows(case_file)]


def test_s18_a_link_sees_the_claims_that_were_open(hub: HubRig) -> None:
    assert claim_while_linked(hub) == ["double_by_link"]


def test_s18_without_the_locks_it_sees_none(hub: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "lock_person", unlocked)
    monkeypatch.setattr(facts, "lock_person", unlocked)
    assert claim_while_linked(hub) == []


def row_of(n: int) -> Callable[[Connection], None]:
    body = {"n": n}
    return lambda tx: feed.publish(tx, kind="spoiled", key=f"{n:016x}", issue=body, validate=body)


def test_s19_a_row_that_commits_late_is_not_skipped(hub: HubRig) -> None:
    """L6."""
    reader = hub.join("T-01")
    late = Held(hub.city.store, row_of(1))
    assert late.arrived.wait(10)
    hub.city.store.write(row_of(2))
    page = reader.pull().body
    assert [row["body"]["n"] for row in page["rows"]] == [2]
    late.done()
    after = reader.pull(page["to"]).body
    assert [(row["pos"], row["body"]["n"]) for row in after["rows"]] == [(2, 1)]


def two_sequencers(hub: HubRig) -> list[int]:
    """Two number at once: the first held before its COMMIT. The positions afterwards."""
    hub.city.store.write(row_of(1))
    first = Held(hub.city.store, feed._number_some)
    assert first.arrived.wait(10)
    hub.city.store.write(row_of(2))
    second = Held(hub.city.store, feed._number_some)
    second.go.set()
    time.sleep(HELD_S)
    seen_early = hub.city.store.read(
        lambda tx: [row.pos for row in tx.execute(feed_table.select()) if row.pos]
    )
    first.done()
    second.done()
    feed.number_rows(hub.city.store)
    return seen_early


def test_s26_a_second_sequencer_waits(hub: HubRig) -> None:
    assert two_sequencers(hub) == []
    rows = hub.join("T-01").pull().body["rows"]
    assert [(row["pos"], row["body"]["n"]) for row in rows] == [(1, 1), (2, 2)]


def test_nobody_skips_while_many_write(hub: HubRig) -> None:
    """S19, S26 under load: eight writers, three sequencers, one reader that polls."""
    reader = hub.join("T-01")
    over = threading.Event()
    written: list[int] = []

    def writes(first: int) -> None:
        for n in range(first, first + 40):

            def slowly(tx: Connection, n: int = n) -> None:
                row_of(n)(tx)
                time.sleep((n % 5) / 1000)

            hub.city.store.write(slowly)
            written.append(n)

    def sequences() -> None:
        while not over.is_set():
            feed.number_rows(hub.city.store)

    seen: list[int] = []
    with ThreadPoolExecutor(11) as pool:
        writing = [pool.submit(writes, first * 100) for first in range(8)]
        sequencing = [pool.submit(sequences) for _ in range(3)]
        at = 0
        while not all(one.done() for one in writing):
            page = reader.pull(at).body
            seen += [row["body"]["n"] for row in page["rows"]]
            at = page["to"]
        over.set()
        for one in (*writing, *sequencing):
            one.result()
    while len(seen) < len(written):
        page = reader.pull(at).body
        assert page["rows"], f"{len(written) - len(seen)} rows were skipped"
        seen += [row["body"]["n"] for row in page["rows"]]
        at = page["to"]
    assert sorted(seen) == sorted(written)


def test_two_pushes_of_one_terminal_are_one_line(hub: HubRig) -> None:
    counter = hub.join("T-01")
    for n in range(20):
        counter.claim_entry(n + 1, [n], basis="alone")
    requests = [counter.request("POST", "/v1/journal", counter.push_body()) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(counter.answered, requests))
    assert {answer.body["ack"]["seq"] for answer in answers} == {20}
    assert len(hub.rows(journal)) == len(hub.rows(claim_table)) == 20
