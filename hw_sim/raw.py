"""A field at the level of bits: parity as it is sent, and a MIFARE Classic's Crypto1.

`ClassicCard` takes frames as they stand once deciphered; this is the cipher before it. A reader
that speaks here does Crypto1 itself: `60 block`, nT in the clear, {nR}{aR} with enciphered parity,
{aT}; from then on every frame is enciphered, ACK and NAK too, and a further AUTH is nested.

* A frame is its bits in the order of the air, no start or end bit: 7 of a short frame, 9 a byte
  (its bits lowest first, then the parity bit as sent), 4 of an ACK or NAK; of a split anticollision
  frame as many as there are.
* Wrong parity is a frame that cannot be read (`b""` to the card): NAK 1 once selected, silence
  before that and in {nR}{aR}.
* A reader chip that does Crypto1 by itself speaks `clear` and meets the card without the cipher.
  Who mixes both ways in one session is not understood, as on the air.

Source: ISO/IEC 14443-3 6.1.5, 6.2; cards.md 1.2, 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hw_sim import crypto1
from hw_sim.air import BIT_FC, FC_MHZ
from hw_sim.classic import ClassicCard, State
from hw_sim.crypto1 import Crypto1, odd_parity, successor
from hw_sim.field import Field
from hw_sim.frames import SEL, proof

Bits = tuple[int, ...]

UNREADABLE, NO_COMMAND = b"", b"\x00"
SHORT_BITS, BYTE_BITS, NIBBLE_BITS = 7, 9, 4
UID_PART_BYTES = 4
"""Of the UID that goes into the cipher: the last four."""
SESSION = frozenset((State.CHALLENGED, State.OPEN, State.WRITING, State.COUNTING))
NONCE_BITS = crypto1.NONCE_BYTES * BYTE_BITS
READER_STEPS, CARD_STEPS = 64, 96
"""aR and aT are the nonce so many steps later."""


class RawPort:
    """A field for a reader of raw frames. `nonces`: what the card draws, 4 bytes each; without it
    its shift register runs with the field's time, a step a bit, as on the chip, from where it was
    at `start` (0…65,534)."""

    def __init__(
        self, field: Field, *, nonces: Iterator[bytes] | None = None, start: int = 0
    ) -> None:
        self._field = field
        cards = (card for card in field.cards if isinstance(card, ClassicCard))
        self._card = next(cards, None)
        self._nonces = nonces or _running(field, start)
        self._cipher: Crypto1 | None = None
        self._nonce = b""

    def exchange(self, bits: Sequence[int]) -> Bits | None:
        """One frame out; the card's, or None for silence."""
        frame, cipher = tuple(bits), self._session()
        if cipher is None and self._card is not None and self._card.state in SESSION:
            self._field.exchange(UNREADABLE)  # the session is another's: this is noise in it
            return None
        if cipher is not None and self._card is not None and self._card.state is State.CHALLENGED:
            return self._prove(frame, self._card, cipher)
        plain = _readable(frame) if cipher is None else _decipher(frame, cipher)
        answer = self._field.exchange(plain)
        if self._card is not None and self._card.state is State.CHALLENGED:
            nonce = self._challenge(self._card, nested=cipher is not None)
            return None if answer is None else nonce
        if answer is None:
            return None
        if cipher is not None:
            return _encipher(answer, cipher)
        split = _split(frame)
        return _clear(answer, said=frame[-split:] if split else ())

    def clear(self, frame: bytes) -> bytes | None:
        """One frame of a reader chip whose own Crypto1 stands between, or that uses none."""
        if self._session() is not None:
            self._field.exchange(UNREADABLE)
            return None
        return self._field.exchange(frame)

    def _session(self) -> Crypto1 | None:
        """The cipher, as long as the card is in its session."""
        if self._card is None or self._card.state not in SESSION:
            self._cipher = None
        return self._cipher

    def _challenge(self, card: ClassicCard, *, nested: bool) -> Bits:
        """A nonce; enciphered, with the new key, where a session was open."""
        self._nonce = next(self._nonces)
        cipher = self._cipher = Crypto1(card.asked_key())
        sent: list[int] = []
        for plain, mask in zip(self._nonce, card.image.uid[-UID_PART_BYTES:], strict=True):
            stream = [cipher.step((plain ^ mask) >> n & 1) for n in range(8)]
            stream.append(cipher.peek())
            if not nested:
                stream = [0] * BYTE_BITS
            sent += [bit ^ key for bit, key in zip(_nine(plain), stream, strict=True)]
        return tuple(sent)

    def _prove(self, frame: Bits, card: ClassicCard, cipher: Crypto1) -> Bits | None:
        """{nR}{aR}; the card says {aT} to one who knows the key, and nothing to anybody else."""
        shown = UNREADABLE
        if len(frame) == 2 * NONCE_BITS and _take(frame[:NONCE_BITS], cipher):
            shown = _decipher(frame[NONCE_BITS:], cipher)
        knows = shown == successor(self._nonce, READER_STEPS)
        right = proof(card.asked_key())
        answer = self._field.exchange(right if knows else right[:-1] + b"\xff")
        return None if answer is None else _encipher(successor(self._nonce, CARD_STEPS), cipher)


def bits_of(frame: bytes) -> Bits:
    """A frame with odd parity; one byte is a short frame of seven bits."""
    if len(frame) == 1:
        return tuple(frame[0] >> n & 1 for n in range(SHORT_BITS))
    return tuple(bit for byte in frame for bit in _nine(byte))


def bytes_of(bits: Sequence[int]) -> bytes | None:
    """The inverse: a frame or an answer whose parity is right; None for any other. Four bits and
    seven bits are a byte."""
    if len(bits) in (NIBBLE_BITS, SHORT_BITS):
        return bytes((_number(bits),))
    if not bits or len(bits) % BYTE_BITS:
        return None
    nines = [tuple(bits[n : n + BYTE_BITS]) for n in range(0, len(bits), BYTE_BITS)]
    found = bytes(_number(nine[:8]) for nine in nines)
    return found if [_nine(byte) for byte in found] == nines else None


def _running(field: Field, start: int) -> Iterator[bytes]:
    while True:
        yield crypto1.nonce_at(start + int(field.air_us * FC_MHZ / BIT_FC))


def _nine(byte: int) -> Bits:
    return (*(byte >> n & 1 for n in range(8)), odd_parity(byte))


def _number(bits: Sequence[int]) -> int:
    return sum(bit << n for n, bit in enumerate(bits))


def _split(frame: Bits) -> int:
    """Bits of the byte in which an anticollision frame ends, 0 of any other frame."""
    whole, rest = divmod(len(frame), BYTE_BITS)
    return rest if whole >= 2 and rest < 8 and _number(frame[:8]) in SEL else 0


def _readable(frame: Bits) -> bytes:
    """A frame in the clear as the card takes it."""
    if split := _split(frame):
        head = bytes_of(frame[:-split])
        return UNREADABLE if head is None else head + bytes((_number(frame[-split:]),))
    if len(frame) in (NIBBLE_BITS, BYTE_BITS):
        return UNREADABLE  # what the card would take for a short frame
    return bytes_of(frame) or UNREADABLE


def _clear(answer: bytes, *, said: Bits) -> Bits:
    """An answer in the clear. `said`: the bits of the byte in which an anticollision frame ended;
    the card goes on behind them, its parity that of the whole byte."""
    if len(answer) == 1 and not said:
        return tuple(answer[0] >> n & 1 for n in range(NIBBLE_BITS))
    first = bytes((answer[0] | _number(said),))
    return tuple(bit for byte in first + answer[1:] for bit in _nine(byte))[len(said) :]


def _decipher(frame: Bits, cipher: Crypto1) -> bytes:
    """Whole bytes, their parity checked against the keystream bit that comes next. A short frame is
    no command in a session, whatever it comes to."""
    if len(frame) == SHORT_BITS:
        return NO_COMMAND
    found = bytearray()
    right = bool(frame) and len(frame) % BYTE_BITS == 0
    for n in range(0, len(frame) - BYTE_BITS + 1, BYTE_BITS):
        byte = _number([bit ^ cipher.step() for bit in frame[n : n + 8]])
        right &= frame[n + 8] ^ cipher.peek() == odd_parity(byte)
        found.append(byte)
    return bytes(found) if right else UNREADABLE


def _take(frame: Bits, cipher: Crypto1) -> bool:
    """{nR} into the cipher; whether its parity is right."""
    right = True
    for n in range(0, len(frame), BYTE_BITS):
        byte = _number([cipher.take(bit) for bit in frame[n : n + 8]])
        right &= frame[n + 8] ^ cipher.peek() == odd_parity(byte)
    return right


def _encipher(answer: bytes, cipher: Crypto1) -> Bits:
    """An answer of the card; one byte is an ACK or a NAK."""
    if len(answer) == 1:
        return tuple((answer[0] >> n & 1) ^ cipher.step() for n in range(NIBBLE_BITS))
    sent: list[int] = []
    for byte in answer:
        sent += [(byte >> n & 1) ^ cipher.step() for n in range(8)]
        sent.append(odd_parity(byte) ^ cipher.peek())
    return tuple(sent)
