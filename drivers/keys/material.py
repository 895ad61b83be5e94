"""The keys of one home, as a value, and their JSON form (hex). Only key stores hold one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

from drivers.errors import Keystore

_BYTES = {
    "ref": 32,
    "card_master": 16,
    "record_master": 16,
    "transport_b": 6,
    "terminal_seed": 32,
}
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMaterial:
    """All keys of a home. `repr` shows none of them.

    `token`: K_token by generation, 32 bytes each; None: this home does not issue. `ref`: K_ref,
    32. `card_master`, `record_master`: AN10922 masters, 16. `transport_b`: key B of our sectors
    on the stock as delivered, 6. `terminal_seed`: Ed25519, 32.
    """

    token: dict[int, bytes] | None = field(repr=False)
    ref: bytes = field(repr=False)
    card_master: bytes = field(repr=False)
    record_master: bytes = field(repr=False)
    transport_b: bytes = field(repr=False)
    terminal_seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        for name, wanted in _BYTES.items():
            if len(getattr(self, name)) != wanted:
                raise ValueError(f"{name} wants {wanted} bytes")
        for generation, key in (self.token or {}).items():
            if generation < 1 or len(key) != _TOKEN_BYTES:
                raise ValueError(f"token {generation} wants {_TOKEN_BYTES} bytes")

    def without_token(self) -> KeyMaterial:
        """The same keys for a home that does not issue."""
        return replace(self, token=None)

    def to_json(self) -> bytes:
        """One JSON object, keys as hex; what `seal` encloses."""
        said: dict[str, Any] = {name: getattr(self, name).hex() for name in _BYTES}
        said["token"] = self.token and {str(g): key.hex() for g, key in self.token.items()}
        return json.dumps(said, sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> KeyMaterial:
        """Read what `to_json` wrote. Raises `Keystore` where that does not fit."""
        try:
            said = json.loads(data)
            if set(said) != {f.name for f in fields(cls)}:
                raise ValueError("other fields")
            token = said["token"]
            return cls(
                token=token and {int(g): bytes.fromhex(key) for g, key in token.items()},
                **{name: bytes.fromhex(said[name]) for name in _BYTES},
            )
        except (ValueError, TypeError, AttributeError):
            # `from None`: the cause's text may show the key that did not fit.
            raise Keystore(why="damaged") from None
