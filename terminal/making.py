"""Makes homes and city profiles: what `init` and `profile new` do."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path
from typing import Any, Final

from drivers.errors import Keystore
from drivers.keys.material import KeyMaterial
from drivers.keys.sealed_file import seal, unseal, write_store
from sync.ledger.ledger import Ledger
from sync.profile import Profile, new_profile
from terminal.development import development_profile
from terminal.errors import FileExists, HomeExists, RoleNeeded
from terminal.files import read_file, sync_folder, write_new
from terminal.home import CONFIG, KEYS, LEDGER, PROFILE, SIMULATION_PASSPHRASE, Config
from terminal.passphrase import known_passphrase, new_passphrase

TEST_COST: Final = {"memory_kib": 1024, "passes": 1}  # ledger.md 3.2
ISSUING_ROLES: Final = ("counter", "import")


def make_home(
    path: Path,
    *,
    terminal: str,
    site: str,
    role: str | None,
    profile_file: Path | None,
    without_keys: bool = False,
) -> Profile:
    """Make a terminal's home in the folder `path`; on return it is on disk, whole. `without_keys`:
    its custodians bring them afterwards (`terminal.custody`).

    Raises `HomeExists`, `RoleNeeded`, `FileTrouble`, `Keystore`.
    """
    _nothing_there(path)
    public, profile = _profile(profile_file, role)
    keys = None if without_keys else _keys(profile_file, profile, role)
    config = Config(
        terminal=terminal, site=site, role=role, home_id=secrets.token_bytes(16), run="run"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    half.mkdir(mode=0o700)
    try:
        _fill(half, config, public, profile, keys)
        _nothing_there(path)
        half.rename(path)
    except OSError:
        if path.exists() and half.exists():
            raise HomeExists(path=str(path)) from None
        raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
    sync_folder(path.parent)
    return profile


def make_profile(file: Path) -> Profile:
    """Write another city's profile: `file` (public), `file`.keys.issue and `file`.keys.validate,
    both encrypted, the second without the token key. Raises `FileExists`, `PassphraseDiffers`."""
    paths = [file, key_file(file, "issue"), key_file(file, "validate")]
    for path in paths:
        if path.exists():
            raise FileExists(file=str(path))
    passphrase = new_passphrase()
    public, keys = new_profile(secrets.SystemRandom())
    profile = Profile.load(public)
    keys = {**keys, "profile": profile.fingerprint}
    contents = [public, _sealed(keys, passphrase), _sealed({**keys, "token": None}, passphrase)]
    for path, content in zip(reversed(paths), reversed(contents), strict=True):
        write_new(path, content, mode=0o644 if path == file else 0o600)
    return profile


def key_file(profile_file: Path, purpose: str) -> Path:
    """`FILE.keys.issue` or `FILE.keys.validate` beside `FILE`."""
    return profile_file.with_name(f"{profile_file.name}.keys.{purpose}")


def _profile(file: Path | None, role: str | None) -> tuple[bytes, Profile]:
    """(public bytes, profile). Raises `RoleNeeded` for a real one without a role."""
    ours = development_profile()[0]
    public = read_file(file) if file is not None else ours
    profile = Profile.load(public)
    if role is None and profile.fingerprint != Profile.load(ours).fingerprint:
        raise RoleNeeded
    return public, profile


def _keys(file: Path | None, profile: Profile, role: str | None) -> tuple[KeyMaterial, str]:
    """(keys, passphrase). Development keys go with the development profile and with nothing
    else."""
    public, keys = development_profile()
    issues = role is None or role in ISSUING_ROLES
    if profile.fingerprint == Profile.load(public).fingerprint:
        return _material(keys, with_token=issues), SIMULATION_PASSPHRASE
    assert file is not None  # noqa: S101  another fingerprint than ours came from a file
    blob = read_file(key_file(file, "issue" if issues else "validate"))
    passphrase = known_passphrase(stdin_is_taken=False)
    keys = json.loads(unseal(blob, passphrase))
    if keys.pop("profile", None) != profile.fingerprint:
        raise Keystore(why="profile")
    return _material(keys, with_token=issues), passphrase


def _material(keys: dict[str, Any], *, with_token: bool) -> KeyMaterial:
    """The profile's keys and a fresh terminal key of this home's own."""
    own = {**keys, "terminal_seed": secrets.token_hex(32)}
    if not with_token:
        own["token"] = None
    return KeyMaterial.from_json(json.dumps(own).encode())


def _fill(
    folder: Path,
    config: Config,
    public: bytes,
    profile: Profile,
    keys: tuple[KeyMaterial, str] | None,
) -> None:
    (folder / config.run).mkdir(mode=0o700)
    if keys is not None:
        cost = TEST_COST if profile.simulation else {}
        material, passphrase = keys
        write_store(folder / KEYS, material, passphrase, **cost)
    write_new(folder / PROFILE, public, mode=0o600)
    Ledger.create(
        folder / LEDGER,
        terminal=config.terminal,
        site=config.site,
        role=config.role,
        profile_fingerprint=profile.fingerprint,
        home_id=config.home_id,
    )
    write_new(folder / CONFIG, config.as_toml().encode(), mode=0o600)


def _sealed(keys: dict[str, Any], passphrase: str) -> bytes:
    return seal(json.dumps(keys, sort_keys=True).encode(), passphrase)


def _nothing_there(path: Path) -> None:
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise HomeExists(path=str(path))
