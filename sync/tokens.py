"""A person's number becomes a token: a slow salted hash, then an HMAC by the key store.

The number is in memory only while it is typed or read; what is kept is 16 bytes that tell nothing
without the city's token key. Source: ledger.md 3.1, RFC 9106.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from drivers.keys.contract import KeyStore
from sync.profile import Generation, Profile

GENERATION = 1  # until a city layers its tokens (ledger.md 3.3)
TOKEN_BYTES = 16
_STRETCHED_BYTES = 32
_NUMBER = re.compile(r"[A-Z0-9]{10}")


def stretch(number: str, *, salt: bytes, cost: Generation) -> bytes:
    """Argon2id over a checked number (10 characters, upper case): 32 bytes, the slow part.

    Other threads run meanwhile: a screen computes it while the clerk reads the documents.
    """
    if not _NUMBER.fullmatch(number):
        raise ValueError("a number is checked before it is stretched")  # and never shown
    return Argon2id(
        salt=salt,
        length=_STRETCHED_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(number.encode("ascii"))


def token_of(number: str, *, profile: Profile, keys: KeyStore) -> bytes:
    """The token of one number in the profile's current generation. Raises `NoTokenKey`."""
    cost = profile.generation
    return keys.token(cost.gen, stretch(number, salt=profile.salt, cost=cost))


def tokens_of(numbers: Iterable[str], *, profile: Profile, keys: KeyStore) -> frozenset[bytes]:
    """The tokens of all numbers that one person showed."""
    return frozenset(token_of(number, profile=profile, keys=keys) for number in numbers)
