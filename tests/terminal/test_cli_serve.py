"""`card serve` as a process: ready, lifted, put back, ended by a signal."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.spine.rig import command, flora

ATR = b"\x00\x01\x04"  # one byte long: the control code that asks for the ATR
TIMEOUT_S = 20.0


class Slot:
    """pcscd's end of the wire: where the card connects to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT_S)
        self.address = "{}:{}".format(*self._listener.getsockname())
        self._card: socket.socket | None = None

    def insert(self) -> bytes:
        """Wait for a card and ask for its ATR."""
        self._card, _ = self._listener.accept()
        self._card.settimeout(TIMEOUT_S)
        self._card.sendall(ATR)
        return self._card.recv(2 + 64)[2:]

    def removed(self) -> bool:
        """Wait until the card has gone."""
        assert self._card is not None
        gone = self._card.recv(1) == b""
        self._card.close()
        return gone

    def close(self) -> None:
        self._listener.close()
        if self._card is not None:
            self._card.close()


@pytest.fixture
def slot() -> Iterator[Slot]:
    slot = Slot()
    yield slot
    slot.close()


@contextmanager
def serving(file: Path, slot: Slot, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    line = command("card", "serve", str(file), "--vpcd", slot.address, *more)
    pipe = subprocess.PIPE
    process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_served_card_is_ready_until_a_signal(
    number: signal.Signals, slot: Slot, tmp_path: Path
) -> None:
    card = tmp_path / "a.card"
    flora("card", "new", "flora", str(card))
    with serving(card, slot) as process:
        assert slot.insert().startswith(b"\x3b\x8f")
        assert heard(process) == b"ready\n"
        assert process.stdin is not None
        process.stdin.close()  # changes nothing
        process.stdin = None
        process.send_signal(number)
        assert slot.removed()
        assert process.wait(TIMEOUT_S) == 0


def test_lines_lift_the_card_and_put_it_or_another_back(slot: Slot, tmp_path: Path) -> None:
    card, other = tmp_path / "a.card", tmp_path / "b.card"
    for file in (card, other):
        flora("card", "new", "flora", str(file))
    with serving(card, slot) as process:
        slot.insert()
        tell(process, "lift")
        assert slot.removed()
        tell(process, f"put {tmp_path / 'none.card'}")  # told, and nothing else
        tell(process, "put")
        assert slot.insert()
        tell(process, f"put {other}")
        assert slot.removed()
        assert slot.insert()
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr is not None
        assert b"ENOENT" in process.stderr.read()


def test_the_second_slot_listens_one_port_above_the_first(slot: Slot, tmp_path: Path) -> None:
    flora("card", "new", "flora", str(tmp_path / "a.card"))
    host, port = slot.address.split(":")
    slot.address = f"{host}:{int(port) - 1}"
    with serving(tmp_path / "a.card", slot, "--slot", "1"):
        assert slot.insert().startswith(b"\x3b\x8f")


def test_a_file_that_is_no_card_is_not_served(tmp_path: Path) -> None:
    missing = flora("card", "serve", str(tmp_path / "none"), "--vpcd")
    assert (missing.code, missing["error"]["code"]) == (4, "file_trouble")
    (tmp_path / "x").write_text("{")
    damaged = flora("card", "serve", str(tmp_path / "x"), "--vpcd")
    assert (damaged.code, damaged["error"]["code"]) == (4, "card_file_corrupt")
    for vpcd in ("nowhere", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:65535 --slot 1"):
        bad = flora("card", "serve", str(tmp_path / "x"), "--vpcd", *vpcd.split())
        assert (bad.code, bad["error"]["code"]) == (2, "argument_bad")
