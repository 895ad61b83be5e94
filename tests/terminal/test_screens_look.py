"""How the screens look, as pictures at 80x24, in both languages. `make snap` rewrites them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from textual.app import App
from textual.pilot import Pilot

from terminal.counter.app import CounterApp
from terminal.kiosk.app import KioskApp
from terminal.words.speak import settle
from tests.terminal.screens_rig import BLANK_DESFIRE, HANDED_OUT, QUIET, FakePort, cut_off

SIZE = (80, 24)
pytestmark = pytest.mark.slow

Compare = Callable[..., bool]
Before = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    yield
    settle("zh-TW")


def still(app: App[None]) -> None:
    """No blinking cursor: a picture must not depend on the moment."""
    for field in app.screen.query("Input"):
        field.cursor_blink = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("lang", ["zh-TW", "en"])
@pytest.mark.parametrize("screen", ["wait", "form", "child", "refused", "unfinished"])
def test_the_counter(screen: str, lang: str, snap_compare: Compare) -> None:
    settle(lang)
    port = FakePort()
    app = CounterApp(port)

    async def before(pilot: Pilot[None]) -> None:
        port.card(HANDED_OUT if screen != "child" else BLANK_DESFIRE)
        port.tell(cut_off(7) if screen == "unfinished" else QUIET)
        await pilot.pause()
        if screen in ("form", "child", "refused"):
            await pilot.press("f2", *"B100000002")
            still(app)
        if screen == "refused":
            await pilot.press("enter", "enter")
            await pilot.pause()
            what = ("此人已於西屯區公所（2026-11）領過花博卡。", "每人限領一張，遺失也不補發。")
            port.done("refused", *what, "可用原有的卡片辦理綁卡。", "規則 F15（report.3.1.2.3）")
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZE, run_before=before)


@pytest.mark.parametrize("lang", ["zh-TW", "en"])
def test_the_kiosk(lang: str, snap_compare: Compare) -> None:
    port = FakePort()
    app = KioskApp(port)

    async def before(pilot: Pilot[None]) -> None:
        await pilot.press(*(["enter"] if lang == "zh-TW" else ["down", "enter"]))
        port.card(HANDED_OUT)
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZE, run_before=before)
