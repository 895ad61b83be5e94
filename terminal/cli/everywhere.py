"""The three options that stand before or after a command: read before click is asked anything.

The language has to be settled before any command is imported, and a usage error must know whether
it is to be JSON; so they are taken out of argv here, up to `--`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from terminal.words.speak import LANGUAGES


class Everywhere(NamedTuple):
    """What stood anywhere in argv, and the rest of it. `bad`: the option with no good value."""

    home: str | None
    json: bool
    language: str
    rest: tuple[str, ...]
    bad: str | None = None


def read(argv: Sequence[str], environ: Mapping[str, str]) -> Everywhere:
    """Take `--home DIR`, `--json`, `--lang zh-TW|en` out of `argv`. The last one of a kind wins."""
    given: dict[str, str] = {}
    json, bad = False, None
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif word == "--json":
            json = True
        elif name in ("--home", "--lang"):
            value = value if equals else next(words, "")
            bad = bad or (None if value and (name != "--lang" or value in LANGUAGES) else name)
            given[name] = value
        else:
            rest.append(word)
    language = given.get("--lang", "")
    return Everywhere(
        home=given.get("--home") or None,
        json=json,
        language=language if language in LANGUAGES else _from_lang(environ.get("LANG", "")),
        rest=tuple(rest),
        bad=bad,
    )


def _from_lang(lang: str) -> str:
    """English where LANG is English, else zh-TW: the clerks' language."""
    return "en" if lang.split(".")[0].split("_")[0] == "en" else LANGUAGES[0]
