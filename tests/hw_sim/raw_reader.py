"""A reader that does Crypto1 itself, over bits: written from the traces, with a cipher of its own
that shares nothing with the card's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hw_sim.frames import cascade, with_crc
from hw_sim.raw import Bits, bits_of, bytes_of

TAPS = (0, 5, 9, 10, 12, 14, 15, 17, 19, 24, 25, 27, 29, 35, 39, 41, 42, 43)
TABLES = ((0xD938, 9), (0xF22C, 17), (0xF22C, 25), (0xD938, 33), (0xF22C, 41))


def bit_list(data: bytes) -> list[int]:
    return [byte >> n & 1 for byte in data for n in range(8)]


def to_bytes(bits: Sequence[int]) -> bytes:
    return bytes(sum(b << n for n, b in enumerate(bits[at : at + 8]))
                 for at in range(0, len(bits), 8))  # fmt: skip


def later(nonce: bytes, steps: int) -> bytes:
    bits = bit_list(nonce)
    for _ in range(steps):
        bits = [*bits[1:], bits[16] ^ bits[18] ^ bits[19] ^ bits[21]]
    return to_bytes(bits)


class Cipher:
    """Crypto1 as a list of 48 bits."""

    def __init__(self, key: bytes) -> None:
        self.x = bit_list(key)

    def next(self) -> int:
        found = 0
        for place, (table, at) in enumerate(TABLES):
            a, b, c, d = (self.x[at + n] for n in (0, 2, 4, 6))
            found |= (table >> (8 * a + 4 * b + 2 * c + d) & 1) << place
        return 0xEC57E80A >> found & 1

    def clock(self, given: int = 0) -> int:
        out, new = self.next(), given
        for tap in TAPS:
            new ^= self.x[tap]
        self.x = [*self.x[1:], new]
        return out

    def send(self, data: bytes, *, fed: bool = False, wrong_parity: bool = False) -> Bits:
        """Enciphered bits with enciphered parity; `fed`: the plain bits go into the cipher."""
        sent: list[int] = []
        for byte in data:
            ones = [byte >> n & 1 for n in range(8)]
            sent += [bit ^ self.clock(bit if fed else 0) for bit in ones]
            sent.append((1 ^ sum(ones) & 1 ^ wrong_parity) ^ self.next())
        return tuple(sent)

    def hear(self, bits: Sequence[int], *, mask: bytes | None = None) -> bytes:
        """Plain bytes of enciphered bits, their parity checked. `mask`: a nested nonce arrives,
        and goes in together with the UID."""
        found = bytearray()
        for at in range(0, len(bits), 9):
            byte = 0
            for n, bit in enumerate(bits[at : at + 8]):
                plain = bit ^ self.next()
                self.clock(plain ^ (mask[at // 9] >> n & 1) if mask else 0)
                byte |= plain << n
            assert bits[at + 8] ^ self.next() == 1 ^ byte.bit_count() & 1, "parity"
            found.append(byte)
        return bytes(found)


class BitPort(Protocol):
    """Bits of a frame out, bits of the answer back."""

    def exchange(self, bits: Sequence[int]) -> Bits | None: ...


class RawReader:
    """Selects, authenticates, asks; `nonce` is what the card drew last."""

    def __init__(self, port: BitPort, uid: bytes) -> None:
        self.port, self.uid = port, uid
        self.cipher: Cipher | None = None
        self.nonce = b""

    def select(self) -> None:
        self.cipher = None
        # An active card misses the first one and falls back to where it hears the second.
        assert any(self.port.exchange(bits_of(b"\x52")) is not None for _ in range(2))
        for sel, level in zip((0x93, 0x95), cascade(self.uid), strict=False):
            assert bytes_of(self.port.exchange(bits_of(bytes((sel, 0x20)))) or ()) == level
            assert self.clear(with_crc(bytes((sel, 0x70)) + level)) is not None

    def clear(self, frame: bytes) -> bytes | None:
        answer = self.port.exchange(bits_of(frame))
        return None if answer is None else bytes_of(answer)

    def ask(self, frame: bytes) -> bytes | None:
        """A frame in the session; an ACK or NAK is one byte."""
        cipher = self.cipher
        assert cipher is not None
        answer = self.port.exchange(cipher.send(with_crc(frame)))
        if answer is None:
            return None
        if len(answer) == 4:
            return bytes((sum((bit ^ cipher.clock()) << n for n, bit in enumerate(answer)),))
        return cipher.hear(answer)

    def challenge(self, block: int, key: bytes, *, b: bool = False) -> Cipher | None:
        """AUTH, nested where a session is open; the new cipher with the nonce in it."""
        frame = with_crc(bytes((0x61 if b else 0x60, block)))
        sent = bits_of(frame) if self.cipher is None else self.cipher.send(frame)
        answer, cipher, uid = self.port.exchange(sent), Cipher(key), self.uid[-4:]
        if answer is None or len(answer) != 36:
            return None
        if self.cipher is not None:
            self.nonce = cipher.hear(answer, mask=uid)
        else:
            self.nonce = bytes_of(answer) or b""
            for bit in bit_list(bytes(u ^ n for u, n in zip(uid, self.nonce, strict=True))):
                cipher.clock(bit)
        return cipher

    def open(self, block: int, key: bytes, *, b: bool = False, chosen: bytes = b"\x12\x34\x56\x78",
             wrong_parity: bool = False) -> bool:  # fmt: skip
        """Both halves of an authentication; whether the card has shown that it knows the key."""
        cipher = self.challenge(block, key, b=b)
        assert cipher is not None
        proof = cipher.send(chosen, fed=True, wrong_parity=wrong_parity)
        answer = self.port.exchange(proof + cipher.send(later(self.nonce, 64)))
        self.cipher = cipher if answer is not None else None
        return answer is not None and cipher.hear(answer) == later(self.nonce, 96)
