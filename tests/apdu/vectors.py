"""Published vectors, by kind, from `tests/vectors.json`. Each names its source.

Every vector says whether it was published or computed by us (regression only). Asking for a kind
that has none fails: a suite without cases must not pass.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "vectors.json"


class Vector:
    """One vector: `v.raw["field"]` as in the file, `v["field"]` as bytes."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.source = str(raw["source"])

    def __getitem__(self, field: str) -> bytes:
        return bytes.fromhex(self.raw[field])

    def __repr__(self) -> str:
        return str(self.raw["id"])


def published(kind: str, **fields: str) -> list[Vector]:
    """All vectors of `kind` whose `fields` are these, in file order."""
    wanted = {"kind": kind, **fields}
    found = [Vector(raw) for raw in json.loads(_FILE.read_text()) if wanted.items() <= raw.items()]
    assert found, f"no vector {wanted}"
    return found


def cases(kind: str) -> list[dict[str, Any]]:
    """The single cases inside the vectors of `kind`."""
    found = [case for v in published(kind) for case in v.raw["cases"]]
    assert found, f"no case of kind {kind}"
    return found
