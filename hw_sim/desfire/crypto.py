"""The ciphers, MACs and check sums of DESFire, from the card's side.

Source: NIST SP 800-38B; FIPS 113; AN12196; cards.md 5.3, 5.4.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

CRC32_BYTES, CRC16_BYTES = 4, 2


@dataclass(frozen=True, slots=True)
class BlockCipher:
    """AES with 16 bytes of key, or triple DES with 8, 16 or 24 (8 are DES)."""

    key: bytes
    aes: bool

    @property
    def block(self) -> int:
        """Bytes of a block: 16 or 8."""
        return 16 if self.aes else 8

    def _cipher(self, iv: bytes) -> Cipher[modes.CBC]:
        key = self.key
        algorithm = AES(key) if self.aes else TripleDES((key * 3)[:24] if len(key) < 24 else key)
        return Cipher(algorithm, modes.CBC(iv))

    @property
    def zero_iv(self) -> bytes:
        """The IV that every chain starts from."""
        return bytes(self.block)

    def encrypt(self, data: bytes, iv: bytes | None = None) -> bytes:
        """CBC over whole blocks."""
        return self._cipher(self.zero_iv if iv is None else iv).encryptor().update(data)

    def decrypt(self, data: bytes, iv: bytes | None = None) -> bytes:
        """CBC over whole blocks."""
        return self._cipher(self.zero_iv if iv is None else iv).decryptor().update(data)


def subkeys(cipher: BlockCipher) -> tuple[bytes, bytes]:
    """K1 and K2 of CMAC."""
    first = _doubled(cipher.encrypt(cipher.zero_iv))
    return first, _doubled(first)


def _doubled(block: bytes) -> bytes:
    size = len(block)
    number = int.from_bytes(block, "big") << 1
    if number >> 8 * size:
        number ^= 1 << 8 * size | (0x87 if size == 16 else 0x1B)
    return number.to_bytes(size, "big")


def cmac(cipher: BlockCipher, message: bytes, iv: bytes | None = None) -> bytes:
    """A whole CMAC. With an IV it is the running one of an EV1 session: the chain goes on from
    there instead of from zero."""
    k1, k2 = subkeys(cipher)
    whole = bool(message) and len(message) % cipher.block == 0
    padded = message if whole else pad_80(message, cipher.block)
    last = xor(padded[-cipher.block :], k1 if whole else k2)
    return cipher.encrypt(padded[: -cipher.block] + last, iv)[-cipher.block :]


def truncated(mac: bytes) -> bytes:
    """The 8 bytes of an EV2 MAC: every second byte, from the second on."""
    return mac[1::2]


def cbc_mac(cipher: BlockCipher, data: bytes) -> bytes:
    """ISO 9797-1 algorithm 1 with zero padding: the MAC of D40, which sends its first 4 bytes."""
    return cipher.encrypt(pad_00(data, cipher.block))[-cipher.block :]


def retail_mac(first: BlockCipher, second: BlockCipher, data: bytes) -> bytes:
    """ISO 9797-1 algorithm 3 with zero padding, of two DES keys."""
    return first.encrypt(second.decrypt(cbc_mac(first, data)))


def crc32(data: bytes) -> bytes:
    """CRC32 of DESFire, 4 bytes low byte first: IEEE without the final inversion."""
    return (zlib.crc32(data) ^ 0xFFFFFFFF).to_bytes(CRC32_BYTES, "little")


def pad_00(data: bytes, block: int) -> bytes:
    """Zero bytes up to whole blocks, none if it is whole."""
    return data + bytes(-len(data) % block)


def pad_80(data: bytes, block: int) -> bytes:
    """80 and zero bytes up to whole blocks, always at least the 80."""
    return pad_00(data + b"\x80", block)


def unpad_80(data: bytes) -> bytes | None:
    """What stood before the padding; None if there is no padding."""
    found = data.rstrip(b"\x00")
    return found[:-1] if found.endswith(b"\x80") else None


def xor(one: bytes, other: bytes) -> bytes:
    """Of equal length."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def rotated(data: bytes) -> bytes:
    """By one byte to the left."""
    return data[1:] + data[:1]
