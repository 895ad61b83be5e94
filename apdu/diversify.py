"""Key diversification with AES-128, AN10922 2.2 (cards.md 6).

The input is padded to *two* blocks always, so for fewer than 16 bytes it is no plain CMAC.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK_BYTES = 16
_AES_128 = b"\x01"  # AN10922: the constant of an AES-128 key
M_BYTES_MAX = 31


class Diversifier:
    """Derives keys from one 16-byte master, which is scheduled once and not kept otherwise."""

    __slots__ = ("_encrypt", "_k1", "_k2")

    def __init__(self, master: bytes) -> None:
        if len(master) != _BLOCK_BYTES:
            raise ValueError(f"{len(master)} bytes are no AES-128 key")
        # ECB is used a block at a time only: the CBC chain over two blocks is done below.
        self._encrypt = Cipher(algorithms.AES(master), modes.ECB()).encryptor()  # noqa: S305
        self._k1 = _doubled(self._encrypt.update(bytes(_BLOCK_BYTES)))
        self._k2 = _doubled(self._k1)

    def key(self, m: bytes) -> bytes:
        """The 16-byte key for the diversification input `m` (1 to 31 bytes)."""
        if not 1 <= len(m) <= M_BYTES_MAX:
            raise ValueError(f"{len(m)} bytes of diversification input")
        said = _AES_128 + m
        whole = len(said) == 2 * _BLOCK_BYTES
        padded = said if whole else (said + b"\x80").ljust(2 * _BLOCK_BYTES, b"\x00")
        last = _xor(padded[_BLOCK_BYTES:], self._k1 if whole else self._k2)
        return self._encrypt.update(_xor(self._encrypt.update(padded[:_BLOCK_BYTES]), last))


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _doubled(block: bytes) -> bytes:
    """Twice `block` in GF(2¹²⁸), as CMAC makes its subkeys."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number = number ^ 1 << 128 ^ 0x87
    return number.to_bytes(_BLOCK_BYTES, "big")
