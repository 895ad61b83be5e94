"""Authentication from the card's side, three generations of it (cards.md 5.3).

Each handshake says its challenge, then takes the terminal's proof and gives answer and session.
"""

from __future__ import annotations

from random import Random
from typing import Protocol

from hw_sim.desfire.crypto import BlockCipher, cmac, rotated, xor
from hw_sim.desfire.image import Key, KeyKind
from hw_sim.desfire.session import D40Session, Ev1Session, Ev2Session, Session, received_by_card
from hw_sim.desfire.status import Status, refuse_unless

CAPABILITY_BYTES = 6
TI_BYTES = 4


class Handshake(Protocol):
    """An authentication whose first answer is out."""

    challenge: bytes

    def finish(self, proof: bytes) -> tuple[bytes, Session]:
        """The terminal's second message: our answer and the session. Raises `Refused`."""
        ...


def cipher_of(key: Key) -> BlockCipher:
    """The cipher of a key on the card."""
    return BlockCipher(key.value, aes=key.kind is KeyKind.AES)


def is_single_des(key: Key) -> bool:
    """True if both halves of a 16-byte DES key are equal, bit 0 of each byte aside."""
    bits = bytes(byte & 0xFE for byte in key.value)
    return key.kind is KeyKind.DES and bits[:8] == bits[8:]


def session_key(key: Key, a: bytes, b: bytes) -> bytes:
    """The session key of D40, ISO and AES authentication, from RndA and RndB."""
    if key.kind is KeyKind.AES:
        return a[:4] + b[:4] + a[12:16] + b[12:16]
    if key.kind is KeyKind.TDES3:
        return a[:4] + b[:4] + a[6:10] + b[6:10] + a[12:16] + b[12:16]
    return a[:4] + b[:4] if is_single_des(key) else a[:4] + b[:4] + a[4:8] + b[4:8]


def ev2_session_keys(key: bytes, a: bytes, b: bytes) -> tuple[bytes, bytes]:
    """ENC and MAC keys of an EV2 session, from the AES key, RndA and RndB."""
    context = a[:2] + xor(a[2:8], b[:6]) + b[6:] + a[8:]
    cipher = BlockCipher(key, aes=True)
    enc, mac = (
        cmac(cipher, label + b"\x00\x01\x00\x80" + context) for label in (b"\xa5\x5a", b"\x5a\xa5")
    )
    return enc, mac


def transaction_mac_keys(key: bytes, *, counter: int, uid: bytes) -> tuple[bytes, bytes]:
    """MAC and ENC keys of the transaction that follows number `counter` (of a TMAC file)."""
    context = b"\x00\x01\x00\x80" + (counter + 1).to_bytes(4, "little") + uid
    cipher = BlockCipher(key, aes=True)
    mac, enc = (cmac(cipher, (label + context).ljust(16, b"\x00")) for label in (b"\x5a", b"\xa5"))
    return mac, enc


def _split_proof(plain: bytes, b: bytes) -> bytes:
    """RndA, if the proof says that the terminal knows RndB."""
    a, b_rotated = plain[: len(b)], plain[len(b) :]
    refuse_unless(b_rotated == rotated(b), Status.AUTHENTICATION)
    return a


class D40Handshake:
    """`0A`: the terminal deciphers, the card enciphers."""

    def __init__(self, key: Key, key_no: int, rng: Random) -> None:
        self._key, self._key_no, self._cipher = key, key_no, cipher_of(key)
        self._b = rng.randbytes(8)
        self.challenge = self._cipher.encrypt(self._b)

    def finish(self, proof: bytes) -> tuple[bytes, Session]:
        refuse_unless(len(proof) == 16, Status.LENGTH)
        a = _split_proof(received_by_card(self._cipher, proof), self._b)
        session = D40Session(session_key(self._key, a, self._b), self._key_no)
        return self._cipher.encrypt(rotated(a)), session


class Ev1Handshake:
    """`1A` and `AA`: one IV through all three messages."""

    def __init__(self, key: Key, key_no: int, rng: Random) -> None:
        self._key, self._key_no, self._cipher = key, key_no, cipher_of(key)
        self._b = rng.randbytes(8 if key.kind is KeyKind.DES else 16)
        self.challenge = self._cipher.encrypt(self._b)

    def finish(self, proof: bytes) -> tuple[bytes, Session]:
        refuse_unless(len(proof) == 2 * len(self._b), Status.LENGTH)
        block = self._cipher.block
        a = _split_proof(self._cipher.decrypt(proof, self.challenge[-block:]), self._b)
        derived = session_key(self._key, a, self._b)
        session = Ev1Session(BlockCipher(derived, aes=self._cipher.aes), self._key_no)
        return self._cipher.encrypt(rotated(a), proof[-block:]), session


class Ev2Handshake:
    """`71` (with capabilities, a new TI and counter 0) and `77`, which keeps both."""

    def __init__(
        self,
        key: Key,
        key_no: int,
        rng: Random,
        *,
        capabilities: bytes = b"",
        before: Ev2Session | None = None,
    ) -> None:
        self._key, self._key_no, self._cipher = key, key_no, cipher_of(key)
        self._capabilities, self._before = capabilities, before
        self._rng = rng
        self._b = rng.randbytes(16)
        self.challenge = self._cipher.encrypt(self._b)

    def finish(self, proof: bytes) -> tuple[bytes, Session]:
        refuse_unless(len(proof) == 32, Status.LENGTH)
        a = _split_proof(self._cipher.decrypt(proof), self._b)
        enc, mac = ev2_session_keys(self._key.value, a, self._b)
        if self._before is not None:
            ti, counter, answer = self._before.ti, self._before.counter, rotated(a)
        else:
            ti, counter = self._rng.randbytes(TI_BYTES), 0
            ours, theirs = bytes(CAPABILITY_BYTES), self._capabilities
            answer = ti + rotated(a) + ours + theirs.ljust(CAPABILITY_BYTES, b"\x00")
        session = Ev2Session(enc, mac, ti=ti, counter=counter, key_no=self._key_no)
        return self._cipher.encrypt(answer), session
