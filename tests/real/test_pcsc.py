"""Runs `over_pcsc.py` in a process of its own against a private pcscd."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_pcsc_driver_over_a_real_service(
    record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    suite += ["tests/real/over_pcsc.py", "-p", "no:xdist", f"--basetemp={tmp_path / 'b'}"]
    run = subprocess.run(suite, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    passed = re.search(r"^(\d+) passed in", run.stdout, re.MULTILINE)
    assert passed is not None, run.stdout[-2000:]
    assert int(passed[1]) >= 36
    record_property("pcsc_tests_over_a_real_service", int(passed[1]))
