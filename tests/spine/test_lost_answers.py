"""A claim whose answer was lost is asked again under the same id, whatever happens in between: the
hub may have said yes (ledger.md 4.3)."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.spine.hub import HubProcess
from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person

pytestmark = pytest.mark.slow


class LossyLine:
    """A line to the hub that carries requests and, on demand, loses every answer to a claim."""

    def __init__(self, to_port: int) -> None:
        self.loses = False
        self.to_port = to_port
        self._port = 0
        self.open()
        self.url = f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Accept connections; on the same port again after `close`."""
        self._socket = socket.create_server(("127.0.0.1", self._port))
        self._port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._socket,), daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.to_port))
        except OSError:
            near.close()
            return
        asked_for_a_claim = threading.Event()

        def back() -> None:
            with suppress(OSError):
                while answer := far.recv(65536):
                    if self.loses and asked_for_a_claim.is_set():
                        break
                    near.sendall(answer)
            for end in (near, far):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

        threading.Thread(target=back, daemon=True).start()
        with suppress(OSError):
            while data := near.recv(65536):
                if b"/v1/claims" in data:
                    asked_for_a_claim.set()
                far.sendall(data)
        with suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Refuse connections from now on."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path / "hub") as served:
        yield served


def issue(home: Path, card: Path) -> Answer:
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    return flora(*line, home=home, given=citizen(person(1)))


def test_the_yes_that_was_lost_is_found_again(hub: HubProcess, tmp_path: Path) -> None:
    line = LossyLine(int(hub.url.rpartition(":")[2]))
    home, card = make_home(tmp_path, "T-01"), make_card(tmp_path, "c")
    code = flora("hub", "invite", "T-01", home=hub.home)["code"]
    assert flora("sync", "enrol", "--hub", line.url, "--code", code, home=home).code == 0
    assert flora("sync", "run", home=home).code == 0

    line.loses = True
    assert issue(home, card).code == 5
    (row,) = flora("open", "list", home=home).json
    assert row["step"] == "asked"
    # Now the hub cannot even be reached: that proves nothing about the first request.
    line.loses = False
    line.close()
    refused = issue(home, card)
    assert (refused.code, refused["error"]["code"]) == (5, "hub_silent"), refused.out
    assert [r["n"] for r in flora("open", "list", home=home).json] == [row["n"]]
    line.open()
    done = issue(home, card)
    assert (done.code, done["outcome"]) == (0, "issued"), done.out
    assert flora("open", "list", home=home).json == []
    line.close()


def test_a_hub_that_is_being_checked_leaves_nothing_open(hub: HubProcess, tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    hub.enrol("T-01", home)
    assert flora("sync", "run", home=home).code == 0
    hub.stop()
    shutil.copytree(hub.home, tmp_path / "yesterday")
    hub.start()
    line = ("issue", "flora", "--reader", on(make_card(tmp_path, "a")), "--applicant", "-")
    assert flora(*line, home=home, given=citizen(person(2))).code == 0
    assert flora("sync", "run", home=home).code == 0
    hub.stop()
    shutil.rmtree(hub.home)
    shutil.copytree(tmp_path / "yesterday", hub.home)
    hub.start()
    got = issue(home, make_card(tmp_path, "b"))
    assert (got.code, got["error"]["code"]) == (5, "recovering"), got.out
    assert flora("open", "list", home=home).json == []
    assert flora("sync", "run", home=home).code == 0
    assert issue(home, tmp_path / "b.card").code == 0
