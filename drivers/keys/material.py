"""The keys of one home, as a value, and their JSON form (hex). Only key stores hold one.

The card master has versions: a card in the field keeps the keys of the version it was made under
until it is presented again. In files of before there was one, `card_master`; it is version 1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

from drivers.errors import Keystore

_BYTES = {
    "ref": 32,
    "record_master": 16,
    "transport_b": 6,
    "terminal_seed": 32,
}
_TOKEN_BYTES = 32
_MASTER_BYTES = 16
KEY_VERSION_MAX = 255  # one byte on a DESFire card, where 0 is the factory's


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMaterial:
    """All keys of a home. `repr` shows none of them.

    `token`: K_token by generation, 32 bytes each; None: this home does not issue. `ref`: K_ref,
    32. `card_masters`: AN10922 masters of card keys by version (1 to 255, the highest is current),
    16 each. `record_master`: that of the records' MACs, 16. `transport_b`: key B of our sectors on
    the stock as delivered, 6. `terminal_seed`: Ed25519, 32.
    """

    token: dict[int, bytes] | None = field(repr=False)
    ref: bytes = field(repr=False)
    card_masters: dict[int, bytes] = field(repr=False)
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
        for version, master in self.card_masters.items():
            if not 1 <= version <= KEY_VERSION_MAX or len(master) != _MASTER_BYTES:
                raise ValueError(f"card master {version} wants {_MASTER_BYTES} bytes")

    def without_token(self) -> KeyMaterial:
        """The same keys for a home that does not issue."""
        return replace(self, token=None)

    def to_json(self) -> bytes:
        """One JSON object, keys as hex; what `seal` encloses."""
        said: dict[str, Any] = {name: getattr(self, name).hex() for name in _BYTES}
        said["token"] = self.token and _said(self.token)
        said["card_masters"] = _said(self.card_masters)
        return json.dumps(said, sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> KeyMaterial:
        """Read what `to_json` wrote. Raises `Keystore` where that does not fit."""
        try:
            said = json.loads(data)
            if "card_master" in said:
                said["card_masters"] = {"1": said.pop("card_master")}
            if set(said) != {f.name for f in fields(cls)}:
                raise ValueError("other fields")
            token = said["token"]
            return cls(
                token=token and _numbered(token),
                card_masters=_numbered(said["card_masters"]),
                **{name: bytes.fromhex(said[name]) for name in _BYTES},
            )
        except (ValueError, TypeError, AttributeError):
            # `from None`: the cause's text may show the key that did not fit.
            raise Keystore(why="damaged") from None


def _said(keys: dict[int, bytes]) -> dict[str, str]:
    return {str(number): key.hex() for number, key in keys.items()}


def _numbered(said: dict[str, str]) -> dict[int, bytes]:
    return {int(number): bytes.fromhex(key) for number, key in said.items()}
