"""One hub's address, and HTTP to it under one deadline.

Silence is decided by a single deadline for the whole exchange (name lookup, connection, a dripping
answer), because time-outs a phase add up to minutes. Plain HTTP is spoken to this machine only; no
proxy of the environment is obeyed, no redirect followed.
"""

from __future__ import annotations

import ipaddress
import queue
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from sync.errors import HubAddress, HubSilent, Rubbish

TIMEOUT_S = 8.0
ANSWER_BYTES_MAX = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What came back, unjudged."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Line:
    """One hub's address and the kept connection to it. Thread-safe."""

    def __init__(self, hub_url: str, transport: httpx2.BaseTransport | None = None) -> None:
        self.url = checked_url(hub_url)
        self._http = httpx2.Client(
            transport=transport,
            trust_env=False,
            timeout=TIMEOUT_S,
            headers={"accept-encoding": "identity", "user-agent": "flora"},
        )
        self.close = weakref.finalize(self, self._http.close)

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        until: float,
    ) -> Got:
        """Ask once; `until` on the monotonic clock. Raises `HubSilent`, `Rubbish`."""
        begun = time.monotonic()
        request = self._http.build_request(
            method, self.url + target, headers=dict(headers), content=body
        )
        done: queue.SimpleQueue[Got | Exception] = queue.SimpleQueue()
        # A thread of its own, and a daemon: a name lookup obeys no time-out at all.
        threading.Thread(target=_exchange, args=(self._http, request, done), daemon=True).start()
        try:
            got = done.get(timeout=max(0.0, until - begun))
        except queue.Empty:
            raise HubSilent(waited_s=_waited(begun), sent=True) from None
        if isinstance(got, Got):
            return got
        if isinstance(got, (httpx2.ConnectError, httpx2.ConnectTimeout)):
            raise HubSilent(waited_s=_waited(begun), sent=False) from got
        if isinstance(got, httpx2.TransportError) and not isinstance(got, httpx2.ProtocolError):
            raise HubSilent(waited_s=_waited(begun), sent=True) from got
        raise Rubbish(why="http") from got


def checked_url(text: str) -> str:
    """The hub's address without a path. Raises `HubAddress`: plain HTTP goes to this machine only,
    since names of people's cards would travel in the open."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise HubAddress(why="host") from None
    if parts.scheme not in ("http", "https"):
        raise HubAddress(why="scheme")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.username:
        raise HubAddress(why="host")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise HubAddress(why="plain")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _exchange(
    http: httpx2.Client, request: httpx2.Request, done: queue.SimpleQueue[Got | Exception]
) -> None:
    try:
        response = http.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise httpx2.RemoteProtocolError("answer too long")
        finally:
            response.close()
        headers = list(response.headers.multi_items())
        done.put(Got(status=response.status_code, headers=headers, body=bytes(body)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the asking thread judges it
        done.put(error)


def _waited(begun: float) -> float:
    return round(time.monotonic() - begun, 1)
