"""What this house promises about its text: no person's number, no machine's path, nothing skipped,
no fault that nobody raises, every command written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from issuance.identity import checksum
from terminal.reference import commands_page
from tests.house.tree import ROOT, modules, name_of, product, strings_of
from tests.terminal.words_rig import all_faults

NUMBER = re.compile(r"(?<![A-Za-z0-9])(?:[A-Z][0-9]{9}|[A-Z]{2}[0-9]{8})(?![A-Za-z0-9])")
NOT_OURS = (".venv", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
            "__pycache__", ".import_linter_cache", "build", "dist")  # fmt: skip
TEXT = (".py", ".md", ".toml", ".json", ".csv", ".cfg", ".ini", ".service", ".timer", ".rules", "")


def numbers_in(text: str) -> list[str]:
    """What could be a person's number: right shape, right checksum."""
    return [found for found in NUMBER.findall(text) if checksum(found) % 10 == 0]


@pytest.mark.parametrize("path", product(), ids=name_of)
def test_no_string_of_ours_holds_a_persons_number(path: Path) -> None:
    assert not [(line, found) for line, text in strings_of(path) if (found := numbers_in(text))]


def test_the_search_for_numbers_finds_one() -> None:
    assert numbers_in("x B100000002, BC00000004") == ["B100000002", "BC00000004"]
    assert numbers_in("B100000003 0xB100000002") == []


def texts() -> list[Path]:
    """Every text file of ours."""
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and path.suffix in TEXT and not set(path.parts) & set(NOT_OURS)
    ]


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    place = re.compile(rb"/(?:work|home/[a-z]+|root)/[a-z.]")
    found = texts()
    assert len(found) > 100
    assert not [name_of(path) for path in found if place.search(path.read_bytes())]


def test_no_test_is_skipped() -> None:
    mark = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b|unittest\.skip")
    tests = [path for path in modules() if name_of(path).startswith("tests/")]
    skipped = [name_of(path) for path in tests if mark.search(path.read_text(encoding="utf-8"))]
    assert not skipped
    assert mark.search("@pytest" + ".mark.skipif(True)")


def test_every_fault_is_raised_somewhere() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in product() if path.name != "errors.py"
    )
    idle = [
        fault.__name__ for fault in all_faults() if not re.search(rf"\b{fault.__name__}\b", text)
    ]
    assert not idle


def test_the_page_of_commands_is_what_the_program_says() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert page == commands_page(), "print it anew: make docs"
