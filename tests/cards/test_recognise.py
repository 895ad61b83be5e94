"""Cards of others: said what they are as far as their public bytes tell, and asked nothing more."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from apdu.atr import storage_atr, tck_of
from apdu.nhi import SELECT as NHI
from cards.identify import GET_VERSION, GO_ON, PPSE, recognise
from drivers.contract import ClassicPort


class Talker:
    """A card with applications that answers what it is told to, and refuses the rest."""

    classic: ClassicPort | None = None

    def __init__(self, atr: bytes, uid: bytes, answers: dict[bytes, str]) -> None:
        self.atr, self.uid = atr, uid
        self.asked: list[bytes] = []
        self._answers = answers

    @property
    def iso_dep(self) -> Talker | None:
        return self if self.atr[:2] != b"\x3b\x8f" else None

    def transmit(self, apdu: bytes) -> bytes:
        self.asked.append(apdu)
        return bytes.fromhex(self._answers.get(apdu, "6A82"))

    def close(self) -> None:
        """Nothing to let go of."""


def iso_dep(history: str) -> bytes:
    """The ATR of a contactless card with these historical bytes."""
    body = bytes.fromhex(f"3B{0x80 + len(history) // 2:02X}8001{history}")
    return body + bytes((tck_of(body),))


DESFIRE, NHI_ATR = iso_dep("80"), bytes.fromhex("3BEE00008131FE4580318066409093060F17830F9000F3")
BANK_EASYCARD = bytes.fromhex("3BEE00008131804280318066B0840C016E01830090008E")
VERSION = bytes(GET_VERSION)
STEADY, DRAWN = bytes.fromhex("04A1B2C3D4E5F6"), bytes.fromhex("08A1B2C3")


class Lies(NamedTuple):
    name: str
    atr: bytes
    uid: bytes
    answers: dict[bytes, str]
    kind: str
    chip: str = ""


CARDS = (
    Lies("EV1", DESFIRE, STEADY, {VERSION: "04010101001A0591AF"}, "desfire", "MIFARE DESFire EV1"),
    Lies("EV2", DESFIRE, STEADY, {VERSION: "04010112001A0591AF"}, "desfire", "MIFARE DESFire EV2"),
    Lies(
        "EV3 with a face of its own",
        iso_dep("C1052F2F01BCD6"),
        STEADY,
        {VERSION: "04010133001A0591AF"},
        "desfire",
        "MIFARE DESFire EV3",
    ),
    Lies("NHI", NHI_ATR, b"", {bytes(NHI): "9000"}, "nhi"),
    Lies("bank", iso_dep("4A434F50"), DRAWN, {bytes(PPSE): "6F00" + "9000"}, "bank"),
    Lies("bank with EasyCard", BANK_EASYCARD, b"", {}, "bank-easycard"),
    Lies("phone", iso_dep("80"), DRAWN, {}, "phone"),
    Lies("some chip card", iso_dep("4A434F50"), STEADY, {}, "iso-dep"),
    Lies("FeliCa", storage_atr(0x003B), bytes(8), {}, "felica", "FeliCa"),
    Lies("Ultralight", storage_atr(0x0003), STEADY, {}, "ultralight", "MIFARE Ultralight"),
    Lies("Classic 4K", storage_atr(0x0002), STEADY[:4], {}, "classic-4k", "MIFARE Classic 4K"),
)


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_it_is_called_what_its_bytes_show(card: Lies) -> None:
    talker = Talker(card.atr, card.uid, card.answers)
    found = recognise(talker)
    assert found.kind == card.kind
    if card.chip:
        assert found.chip == card.chip


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_it_is_asked_three_public_questions_at_most(card: Lies) -> None:
    talker = Talker(card.atr, card.uid, card.answers)
    recognise(talker)
    questions = [VERSION, bytes(NHI), bytes(PPSE)]
    if card.kind == "desfire":  # whose answer to the first is heard to its end
        questions = [VERSION, bytes(GO_ON), bytes(GO_ON)]
    assert talker.asked == questions[: len(talker.asked)]


def test_the_select_of_the_nhi_card_is_as_its_readers_send_it() -> None:
    assert bytes(NHI).hex() == "00a4040010d1580000010000000000000000001100"
