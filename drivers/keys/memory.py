"""A key store in this process's memory (drivers.keys.contract.KeyStore).

Cipher contexts are keyed once, when the store is opened. Not thread-safe where `Diversifier` is
not: one thread uses the card keys; `token` may be called from another.
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from apdu.classic.geometry import KEY_BYTES
from apdu.diversify import Diversifier
from apdu.secret import Secret
from drivers.errors import KeyMissing, NoCardKey, NoTokenKey
from drivers.keys.material import KeyMaterial

# The diversification input is UID, AID and system id (AN10922; cards.md 6). Ours name no
# application on any card; with them the input has 16 to 31 bytes for a UID of 4 to 10, so that a
# PKCS#11 token could derive the same keys with plain CMAC.
_AID = b"FLO"
_CARD_SYSTEM = b"flora card"  # then sector and key letter
_DESFIRE_SYSTEM = b"flora desfire"  # behind the key number
_RECORD_SYSTEM = b"flora record"
_REF_BYTES = 8
_TOKEN_BYTES = 16


class MemoryKeyStore:
    """Uses the keys of a `KeyMaterial`; hands out card keys and MACs, never a master key."""

    def __init__(self, material: KeyMaterial) -> None:
        self._cards = {v: Diversifier(key) for v, key in material.card_masters.items()}
        self._records = Diversifier(material.record_master)
        self._transport = Secret(material.transport_b)
        self._ref = material.ref
        self._token = material.token
        self._signer = Ed25519PrivateKey.from_private_bytes(material.terminal_seed)

    def __repr__(self) -> str:
        return f"MemoryKeyStore(can_issue={self.can_issue})"

    @property
    def can_issue(self) -> bool:
        return self._token is not None

    @property
    def card_key_version(self) -> int:
        if not self._cards:
            raise KeyMissing(key="card")
        return max(self._cards)

    @property
    def previous_key_version(self) -> int | None:
        return max(self._cards.keys() - {self.card_key_version}, default=None)

    def card_key(
        self, uid: bytes, sector: int, *, key_b: bool, version: int | None = None
    ) -> Secret:
        master = self._master(self.card_key_version if version is None else version)
        letter = b"B" if key_b else b"A"
        return Secret(master.key(uid + _AID + _CARD_SYSTEM + bytes((sector,)) + letter)[:KEY_BYTES])

    def desfire_key(self, uid: bytes, aid: bytes, key_no: int, *, version: int) -> Secret:
        m = uid + aid + bytes((key_no,)) + _DESFIRE_SYSTEM
        return Secret(self._master(version).key(m))

    def _master(self, version: int) -> Diversifier:
        if version not in self._cards:
            raise NoCardKey(version=version)
        return self._cards[version]

    def transport_key(self) -> Secret:
        return self._transport

    def record_mac(self, uid: bytes, body: bytes) -> bytes:
        mac = CMAC(algorithms.AES(self._records.key(uid + _AID + _RECORD_SYSTEM)))
        mac.update(body)
        return mac.finalize()

    def card_ref(self, uid: bytes) -> bytes:
        return hmac.digest(self._ref, uid, "sha256")[:_REF_BYTES]

    def token(self, generation: int, stretched: bytes) -> bytes:
        if self._token is None or generation not in self._token:
            raise NoTokenKey(role="issue")
        message = b"flora token %d\x00" % generation + stretched
        return hmac.digest(self._token[generation], message, "sha256")[:_TOKEN_BYTES]

    @property
    def public_key(self) -> bytes:
        return self._signer.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign(message)
