"""Draws the README's pictures: `make shots`. Then look at them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from textual.app import App

from terminal.counter.app import CounterApp
from terminal.kiosk.app import KioskApp
from terminal.words.speak import settle
from tests.terminal.screens_rig import HANDED_OUT, QUIET, STOCK, FakePort

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
# A picture of ours fetches nothing: fonts are the reader's own.
FONT_FROM_AFAR = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def keep(app: App[None], name: str, title: str) -> None:
    """Write one picture of what the app shows."""
    for field in app.screen.query("Input"):
        field.cursor_blink = False  # type: ignore[attr-defined]
    drawn = FONT_FROM_AFAR.sub("", app.export_screenshot(title=title))
    (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")


async def draw() -> None:
    """The form, a refusal, the kiosk; in Chinese, 80x24."""
    settle("zh-TW")
    port = FakePort()
    counter = CounterApp(port)
    async with counter.run_test(size=(80, 24)) as pilot:
        port.card(STOCK)
        port.tell(QUIET)
        await pilot.press("f2", *"B100000002")
        await pilot.pause()
        keep(counter, "counter-issue", "Counter")
        await pilot.press("enter", "enter")
        await pilot.pause()
        port.done(
            "refused",
            "此人已於西屯區公所（2026-11）領過花博卡。",
            "每人限領一張，遺失也不補發（市府報告 參.一.(二).3）。",
            "可用原有的卡片辦理綁卡；如有疑問，請記下規則 F15。",
            "規則 F15（report.3.1.2.3）",
        )
        await pilot.pause()
        keep(counter, "counter-refused", "Counter")
    port = FakePort()
    kiosk = KioskApp(port)
    async with kiosk.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        port.card(HANDED_OUT)
        await pilot.pause()
        keep(kiosk, "kiosk", "Kiosk")


if __name__ == "__main__":
    asyncio.run(draw())
