"""Bytes that must not be seen: a card key on its way to a reader chip."""

from __future__ import annotations

import hmac


class Secret:
    """Holds key bytes; shows nothing of them. Only a driver that must send them calls `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves. Callers are the drivers and the trailer writer, nobody else."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(("Secret", len(self._value)))

    def __repr__(self) -> str:
        return f"Secret({len(self._value)} bytes)"
