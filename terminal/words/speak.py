"""Says things in the settled language. Plain data comes from the modules beside this one.

A key is `module.name`: `say("help.card_show")` looks into `terminal/words/help.py`, whose `WORDS`
maps names to (zh-TW, English). Faults and rules have tables of their own (`FAULTS`, `RULES`),
collected only when one has to be said: `--help` must not pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from importlib import import_module
from typing import Any, Final

from terminal.words.said import Parts, Said

LANGUAGES: Final = ("zh-TW", "en")

_settled = LANGUAGES[0]


def settle(language: str) -> None:
    """Choose the language of everything that is said from now on: `zh-TW` or `en`."""
    global _settled  # noqa: PLW0603  one process speaks one language at a time
    if language not in LANGUAGES:
        raise ValueError(language)
    _settled = language


def language() -> str:
    """The settled language."""
    return _settled


def say(key: str, **facts: object) -> str:
    """The words of `module.name` in the settled language, holes filled with `facts`."""
    module, _, name = key.partition(".")
    words: Mapping[str, tuple[str, str]] = import_module(f"terminal.words.{module}").WORDS
    return filled(words[name][LANGUAGES.index(_settled)], facts)


def said_fault(code: str) -> Said | None:
    """What a fault is called, by `Fault.code()`; None: nobody wrote words for it."""
    return tables("faults_", "FAULTS").get(code)


def said_rule(rule: str) -> Said | None:
    """What a rule's decision is called, by its id (`F15`); None: nobody wrote words for it."""
    return tables("rules_", "RULES").get(rule)


def spoken(said: Said, facts: Mapping[str, object]) -> Parts:
    """The three parts in the settled language, holes filled."""
    parts = said.zh if _settled == LANGUAGES[0] else said.en
    return Parts(*(filled(part, facts) for part in parts))


def rule_parts(rule: str, facts: Mapping[str, object]) -> Parts:
    """The three parts of a rule's decision. One without words says its id (a test forbids it)."""
    said = said_rule(rule)
    return spoken(said, {"rule": rule, **facts}) if said else Parts(rule, "", "")


def filled(template: str, facts: Mapping[str, object]) -> str:
    """`template` with its `{holes}` filled; a fact that is not known is a dash."""
    return template.format_map(_Holes(facts)) if "{" in template else template


class _Holes(dict[str, str]):
    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__({name: plain(value) for name, value in facts.items()})

    def __missing__(self, name: str) -> str:
        return "–"


def plain(value: object) -> str:
    """One fact as people read it: dates ISO, whole seconds, lists joined, bytes as hex, a status
    word with its name."""
    named: tuple[str, str] | None = getattr(value, "in_words", None)
    if named is not None:
        return named[LANGUAGES.index(_settled)]
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list | frozenset):
        return ("、" if _settled == LANGUAGES[0] else ", ").join(plain(one) for one in value)
    return str(value)


@cache
def tables(prefix: str, name: str) -> dict[str, Said]:
    """All tables called `name` in the modules whose name starts with `prefix`, in one."""
    return {code: said for _, table in each_table(prefix, name) for code, said in table.items()}


def each_table(prefix: str, name: str) -> Iterator[tuple[str, dict[str, Said]]]:
    """(module, table) of every words module of that prefix; tests look for doubled codes."""
    import pkgutil

    import terminal.words as here

    for found in pkgutil.iter_modules(here.__path__):
        if found.name.startswith(prefix):
            module: Any = import_module(f"terminal.words.{found.name}")
            yield found.name, getattr(module, name, {})
