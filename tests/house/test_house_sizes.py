"""Files and functions fit a reader: a limit that is not a test is not kept."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.tree import modules, name_of, parsed

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 60


def too_long(tree: ast.Module) -> list[str]:
    """Functions over the limit, by name."""
    return [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_file_and_no_function_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES_MAX, f"{name_of(path)} has {lines} lines"
    assert not too_long(parsed(path)), name_of(path)


def test_the_ruler_measures() -> None:
    long = "def f():\n" + "    pass\n" * FUNCTION_LINES_MAX
    assert too_long(ast.parse(long))
    assert not too_long(ast.parse(long.removesuffix("    pass\n")))
