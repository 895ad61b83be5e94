"""Status words by name, in both languages. Data and one look-up.

Source: ISO/IEC 7816-4 (cards.md 4) and PC/SC part 3 with its makers' second bytes (cards.md 3.3).
"""

from __future__ import annotations

from typing import Final, Self

NAMES: Final[dict[int, tuple[str, str]]] = {
    0x9000: ("完成", "done"),
    0x6281: ("資料可能損毀", "data may be damaged"),
    0x6282: ("提前到檔尾", "end of file before Le"),
    0x6283: ("應用已停用", "application blocked"),
    0x6300: ("卡片或讀卡機拒絕", "refused by card or reader"),
    0x6400: ("卡片沒有回應", "no answer from the card"),
    0x6581: ("記憶體故障", "memory failure"),
    0x6700: ("長度不符", "wrong length"),
    0x6881: ("不支援邏輯通道", "logical channel not supported"),
    0x6882: ("不支援安全訊息", "secure messaging not supported"),
    0x6884: ("不支援鏈結", "chaining not supported"),
    0x6981: ("指令不相容", "incompatible command"),
    0x6982: ("安全條件不足", "security status not satisfied"),
    0x6983: ("已鎖", "authentication method blocked"),
    0x6985: ("條件不符", "conditions of use not met"),
    0x6988: ("安全訊息不符", "secure messaging wrong"),
    0x6A80: ("資料不符", "wrong data"),
    0x6A81: ("不支援此功能", "function not supported"),
    0x6A82: ("找不到檔案或應用", "file or application not found"),
    0x6A86: ("參數不符", "wrong P1 P2"),
    0x6B00: ("參數不符", "wrong P1 P2"),
    0x6D00: ("指令不支援", "instruction not supported"),
    0x6E00: ("類別不支援", "class not supported"),
    0x6F00: ("原因不明", "no diagnosis"),
}

# The low bits are a number: more bytes, the right Le, tries left.
_FAMILIES: Final[tuple[tuple[int, int, str, str], ...]] = (
    (0xFF00, 0x6100, "尚有 {n} 位元組可取", "{n} more bytes to fetch"),
    (0xFF00, 0x6C00, "Le 應為 {n}", "wrong Le, right is {n}"),
    (0xFFF0, 0x63C0, "剩餘 {n} 次", "{n} tries left"),
)

# What a storage-card reader means by its second byte after 63 or 69 (cards.md 3.3).
READER_BLAMED: Final[dict[int, tuple[str, str]]] = {
    0x83: ("讀卡機不支援此金鑰", "reader key not supported"),
    0x84: ("讀卡機不收明文金鑰", "plain transmission of keys not supported"),
    0x85: ("讀卡機不收加密金鑰", "secured transmission of keys not supported"),
    0x86: ("讀卡機沒有暫存記憶體", "no volatile memory, or wrong key type"),
    0x87: ("讀卡機沒有永久記憶體", "no non-volatile memory"),
    0x88: ("金鑰編號不符", "wrong key number"),
    0x89: ("金鑰長度不符", "wrong key length"),
}


class StatusWord(str):
    """A status word as four hex digits, which can say its name. Two bytes; never raises."""

    __slots__ = ()

    @classmethod
    def of(cls, sw: int) -> Self:
        """The word of a response, 0x0000 to 0xFFFF."""
        return cls(f"{sw:04X}")

    @property
    def in_words(self) -> tuple[str, str]:
        """The digits and the name, zh-TW and English; the digits alone where it has none."""
        zh, en = _name(int(self, 16))
        return f"{self} {zh}".rstrip(), f"{self} {en}".rstrip()


def _name(sw: int) -> tuple[str, str]:
    if sw in NAMES:
        return NAMES[sw]
    for mask, family, zh, en in _FAMILIES:
        if sw & mask == family:
            return zh.format(n=sw & ~mask), en.format(n=sw & ~mask)
    if sw >> 8 in (0x63, 0x69):
        return READER_BLAMED.get(sw & 0xFF, ("", ""))
    return "", ""
