"""Every fault and every rule has words: both languages, three parts, fit for a screen."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields

import pytest

from apdu.errors import Fault
from terminal.words.said import Said
from terminal.words.speak import each_table, said_fault, said_rule
from tests.terminal.words_rig import (
    EN_COLUMNS_MAX,
    ZH_COLUMNS_MAX,
    all_faults,
    all_words,
    columns,
    holes,
)

FAULTS = all_faults()

# Mainland wording that a zh-TW text does not use (ecosystem.md 6.2), and simplified characters.
MAINLAND = re.compile(
    "程序|數據|網絡|打印|用戶|登錄|默認|文件夾|屏幕|服務器|軟件|硬件|信息|視頻|界面|當前|刷新"
)
SIMPLIFIED_ONLY = re.compile(
    "[这为们个请数据网络软认证号码录讯时间发后应该读写终验设备户无长张关闭开门说话语对错误删"
    "务单达过还进运选处报紧级经线结给绑绝统继续维编缩]"
)
HALF_WIDTH_AFTER_CJK = re.compile(r"[\u4e00-\u9fff][,;:?!]")


def test_there_are_faults_to_look_at() -> None:
    assert len(FAULTS) > 60


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code())
def test_every_fault_has_words(fault: type[Fault]) -> None:
    said = said_fault(fault.code())
    assert said is not None, f"no words for {fault.__module__}.{fault.__name__}"
    assert said.exit in (1, 2, 3, 4, 5)
    for parts in (said.zh, said.en):
        assert all(part.strip() for part in parts), "a part is empty"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code())
def test_a_hole_is_a_field(fault: type[Fault]) -> None:
    said = said_fault(fault.code())
    assert said is not None
    named = {field.name for field in fields(fault)}  # type: ignore[arg-type]
    for parts in (said.zh, said.en):
        asked = set().union(*(holes(part) for part in parts))
        assert asked <= named, f"{fault.__name__} has no {asked - named}"


def test_no_two_classes_share_a_code() -> None:
    twice = [code for code, n in Counter(fault.code() for fault in FAULTS).items() if n > 1]
    assert not twice


@pytest.mark.parametrize(("prefix", "name"), [("faults_", "FAULTS"), ("rules_", "RULES")])
def test_nothing_is_said_twice(prefix: str, name: str) -> None:
    said = Counter(code for _, table in each_table(prefix, name) for code in table)
    assert said
    assert not [code for code, n in said.items() if n > 1]


def test_no_words_are_left_over() -> None:
    codes = {fault.code() for fault in FAULTS}
    over = {code for _, table in each_table("faults_", "FAULTS") for code in table} - codes
    assert not over, "words for faults that nobody raises"


def test_every_rule_has_words() -> None:
    from issuance.rules.catalog import RULES

    taps = [f"R{n}" for n in range(1, 10)]
    for rule in (*RULES, *taps):
        said = said_rule(rule)
        assert isinstance(said, Said), f"no words for rule {rule}"
        assert said.exit in (0, 3)
        for parts in (said.zh, said.en):
            assert all(part.strip() for part in parts), rule


@pytest.mark.parametrize(
    ("where", "language", "text"),
    [pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in all_words()],
)
def test_it_fits_and_is_written_as_we_write(where: str, language: str, text: str) -> None:
    widest = ZH_COLUMNS_MAX if language == "zh-TW" else EN_COLUMNS_MAX
    assert columns(text) <= widest, f"{where}: {columns(text)} columns"
    assert "!" not in text.replace("!=", "")
    assert "！" not in text
    if language == "zh-TW":
        assert "錯誤" not in text
        assert not SIMPLIFIED_ONLY.search(text), "a Simplified character"
        assert not MAINLAND.search(text), "wording of elsewhere"
        assert not HALF_WIDTH_AFTER_CJK.search(text), "half-width punctuation after Chinese"
