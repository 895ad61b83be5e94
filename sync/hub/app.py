"""The hub as an ASGI application: takes bodies in, within size and time, and knocks at the door.

Handlers run in threads, since each is one database transaction; nothing is kept between requests.
Nothing is logged of a request: no card, no claim and no minute may be found there (ledger.md 8.4).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from sync.hub import feed
from sync.hub.answers import Reply, no
from sync.hub.city import City
from sync.hub.door import JSON_HEADERS, Door, Incoming, Outgoing
from sync.hub.openapi import (
    ClaimOperation,
    EnrolOperation,
    FeedOperation,
    PushOperation,
    attach_messages,
    config,
)
from sync.wire.messages import BODY_BYTES_MAX
from sync.wire.signatures import JSON_TYPE

BODY_SECONDS_MAX = 10.0
THREADS_MAX = 32

RawRequest = Request[Any, Any, Any]
log = logging.getLogger("flora.hub")


class _Refused(Exception):
    """A request that does not reach the door."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def make_app(city: City) -> Litestar:
    """The application over one city; the caller closes its store."""
    door = Door(city)
    threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="hub")

    async def knock(request: RawRequest, answer: Callable[[Incoming], Outgoing]) -> Response[bytes]:
        incoming = await _incoming(request)
        loop = asyncio.get_running_loop()
        return _response(await loop.run_in_executor(threads, answer, incoming))

    def read_feed(incoming: Incoming) -> Outgoing:
        # Outside the door's transaction: the sequencer has transactions of its own.
        feed.number_rows(city.store)
        return door.feed(incoming)

    @post("/v1/enrol", operation_class=EnrolOperation, status_code=200)
    async def enrol(request: RawRequest) -> Response[bytes]:
        return await knock(request, door.enrol)

    @post("/v1/claims", operation_class=ClaimOperation, status_code=200)
    async def claims(request: RawRequest) -> Response[bytes]:
        return await knock(request, door.claim)

    @post("/v1/journal", operation_class=PushOperation, status_code=200)
    async def journal(request: RawRequest) -> Response[bytes]:
        return await knock(request, door.push)

    @get("/v1/feed", operation_class=FeedOperation)
    async def pull(request: RawRequest) -> Response[bytes]:
        return await knock(request, read_feed)

    @get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    app = Litestar(
        route_handlers=[enrol, claims, journal, pull, health],
        openapi_config=config(),
        logging_config=None,
        request_max_body_size=None,  # counted in `_body`, where a dripping one is cut off too
        exception_handlers={_Refused: _on_refused, HTTPException: _on_http, Exception: _on_bug},
    )
    attach_messages(app)
    return app


async def _incoming(request: RawRequest) -> Incoming:
    scope = request.scope
    headers = [
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    ]
    if any(name == "content-encoding" and value.lower() != "identity" for name, value in headers):
        raise _Refused(no(415, "encoding", "bodies are taken as they are"))
    return Incoming(
        method=request.method,
        path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await _body(request),
    )


async def _body(request: RawRequest) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise _Refused(no(413, "size", "more than 1 MiB"))
    except TimeoutError:
        raise _Refused(no(408, "slow", "the body did not come within its time")) from None
    return bytes(body)


def _response(outgoing: Outgoing) -> Response[bytes]:
    headers = {name: value for name, value in outgoing.headers.items() if name != "content-type"}
    return Response(
        outgoing.body, status_code=outgoing.status, headers=headers, media_type=JSON_TYPE
    )


def _plain(reply: Reply) -> Response[bytes]:
    return _response(Outgoing(status=reply.status, headers=JSON_HEADERS, body=reply.body))


def _on_refused(_: RawRequest, refused: _Refused) -> Response[bytes]:
    return _plain(refused.reply)


def _on_http(_: RawRequest, error: HTTPException) -> Response[bytes]:
    said = HTTPStatus(error.status_code).phrase.lower()
    return _plain(no(error.status_code, said.replace(" ", "_"), said))


def _on_bug(_: RawRequest, error: Exception) -> Response[bytes]:
    # The class alone: its text may carry what a request held.
    log.error("a request failed: %s", type(error).__name__)
    return _plain(no(500, "fault", "the hub failed; nothing was changed"))
