"""The lines of a Flipper file: `Name: value`, comments with `#`."""

from __future__ import annotations

import re

from hw_sim.dumps.dump import DumpUnreadable, all_known, hex_bytes

NUMBER = re.compile(r"-?[0-9]{1,10}")
MASK_DIGITS = 16


class Lines:
    """Names and values in order, each name once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    @classmethod
    def read(cls, text: str) -> Lines:
        """Raises `DumpUnreadable`."""
        made = cls()
        for line in text.splitlines():
            name, colon, value = line.partition(":")
            if line.startswith("#") or not line.strip():
                continue
            if not colon or name.strip() in made._found:
                raise DumpUnreadable("a line that is none, or a name twice")
            made.put(name.strip(), value.strip())
        return made

    def put(self, name: str, value: str) -> None:
        """One line more."""
        self._found[name] = value

    def encoded(self) -> bytes:
        """All lines."""
        return "".join(f"{name}: {value}\n" for name, value in self._found.items()).encode()

    def value(self, name: str) -> str | None:
        """None: there is no such line."""
        return self._found.get(name)

    def names(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """The names that fit, in order."""
        return [match for name in self._found if (match := pattern.fullmatch(name))]

    def octets(self, name: str, size: int | None = None) -> bytes | None:
        """Bytes; None where the line is missing or holds an unknown one. Raises
        `DumpUnreadable`."""
        text = self.value(name)
        if text is None:
            return None
        found = hex_bytes(text, unknown="?")
        if size is not None and len(found) != size:
            raise DumpUnreadable(f"{name[:32]} has {len(found)} bytes")
        return all_known(found)

    def number(self, name: str, *, default: int | None = None) -> int:
        """A decimal number. Raises `DumpUnreadable`, without `default` also where it is missing."""
        text = self.value(name)
        if text is None and default is not None:
            return default
        if text is None or not NUMBER.fullmatch(text):
            raise DumpUnreadable(f"{name[:32]} is no number")
        return int(text)

    def flag(self, name: str) -> bool:
        """`true` or `false`; False where it is missing. Raises `DumpUnreadable`."""
        text = self.value(name) or "false"
        if text not in ("true", "false"):
            raise DumpUnreadable(f"{name[:32]} is neither true nor false")
        return text == "true"

    def mask(self, name: str) -> int:
        """16 hexadecimal digits, bit n for sector n. Raises `DumpUnreadable`."""
        found = self.octets(name, MASK_DIGITS // 2)
        if found is None:
            raise DumpUnreadable(f"{name[:32]} is missing")
        return int.from_bytes(found, "big")
