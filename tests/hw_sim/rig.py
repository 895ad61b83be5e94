"""A card to talk to in frames, as a reader chip would, with nothing of a reader between."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from hw_sim.classic import ClassicCard
from hw_sim.field import Field, Tear
from hw_sim.frames import ACK, WUPA, bcc, cascade, crc_fits, proof, with_crc
from hw_sim.image import CardImage

A, B = 0x60, 0x61
KEY_A, KEY_B = b"a-key-", b"b-key-"
UID = bytes.fromhex("9c599b32")
FREE = (0b000, 0b000, 0b000, 0b001)
VALUE = (0b110, 0b110, 0b110, 0b011)


def vectors(kind: str) -> list[Any]:
    """The vectors of one kind (cards.md 11); a kind without any fails."""
    path = Path(__file__).parents[1] / "vectors.json"
    found = [v for v in json.loads(path.read_text()) if v["kind"] == kind]
    assert found, f"no vector of kind {kind}"
    return found


def name(vector: Any) -> str:
    return str(vector["id"])


def access_bytes(conditions: tuple[int, ...]) -> bytes:
    """Bytes 6 to 8 of a trailer for four C1C2C3 numbers, written out bit by bit."""
    bits = [0] * 24
    for i, of in enumerate(conditions):
        c1, c2, c3 = of >> 2 & 1, of >> 1 & 1, of & 1
        places = {3 - i: 1 - c2, 7 - i: 1 - c1, 8 + 3 - i: c1, 8 + 7 - i: 1 - c3}
        places |= {16 + 3 - i: c3, 16 + 7 - i: c2}
        for place, bit in places.items():
            bits[place] = bit
    return int("".join(map(str, bits)), 2).to_bytes(3, "big")


def trailer(conditions: tuple[int, ...], key_a: bytes = KEY_A, key_b: bytes = KEY_B) -> bytes:
    return key_a + access_bytes(conditions) + b"\x69" + key_b


def card_image(
    conditions: tuple[int, ...] = FREE, blocks: dict[int, bytes] | None = None, uid: bytes = UID
) -> CardImage:
    """A card whose sectors all have these conditions and our two keys."""
    memory = [bytes(16)] * 64
    memory[0] = (uid + bytes((bcc(uid),)) if len(uid) == 4 else uid).ljust(16, b"\x00")
    for sector in range(16):
        memory[4 * sector + 3] = trailer(conditions)
    for block, data in (blocks or {}).items():
        memory[block] = data
    return CardImage(kind="test", uid=uid, atqa=b"\x04\x00", sak=0x08, seed=1, blocks=memory)


class Air:
    """One presentation of a card."""

    def __init__(self, image: CardImage, *, tear: Tear | None = None, seed: int = 0) -> None:
        self.image = image
        self.card = ClassicCard(image)
        self.field = Field(self.card, tear=tear, rng=Random(seed))

    def raw(self, frame: bytes) -> bytes | None:
        return self.field.exchange(frame)

    def ask(self, *frame: int, data: bytes = b"") -> bytes | None:
        """A frame with its CRC."""
        return self.field.exchange(with_crc(bytes(frame) + data))

    def select(self) -> None:
        assert self.raw(WUPA) == self.image.atqa
        for sel, level in zip((0x93, 0x95), cascade(self.image.uid), strict=False):
            assert self.raw(bytes((sel, 0x20))) == level
            assert self.ask(sel, 0x70, data=level) is not None

    def prove(self, block: int, key_type: int = A, key: bytes | None = None) -> bool:
        """Both halves of an authentication."""
        key = key or (KEY_A if key_type == A else KEY_B)
        assert self.ask(key_type, block) == bytes(4)
        return self.raw(proof(key)) is not None

    def open(self, block: int, key_type: int = A) -> None:
        self.select()
        assert self.prove(block, key_type)

    def read(self, block: int) -> bytes | None:
        """16 bytes, or None for a NAK."""
        answer = self.ask(0x30, block)
        if answer is None or len(answer) == 1:
            return None
        assert crc_fits(answer)
        return answer[:-2]

    def write(self, block: int, data: bytes) -> bool:
        return self.ask(0xA0, block) == ACK and self.ask(data=data) == ACK

    def count(self, opcode: int, block: int, operand: int = 0) -> bool:
        """Both parts of INC, DEC or RESTORE: silence after the second is consent."""
        if self.ask(opcode, block) != ACK:
            return False
        return self.ask(data=operand.to_bytes(4, "little")) is None

    def transfer(self, block: int) -> bool:
        return self.ask(0xB0, block) == ACK
