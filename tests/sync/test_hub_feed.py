"""The feed comes down: in order, whole, chained, and by the caller's role (ledger.md 10)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sync.hub import feed
from sync.hub.schema import metadata
from sync.wire.messages import FeedPage, b64, decode, first_feed_head, next_feed_head
from tests.sync.hubrig import HubRig, Terminal


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def counter(hub: HubRig) -> Terminal:
    return hub.join("T-01", role="counter")


def head_after(rows: list[dict[str, Any]], head: bytes) -> bytes:
    for row in rows:
        body = msgspec.json.encode(row["body"])
        head = next_feed_head(head, pos=row["pos"], kind=row["kind"], key=row["key"], body=body)
    return head


def test_pages_chain_from_the_first_to_the_last(hub: HubRig, counter: Terminal) -> None:
    for n in range(7):
        counter.claim(n + 1, [n])
    head, after, seen = first_feed_head("issue"), 0, []
    for more in (True, True, False):
        page = counter.pull(after, limit=3).body
        assert (page["from"], page["more"]) == (after, more)
        head = head_after(page["rows"], head)
        assert page["head"] == b64(head)
        seen += [row["pos"] for row in page["rows"]]
        after = page["to"]
    assert seen == list(range(1, 8))
    empty = counter.pull(after).body
    assert (empty["rows"], empty["to"], empty["head"]) == ([], 7, b64(head))


def test_an_empty_feed_has_its_first_head(hub: HubRig, counter: Terminal) -> None:
    page = counter.pull().body
    assert (page["to"], page["rows"], page["head"]) == (0, [], b64(first_feed_head("issue")))


def test_the_views_have_gaps_and_chains_of_their_own(hub: HubRig, counter: Terminal) -> None:
    validator = hub.join("V-01", role="validator")
    counter.claim(1, [5])
    counter.write("spoiled", refs=[f"{7:016x}"])
    counter.push()
    counter.claim(2, [6])
    page = validator.pull().body
    assert [row["pos"] for row in page["rows"]] == [2]
    assert page["to"] == 3  # how far it looked, not what its last row is
    assert page["head"] == b64(head_after(page["rows"], first_feed_head("validate")))
    kiosk = hub.join("K-01", role="kiosk")
    assert kiosk.pull().body["rows"] == page["rows"]


def test_no_token_and_no_claim_reaches_a_validator(hub: HubRig, counter: Terminal) -> None:
    validator = hub.join("V-01", role="validator")
    counter.claim(1, [5, 6])
    counter.bind_entry(1, 5, 7, mode="ledger")
    counter.push()
    said = msgspec.json.encode(validator.pull().body).decode()
    assert f"{5:032x}" not in said
    assert "0123456789" not in said  # the card's number
    assert [row["kind"] for row in validator.pull().body["rows"]] == ["binding"]


def test_a_row_without_a_position_is_numbered_later_and_not_skipped(
    hub: HubRig, counter: Terminal
) -> None:
    """L6 as far as one writer can show it; two open transactions are tests of PostgreSQL."""
    counter.claim(1, [5])
    page = counter.pull().body
    counter.claim(2, [6])
    from dataclasses import replace

    request = counter.request("GET", "/v1/feed", None, query=f"era=1&after={page['to']}&limit=9")
    unnumbered = decode(FeedPage, hub.door.feed(replace(request)).body)
    assert unnumbered.rows == []  # nobody numbered it yet
    assert unnumbered.to == page["to"]  # and so nobody's cursor goes past it
    assert [row["pos"] for row in counter.pull(page["to"]).body["rows"]] == [2]


def test_numbering_again_changes_nothing(hub: HubRig, counter: Terminal) -> None:
    counter.claim(1, [5])
    feed.number_rows(hub.city.store)
    before = hub.everything()
    feed.number_rows(hub.city.store)
    assert hub.everything() == before


def test_more_rows_than_one_numbering_takes(hub: HubRig, counter: Terminal) -> None:
    def many(tx: Any) -> None:
        for n in range(2500):
            feed.publish(tx, kind="spoiled", key=f"{n:016x}", issue={"n": n}, validate={"n": n})

    hub.city.store.write(many)
    page = counter.pull().body
    assert (len(page["rows"]), page["more"], page["to"]) == (500, True, 500)
    last = counter.pull(2499).body
    assert [row["pos"] for row in last["rows"]] == [2500]


def test_a_page_is_never_longer_than_the_hub_says(hub: HubRig, counter: Terminal) -> None:
    assert counter.pull(limit=1_000_000).status == 200
    assert counter.pull(after=9_999).body["to"] == 9_999


def test_the_migrations_build_exactly_this_schema(hub: HubRig) -> None:
    with hub.city.store.connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
