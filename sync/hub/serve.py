"""`hub serve`: one process over one listening socket, from `listening URL` to SIGTERM.

The socket is bound before the server starts and handed over as a socket (never `fd=`, which costs
44 ms an answer: limits.md row 6), so port 0 works and the printed URL is true. Connections that do
not finish their header in time are closed; bodies have their own deadline in the application.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from asyncio import TimerHandle, Transport
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sync.clock import Clock
from sync.hub.app import make_app
from sync.hub.city import open_city

HEADER_SECONDS_MAX = 10.0
_CONNECTIONS_MAX = 1000
_SHUTDOWN_SECONDS_MAX = 5


class TimedProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and header do not come within their time, the idle
    one that never sends anything included."""

    _timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop it."""
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A kept connection's next request."""
        super().on_message_begin()
        if self._timer is None:
            self._start()

    def on_headers_complete(self) -> None:
        """The header is whole."""
        self._stop()
        super().on_headers_complete()

    def _start(self) -> None:
        self._timer = self.loop.call_later(HEADER_SECONDS_MAX, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, say: Callable[[], None]) -> None:
        super().__init__(config)
        self._say = say

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then the one line."""
        await super().startup(sockets=sockets)
        self._say()


def serve(
    home: Path,
    *,
    listen: tuple[str, int],
    database: str | None,
    clock: Clock,
    random: Callable[[int], bytes],
    say: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT. `say` is called once with the URL. Raises `NoHubHome`,
    `ProfileBad`, OSError when the address cannot be had."""
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    city = open_city(home, database=database, clock=clock, random=random)
    try:
        with _listener(*listen) as listener:
            host, port = listener.getsockname()[:2]
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            config = uvicorn.Config(
                make_app(city),
                http=TimedProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                limit_concurrency=_CONNECTIONS_MAX,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS_MAX,
            )
            server = _Server(config, lambda: say(url))
            _end_well(server)
            asyncio.run(server.serve(sockets=[listener]))
    finally:
        city.store.close()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named, or uvloop leaves TCP_NODELAY off.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener


def _end_well(server: uvicorn.Server) -> None:
    # uvicorn raises the signal again after its shutdown, for whoever was there before it: us. Ours
    # only asks for the shutdown, so that SIGTERM ends with exit 0.
    def ask(*_: Any) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
