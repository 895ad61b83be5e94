"""The invite code that a terminal joins with, and the MAC that both sides of enrolment carry.

code = base32(secret (10 bytes) || SHA-256(hub public key)[:10]) in groups of 4 (ledger.md A.2).
The second half tells the terminal which hub it may believe before it has any other key; of the
first half the hub keeps only SHA-256("flora enrol" || secret).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from sync.wire.messages import WireForm, b64

SECRET_BYTES = 10
_PRINT_BYTES = 10


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Invite:
    """A code taken apart. Its repr shows nothing of it."""

    secret: bytes
    hub_print: bytes

    def __repr__(self) -> str:
        return "Invite"

    def mac_key(self) -> bytes:
        """The key of both MACs, 32 bytes: all that the hub keeps of the secret."""
        return hashlib.sha256(b"flora enrol" + self.secret).digest()

    def is_of(self, hub_key: bytes) -> bool:
        """Whether the code was made by the hub with this public key."""
        return hmac.compare_digest(self.hub_print, _print(hub_key))

    def code(self) -> str:
        """The 32 characters in groups of 4."""
        text = base64.b32encode(self.secret + self.hub_print).decode("ascii")
        return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def new_invite(secret: bytes, hub_key: bytes) -> Invite:
    """An invite of this hub. `secret`: 10 random bytes."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"secret of {len(secret)} bytes")
    return Invite(secret=secret, hub_print=_print(hub_key))


def parse_code(text: str) -> Invite:
    """Read a code as people type it: any case, with or without dashes and spaces, 0 for O and 1
    for I (base32 has neither digit). Raises `WireForm`."""
    plain = "".join(text.split()).replace("-", "").upper().replace("0", "O").replace("1", "I")
    try:
        data = base64.b32decode(plain)
    except (binascii.Error, ValueError):
        raise WireForm("code") from None
    if len(data) != SECRET_BYTES + _PRINT_BYTES:
        raise WireForm("code")
    return Invite(secret=data[:SECRET_BYTES], hub_print=data[SECRET_BYTES:])


def mac(key: bytes, body: bytes) -> str:
    """The `Flora-Mac` field over exactly these body bytes."""
    return b64(hmac.digest(key, body, "sha256"))


def mac_is(key: bytes, body: bytes, text: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(mac(key, body).encode("ascii"), text.encode("utf-8", "replace"))


def _print(hub_key: bytes) -> bytes:
    return hashlib.sha256(hub_key).digest()[:_PRINT_BYTES]
