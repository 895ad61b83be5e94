"""Many windows of one home serve one person at once: one card, and everybody else is told no."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.spine.rig import citizen, command, flora, make_card, make_home, on

WINDOWS = 12


@pytest.mark.slow
def test_one_person_at_many_windows_gets_one_card(tmp_path: Path) -> None:
    import json

    home = make_home(tmp_path, "T-01")
    cards = [make_card(tmp_path, f"c{i}") for i in range(WINDOWS)]
    running = [
        subprocess.Popen(
            command("issue", "flora", "--reader", on(card), "--applicant", "-", home=home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for card in cards
    ]
    given = json.dumps(citizen()).encode()
    for process in running:
        assert process.stdin is not None
        process.stdin.write(given)
        process.stdin.close()
        process.stdin = None
    codes = sorted(process.wait(60) for process in running)
    for process in running:
        process.communicate()
    assert codes == [0] + [3] * (WINDOWS - 1)
    issued = [flora("card", "show", "--reader", on(card), home=home)["issued"] for card in cards]
    assert issued.count(True) == 1
    assert flora("open", "list", home=home).json == []
    assert flora("ledger", "verify", home=home)["whole"] is True
