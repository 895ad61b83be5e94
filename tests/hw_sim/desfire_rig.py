"""A DESFire to talk to in whole messages, and a terminal of the tests' own.

The terminal here is written for the tests from cards.md 5 and shares nothing with the card side
but the block ciphers of `cryptography`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from random import Random

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import cmac as library_cmac
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from hw_sim.desfire.card import Desfire, DesfireCard
from hw_sim.desfire.image import DesfireImage, Key, KeyKind
from hw_sim.frames import crc_a
from hw_sim.stock import new_desfire

ZERO = bytes(16)
APP = bytes.fromhex("f48120")


OK, NO_CHANGES, INTEGRITY, DENIED, AUTHENTICATION = 0x00, 0x0C, 0x1E, 0x9D, 0xAE
BOUNDARY, DUPLICATE, ABORTED, ILLEGAL, NO_KEY, LENGTH = 0xBE, 0xDE, 0xCA, 0x1C, 0x40, 0x7E
MORE = 0xAF


def little(number: int, size: int) -> bytes:
    return (number & (1 << 8 * size) - 1).to_bytes(size, "little")


def rights(text: str) -> bytes:
    """Read, write, both, change as four hexadecimal digits."""
    return int(text, 16).to_bytes(2, "little")


def data_file(number: int, of: str, *, comm: int = 0, size: int = 32, code: int = 0xCD) -> bytes:
    return bytes((code, number, comm)) + rights(of) + little(size, 3)


def value_file(number: int, of: str, *, comm: int = 0, limited: int = 1) -> bytes:
    limits = little(-10_000, 4) + little(10_000, 4) + little(0, 4)
    return bytes((0xCC, number, comm)) + rights(of) + limits + bytes((limited,))


def record_file(number: int, of: str, *, size: int, most: int, code: int, comm: int = 0) -> bytes:
    return bytes((code, number, comm)) + rights(of) + little(size, 3) + little(most, 3)


def at(code: int, number: int, offset: int, length: int, data: bytes = b"") -> bytes:
    return bytes((code, number)) + little(offset, 3) + little(length, 3) + data


def write(number: int, data: bytes, offset: int = 0) -> bytes:
    return at(0x3D, number, offset, len(data), data)


def record(number: int, data: bytes, offset: int = 0) -> bytes:
    return at(0x3B, number, offset, len(data), data)


def count(code: int, number: int, amount: int) -> bytes:
    return bytes((code, number)) + little(amount, 4)


class Scripted(Random):
    """Chance that says what a vector says."""

    def __init__(self, *drawn: bytes) -> None:
        super().__init__(0)
        self._drawn: Iterator[bytes] = iter(drawn)

    def randbytes(self, n: int) -> bytes:
        found = next(self._drawn)
        assert len(found) == n
        return found


def blank(*, ev1: bool = False, uid: str = "04a1b2c3d4e5f6") -> DesfireImage:
    return new_desfire(Random(1), uid=bytes.fromhex(uid), ev1=ev1)


def aes_key(value: bytes = ZERO, version: int = 0) -> Key:
    return Key(KeyKind.AES, value, version)


def des_key(value: bytes = ZERO) -> Key:
    return Key(KeyKind.DES, value)


def cbc(key: bytes, data: bytes, iv: bytes, *, aes: bool, decrypt: bool = False) -> bytes:
    algorithm = AES(key) if aes else TripleDES((key * 3)[:24])
    cipher = Cipher(algorithm, modes.CBC(iv))
    return (cipher.decryptor() if decrypt else cipher.encryptor()).update(data)


def aes_cmac(key: bytes, data: bytes) -> bytes:
    made = library_cmac.CMAC(AES(key))
    made.update(data)
    return made.finalize()


def crc32(data: bytes) -> bytes:
    return (zlib.crc32(data) ^ 0xFFFFFFFF).to_bytes(4, "little")


class Terminal:
    """One powered card, spoken to natively; no session."""

    def __init__(self, image: DesfireImage, rng: Random | None = None) -> None:
        self.image = image
        self.desfire = Desfire(image, rng or Random(7))

    def raw(self, message: str | bytes) -> bytes:
        data = bytes.fromhex(message) if isinstance(message, str) else message
        return self.desfire.transmit(data)

    def ask(self, message: str | bytes) -> bytes:
        """The data of a command that succeeds, all frames of it."""
        status, data = self.say(message)
        assert status == 0, f"{status:02x}"
        return data

    def say(self, message: str | bytes) -> tuple[int, bytes]:
        """Status and data, all frames of the answer."""
        answer = self.raw(message)
        data = answer[1:]
        while answer[0] == 0xAF:
            answer = self.raw(b"\xaf")
            data += answer[1:]
        return answer[0], data

    def status(self, message: str | bytes) -> int:
        return self.say(message)[0]

    def write(self, message: bytes) -> int:
        """A command in as many frames as it takes; its status."""
        part, rest = message[:60], message[60:]
        answer = self.raw(part)
        while answer == b"\xaf" and rest:
            answer = self.raw(b"\xaf" + rest[:59])
            rest = rest[59:]
        return answer[0]

    def select(self, aid: bytes = APP) -> None:
        self.ask(b"\x5a" + aid)

    def application(
        self, ks1: int = 0x0F, ks2: int = 0x85, aid: bytes = APP, more: bytes = b""
    ) -> None:
        """Made and selected."""
        self.ask(b"\xca" + aid + bytes((ks1, ks2)) + more)
        self.select(aid)

    def d40(self, key_no: int = 0, key: bytes = ZERO, a: bytes = b"AAAAaaaa") -> D40:
        """Authenticate with `0A`."""
        challenge = self.raw(bytes((0x0A, key_no)))
        assert challenge[0] == 0xAF, challenge.hex()
        b = cbc(key, challenge[1:], bytes(8), aes=False, decrypt=True)
        answer = self.raw(b"\xaf" + d40_send(key, a + b[1:] + b[:1]))
        assert answer == b"\x00" + cbc(key, a[1:] + a[:1], bytes(8), aes=False)
        single = bytes(x & 0xFE for x in key[:8]) == bytes(x & 0xFE for x in key[8:])
        return D40(self, a[:4] + b[:4] if single else a[:4] + b[:4] + a[4:8] + b[4:8])

    def ev1(self, key_no: int = 0, key: bytes = ZERO, a: bytes = b"0123456789abcdef") -> Ev1:
        """Authenticate with `AA`."""
        first = self.raw(bytes((0xAA, key_no)))
        assert first[0] == 0xAF, first.hex()
        b = cbc(key, first[1:], ZERO, aes=True, decrypt=True)
        proof = cbc(key, a + b[1:] + b[:1], first[1:], aes=True)
        answer = self.raw(b"\xaf" + proof)
        assert answer[:1] == b"\x00"
        assert cbc(key, answer[1:], proof[-16:], aes=True, decrypt=True) == a[1:] + a[:1]
        return Ev1(self, a[:4] + b[:4] + a[12:] + b[12:])

    def ev2(
        self,
        key_no: int = 0,
        key: bytes = ZERO,
        *,
        before: Ev2 | None = None,
        a: bytes = b"0123456789abcdef",
    ) -> Ev2:
        """Authenticate with `71`, or with `77` in the session `before`."""
        first = self.raw(bytes((0x71, key_no, 0) if before is None else (0x77, key_no)))
        assert first[0] == 0xAF, first.hex()
        b = cbc(key, first[1:], ZERO, aes=True, decrypt=True)
        answer = self.raw(b"\xaf" + cbc(key, a + b[1:] + b[:1], ZERO, aes=True))
        assert answer[:1] == b"\x00"
        plain = cbc(key, answer[1:], ZERO, aes=True, decrypt=True)
        mixed = bytes(x ^ y for x, y in zip(a[2:8], b[:6], strict=True))
        tail = bytes.fromhex("00010080") + a[:2] + mixed + b[6:] + a[8:]
        enc, mac = (aes_cmac(key, bytes.fromhex(label) + tail) for label in ("a55a", "5aa5"))
        if before is not None:
            assert plain == a[1:] + a[:1]
            return Ev2(self, enc, mac, before.ti, before.counter)
        assert plain[4:20] == a[1:] + a[:1]
        return Ev2(self, enc, mac, plain[:4], 0)


def d40_send(key: bytes, data: bytes) -> bytes:
    """The terminal of the first generation deciphers what it sends, chained over its output."""
    out, before = b"", bytes(8)
    for n in range(0, len(data), 8):
        mixed = bytes(x ^ y for x, y in zip(data[n : n + 8], before, strict=True))
        before = cbc(key, mixed, bytes(8), aes=False, decrypt=True)
        out += before
    return out


class D40:
    """A session of the first generation."""

    def __init__(self, terminal: Terminal, key: bytes) -> None:
        self.terminal, self.key = terminal, key

    def sealed(self, data: bytes) -> bytes:
        whole = data + crc_a(data)
        return d40_send(self.key, whole + bytes(-len(whole) % 8))

    def mac(self, data: bytes) -> bytes:
        return cbc(self.key, data + bytes(-len(data) % 8), bytes(8), aes=False)[-8:-4]

    def full(self, head: bytes, data: bytes) -> int:
        return self.terminal.write(head + self.sealed(data))

    def opened(self, sent: bytes, size: int) -> bytes:
        plain = cbc(self.key, sent, bytes(8), aes=False, decrypt=True)
        assert plain[size : size + 2] == crc_a(plain[:size])
        return plain[:size]


class Ev1:
    """A session of AES authentication: one IV through everything."""

    def __init__(self, terminal: Terminal, key: bytes) -> None:
        self.terminal, self.key, self.iv = terminal, key, ZERO

    def cmac(self, data: bytes) -> bytes:
        """The running CMAC: the library's starts from zero, so the IV goes into the first block
        (longer messages) or, with a single block, both are mixed."""
        k0 = int.from_bytes(cbc(self.key, ZERO, ZERO, aes=True), "big")
        k1 = (k0 << 1 ^ (0x87 if k0 >> 127 else 0)) & (1 << 128) - 1
        k2 = (k1 << 1 ^ (0x87 if k1 >> 127 else 0)) & (1 << 128) - 1
        whole = bool(data) and len(data) % 16 == 0
        padded = data if whole else data + b"\x80" + bytes(-(len(data) + 1) % 16)
        mask = (k1 if whole else k2).to_bytes(16, "big")
        last = bytes(x ^ y for x, y in zip(padded[-16:], mask, strict=True))
        self.iv = cbc(self.key, padded[:-16] + last, self.iv, aes=True)[-16:]
        return self.iv[:8]

    def answer(self, sent: bytes) -> bytes:
        data, mac = sent[:-8], sent[-8:]
        assert mac == self.cmac(data + b"\x00")
        return data

    def plain(self, message: bytes) -> bytes:
        """Any command that travels plain or MACed but writes no file."""
        self.cmac(message)
        return self.answer(self.terminal.ask(message))

    def mac(self, message: bytes) -> bytes:
        sent = message + self.cmac(message)
        status = self.terminal.write(sent)
        assert status == 0, f"{status:02x}"
        return sent

    def sealed(self, head: bytes, data: bytes, more: bytes = b"") -> bytes:
        whole = data + crc32(head + data) + more
        sent = cbc(self.key, whole + bytes(-len(whole) % 16), self.iv, aes=True)
        self.iv = sent[-16:]
        return head + sent

    def read(self, message: bytes, size: int) -> bytes:
        """A read of a file in full mode."""
        self.cmac(message)
        sent = self.terminal.ask(message)
        plain = cbc(self.key, sent, self.iv, aes=True, decrypt=True)
        self.iv = sent[-16:]
        assert plain[size : size + 4] == crc32(plain[:size] + b"\x00")
        return plain[:size]


class Ev2:
    """A session of AuthenticateEV2."""

    def __init__(self, terminal: Terminal, enc: bytes, mac: bytes, ti: bytes, counter: int) -> None:
        self.terminal, self.enc, self.mac_key = terminal, enc, mac
        self.ti, self.counter = ti, counter

    def mac(self, first: int, data: bytes) -> bytes:
        counter = self.counter.to_bytes(2, "little")
        return aes_cmac(self.mac_key, bytes((first,)) + counter + self.ti + data)[1::2]

    def iv(self, label: str) -> bytes:
        block = bytes.fromhex(label) + self.ti + self.counter.to_bytes(2, "little") + bytes(8)
        return cbc(self.enc, block, ZERO, aes=True)

    def sealed(self, head: bytes, data: bytes = b"") -> bytes:
        """Head and enciphered data with their MAC; without data a MACed command."""
        if data:
            padded = data + b"\x80" + bytes(-(len(data) + 1) % 16)
            head += cbc(self.enc, padded, self.iv("a55a"), aes=True)
        return head + self.mac(head[0], head[1:])

    def send(self, message: bytes, *, size: int | None = None) -> bytes:
        """A sealed command that succeeds, and what its answer says; `size` bytes if that is
        enciphered."""
        part, rest = message[:60], message[60:]
        answer = self.terminal.raw(part)
        while answer == b"\xaf" and rest:
            answer = self.terminal.raw(b"\xaf" + rest[:59])
            rest = rest[59:]
        sent = answer[1:]
        while answer[0] == 0xAF:
            answer = self.terminal.raw(b"\xaf")
            sent += answer[1:]
        assert answer[0] == 0, f"{answer[0]:02x}"
        self.counter += 1
        data, mac = sent[:-8], sent[-8:]
        assert mac == self.mac(0, data)
        if size is None:
            return data
        plain = cbc(self.enc, data, self.iv("5aa5"), aes=True, decrypt=True)
        assert plain[size:] == b"\x80" + bytes(len(plain) - size - 1)
        return plain[:size]

    def macked(self, message: bytes) -> bytes:
        return self.send(self.sealed(message))

    def full(self, head: bytes, data: bytes) -> bytes:
        return self.send(self.sealed(head, data))


def card(image: DesfireImage) -> DesfireCard:
    return DesfireCard(image, rng=Random(7))
