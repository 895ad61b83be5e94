"""Status words have names in both languages, and what a card cannot say has none."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.status import NAMES, READER_BLAMED, StatusWord


@pytest.mark.parametrize(
    ("sw", "zh", "en"),
    [
        (0x9000, "9000 完成", "9000 done"),
        (0x6A82, "6A82 找不到檔案或應用", "6A82 file or application not found"),
        (0x6110, "6110 尚有 16 位元組可取", "6110 16 more bytes to fetch"),
        (0x63C3, "63C3 剩餘 3 次", "63C3 3 tries left"),
        (0x6C02, "6C02 Le 應為 2", "6C02 wrong Le, right is 2"),
        (0x6986, "6986 讀卡機沒有暫存記憶體", "6986 no volatile memory, or wrong key type"),
        (0x6386, "6386 讀卡機沒有暫存記憶體", "6386 no volatile memory, or wrong key type"),
        (0x1234, "1234", "1234"),
    ],
)
def test_a_status_word_says_its_name(sw: int, zh: str, en: str) -> None:
    assert StatusWord.of(sw).in_words == (zh, en)


def test_every_word_of_the_tables_has_both_names() -> None:
    assert all(zh and en for zh, en in (*NAMES.values(), *READER_BLAMED.values()))
    assert all(zh.isascii() is False and en.isascii() for zh, en in NAMES.values())


@given(st.integers(0, 0xFFFF))
def test_any_word_has_its_digits(sw: int) -> None:
    word = StatusWord.of(sw)
    assert word == f"{sw:04X}"
    assert all(said.startswith(word) for said in word.in_words)
    assert pickle.loads(pickle.dumps(word)) == word  # noqa: S301 - our own bytes
