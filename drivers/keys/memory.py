"""A key store in this process's memory. Cipher contexts are keyed once, when it is opened."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from apdu.diversify import Diversifier
from drivers.keys.material import KeyMaterial
from drivers.keys.names import KeyName
from drivers.keys.store import VaultKeyStore


class MemoryVault:
    """The keys of a `KeyMaterial` (drivers.keys.store.Vault)."""

    def __init__(self, material: KeyMaterial) -> None:
        keys = material.by_name()
        self.names = frozenset(keys)
        self._hmac = {n: hmac.new(k, digestmod="sha256") for n, k in keys.items() if not n.is_aes}
        self._cmac = {name: CMAC(algorithms.AES(k)) for name, k in keys.items() if name.is_aes}
        self._derive = {name: Diversifier(key) for name, key in keys.items() if name.is_aes}

    def derive(self, name: KeyName, m: bytes) -> bytes:
        return self._derive[name].key(m)

    def cmac(self, name: KeyName, message: bytes) -> bytes:
        mac = self._cmac[name].copy()
        mac.update(message)
        return mac.finalize()

    def hmac(self, name: KeyName, message: bytes) -> bytes:
        mac = self._hmac[name].copy()
        mac.update(message)
        return mac.digest()


class MemoryKeyStore(VaultKeyStore):
    """Uses the keys of a `KeyMaterial`; hands out card keys and MACs, never a master key."""

    def __init__(self, material: KeyMaterial) -> None:
        super().__init__(
            MemoryVault(material),
            terminal_seed=material.terminal_seed,
            transport_b=material.transport_b,
        )
