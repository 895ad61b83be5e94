"""The key store of a home: which one it has, and what its custodians do with it (docs/keys.md).

Each ceremony may be done again after a cut: a key that is there is not brought twice, and a home
that moves into a token keeps its sealed file until the token has everything.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.errors import (
    DevelopmentKey,
    KeyMissing,
    KeyNameBad,
    Keystore,
    KeyStoreHere,
    StackMissing,
)
from drivers.keys.custody import Custody, FileCustody
from drivers.keys.material import KeyMaterial
from drivers.keys.names import NUMBERED_KINDS, KeyName, fingerprint
from drivers.keys.sealed_file import open_material, open_store, seal, unseal, write_store
from terminal.development import development_profile
from terminal.errors import WrongRole
from terminal.files import read_file, sync_folder, write_new
from terminal.home import CONFIG, KEYS, SIMULATION_PASSPHRASE, TERMINAL_KEYS, Config, Home
from terminal.making import ISSUING_ROLES, TEST_COST

if TYPE_CHECKING:
    from drivers.keys.contract import TokenAt
    from drivers.keys.pkcs11 import TokenCustody
    from drivers.keys.store import VaultKeyStore

CARD: Final = "card"
_SEED_BYTES: Final = 32


def open_keys(home: Home, secret: str) -> VaultKeyStore:
    """The home's key store; `secret` is the file's passphrase or the token's PIN.
    Raises `Keystore`, `KeyToken`, `KeyUnguarded`, `DevelopmentKey`."""
    store: VaultKeyStore
    if (at := home.key_token) is None:
        store = open_store(home.path / KEYS, secret)
    else:
        with _stack():
            from drivers.keys.pkcs11 import open_token_store
        store = open_token_store(at, secret, home.path / TERMINAL_KEYS)
    _refuse_development(home, store.fingerprints())
    return store


def open_custody(home: Home, secret: str) -> Custody:
    """The home's key store as its custodians see it. Raises as `open_keys`."""
    custody: Custody
    if (at := home.key_token) is None:
        custody = FileCustody(home.path / KEYS, secret, cost=_cost(home))
    else:
        custody = _in_token(home, at, secret)
    _refuse_development(home, custody.fingerprints())
    return custody


def secret_of(home: Home) -> str:
    """What opens the home's key store, for commands that may read more after it; in a simulation
    home nobody is asked for the file's. Raises `NoPassphrase`."""
    from terminal.passphrase import first_line

    if home.key_token is None and home.simulation:
        return SIMULATION_PASSPHRASE
    return first_line(ask="ui.passphrase" if home.key_token is None else "ui.pin")


def has_store(home: Home) -> bool:
    """Whether the file is there that only this home has: its keys, or its terminal's own key."""
    return (home.path / (KEYS if home.key_token is None else TERMINAL_KEYS)).exists()


def new_file(home: Home, passphrase: str) -> None:
    """`keys init`: an empty key store with a terminal key of its own, in a sealed file.
    Raises `KeyStoreHere`."""
    if home.key_token is not None or has_store(home):
        raise KeyStoreHere
    material = KeyMaterial.of_a_terminal(secrets.token_bytes(_SEED_BYTES))
    write_store(home.path / KEYS, material, passphrase, **_cost(home))


def into_token(home: Home, at: TokenAt, *, pin: str, passphrase: str | None) -> Custody:
    """`keys init --token`: the home's keys are in the token from now on. What its sealed file
    holds moves (`passphrase` opens it; None: there is no such file), and then the file goes.

    Raises `KeyStoreHere` where the home has another token, `KeyHeld` where the token has another
    city's keys, `DevelopmentKey`, `Keystore`, `KeyToken`.
    """
    if home.key_token not in (None, at):
        raise KeyStoreHere
    custody = _in_token(home, at, pin)
    if home.key_token is None:
        own = KeyMaterial.of_a_terminal(secrets.token_bytes(_SEED_BYTES))
        if passphrase is not None:
            own = open_material(home.path / KEYS, passphrase)
        _check_all(home, own)
        custody.keep(own)
        for name, key in own.by_name().items():
            custody.add(name, key)
        _write_config(home.path, replace(home.config, library=at.library, token=at.label))
    with suppress(FileNotFoundError):
        (home.path / KEYS).unlink()
        sync_folder(home.path)
    return custody


def key_named(text: str, custody: Custody) -> KeyName:
    """The key that somebody names; `card` and `token` alone mean the next one of theirs.
    Raises `KeyNameBad`."""
    if text in NUMBERED_KINDS:
        taken = [name.number for name in custody.fingerprints() if name.kind == text]
        text = f"{text}.{max(taken, default=0) + 1}"
    name = KeyName.parse(text)
    if name.kind == "seal":
        raise KeyNameBad
    return name


def bring(home: Home, custody: Custody, name: KeyName, key: bytes) -> bool:
    """Keep a key that the custodians brought. False: it was here already.
    Raises `DevelopmentKey`, `KeyHeld`, `WrongRole` (a token key where nobody issues)."""
    _refuse_development(home, {name: fingerprint(name, key)})
    if name.kind == "token" and not _issues(home):
        raise WrongRole(role=str(home.config.role), command="keys import")
    return custody.add(name, key)


def roll_over(custody: Custody) -> KeyName:
    """`keys rotate`: a new card master; the current one becomes the previous.
    Raises `KeyMissing` where there is none to follow."""
    name = key_named(CARD, custody)
    if name.number == 1:
        raise KeyMissing(key=CARD)
    custody.generate(name)
    return name


def back_up(home: Home, custody: Custody, file: Path, passphrase: str) -> tuple[KeyName, ...]:
    """`keys backup`: what may leave the store, sealed under `passphrase` in a new file, read back
    and compared. Returns the keys in it. Raises `FileTrouble`, `Keystore`."""
    material = custody.portable()
    said = {**json.loads(material.to_json()), "profile": home.profile.fingerprint}
    content = json.dumps(said, sort_keys=True).encode()
    write_new(file, seal(content, passphrase, **_cost(home)), mode=0o600)
    sync_folder(file.absolute().parent)
    if unseal(read_file(file), passphrase) != content:
        raise Keystore(why="damaged")
    return tuple(sorted(material.by_name()))


def restore(home: Home, blob: bytes, *, passphrase: str, secret: str) -> dict[KeyName, bool]:
    """`keys import --from`: bring each key of a backup, or of the profile's key file, that this
    home may hold; True in what is returned: it is new here. `passphrase` opens `blob`, `secret`
    the home's store; a store that is lost is made anew under it, with the terminal's own key of
    the backup. Raises `Keystore` (also where `blob` is another city's), `KeyHeld`,
    `DevelopmentKey`."""
    material = _material_of(home, unseal(blob, passphrase))
    _check_all(home, material)
    if not has_store(home):
        own = KeyMaterial.of_a_terminal(material.terminal_seed)
        if (at := home.key_token) is None:
            write_store(home.path / KEYS, own, secret, **_cost(home))
        else:
            _in_token(home, at, secret).keep(own)
    custody = open_custody(home, secret)
    return {
        name: custody.add(name, key)
        for name, key in sorted(material.by_name().items())
        if name.kind != "token" or _issues(home)
    }


@contextmanager
def ceremony(home: Home) -> Iterator[None]:
    """One ceremony at a time in a home; the next one waits for its end."""
    handle = os.open(home.run_dir / "keys", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _material_of(home: Home, content: bytes) -> KeyMaterial:
    """A key file's content. One of the profile has no terminal key: a new one stands for it."""
    try:
        said = json.loads(content)
        city = said.pop("profile")
    except (ValueError, KeyError, AttributeError):
        raise Keystore(why="damaged") from None
    if city != home.profile.fingerprint:
        raise Keystore(why="profile")
    said.setdefault("terminal_seed", secrets.token_hex(_SEED_BYTES))
    return KeyMaterial.from_json(json.dumps(said).encode())


def _check_all(home: Home, material: KeyMaterial) -> None:
    keys = material.by_name()
    _refuse_development(home, {name: fingerprint(name, key) for name, key in keys.items()})


def _refuse_development(home: Home, held: Mapping[KeyName, bytes]) -> None:
    """Raises `DevelopmentKey` where a real home would use a key that everybody has."""
    if home.simulation:
        return
    said = {**development_profile()[1], "terminal_seed": "00" * _SEED_BYTES}
    keys = KeyMaterial.from_json(json.dumps(said).encode()).by_name()
    public = {(name.kind, fingerprint(name, key)) for name, key in keys.items()}
    for name, mac in held.items():
        if (name.kind, mac) in public:
            raise DevelopmentKey(key=str(name))


def _in_token(home: Home, at: TokenAt, pin: str) -> TokenCustody:
    with _stack():
        from drivers.keys.pkcs11 import TokenCustody
    return TokenCustody(at, pin, home.path / TERMINAL_KEYS)


@contextmanager
def _stack() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise StackMissing(package="python-pkcs11") from None


def _write_config(folder: Path, config: Config) -> None:
    """Replace the home's config; on return it is on disk, whole and readable."""
    half = folder / f".{CONFIG}.{secrets.token_hex(6)}"
    try:
        write_new(half, config.as_toml().encode(), mode=0o600)
        if Config.read(half) != config:
            raise Keystore(why="config")
        half.replace(folder / CONFIG)
    finally:
        half.unlink(missing_ok=True)
    sync_folder(folder)


def _issues(home: Home) -> bool:
    return home.config.role is None or home.config.role in ISSUING_ROLES


def _cost(home: Home) -> dict[str, int]:
    return TEST_COST if home.simulation else {}
