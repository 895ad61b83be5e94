"""The keys of one home, as a value, and their JSON form (hex). Only key stores hold one.

The card master has versions: a card in the field keeps the keys of the version it was made under
until it is presented again. In files of before there was one, `card_master`; it is version 1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

from drivers.errors import Keystore
from drivers.keys.names import KEY_NUMBER_MAX, KeyName

# Field of a key that has but one value, and its name.
_SINGLE = {
    "ref": KeyName("ref"),
    "record_master": KeyName("record"),
    "transport_b": KeyName("transport"),
}
_NUMBERED = {"card_masters": "card", "token": "token"}
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMaterial:
    """All keys of a home. `repr` shows none of them. None: the custodians have not brought it.

    `token`: K_token by generation, 32 bytes each; None: this home does not issue. `ref`: K_ref,
    32. `card_masters`: AN10922 masters of card keys by version (1 to 255, the highest is current),
    16 each. `record_master`: that of the records' MACs, 16. `transport_b`: key B of our sectors on
    the stock as delivered, 6. `terminal_seed`: Ed25519, 32.
    """

    token: dict[int, bytes] | None = field(repr=False)
    ref: bytes | None = field(repr=False)
    card_masters: dict[int, bytes] = field(repr=False)
    record_master: bytes | None = field(repr=False)
    transport_b: bytes | None = field(repr=False)
    terminal_seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        for name, key in self.by_name().items():
            numbers = range(1, KEY_NUMBER_MAX + 1) if name.kind in _NUMBERED.values() else (0,)
            if name.number not in numbers or len(key) != name.key_bytes:
                raise ValueError(f"{name} wants {name.key_bytes} bytes")
        if len(self.terminal_seed) != _SEED_BYTES:
            raise ValueError(f"terminal_seed wants {_SEED_BYTES} bytes")

    @classmethod
    def of_a_terminal(cls, terminal_seed: bytes) -> KeyMaterial:
        """A terminal's own key and nothing of the city's yet."""
        return cls(
            token=None,
            ref=None,
            card_masters={},
            record_master=None,
            transport_b=None,
            terminal_seed=terminal_seed,
        )

    def by_name(self) -> dict[KeyName, bytes]:
        """The city's keys that are here."""
        found = {name: getattr(self, of) for of, name in _SINGLE.items() if getattr(self, of)}
        for of, kind in _NUMBERED.items():
            keys: dict[int, bytes] = getattr(self, of) or {}
            found |= {KeyName(kind, number): key for number, key in keys.items()}
        return found

    def with_key(self, name: KeyName, key: bytes) -> KeyMaterial:
        """These keys and one more. Raises ValueError where it has the wrong length."""
        changed: dict[str, Any] = {of: key for of, single in _SINGLE.items() if single == name}
        for of, kind in _NUMBERED.items():
            if kind == name.kind:
                changed[of] = {**(getattr(self, of) or {}), name.number: key}
        return replace(self, **changed)

    def without_token(self) -> KeyMaterial:
        """The same keys for a home that does not issue."""
        return replace(self, token=None)

    def to_json(self) -> bytes:
        """One JSON object, keys as hex; what `seal` encloses."""
        said: dict[str, Any] = {of: _hex(getattr(self, of)) for of in _SINGLE}
        said["terminal_seed"] = self.terminal_seed.hex()
        for of in _NUMBERED:
            keys: dict[int, bytes] | None = getattr(self, of)
            said[of] = keys and {str(number): key.hex() for number, key in keys.items()}
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
                terminal_seed=bytes.fromhex(said["terminal_seed"]),
                **{of: said[of] and bytes.fromhex(said[of]) for of in _SINGLE},
            )
        except (ValueError, TypeError, AttributeError):
            # `from None`: the cause's text may show the key that did not fit.
            raise Keystore(why="damaged") from None


def _hex(key: bytes | None) -> str | None:
    return None if key is None else key.hex()


def _numbered(said: dict[str, str]) -> dict[int, bytes]:
    return {int(number): bytes.fromhex(key) for number, key in said.items()}
