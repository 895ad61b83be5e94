"""Connections that never finish their header are closed (ecosystem.md 2.3)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from sync.hub import serve
from sync.hub.app import make_app
from tests.sync.hubrig import HubRig


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
async def port(hub: HubRig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(serve, "HEADER_SECONDS_MAX", 0.2)
    config = uvicorn.Config(
        make_app(hub.city), http=serve.TimedProtocol, lifespan="off", log_config=None, ws="none"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server._serve([listener]))
        await asyncio.to_thread(_until, lambda: server.started)
        yield int(listener.getsockname()[1])
        server.should_exit = True
        await task


def _until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.005)


async def closed_within(reader: asyncio.StreamReader, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        return await reader.read()


async def test_a_silent_connection_is_closed(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await closed_within(reader, 2) == b""
    writer.close()


async def test_a_dripping_header_is_closed(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            for byte in b"GET /health HTTP/1.1\r\n" + b"a: b\r\n" * 1000:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    with contextlib.suppress(ConnectionResetError):
        assert await closed_within(reader, 2) == b""
    dripping.cancel()
    writer.close()


async def test_a_kept_connections_next_header_has_its_time_too(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n")
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(15)
    await asyncio.sleep(0.3)  # idle between requests is not counted
    writer.write(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n")
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(15)
    writer.write(b"GET /health HTTP/1.1\r\n")
    with contextlib.suppress(ConnectionResetError):
        assert await closed_within(reader, 2) == b""
    writer.close()
