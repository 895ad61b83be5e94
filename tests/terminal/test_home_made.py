"""Making homes and profiles: whole or not at all, the right keys, the right refusals."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from drivers.keys.sealed_file import open_store
from terminal.home import KEYS, ROLE_OF, ROLES, Home
from tests.spine.rig import Answer, flora

PASSPHRASE = b"correct horse\ncorrect horse\n"


def init(home: Path, *more: str, given: object = b"") -> Answer:
    return flora("init", "--terminal", "T-01", *more, home=home, given=given)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another city's profile, made once: its key files cost as real ones do."""
    file = tmp_path_factory.mktemp("city") / "city.json"
    assert flora("profile", "new", str(file), given=PASSPHRASE).code == 0
    return file


def test_a_home_is_made_whole_and_private(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    said = init(home, "--district", "66000060")
    assert said.code == 0
    assert (said["terminal"], said["site"]) == ("T-01", "office-66000060")
    assert len(said["profile"]) == 64
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert not [p for p in home.iterdir() if p.is_file() and p.stat().st_mode & 0o077]
    assert [p.name for p in home.parent.iterdir()] == ["home"]
    with Home.open(home) as opened:
        assert opened.simulation
        assert opened.keys.can_issue
        assert opened.ledger.verify().whole


@pytest.mark.parametrize(
    ("told", "site"),
    [
        (("--district", "西屯"), "office-66000060"),
        (("--district", "Xitun"), "office-66000060"),
        (("--site", "household-66000060"), "household-66000060"),
    ],
)
def test_a_place_by_code_name_or_site(told: tuple[str, str], site: str, tmp_path: Path) -> None:
    assert init(tmp_path / "home", *told)["site"] == site


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("--terminal", "T 01", "--district", "66000060"), "terminal_name"),
        (("--terminal", "T" * 33, "--district", "66000060"), "terminal_name"),
        (("--terminal", "T", "--district", "66000999"), "no_such_site"),
        (("--terminal", "T"), "argument_missing"),
        (("--terminal", "T", "--district", "66000060", "--role", "hub"), "argument_bad"),
    ],
)
def test_a_bad_init_makes_nothing(argv: tuple[str, ...], code: str, tmp_path: Path) -> None:
    said = flora("init", *argv, home=tmp_path / "home")
    assert (said.code, said["error"]["code"]) == (2, code)
    assert not list(tmp_path.iterdir())


def test_an_existing_home_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    init(home, "--district", "66000060")
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    said = init(home, "--district", "66000010")
    assert (said.code, said["error"]["code"]) == (2, "home_exists")
    assert before == {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    assert init(tmp_path, "--district", "66000060")["error"]["code"] == "home_exists"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_empty_folder_becomes_a_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    assert init(tmp_path / "home", "--district", "66000060").code == 0


def test_a_damaged_configuration_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    init(home, "--district", "66000060")
    (home / "config.toml").write_text("terminal = [")
    said = flora("open", "list", home=home)
    assert (said.code, said["error"]["code"]) == (4, "home_damaged")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_keeps_to_its_own_commands(role: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert init(home, "--district", "66000060", "--role", role).code == 0
    with Home.open(home) as opened:
        assert opened.keys.can_issue is (role in ("counter", "import"))
        for command, owner in ROLE_OF.items():
            if owner == role:
                opened.allow(command)
        opened.allow("ledger verify")
    for argv, owner in (
        (("open", "list"), "counter"),
        (("import", "claims", "-"), "import"),
        (("tap", "--reader", "sim:x", "--route", "300", "--stop", "TC1001"), "validator"),
        (("bind", "--reader", "sim:x", "--applicant", "-"), "counter"),
        (("issue", "flora", "--reader", "sim:x", "--applicant", "-"), "counter"),
    ):
        if owner != role:
            said = flora(*argv, home=home)
            assert (said.code, said["error"]["code"]) == (2, "wrong_role"), argv
    assert flora("sync", "status", home=home).code == 0


def test_a_real_home_names_its_role(city: Path, tmp_path: Path) -> None:
    said = init(
        tmp_path / "home", "--district", "66000060", "--profile", str(city), given=PASSPHRASE
    )
    assert (said.code, said["error"]["code"]) == (2, "role_needed")
    assert not list(tmp_path.iterdir())


def test_only_issuing_roles_get_the_token_key(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "flora-keys").write_text("correct horse\n")
    for role, issues in (("counter", True), ("validator", False)):
        home = tmp_path / role
        told = ("--district", "66000060", "--profile", str(city), "--role", role)
        said = init(home, *told)
        assert said.code == 0, said.out
        assert not said["simulation"]
        assert open_store(home / KEYS, "correct horse").can_issue is issues


def test_a_real_home_does_not_forge(city: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    told = ("--district", "66000060", "--profile", str(city), "--role", "validator")
    assert init(home, *told, given=PASSPHRASE).code == 0
    card = str(tmp_path / "a.card")
    tap = ("tap", "--reader", f"sim:{card}", "--route", "300", "--stop", "TC1001")
    for argv in (
        ("card", "new", "flora", card),
        ("card", "topup", card, "10"),
        ("card", "serve", card, "--vpcd"),
        (*tap, "--at", "2026-11-25T08:00"),
    ):
        said = flora(*argv, home=home, given=PASSPHRASE)
        assert (said.code, said["error"]["code"]) == (2, "real_home"), argv
    assert not Path(card).exists()


def test_a_real_home_opens_with_its_passphrase_only(city: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    told = ("--district", "66000060", "--profile", str(city), "--role", "counter")
    assert init(home, *told, given=PASSPHRASE).code == 0
    assert flora("ledger", "verify", home=home, given=b"correct horse\n").code == 0
    wrong = flora("ledger", "verify", home=home, given=b"wrong horse\n")
    assert (wrong.code, wrong["error"]["code"]) == (4, "keystore")
    silent = flora("ledger", "verify", home=home, given=b"")
    assert (silent.code, silent["error"]["code"]) == (2, "no_passphrase")


def test_the_wrong_passphrase_makes_no_home(city: Path, tmp_path: Path) -> None:
    told = ("--district", "66000060", "--profile", str(city), "--role", "counter")
    said = init(tmp_path / "home", *told, given=b"other\nother\n")
    assert (said.code, said["error"]["code"]) == (4, "keystore")
    assert not list(tmp_path.iterdir())


def test_keys_of_another_profile_do_not_fit(city: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    mine.write_bytes(city.read_bytes().replace(b'"flora-profile-1"', b'"flora-profile-1" '))
    shutil.copy(f"{city}.keys.issue", f"{mine}.keys.issue")
    told = ("--district", "66000060", "--profile", str(mine), "--role", "counter")
    said = init(tmp_path / "home", *told, given=PASSPHRASE)
    assert (said.code, said["error"]["code"]) == (4, "keystore")


def test_a_profile_is_not_overwritten(city: Path) -> None:
    before = city.read_bytes()
    said = flora("profile", "new", str(city), given=PASSPHRASE)
    assert (said.code, said["error"]["code"]) == (2, "file_exists")
    assert city.read_bytes() == before


def test_a_passphrase_typed_differently_makes_nothing(tmp_path: Path) -> None:
    for given in (b"one\ntwo\n", b"one\n"):
        said = flora("profile", "new", str(tmp_path / "city.json"), given=given)
        assert (said.code, said["error"]["code"]) == (2, "passphrase_differs")
    assert not list(tmp_path.iterdir())


def test_a_missing_or_foolish_profile_is_told(tmp_path: Path) -> None:
    file = tmp_path / "city.json"
    told = ("--district", "66000060", "--profile", str(file), "--role", "counter")
    missing = init(tmp_path / "home", *told)
    assert (missing.code, missing["error"]["code"]) == (4, "file_trouble")
    file.write_text("{}")
    foolish = init(tmp_path / "home", *told)
    assert (foolish.code, foolish["error"]["code"]) == (2, "profile_bad")
