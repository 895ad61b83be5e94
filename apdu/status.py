"""Status words by name, in both languages. Data and one look-up.

Source: ISO/IEC 7816-4 (cards.md 4) and PC/SC part 3 with its makers' second bytes (cards.md 3.3).
"""

from __future__ import annotations

from typing import NamedTuple


class StatusName(NamedTuple):
    """What a status word is called."""

    zh: str
    en: str


NAMES: dict[int, StatusName] = {
    0x9000: StatusName("完成", "done"),
    0x6281: StatusName("資料可能損毀", "data may be damaged"),
    0x6282: StatusName("提前到檔尾", "end of file before Le"),
    0x6283: StatusName("應用已停用", "application blocked"),
    0x6300: StatusName("卡片或讀卡機拒絕", "refused by card or reader"),
    0x6400: StatusName("卡片沒有回應", "no answer from the card"),
    0x6581: StatusName("記憶體錯誤", "memory failure"),
    0x6700: StatusName("長度錯誤", "wrong length"),
    0x6881: StatusName("不支援邏輯通道", "logical channel not supported"),
    0x6882: StatusName("不支援安全訊息", "secure messaging not supported"),
    0x6884: StatusName("不支援鏈結", "chaining not supported"),
    0x6982: StatusName("安全條件不足", "security status not satisfied"),
    0x6983: StatusName("已鎖", "authentication method blocked"),
    0x6985: StatusName("條件不符", "conditions of use not met"),
    0x6988: StatusName("安全訊息錯誤", "secure messaging wrong"),
    0x6A80: StatusName("資料錯誤", "wrong data"),
    0x6A81: StatusName("不支援此功能", "function not supported"),
    0x6A82: StatusName("找不到檔案或應用", "file or application not found"),
    0x6A86: StatusName("參數錯誤", "wrong P1 P2"),
    0x6B00: StatusName("參數錯誤", "wrong P1 P2"),
    0x6D00: StatusName("指令不支援", "instruction not supported"),
    0x6E00: StatusName("類別不支援", "class not supported"),
    0x6F00: StatusName("不明錯誤", "no diagnosis"),
}

# The low bits are a number: more bytes, the right Le, tries left.
_FAMILIES: tuple[tuple[int, int, StatusName], ...] = (
    (0xFF00, 0x6100, StatusName("尚有 {n} 位元組可取", "{n} more bytes to fetch")),
    (0xFF00, 0x6C00, StatusName("Le 應為 {n}", "wrong Le, right is {n}")),
    (0xFFF0, 0x63C0, StatusName("剩餘 {n} 次", "{n} tries left")),
)

_UNKNOWN = StatusName("未知的狀態碼", "unknown status word")


def name_of(sw: int) -> StatusName:
    """The name of any status word, 0x0000 to 0xFFFF; never raises."""
    if sw in NAMES:
        return NAMES[sw]
    for mask, family, name in _FAMILIES:
        if sw & mask == family:
            n = sw & ~mask
            return StatusName(name.zh.format(n=n), name.en.format(n=n))
    return _UNKNOWN
