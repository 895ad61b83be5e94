"""Issuances that were left open: which one, and where its card is now."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from terminal.counter.parts import CounterScreen, Spoken
from terminal.counter.port import End, Port, Sent, StatusNow, Unfinished
from terminal.words.speak import say

# What a clerk can say of the card, in the order of the list (ledger.md 4.5).
WAYS: dict[str, tuple[str, str]] = {
    "open_here": ("finish", "here"),
    "open_void_here": ("void", "here"),
    "open_kept": ("finish", "kept"),
    "open_void_kept": ("void", "kept"),
    "open_left": ("finish", "left"),
}


class UnfinishedScreen(CounterScreen):
    """Choose one, then say where its card is."""

    TITLE_KEY = "open_title"
    KEYS = (("Enter", "key_send"), ("Esc", "key_back"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.home", show=False)]

    def __init__(self, port: Port, rows: tuple[Unfinished, ...]) -> None:
        super().__init__(port)
        self._rows = rows
        self._chosen: int | None = None

    def body(self) -> ComposeResult:
        yield OptionList(id="rows")
        yield Spoken(id="how", classes="large")
        yield OptionList(id="ways")

    def on_mount(self) -> None:
        self._paint()
        self.query_one("#rows").focus()

    def heard(self, message: Message) -> None:
        if isinstance(message, StatusNow) and message.unfinished != self._rows:
            self._rows, self._chosen = message.unfinished, None
            self._paint()

    def _paint(self) -> None:
        rows, ways = self.query_one("#rows", OptionList), self.query_one("#ways", OptionList)
        rows.clear_options()
        ways.clear_options()
        for row in self._rows:
            step = say(f"ui.step_{row.step}")
            rows.add_option(
                Option(say("ui.open_row", n=row.n, step=step, since=row.since), id=str(row.n))
            )
        if not self._rows:
            rows.add_option(Option(say("screens.open_none"), disabled=True))
        ways.display = False
        self.query_one("#how", Spoken).update("")

    @on(OptionList.OptionSelected, "#rows")
    def _row_chosen(self, chosen: OptionList.OptionSelected) -> None:
        self._chosen = int(chosen.option_id or 0)
        self.query_one("#how", Spoken).update(say("screens.open_how"))
        ways = self.query_one("#ways", OptionList)
        ways.clear_options()
        ways.add_options([Option(say(f"screens.{way}"), id=way) for way in WAYS])
        ways.display = True
        ways.highlighted = 0
        ways.focus()

    @on(OptionList.OptionSelected, "#ways")
    def _way_chosen(self, chosen: OptionList.OptionSelected) -> None:
        if self._chosen is None or chosen.option_id is None:
            return
        verb, card = WAYS[chosen.option_id]
        self.app.post_message(
            Sent(End(verb=verb, n=self._chosen, card=card))  # type: ignore[arg-type]
        )
