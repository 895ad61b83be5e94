"""Key diversification, AN10922 2.2 (AES-128) and 2.4 (2K3DES) (cards.md 6).

Each key is a CMAC whose input is padded to *two* blocks always, so that for a shorter one it is no
plain CMAC.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_AES_128: Final = b"\x01"  # AN10922: the constant of an AES-128 key
_2K3DES: Final = (b"\x21", b"\x22")  # of the first and the second half of a 2K3DES key
_KEY_BYTES: Final = 16
_TDES_BYTES: Final = 24
_AES_BLOCK, _DES_BLOCK = 16, 8
_AES_DOUBLING, _DES_DOUBLING = 0x87, 0x1B
M_BYTES_MAX: Final = 31
M_BYTES_MAX_2K3DES: Final = 15


class Diversifier:
    """Derives keys from one 16-byte AES master, which is scheduled once and not kept otherwise."""

    __slots__ = ("_mac",)

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_BYTES:
            raise ValueError(f"{len(master)} bytes are no AES-128 key")
        self._mac = _TwoBlocks(algorithms.AES(master), _AES_BLOCK, _AES_DOUBLING)

    def key(self, m: bytes) -> bytes:
        """The 16-byte key for the diversification input `m` (1 to 31 bytes)."""
        _check_input(m, M_BYTES_MAX)
        return self._mac.of(_AES_128 + m)


class Diversifier2K3des:
    """Derives 2K3DES keys from one 16-byte master."""

    __slots__ = ("_mac",)

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_BYTES:
            raise ValueError(f"{len(master)} bytes are no 2K3DES key")
        self._mac = _TwoBlocks(TripleDES((master * 2)[:_TDES_BYTES]), _DES_BLOCK, _DES_DOUBLING)

    def key(self, m: bytes, *, version: int | None = None) -> bytes:
        """The 16-byte key for the diversification input `m` (1 to 15 bytes).

        `version` (0 to 255, the master's) goes into the lowest bits of the first eight bytes,
        where a DES key keeps it; without it they stay as they come (AN10922 2.4.1)."""
        _check_input(m, M_BYTES_MAX_2K3DES)
        first, second = (self._mac.of(half + m) for half in _2K3DES)
        return (first if version is None else _with_version(first, version)) + second


class _TwoBlocks:
    """CMAC over two blocks exactly, with one keyed cipher."""

    __slots__ = ("_block", "_encrypt", "_k1", "_k2")

    def __init__(self, cipher: algorithms.AES | TripleDES, block_bytes: int, doubling: int) -> None:
        # ECB is used a block at a time only: the CBC chain over two blocks is done below.
        self._encrypt = Cipher(cipher, modes.ECB()).encryptor()  # noqa: S305
        self._block = block_bytes
        self._k1 = _doubled(self._encrypt.update(bytes(block_bytes)), doubling)
        self._k2 = _doubled(self._k1, doubling)

    def of(self, said: bytes) -> bytes:
        both = 2 * self._block
        whole = len(said) == both
        padded = said if whole else (said + b"\x80").ljust(both, b"\x00")
        last = _xor(padded[self._block :], self._k1 if whole else self._k2)
        return self._encrypt.update(_xor(self._encrypt.update(padded[: self._block]), last))


def _with_version(half: bytes, version: int) -> bytes:
    bits = (version >> (7 - n) & 1 for n in range(_DES_BLOCK))
    return bytes(byte & 0xFE | bit for byte, bit in zip(half, bits, strict=True))


def _check_input(m: bytes, most: int) -> None:
    if not 1 <= len(m) <= most:
        raise ValueError(f"{len(m)} bytes of diversification input")


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def _doubled(block: bytes, doubling: int) -> bytes:
    """Twice `block` in GF(2¹²⁸) or GF(2⁶⁴), as CMAC makes its subkeys."""
    bits = 8 * len(block)
    number = int.from_bytes(block, "big") << 1
    if number >> bits:
        number = number ^ 1 << bits ^ doubling
    return number.to_bytes(len(block), "big")
