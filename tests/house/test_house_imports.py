"""Who may import whom: downward only, and third-party packages where their group belongs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, imports_of, name_of, product

# Where a group's packages may be imported; core anywhere but on the other side of the air, where
# only the DESFire's ciphers need one.
HOME_OF_GROUP = {
    "core": ("apdu/", "drivers/", "cards/", "sync/", "issuance/", "validation/", "terminal/",
             "main.py", "hw_sim/desfire/"),
    "hub": ("sync/hub/",),
    "tui": ("terminal/counter/", "terminal/kiosk/"),
    "pcsc": ("drivers/",),
    "nfc": ("drivers/",),
    "hsm": ("drivers/keys/",),
}  # fmt: skip


def declared() -> dict[str, str]:
    """Distribution name to the group that declares it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"core": project["dependencies"], **project["optional-dependencies"]}
    return {
        normal(re.split(r"[\[<>=!~ ]", line)[0]): group
        for group, lines in groups.items()
        for line in lines
    }


def normal(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def foreign(path: Path) -> set[str]:
    """Top names of third-party packages that a module imports."""
    tops = {name.split(".")[0] for name in imports_of(path)}
    return tops - set(sys.stdlib_module_names) - set(ROOMS) - {"main", "tests", ""}


def strays(path: Path, groups: dict[str, str], owners: dict[str, set[str]]) -> list[str]:
    """What a module imports that is declared nowhere, or belongs to another room."""
    wrong = []
    for top in sorted(foreign(path)):
        found = {groups[d] for d in owners.get(top, set()) if d in groups}
        homes = [home for group in found for home in HOME_OF_GROUP.get(group, ())]
        if not any(name_of(path).startswith(home) for home in homes):
            wrong.append(f"{top} ({', '.join(found) or 'declared nowhere'})")
    return wrong


def test_every_package_is_declared_and_stays_in_its_rooms() -> None:
    owners = {top: {normal(d) for d in names} for top, names in packages_distributions().items()}
    groups = declared()
    assert groups["click"] == "core"
    wrong = {name_of(path): bad for path in product() if (bad := strays(path, groups, owners))}
    assert not wrong


@pytest.mark.slow
def test_rooms_import_downward_only() -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-2000:]
    assert "0 broken" in ended.stdout
