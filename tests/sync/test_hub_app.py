"""The hub over HTTP: garbage is refused and never a server fault (L19, Show 9; ecosystem.md 1)."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar

from sync.hub import app as hub_app
from sync.hub.app import make_app
from sync.hub.door import Incoming
from sync.wire.messages import BODY_BYTES_MAX, decode
from sync.wire.messages import ClaimAnswer as Claimed
from tests.sync.hubrig import HubRig, Terminal

GARBAGE = {
    "nothing": b"",
    "no UTF-8": b"\xff\xfe" * 40,
    "brackets": b"[" * 100_000,
    "NaN": b'{"claim":NaN}',
    "a name twice": b'{"claim":"a","claim":"b"}',
    "half a surrogate": b'{"claim":"\\ud800"}',
    "a number without end": b'{"claim":1' + b"0" * 10_000 + b"}",
    "a list": b"[]",
}
PATHS = ["/v1/claims", "/v1/journal", "/v1/enrol"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def app(hub: HubRig) -> Litestar:
    return make_app(hub.city)


@pytest.fixture
async def web(app: Litestar) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def sent(web: httpx2.AsyncClient, request: Incoming) -> httpx2.Response:
    target = request.path + (f"?{request.query}" if request.query else "")
    return await web.request(
        request.method, target, headers=list(request.headers), content=request.body
    )


async def test_a_claim_goes_through(hub: HubRig, web: httpx2.AsyncClient) -> None:
    counter = hub.join("T-01", role="counter")
    answer = await sent(web, counter.request("POST", "/v1/claims", counter.claim_body(1, [5])))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert decode(Claimed, answer.content).result == "granted"
    feed = await sent(web, counter.request("GET", "/v1/feed", None, query="era=1&after=0&limit=9"))
    assert [row["kind"] for row in feed.json()["rows"]] == ["claim"]


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("path", PATHS)
async def test_garbage_is_refused(
    hub: HubRig, web: httpx2.AsyncClient, path: str, kind: str
) -> None:
    before = hub.everything()
    plain = await web.post(path, content=GARBAGE[kind])
    assert plain.status_code in (400, 401)
    assert plain.json()["error"]["code"] in ("form", "signature")
    assert hub.everything() == before


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_that_is_well_signed_is_refused(
    hub: HubRig, web: httpx2.AsyncClient, kind: str
) -> None:
    counter = hub.join("T-01", role="counter")
    before = hub.everything()
    for path in PATHS[:2]:
        answer = await sent(web, counter.request("POST", path, GARBAGE[kind]))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "form")
    assert hub.everything() == before


@pytest.mark.parametrize("path", PATHS)
async def test_too_much_is_refused(web: httpx2.AsyncClient, path: str) -> None:
    answer = await web.post(path, content=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413


async def test_too_much_without_a_length_is_refused_before_its_end(
    web: httpx2.AsyncClient,
) -> None:
    sent_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent_bytes
        for _ in range(10_000):
            sent_bytes += 65_536
            yield b"x" * 65_536

    assert (await web.post("/v1/journal", content=endless())).status_code == 413


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "identity, gzip"])
async def test_a_packed_body_is_refused_unread(web: httpx2.AsyncClient, coding: str) -> None:
    bomb = gzip.compress(b"\x00" * 2_000_000)
    answer = await web.post("/v1/journal", content=bomb, headers={"content-encoding": coding})
    assert answer.status_code == 415


async def test_a_dripping_body_is_cut_off(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_app, "BODY_SECONDS_MAX", 0.05)

    async def drips() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    assert (await web.post("/v1/journal", content=drips())).status_code == 408


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/claims", 405),
        ("DELETE", "/v1/feed", 405),
        ("GET", "/v1/feed", 401),
        ("GET", "/v1/feed?era=1&after=0&limit=5", 401),
        ("GET", "/health", 200),
    ],
)
async def test_other_ways_in(web: httpx2.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await web.request(method, path)
    assert answer.status_code == status
    assert "error" in answer.json() or status == 200


async def test_a_failing_database_says_no_more_than_that(
    hub: HubRig, web: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    counter = hub.join("T-01", role="counter")
    counter.claim(9, [9])
    hub.city.store.write(lambda tx: tx.exec_driver_sql("DROP TABLE claim_token"))
    answer = await sent(web, counter.request("POST", "/v1/claims", counter.claim_body(1, [5])))
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "fault")
    said = answer.text + caplog.text
    assert "OperationalError" in caplog.text
    assert f"{5:032x}" not in said
    assert "SELECT" not in said


async def test_the_hub_describes_itself_by_its_messages(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/openapi.json")
    document: dict[str, Any] = json.loads(answer.content)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/v1/enrol", "/v1/claims", "/v1/journal", "/v1/feed"}
    schemas = document["components"]["schemas"]
    assert schemas["ClaimRequest"]["properties"]["tokens"]["maxItems"] == 8
    named = set(_references(document))
    assert named
    assert all(name.removeprefix("#/components/schemas/") in schemas for name in named)
    body = document["paths"]["/v1/journal"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"]["$ref"].endswith("/JournalPush")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


async def test_many_at_once_over_http(hub: HubRig, web: httpx2.AsyncClient) -> None:
    """L9: one yes, the rest `already`, no server fault."""
    counters: list[Terminal] = [hub.join(f"T-{n:02}", role="counter") for n in range(12)]
    answers = await asyncio.gather(
        *(
            sent(web, one.request("POST", "/v1/claims", one.claim_body(n, [5])))
            for n, one in enumerate(counters)
        )
    )
    results = sorted(answer.json()["result"] for answer in answers)
    assert results == ["granted"] + ["refused"] * 11
