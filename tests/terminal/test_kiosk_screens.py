"""The citizen's screens: four keys, a card, and nothing left after an idle minute."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.pilot import Pilot

from terminal.counter.port import CardGone, CardSeen
from terminal.kiosk.app import IDLE_S, CardScreen, KioskApp, LanguageScreen
from terminal.words.said import Parts
from terminal.words.speak import settle
from tests.terminal.screens_rig import HANDED_OUT, STOCK, FakePort

SIZE = (80, 24)
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    settle("zh-TW")
    yield
    settle("zh-TW")


def text(pilot: Pilot[None]) -> str:
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def test_language_first_then_the_card() -> None:
    port = FakePort(simulation=False)
    app = KioskApp(port)
    async with app.run_test(size=SIZE) as pilot:
        assert isinstance(app.screen, LanguageScreen)
        port.card(HANDED_OUT)
        await pilot.pause()
        assert "花博卡" not in text(pilot), "a card before a language shows nothing yet"
        await pilot.press("down", "enter")
        await pilot.pause()
        shown = text(pilot)
        for words in ("Flora Expo card", "bound, no end date", "NT$90", "Last trip"):
            assert words in shown
        port.tell(CardGone())
        await pilot.pause()
        assert "NT$90" not in text(pilot)
        assert "Hold your card" in text(pilot)


async def test_chinese_and_back_with_esc() -> None:
    port = FakePort()
    app = KioskApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        port.card(STOCK)
        await pilot.pause()
        assert "尚未發出的卡片" in text(pilot)
        assert "[模擬]" in text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, LanguageScreen)


async def test_a_child_card_says_until_when_it_is_half_fare() -> None:
    port = FakePort()
    app = KioskApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down", "enter")
        port.card(HANDED_OUT | {"kind": "child", "half_until": "2028-02-28"})
        await pilot.pause()
        assert "Child card" in text(pilot)
        assert "Half fare  until 2028-02-28" in text(pilot)
        port.card(HANDED_OUT | {"kind": "student", "half_until": None})
        await pilot.pause()
        assert "Student card" in text(pilot)
        assert "Half fare" not in text(pilot)


async def test_touch_does_what_keys_do() -> None:
    app = KioskApp(FakePort())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click("#en")
        await pilot.pause()
        assert isinstance(app.screen, CardScreen)
        await pilot.click("#start")
        await pilot.pause()
        assert isinstance(app.screen, LanguageScreen)


async def test_nothing_stays_after_an_idle_minute() -> None:
    assert IDLE_S == 60
    port = FakePort()
    app = KioskApp(port, idle_s=0.3)  # the minute, shortened: the timer is the toolkit's own
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        port.card(HANDED_OUT)
        await pilot.pause()
        assert "90" in text(pilot)
        await pilot.pause(0.5)
        assert isinstance(app.screen, LanguageScreen)
        assert "90" not in text(pilot)


async def test_no_key_leaves_the_kiosk() -> None:
    port = FakePort()
    app = KioskApp(port)
    async with app.run_test(size=SIZE) as pilot:
        for screen in (LanguageScreen, CardScreen):
            await pilot.press("ctrl+q", "ctrl+c", "ctrl+z", "ctrl+p", "ctrl+backslash", "f1")
            await pilot.pause()
            assert app.is_running
            assert not port.closed
            assert isinstance(app.screen, screen)
            await pilot.press("enter")
            await pilot.pause()


async def test_a_card_that_cannot_be_read_is_said_in_plain_words() -> None:
    port = FakePort()
    app = KioskApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        port.tell(CardSeen(None, fault=Parts("這張卡有一區打不開。", "沒有寫入資料。", "收回")))
        await pilot.pause()
        assert "這張卡有一區打不開。" in text(pilot)
        assert "區公所" in text(pilot)


async def test_no_screen_shows_a_serial() -> None:
    port = FakePort()
    app = KioskApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        port.card(HANDED_OUT)
        await pilot.pause()
        assert HANDED_OUT["uid"] not in text(pilot).lower()
