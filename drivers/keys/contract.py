"""What a key store does for us. Master keys never come out; Classic card keys must (they travel to
the reader chip in the open), so they leave as `Secret`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from apdu.secret import Secret


class TokenAt(NamedTuple):
    """Where a PKCS#11 token is: the path of its library, and its label."""

    library: str
    label: str


class KeyStore(Protocol):
    """Diversifies, authenticates and signs. Methods raise `Keystore` where the store fails."""

    @property
    def can_issue(self) -> bool:
        """Whether a token key is held (counter, import; a simulation home)."""
        ...

    @property
    def card_key_version(self) -> int:
        """The version of the card master that new keys are made under, 1 to 255 (0 is the key
        version of a DESFire card as its maker delivers it). Raises `KeyMissing`."""
        ...

    @property
    def previous_key_version(self) -> int | None:
        """The version before it, under which cards in the field may still be; None: there was
        none."""
        ...

    @property
    def has_older_versions(self) -> bool:
        """Whether there were versions that no Classic is tried with: neither the current nor the
        previous. A card under one of them opens with no key. Raises `KeyMissing`."""
        ...

    def card_key(
        self, uid: bytes, sector: int, *, key_b: bool, version: int | None = None
    ) -> Secret:
        """The 6-byte Classic key of one sector of one card: the first six bytes of AN10922
        AES-128 over UID, AID, system id, sector and A/B (cards.md 2.9, 6). `version` None: the
        current one. Raises `NoCardKey`."""
        ...

    def desfire_key(self, uid: bytes, aid: bytes, key_no: int, *, version: int) -> Secret:
        """The 16-byte AES key number `key_no` (0 to 13) of the application `aid` (3 bytes as
        sent, zeros: the card itself) of one card: AN10922 AES-128 over UID, AID, key number and
        system id (cards.md 6). `uid` has 4, 7 or 10 bytes; of a card with a random UID it is the
        real one. Raises `NoCardKey`."""
        ...

    def transport_key(self) -> Secret:
        """Key B of our sectors on the stock as delivered, 6 bytes."""
        ...

    def record_mac(self, uid: bytes, body: bytes) -> bytes:
        """16-byte AES-CMAC of `body` under this card's record key (AN10922 of the record master
        over the UID). Callers put the record's name into `body` and truncate."""
        ...

    def card_ref(self, uid: bytes) -> bytes:
        """HMAC-SHA256(K_ref, UID)[:8]: the only name of a card in stores and messages."""
        ...

    def token(self, generation: int, stretched: bytes) -> bytes:
        """HMAC-SHA256(K_token[generation], "flora token g" || 00 || stretched)[:16], ledger.md 3.1.
        Raises `NoTokenKey`."""
        ...

    @property
    def public_key(self) -> bytes:
        """The terminal's Ed25519 public key, 32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature by the terminal's key, 64 bytes."""
        ...
