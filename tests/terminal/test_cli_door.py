"""The door: options anywhere, one document, exit codes, words in the settled language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import main
from terminal.cli import context, everywhere
from terminal.cli.tree import COMMANDS, Root, root
from terminal.words import help as help_words
from terminal.words.speak import settle
from tests.spine.rig import ROOT, citizen, flora, flora_process

# What `--help` may import of ours; a command's module or a room would cost its start-up.
COLD = {"terminal", "terminal.cli", "terminal.words"}
COLD |= {f"terminal.cli.{name}" for name in ("context", "everywhere", "tree")}
COLD |= {f"terminal.words.{name}" for name in ("help", "said", "speak")}
ROOMS = ("apdu", "drivers", "cards", "sync", "issuance", "validation", "terminal", "hw_sim")


def all_commands() -> list[tuple[str, ...]]:
    """The path of every command and group."""
    ctx = click.Context(root())
    found: list[tuple[str, ...]] = [()]
    for name in COMMANDS:
        command = Root.get_command(root(), ctx, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
    return found


@pytest.mark.parametrize("path", all_commands(), ids=lambda path: "-".join(path) or "root")
@pytest.mark.parametrize("lang", ["zh-TW", "en"])
def test_every_command_has_help_in_both_languages(
    path: tuple[str, ...], lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run([*path, "--help", "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert ("用法：" in said) == (lang == "zh-TW")
    assert ("Usage: " in said) == (lang == "en")
    assert "--help" in said


def test_no_help_word_is_left_over() -> None:
    used = {"usage", "options", "commands", "everywhere", *COMMANDS}
    ctx = click.Context(root())
    waiting: list[click.Command] = [root()]
    while waiting:
        command = waiting.pop()
        used.add(command.help or "")
        options = [p for p in command.get_params(ctx) if isinstance(p, click.Option)]
        used |= {option.help or "" for option in options}
        if isinstance(command, Root):
            waiting += [one for n in COMMANDS if (one := command.get_command(ctx, n))]
        elif isinstance(command, click.Group):
            waiting += list(command.commands.values())
    assert used == set(help_words.WORDS)


def test_help_imports_click_and_words_and_no_room() -> None:
    code = (
        "import sys, main; code = main.run(['--help']);"
        "print('\\n'.join(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert ended.returncode == 0
    loaded = {name for name in ended.stderr.split() if name.split(".")[0] in ROOMS}
    assert loaded <= COLD, sorted(loaded - COLD)
    heavy = {"dataclasses", "json", "pathlib", "asyncio", "msgspec", "sqlite3", "rich"}
    assert not heavy & set(ended.stderr.split())


@pytest.mark.parametrize(
    "argv",
    [
        ["--json", "--lang", "en", "--home", "X", "card", "nonsense"],
        ["card", "--json", "--home=X", "--lang=en", "nonsense"],
        ["card", "nonsense", "--home", "X", "--lang", "en", "--json"],
    ],
)
def test_three_options_stand_anywhere(argv: list[str]) -> None:
    told = everywhere.read(argv, {"LANG": "zh_TW.UTF-8"})
    assert (told.home, told.json, told.language) == ("X", True, "en")
    assert told.rest == ("card", "nonsense")


def test_after_two_dashes_nothing_is_an_option() -> None:
    told = everywhere.read(["a", "--", "--json", "--lang"], {})
    assert not told.json
    assert told.rest == ("a", "--", "--json", "--lang")


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en_US.UTF-8", "en"),
        ("en", "en"),
        ("zh_TW.UTF-8", "zh-TW"),
        ("C.UTF-8", "zh-TW"),
        ("ja_JP.UTF-8", "zh-TW"),
        ("", "zh-TW"),
    ],
)
def test_the_language_is_that_of_lang_else_zh_tw(lang: str, expected: str) -> None:
    assert everywhere.read([], {"LANG": lang}).language == expected


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["nonsense"], "no_such_command"),
        (["card", "nonsense"], "no_such_command"),
        ([], "command_needed"),
        (["card"], "command_needed"),
        (["card", "new", "flora"], "argument_missing"),
        (["card", "show"], "argument_missing"),
        (["card", "new", "tiger", "x.card"], "argument_bad"),
        (["card", "topup", "x.card", "many"], "argument_bad"),
        (["card", "topup", "x.card", "0"], "argument_bad"),
        (["card", "show", "--reader"], "argument_bad"),
        (["card", "show", "--raeder", "x"], "no_such_option"),
        (["readers", "one", "two"], "argument_extra"),
        (["hub", "serve", "--listen", "nowhere"], "address_trouble"),
        (["issue", "flora", "--reader", "sim:x", "--applicant", "{}"], "no_home"),
        (["counter", "--reader", "sim:x"], "no_screen"),
    ],
)
@pytest.mark.parametrize("lang", ["zh-TW", "en"])
def test_bad_usage_is_exit_2_and_one_document(
    argv: list[str], code: str, lang: str, tmp_path: Path
) -> None:
    said = flora(*argv, home=tmp_path / "none", lang=lang)
    assert said.code == 2
    error = said["error"]
    assert error["code"] == code
    assert all(error[part] for part in ("what", "means", "next"))
    assert ("請" in error["next"]) == (lang == "zh-TW")


def test_without_json_a_fault_is_three_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["nonsense", "--lang", "en"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 3


def test_a_number_typed_into_argv_is_not_repeated() -> None:
    for argv in (["B100000002"], ["issue", "B100000002"], ["card", "show", "--B100000002"]):
        said = flora(*argv)
        assert said.code == 2
        assert "B100000002" not in said.out + said.err


def test_a_bad_language_is_told(tmp_path: Path) -> None:
    ended = flora_process("readers", "--lang", "fr", lang="en")
    assert ended.code == 2


def test_what_nobody_foresaw_is_exit_1_without_its_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("B100000002")

    monkeypatch.setattr("drivers.registry.readers", broken)
    said = flora("readers")
    assert (said.code, said["error"]["code"]) == (1, "unexpected")
    assert "RuntimeError" in said["error"]["what"]
    assert "B100000002" not in said.out + said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (OSError(28, "No space left on device"), "disk", 4),
        (PermissionError(13, "denied"), "no_access", 4),
        (KeyboardInterrupt(), "interrupted", 130),
    ],
)
def test_disk_and_interruption_have_words(
    error: BaseException, code: str, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise error

    monkeypatch.setattr("drivers.registry.readers", broken)
    said = flora("readers")
    assert (said.code, said["error"]["code"]) == (exit_code, code)


@pytest.mark.parametrize(
    ("missing", "exit_code", "code"),
    [("litestar.testing", 2, "not_built"), ("sync.nowhere", 1, "unexpected")],
)
def test_a_package_that_is_not_installed_is_named(
    missing: str, exit_code: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr("drivers.registry.readers", broken)
    said = flora("readers")
    assert (said.code, said["error"]["code"]) == (exit_code, code)


def test_a_closed_pipe_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "main.py", "network", "stops", "--route", "300"]
    ended = subprocess.run(line, check=False, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_disk_under_stdout_is_told_and_the_work_is_done(tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    line = [sys.executable, "main.py", "card", "new", "flora", str(card), "--lang", "en"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            line, check=False, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    assert ended.returncode == 4
    assert ended.stderr == "The answer could not be written to stdout; what was done is done.\n"
    assert card.exists()


def test_closed_streams_are_empty_ones(tmp_path: Path) -> None:
    home = tmp_path / "home"
    flora("init", "--terminal", "T", "--district", "西屯區", home=home)
    words = f"main.py issue flora --reader sim:x --applicant - --home {home}"
    shell = f"{sys.executable} {words} <&- >&- 2>&-"
    ended = subprocess.run(["sh", "-c", shell], check=False, capture_output=True, cwd=ROOT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, b"", b"")


def test_a_command_answers_once_also_when_the_push_after_it_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, card = tmp_path / "home", tmp_path / "a.card"
    flora("init", "--terminal", "T", "--district", "西屯區", home=home)
    flora("card", "new", "flora", str(card))

    def broken(_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("terminal.home.Home.push", broken)
    reader = ("--reader", f"sim:{card}", "--applicant", "-")
    said = flora("issue", "flora", *reader, home=home, given=citizen())
    assert (said.code, said["outcome"]) == (0, "issued")
    assert "RuntimeError" in said.err


def test_chinese_survives_a_latin_locale() -> None:
    env = {**os.environ, "LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(
        [sys.executable, "main.py", "readers", "--json"],
        check=False,
        capture_output=True,
        env=env,
        cwd=ROOT,
    )
    assert isinstance(json.loads(ended.stdout.decode("utf-8")), list)
    shown = subprocess.run(
        [sys.executable, "main.py", "--help"], check=False, capture_output=True, env=env, cwd=ROOT
    )
    assert "用法" in shown.stdout.decode("utf-8")


def test_stdin_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert flora("init", "--terminal", "T", "--district", "西屯區", home=home).code == 0
    given = b"{" + b" " * context.STDIN_BYTES_MAX
    said = flora("issue", "flora", "--reader", "sim:x", "--applicant", "-", home=home, given=given)
    assert (said.code, said["error"]["code"]) == (2, "input_too_long")
    inline = flora("issue", "flora", "--reader", "sim:x", "--applicant", "{}", home=home)
    assert (inline.code, inline["error"]["code"]) == (2, "not_from_stdin")


def test_a_fault_without_words_is_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from apdu.errors import Fault

    class Wordless(Fault):
        def facts(self) -> dict[str, object]:
            return {}

    settle("en")
    assert context.told(Wordless())[0] == 1
