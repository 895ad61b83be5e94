"""What custodians do with a key store: look at check values, bring keys, roll over, back up.

A key is never written over and never taken out: another value under a name that is there is
`KeyHeld`, the same value again is nothing new, so that every ceremony may be done again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from drivers.errors import KeyHeld
from drivers.keys.material import KeyMaterial
from drivers.keys.names import KeyName, fingerprint
from drivers.keys.sealed_file import open_material, write_store


class Custody(Protocol):
    """A key store as its custodians see it. Methods raise `Keystore` or `KeyToken`."""

    def fingerprints(self) -> dict[KeyName, bytes]:
        """`names.fingerprint` of each key that is here, in the order of names."""
        ...

    def add(self, name: KeyName, key: bytes) -> bool:
        """Keep a key from now on; durable on return. False: it was here. Raises `KeyHeld`."""
        ...

    def generate(self, name: KeyName) -> None:
        """Make a random key where it will stay. Raises `KeyHeld`."""
        ...

    def portable(self) -> KeyMaterial:
        """All that may leave this store, sealed, for a backup: of a file everything, of a token
        the terminal's own key and the transport key."""
        ...


class FileCustody:
    """The keys in a sealed file. `cost`: of Argon2id when it is written anew (`seal`)."""

    def __init__(self, path: Path, passphrase: str, *, cost: dict[str, int]) -> None:
        self._path, self._passphrase, self._cost = path, passphrase, cost
        self._material = open_material(path, passphrase)

    def fingerprints(self) -> dict[KeyName, bytes]:
        keys = self._material.by_name()
        return {name: fingerprint(name, keys[name]) for name in sorted(keys)}

    def add(self, name: KeyName, key: bytes) -> bool:
        if not is_new(name, fingerprint(name, key), self.fingerprints()):
            return False
        material = self._material.with_key(name, key)
        write_store(self._path, material, self._passphrase, **self._cost)
        self._material = material
        return True

    def generate(self, name: KeyName) -> None:
        self.add(name, os.urandom(name.key_bytes))

    def portable(self) -> KeyMaterial:
        return self._material


def is_new(name: KeyName, mac: bytes, held: dict[KeyName, bytes]) -> bool:
    """Whether a key with the fingerprint `mac` is not held yet. Raises `KeyHeld` where another
    one has its name."""
    if name in held and held[name] != mac:
        raise KeyHeld(key=str(name))
    return name not in held
