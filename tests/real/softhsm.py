"""SoftHSM2, a PKCS#11 token in software, in a folder of its own (stacks.md 5).

Its library looks for tokens once a process, when it is first used: those of this process are all
made before that (`shared`); a child process gets its own with `env`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "824519"


class SoftHsm:
    """A folder of tokens."""

    def __init__(self, folder: Path) -> None:
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        config = folder / "softhsm2.conf"
        config.write_text(
            f"directories.tokendir = {self.tokens}\n"
            "objectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"
        )
        self.env = {"SOFTHSM2_CONF": str(config)}

    def new_token(self, label: str) -> str:
        """An empty token that opens with `PIN`; its label."""
        line = ["softhsm2-util", "--init-token", "--free", "--label", label]
        subprocess.run(
            [*line, "--pin", PIN, "--so-pin", "90125673"],
            env={**os.environ, **self.env},
            check=True,
            capture_output=True,
        )
        return label


LABELS = ("flora 1", "flora 2", "flora 3")
UNTOUCHED = "flora 4"  # nobody has logged in to it


@cache
def shared() -> SoftHsm:
    """The tokens of this process, thrown away at its end: `LABELS` and `UNTOUCHED`."""
    folder = Path(tempfile.mkdtemp(prefix="flora-hsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    hsm = SoftHsm(folder)
    os.environ.update(hsm.env)
    for label in (*LABELS, UNTOUCHED):
        hsm.new_token(label)
    return hsm


def credential(folder: Path, secret: str = PIN) -> dict[str, str]:
    """The environment in which systemd hands `secret` over as the credential `flora-keys`."""
    folder.mkdir(exist_ok=True)
    (folder / "flora-keys").write_text(secret)
    return {"CREDENTIALS_DIRECTORY": str(folder)}
