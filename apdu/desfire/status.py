"""The status a DESFire card answers with, named in both languages.

Source: cards.md 5.2 (C1 and CA as proxmark3 and libfreefare have them; some texts swap them).
"""

from __future__ import annotations

from typing import Final

from apdu.status import StatusWord


class Status(int):
    """One status byte; or the whole ISO status word, where the card did not answer `91 xx`."""

    def __str__(self) -> str:
        return f"{int(self):02X}"

    __repr__ = __str__

    @property
    def in_words(self) -> tuple[str, str]:
        """The code and its name, zh-TW and English."""
        if self > 0xFF:
            return StatusWord.of(self).in_words
        zh, en = NAMES.get(self, ("", ""))
        return f"{self} {zh}".rstrip(), f"{self} {en}".rstrip()


DONE: Final = Status(0x00)
NO_CHANGES: Final = Status(0x0C)
OUT_OF_MEMORY: Final = Status(0x0E)
ILLEGAL: Final = Status(0x1C)
INTEGRITY: Final = Status(0x1E)
NO_KEY: Final = Status(0x40)
LENGTH: Final = Status(0x7E)
PERMISSION: Final = Status(0x9D)
PARAMETER: Final = Status(0x9E)
NO_APPLICATION: Final = Status(0xA0)
AUTHENTICATION: Final = Status(0xAE)
MORE: Final = Status(0xAF)
BOUNDARY: Final = Status(0xBE)
ABORTED: Final = Status(0xCA)
EXISTS: Final = Status(0xDE)
NO_FILE: Final = Status(0xF0)

NAMES: Final[dict[int, tuple[str, str]]] = {
    DONE: ("完成", "done"),
    NO_CHANGES: ("無變更", "no changes to commit"),
    OUT_OF_MEMORY: ("記憶體不足", "out of memory"),
    ILLEGAL: ("指令不合法", "illegal command"),
    INTEGRITY: ("校驗不符", "CRC, MAC or padding does not fit"),
    NO_KEY: ("無此金鑰", "no such key"),
    LENGTH: ("長度不符", "wrong length"),
    PERMISSION: ("不允許", "permission denied"),
    PARAMETER: ("參數不符", "wrong parameter"),
    NO_APPLICATION: ("無此應用", "application not found"),
    0xA1: ("應用完整性不符", "application integrity error"),
    AUTHENTICATION: ("未通過認證", "authentication missing or failed"),
    MORE: ("續傳", "more frames"),
    BOUNDARY: ("超出範圍", "beyond file, record or limit"),
    0xC1: ("卡片完整性不符", "card integrity error"),
    ABORTED: ("指令中止", "command aborted"),
    0xCD: ("卡片停用", "card disabled"),
    0xCE: ("應用數已滿", "too many applications"),
    EXISTS: ("已存在", "exists already"),
    0xEE: ("記憶體故障", "memory failure"),
    NO_FILE: ("無此檔案", "file not found"),
    0xF1: ("檔案完整性不符", "file integrity error"),
}
