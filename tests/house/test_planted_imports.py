"""The two sides of the air are strangers, and it shows: wrong imports, planted in a copy of the
tree, are each named by the contract that forbids them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT

# Where an import is planted, and what: each is forbidden by one contract.
PLANTED = {
    "hw_sim/frames.py": ("apdu.atr", "The other side of the air imports nothing of ours"),
    "hw_sim/desfire/crypto.py": (
        "apdu.desfire.cipher",
        "The other side of the air imports nothing of ours",
    ),
    "hw_sim/pn532/chip.py": ("drivers.errors", "The other side of the air imports nothing of ours"),
    "apdu/atr.py": ("hw_sim.frames", "hw_sim is reached through its three doors only"),
    "apdu/desfire/cipher.py": (
        "hw_sim.desfire.crypto",
        "hw_sim is reached through its three doors only",
    ),
    "cards/purse.py": ("hw_sim.value", "hw_sim is reached through its three doors only"),
    "drivers/nfc.py": ("hw_sim.pn532", "hw_sim is reached through its three doors only"),
    "validation/gate.py": ("hw_sim.field", "hw_sim is reached through its three doors only"),
    "issuance/desk.py": ("hw_sim", "hw_sim is reached through its three doors only"),
    "sync/chain.py": ("hw_sim.image", "hw_sim is reached through its three doors only"),
    "terminal/cli/tap.py": ("hw_sim.stock", "hw_sim is reached through its three doors only"),
    "apdu/iso7816.py": ("cards.state", "Imports run downward only"),
}


@pytest.mark.slow
def test_a_wrong_import_is_named_by_its_contract(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for place, (imported, _) in PLANTED.items():
        file = tmp_path / place
        text = file.read_text(encoding="utf-8")
        # Inside a function: where it hides best.
        file.write_text(f"{text}\n\ndef planted():\n    import {imported}\n", encoding="utf-8")
    ended = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )
    assert ended.returncode == 1, ended.stdout[-3000:] + ended.stderr[-2000:]
    said = ended.stdout
    for place, (imported, contract) in PLANTED.items():
        importer = place.removesuffix(".py").replace("/", ".")
        assert f"{contract} BROKEN" in said, contract
        assert f"{importer} -> {imported}" in said, f"{importer} may import {imported}"
