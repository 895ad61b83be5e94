"""The example of hw_sim/README.md does what it says, and hw_sim needs nothing of the house."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import hw_sim
from hw_sim.image import load_classic

README = Path(hw_sim.__file__).with_name("README.md")


def test_the_examples_run_alone(tmp_path: Path) -> None:
    found = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert len(found) == 2
    (tmp_path / "hw_sim").symlink_to(README.parent)  # and nothing else of the house
    (tmp_path / "example.py").write_text("".join(found), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-S", "example.py"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
    assert said[0] == "3b8f8001804f0ca000000306030001000000006a"
    assert [answer[-4:] for answer in said[1:-1]] == ["9000"] * 5 + ["6400"]
    assert said[-1] == "0400"
    mixed = load_classic(tmp_path / "torn.card").blocks[5]
    assert all(not byte & ~0xBB for byte in mixed)


def test_every_public_name_is_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    missing = [
        name for name in hw_sim.__all__ if f"`{name}" not in text and f", {name}" not in text
    ]
    assert missing == ["Picc"], "Picc is said in words: anything with answer, tear and power_off"
