"""The root of every error a user can meet. Errors carry facts; `terminal.words` gives them words.

A subclass is `@dataclass(eq=False, kw_only=True)` and lives in its room's `errors.py`. Its `code`
is its class name in snake case. No sentence, no key, no number of a person and no UID in a field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from apdu.desfire.status import Status


def _rebuild(cls: type[Fault], facts: dict[str, Any]) -> Fault:
    return cls(**facts)


class Fault(Exception):
    """Root of every error a user can meet."""

    @classmethod
    def code(cls) -> str:
        """The stable name people and programs see, e.g. `card_removed`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def facts(self) -> dict[str, Any]:
        """The fields, by name: what the words' holes are filled with."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.facts().items())
        return f"{type(self).__name__}({said})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A keyword-only exception cannot be unpickled by default, and a process pool dies of it.
        return _rebuild, (type(self), self.facts())


@dataclass(eq=False, kw_only=True)
class DesfireRefused(Fault):
    """A DESFire said no. `status` is its status byte; or the ISO status word, where what lies
    there does not answer as a DESFire does."""

    command: str
    status: Status


@dataclass(eq=False, kw_only=True)
class DesfireAnswerWrong(Fault):
    """An answer that no right card gives, or that was changed on its way. `wrong`: `mac`, `crc`,
    `padding`, `length`, `proof` (the card does not know the key) or `chain` (it never ends)."""

    command: str
    wrong: str
