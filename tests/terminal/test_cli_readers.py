"""`readers`: what is said of each reader, to a program and to a person."""

from __future__ import annotations

import pytest

import main
from drivers.reader_table import Features, described
from tests.spine.rig import flora

ACR122 = "ACS ACR122U PICC Interface 00 00"
FOUND = [
    {"uri": f"pcsc:{ACR122}", "card": "yes"}
    | described(ACR122, Features(usb=(0x072F, 0x2200), escape=True)),
    {"uri": "pcsc:OMNIKEY 5022", "card": "no"} | described("OMNIKEY 5022", Features()),
    {"uri": "pcsc:Virtual PCD 00 00", "card": "no"} | described("Virtual PCD", Features()),
    {"uri": "nfc:usb"},
]


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.registry.readers", lambda: FOUND)


def test_a_program_is_told_all_that_the_table_knows() -> None:
    assert flora("readers").json == FOUND


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                f"pcsc:{ACR122}  card",
                "  ACS ACR122U (by its USB number 072F:2200)",
                "  key place 00/00; value commands ff-d7, raw",
                "pcsc:OMNIKEY 5022  no card",
                "  HID OMNIKEY 5022/5427 CK (by its name)",
                "  key place 20/00; value commands ff-d4",
                "pcsc:Virtual PCD 00 00  no card",
                "  model not listed, used as the standard has it",
                "  key place 00/00, 20/00; value commands ff-c2",
                "nfc:usb",
            ],
        ),
        (
            "zh-TW",
            [
                f"pcsc:{ACR122}  有卡片",
                "  ACS ACR122U（依 USB 編號 072F:2200）",
                "  金鑰位置 00/00；加減值 ff-d7, raw",
                "pcsc:OMNIKEY 5022  沒有卡片",
                "  HID OMNIKEY 5022/5427 CK（依名稱）",
                "  金鑰位置 20/00；加減值 ff-d4",
                "pcsc:Virtual PCD 00 00  沒有卡片",
                "  機型未列表，依一般規格使用",
                "  金鑰位置 00/00, 20/00；加減值 ff-c2",
                "nfc:usb",
            ],
        ),
    ],
)
def test_a_person_is_told_in_lines(
    language: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["readers", "--lang", language]) == 0
    assert capsys.readouterr().out.splitlines() == lines
