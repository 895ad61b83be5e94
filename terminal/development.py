"""The simulation's city profile and its keys: public, shipped, refused outside simulation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fixtures

_FOLDER = Path(fixtures.__file__).parent


def development_profile() -> tuple[bytes, dict[str, Any]]:
    """(the public profile byte for byte, its keys as hex by name)."""
    keys: dict[str, Any] = json.loads((_FOLDER / "profile.keys.json").read_bytes())
    return (_FOLDER / "profile.json").read_bytes(), keys
