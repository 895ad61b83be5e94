"""The key store's work over keys that a vault uses for it (drivers.keys.contract.KeyStore).

What is asked of a key is declared here once, whatever holds it: a card key is AN10922 AES-128, and
its input always has 16 to 31 bytes, so that a PKCS#11 token can derive it with plain CMAC
(cards.md 6); a reference or a claimant's token is HMAC-SHA256.

Not thread-safe where the vault is not; `token` may be called from another thread than the card
keys.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from apdu.classic.geometry import KEY_BYTES
from apdu.secret import Secret
from drivers.errors import KeyMissing, NoCardKey, NoTokenKey
from drivers.keys.names import AES_CHECKED, HMAC_CHECKED, KeyName, fingerprint

# The diversification input is UID, AID and system id (AN10922). The AIDs of Classic cards and of
# records name no application on any card.
_AID = b"FLO"
_CARD_SYSTEM = b"flora card"  # then sector and key letter
_DESFIRE_SYSTEM = b"flora desfire"  # behind the key number
_RECORD_SYSTEM = b"flora record"
_REF_BYTES = 8
_TOKEN_BYTES = 16
RECORD, REF, TRANSPORT = KeyName("record"), KeyName("ref"), KeyName("transport")


class Vault(Protocol):
    """Uses named keys: what is in it never comes out. Methods raise `KeyToken` where it fails."""

    @property
    def names(self) -> frozenset[KeyName]:
        """The keys that are here."""
        ...

    def derive(self, name: KeyName, m: bytes) -> bytes:
        """AN10922 AES-128 of `m` (16 to 31 bytes) under an AES key that is here: 16 bytes."""
        ...

    def cmac(self, name: KeyName, message: bytes) -> bytes:
        """AES-CMAC under an AES key that is here: 16 bytes."""
        ...

    def hmac(self, name: KeyName, message: bytes) -> bytes:
        """HMAC-SHA256 under a key that is here: 32 bytes."""
        ...


class VaultKeyStore:
    """A key store over `vault`; the terminal's own key and the transport key lie beside it."""

    def __init__(self, vault: Vault, *, terminal_seed: bytes, transport_b: bytes | None) -> None:
        self._vault = vault
        self._transport = None if transport_b is None else Secret(transport_b)
        self._signer = Ed25519PrivateKey.from_private_bytes(terminal_seed)
        versions = sorted((n.number for n in vault.names if n.kind == "card"), reverse=True)
        self._current, self._previous, *_ = *versions, None, None
        # The last card's record key: a card's records are sealed and opened many times in a row.
        self._record_of: tuple[bytes, CMAC] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(can_issue={self.can_issue})"

    @property
    def can_issue(self) -> bool:
        return any(name.kind == "token" for name in self._vault.names)

    @property
    def card_key_version(self) -> int:
        if self._current is None:
            raise KeyMissing(key="card")
        return self._current

    @property
    def previous_key_version(self) -> int | None:
        return self._previous

    @property
    def has_older_versions(self) -> bool:
        tried_before = self._previous is not None
        return self.card_key_version - 1 > tried_before  # versions are numbered from 1

    def card_key(
        self, uid: bytes, sector: int, *, key_b: bool, version: int | None = None
    ) -> Secret:
        letter = b"B" if key_b else b"A"
        m = uid + _AID + _CARD_SYSTEM + bytes((sector,)) + letter
        key = self._derive(m, self.card_key_version if version is None else version)
        return Secret(key[:KEY_BYTES])

    def desfire_key(self, uid: bytes, aid: bytes, key_no: int, *, version: int) -> Secret:
        return Secret(self._derive(uid + aid + bytes((key_no,)) + _DESFIRE_SYSTEM, version))

    def transport_key(self) -> Secret:
        if self._transport is None:
            raise KeyMissing(key="transport")
        return self._transport

    def record_mac(self, uid: bytes, body: bytes) -> bytes:
        if self._record_of is None or self._record_of[0] != uid:
            self._need(RECORD)
            key = self._vault.derive(RECORD, uid + _AID + _RECORD_SYSTEM)
            self._record_of = uid, CMAC(algorithms.AES(key))
        mac = self._record_of[1].copy()
        mac.update(body)
        return mac.finalize()

    def card_ref(self, uid: bytes) -> bytes:
        self._need(REF)
        return self._vault.hmac(REF, uid)[:_REF_BYTES]

    def token(self, generation: int, stretched: bytes) -> bytes:
        name = KeyName("token", generation)
        if name not in self._vault.names:
            raise NoTokenKey(role="issue")
        message = b"flora token %d\x00" % generation + stretched
        return self._vault.hmac(name, message)[:_TOKEN_BYTES]

    @property
    def public_key(self) -> bytes:
        return self._signer.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign(message)

    def fingerprints(self) -> dict[KeyName, bytes]:
        """`names.fingerprint` of each key of the city that is here."""
        found = {name: fingerprint_in(self._vault, name) for name in self._vault.names}
        if self._transport is not None:
            found[TRANSPORT] = fingerprint(TRANSPORT, self._transport.reveal())
        return found

    def _derive(self, m: bytes, version: int) -> bytes:
        name = KeyName("card", version)
        if name not in self._vault.names:
            raise NoCardKey(version=version)
        return self._vault.derive(name, m)

    def _need(self, name: KeyName) -> None:
        if name not in self._vault.names:
            raise KeyMissing(key=str(name))


def fingerprint_in(vault: Vault, name: KeyName) -> bytes:
    """`names.fingerprint` of a key that stays where it is."""
    return vault.cmac(name, AES_CHECKED) if name.is_aes else vault.hmac(name, HMAC_CHECKED)
