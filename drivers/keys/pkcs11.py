"""A key store whose masters live in a PKCS#11 token: a security module, a smart card, SoftHSM2.

    in the token, private, sensitive, not extractable, for signing alone, CKA_ID "flora", labelled
    by name:   card.N, record   AES-128, CKM_AES_CMAC (the AN10922 derivation, cards.md 6)
               ref, token.N     generic secret, CKM_SHA256_HMAC
               seal             generic secret made in the token; what it says opens the file below
    beside it, in a sealed file: the terminal's Ed25519 key and the transport key of the stock

No master is ever in this process's memory, the moment of a ceremony apart that brings it. A key
that could be taken out, or that may encrypt, wrap or derive, is refused at opening.

PKCS#11 logs a process in, not a session: one login a token and process, and it stays.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pkcs11
from pkcs11.constants import Attribute
from pkcs11.types import Session, SignMixin, Token

from drivers.errors import KeyHeld, Keystore, KeyToken, KeyUnguarded
from drivers.keys.contract import TokenAt
from drivers.keys.custody import is_new
from drivers.keys.material import KeyMaterial
from drivers.keys.names import KeyName, fingerprint
from drivers.keys.sealed_file import open_material, write_store
from drivers.keys.store import TRANSPORT, VaultKeyStore, fingerprint_in

_ID: Final = b"flora"
SEAL: Final = KeyName("seal")
_SEALED: Final = b"flora terminal keys"
# The file's passphrase is a MAC of 32 bytes that only the token can say: no cost need be added.
_FILE_COST: Final = {"memory_kib": 8, "passes": 1}
_GUARDED: Final = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.VERIFY: False,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    Attribute.MODIFIABLE: False,
}
# A token may leave VERIFY as it likes: whoever may sign with a key of MACs can verify.
_MUST: Final = {a: v for a, v in _GUARDED.items() if a not in (Attribute.VERIFY,)}
_WRONG_PIN: Final = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)


class _Login(NamedTuple):
    pin: str
    token: Token
    session: Session


_logins: dict[TokenAt, _Login] = {}


def log_in(at: TokenAt, pin: str) -> None:
    """Open the token for this process. Raises `Keystore` (wrong PIN), `KeyToken`."""
    with _answers():
        if (known := _logins.get(at)) is None:
            token = _token(at)
            _logins[at] = _Login(pin, token, token.open(user_pin=pin))
        elif not hmac.compare_digest(known.pin.encode(), pin.encode()):
            raise Keystore(why="passphrase")


class TokenVault:
    """The keys in a token (drivers.keys.store.Vault). Raises `KeyToken`, `KeyUnguarded`."""

    def __init__(self, at: TokenAt) -> None:
        self._keys = _guarded_keys(_logins[at].session)
        self.names = frozenset(self._keys)

    def derive(self, name: KeyName, m: bytes) -> bytes:
        if len(m) < 16:  # shorter, AN10922 is no plain CMAC
            raise ValueError(f"{len(m)} bytes of diversification input")
        return self.cmac(name, b"\x01" + m)

    def cmac(self, name: KeyName, message: bytes) -> bytes:
        return self._mac(name, message, pkcs11.Mechanism.AES_CMAC)

    def hmac(self, name: KeyName, message: bytes) -> bytes:
        return self._mac(name, message, pkcs11.Mechanism.SHA256_HMAC)

    def _mac(self, name: KeyName, message: bytes, mechanism: pkcs11.Mechanism) -> bytes:
        with _answers():
            return bytes(self._keys[name].sign(message, mechanism=mechanism))


def open_token_store(at: TokenAt, pin: str, file: Path) -> VaultKeyStore:
    """The key store in a token and the `file` beside it.
    Raises `Keystore`, `KeyToken`, `KeyUnguarded`, and `KeyNameBad` where a key of ours in the
    token has another label."""
    log_in(at, pin)
    vault = TokenVault(at)
    own = open_material(file, _file_secret(vault))
    return VaultKeyStore(vault, terminal_seed=own.terminal_seed, transport_b=own.transport_b)


class TokenCustody:
    """A token and the `file` beside it, as custodians see them (drivers.keys.custody.Custody)."""

    def __init__(self, at: TokenAt, pin: str, file: Path) -> None:
        log_in(at, pin)
        self._at, self._file = at, file

    def fingerprints(self) -> dict[KeyName, bytes]:
        vault = TokenVault(self._at)
        found = {name: fingerprint_in(vault, name) for name in vault.names}
        if self._file.exists() and (transport := self.portable().transport_b) is not None:
            found[TRANSPORT] = fingerprint(TRANSPORT, transport)
        return {name: found[name] for name in sorted(found)}

    def add(self, name: KeyName, key: bytes) -> bool:
        if not is_new(name, fingerprint(name, key), self.fingerprints()):
            return False
        if name == TRANSPORT:
            self.keep(self.portable().with_key(name, key))
            return True
        kind = pkcs11.KeyType.AES if name.is_aes else pkcs11.KeyType.GENERIC_SECRET
        with self._writing() as session:
            session.create_object(
                {
                    Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                    Attribute.KEY_TYPE: kind,
                    Attribute.LABEL: str(name),
                    Attribute.ID: _ID,
                    Attribute.VALUE: key,
                    **_GUARDED,
                }
            )
        return True

    def generate(self, name: KeyName) -> None:
        if name in TokenVault(self._at).names:
            raise KeyHeld(key=str(name))
        kind = pkcs11.KeyType.AES if name.is_aes else pkcs11.KeyType.GENERIC_SECRET
        with self._writing() as session:
            session.generate_key(
                kind,
                name.key_bytes * 8,
                id=_ID,
                label=str(name),
                store=True,
                capabilities=pkcs11.MechanismFlag.SIGN,
                template=_GUARDED,
            )

    def portable(self) -> KeyMaterial:
        return open_material(self._file, _file_secret(TokenVault(self._at)))

    def keep(self, own: KeyMaterial) -> None:
        """Write the file beside the token anew: the terminal's key and the transport key of
        `own`; durable on return. Makes `seal` where there is none."""
        if SEAL not in TokenVault(self._at).names:
            self.generate(SEAL)
        left = KeyMaterial.of_a_terminal(own.terminal_seed)
        if own.transport_b is not None:
            left = left.with_key(TRANSPORT, own.transport_b)
        write_store(self._file, left, _file_secret(TokenVault(self._at)), **_FILE_COST)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with _answers(), _logins[self._at].token.open(rw=True) as session:
            yield session


def _file_secret(vault: TokenVault) -> str:
    if SEAL not in vault.names:
        raise Keystore(why="missing")
    return vault.hmac(SEAL, _SEALED).hex()


def _token(at: TokenAt) -> Token:
    try:
        library = pkcs11.lib(at.library)
    except pkcs11.PKCS11Error:
        raise KeyToken(why="library") from None
    try:
        return library.get_token(token_label=at.label)
    except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned):
        raise KeyToken(why="token") from None


def _guarded_keys(session: Session) -> dict[KeyName, SignMixin]:
    wanted = {Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY, Attribute.ID: _ID}
    found: dict[KeyName, SignMixin] = {}
    with _answers():
        # The list is read to its end first: a search and a signature share the session.
        for key in list(session.get_objects(wanted)):
            name = KeyName.parse(str(key[Attribute.LABEL]))
            guarded = all(key[attribute] == value for attribute, value in _MUST.items())
            if name in found or not guarded or not isinstance(key, SignMixin):
                raise KeyUnguarded(key=str(name))
            found[name] = key
    return found


@contextmanager
def _answers() -> Iterator[None]:
    """Turn what the token's library answers into our faults; its own text is not looked at."""
    try:
        yield
    except _WRONG_PIN:
        raise Keystore(why="passphrase") from None
    except pkcs11.PKCS11Error as error:
        raise KeyToken(why=type(error).__name__) from None
