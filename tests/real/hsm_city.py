"""A city whose keys are in tokens: everything that has a master key in its hands runs in a process
of its own and ends before anybody looks.

    python -m tests.real.hsm_city KEYFILE FOLDER   (passphrase on stdin)

makes two cards of the stock under the transport key, and prints needles: each master, as it is and
in the forms in which memory could hold it, XORed with a mask of its own, so that whoever searches
for it does not hold it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.real.softhsm import LIBRARY, PIN, SoftHsm, credential
from tests.spine.rig import ROOT, Answer, flora_process

PASSPHRASE = "a passphrase of the test"  # noqa: S105
MASTERS = ("card.1", "record", "ref", "token.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A counter and a validator with a key store each, two cards, and the masked needles."""

    counter: Path
    validator: Path
    cards: tuple[Path, Path]
    env: dict[str, str]
    needles: list[dict[str, str]]


def make_city(folder: Path, *, in_tokens: bool = True) -> City:
    """Made by processes that are all over on return. Not `in_tokens`: the keys stay in files."""
    hsm = SoftHsm(folder)
    file = folder / "city.json"
    _ok(flora_process("profile", "new", str(file), given=_lines(PASSPHRASE, PASSPHRASE)))
    homes = {}
    for role in ("counter", "validator"):
        home = homes[role] = folder / role
        line = ("init", "--terminal", role, "--district", "66000060", "--role", role)
        given = _lines(PASSPHRASE)
        _ok(flora_process(*line, "--profile", str(file), home=home, given=given))
        if not in_tokens:
            continue
        token = ("keys", "init", "--library", str(LIBRARY), "--token", hsm.new_token(role))
        _ok(flora_process(*token, home=home, given=_lines(PASSPHRASE, PIN), env=hsm.env))
    said = subprocess.run(
        [sys.executable, "-m", "tests.real.hsm_city", f"{file}.keys.issue", str(folder)],
        input=PASSPHRASE,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    for key_file in folder.glob("*.keys.*"):
        key_file.unlink()
    secret = PIN if in_tokens else PASSPHRASE
    return City(
        **homes,
        cards=(folder / "1.card", folder / "2.card"),
        env=hsm.env | credential(folder / "c", secret),
        needles=json.loads(said),
    )


def masked(keys: dict[str, bytes]) -> list[dict[str, str]]:
    """Needles: `name`, `mask` and `masked` in hex."""
    forms: dict[str, bytes] = {}
    for name, key in keys.items():
        words = [key[i : i + 4][::-1] for i in range(0, len(key), 4)]
        forms |= {
            name: key,
            f"{name} hex": key.hex().encode(),
            f"{name} HEX": key.hex().upper().encode(),
            f"{name} backwards": key[::-1],
            f"{name} in words": b"".join(words),  # a key schedule of another byte order
        }
    found = []
    for name, form in forms.items():
        mask = os.urandom(len(form))
        hidden = bytes(a ^ b for a, b in zip(form, mask, strict=True))
        found.append({"name": name, "mask": mask.hex(), "masked": hidden.hex()})
    return found


def _ok(answer: Answer) -> None:
    assert answer.code == 0, answer.out + answer.err


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _main(key_file: Path, folder: Path) -> None:
    from drivers.keys.sealed_file import unseal
    from hw_sim.image import save
    from hw_sim.stock import new_flora

    keys: dict[str, Any] = json.loads(unseal(key_file.read_bytes(), sys.stdin.read()))
    for number in (1, 2):
        image = new_flora(
            Random(number),
            uid=None,
            purse_ntd=100,
            sectors=(12, 13, 14),
            transport_key_b=bytes.fromhex(keys["transport_b"]),
            free_sector=True,
        )
        save(folder / f"{number}.card", image)
    texts = (keys["card_master"], keys["record_master"], keys["ref"], keys["token"]["1"])
    print(json.dumps(masked(dict(zip(MASTERS, map(bytes.fromhex, texts), strict=True)))))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
