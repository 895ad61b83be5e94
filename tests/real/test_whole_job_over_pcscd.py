"""One whole issue, bind and tap over a real pcscd, each command in a process of its own; the card
is served by `card serve`, which outlives the service."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.pcscd import Pcscd
from tests.spine.rig import Answer, citizen, command, flora_process, make_card, make_home, tomorrow

pytestmark = pytest.mark.real
READER = "pcsc:Virtual"


class Served:
    """A card in pcscd's virtual reader, by our own command."""

    def __init__(self, card: Path, pcscd: Pcscd) -> None:
        line = command("card", "serve", str(card), "--vpcd", f"127.0.0.1:{pcscd.port0}")
        self._process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def ready(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == b"ready"

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        self._process.terminate()
        assert self._process.wait(10) == 0
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def pcscd(tmp_path: Path) -> Iterator[Pcscd]:
    service = Pcscd.start(tmp_path)
    yield service
    service.stop()


def test_issue_bind_and_tap_over_a_real_pcscd(pcscd: Pcscd, tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    card = make_card(tmp_path, "c", "--purse", "100")

    def run(*argv: str, given: object = None) -> Answer:
        return flora_process(*argv, home=home, given=given, env=pcscd.env)

    served = Served(card, pcscd)
    try:
        served.ready()
        found = run("readers").json
        assert any("Virtual PCD 00 00" in reader["uri"] for reader in found), found

        issued = run("issue", "flora", "--reader", READER, "--applicant", "-", given=citizen())
        assert (issued.code, issued["outcome"]) == (0, "issued"), issued.out + issued.err
        bound = run("bind", "--reader", READER, "--applicant", "-", given=citizen())
        assert bound["outcome"] == "bound", bound.out + bound.err

        # The service goes and comes back; the card process waits for it and is the card again.
        pcscd.stop()
        pcscd.restart()
        stops = run("network", "stops", "--route", "300").json
        tap = ("tap", "--reader", READER, "--route", "300", "--vehicle", "A", "--stop")
        on = run(*tap, stops[0]["stop"], "--at", f"{tomorrow()}T08:00")
        assert (on.code, on["outcome"], on["charged_ntd"]) == (0, "on", 0), on.out + on.err
        off = run(*tap, stops[-2]["stop"], "--at", f"{tomorrow()}T08:40")
        assert (off["outcome"], off["charged_ntd"], off["purse_ntd"]) == ("off", 10, 90), off.out

        # Lifted: nobody there within the ten seconds of a one-shot command.
        served.say("lift")
        time.sleep(1.0)  # pcscd looks every 0.4 s (real time: a real service)
        gone = run("card", "show", "--reader", READER)
        assert (gone.code, gone["error"]["code"]) == (4, "no_card"), gone.out
        served.say("put")
        shown = run("card", "show", "--reader", READER)
        assert (shown["issued"], shown["purse_ntd"]) == (True, 90), shown.out
    finally:
        served.stop()
