"""The first screen: what lies on the reader, what was left open, and where to go from here."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from terminal.counter.parts import CounterScreen, Spoken
from terminal.counter.port import CardGone, CardSeen, Port, StatusNow
from terminal.showing import lines_of
from terminal.words.speak import say


class WaitScreen(CounterScreen):
    """Waits for a card and shows it. Numbers on the pad do what the F-keys do."""

    KEYS = (
        ("F2", "key_issue"),
        ("F3", "key_bind"),
        ("F4", "key_unbind"),
        ("F5", "key_open"),
        ("F8", "key_language"),
        ("Ctrl+Q", "key_quit"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,2", "app.form('issue')", show=False),
        Binding("f3,3", "app.form('bind')", show=False),
        Binding("f4,4", "app.form('unbind')", show=False),
        Binding("f5,5", "app.unfinished", show=False),
        Binding("f8,8", "app.language", show=False),
    ]

    def __init__(self, port: Port, *, card: CardSeen | None, status: StatusNow | None) -> None:
        super().__init__(port)
        self._card = card
        self._status = status

    def body(self) -> ComposeResult:
        yield Spoken(id="unfinished", classes="alert")
        yield Spoken(id="prompt", classes="large")
        yield Spoken(id="card")

    def on_mount(self) -> None:
        self._paint()

    def heard(self, message: Message) -> None:
        match message:
            case CardSeen():
                self._card = message
            case CardGone():
                self._card = None
            case StatusNow():
                self._status = message
        self._paint()

    def _paint(self) -> None:
        rows = self._status.unfinished if self._status else ()
        unfinished = self.query_one("#unfinished", Spoken)
        unfinished.display = bool(rows)
        unfinished.update(say("screens.unfinished", n=len(rows)))
        prompt, card = self.query_one("#prompt", Spoken), self.query_one("#card", Spoken)
        if self._card is None:
            prompt.update(say("screens.put_card"))
            card.update(say("screens.put_card_more"))
        elif self._card.fault is not None:
            prompt.update(self._card.fault.what)
            card.update(f"{self._card.fault.means}\n{self._card.fault.next}")
        else:
            prompt.update(say("screens.card_here"))
            card.update("\n".join(card_lines(dict(self._card.facts or {}))))


def card_lines(facts: dict[str, Any]) -> list[str]:
    """The card's facts but for its serial, which no screen shows (ledger.md 8.4 rule 6)."""
    untouched = facts["mode"] == "record" and not (facts["issued"] or facts["prepared"])
    lines = [line for line in lines_of(facts) if line != say("ui.uid", uid=facts["uid"])]
    if facts["kind"] == "nhi":
        return [say("screens.nhi_fills"), *lines[:-1]]  # of itself it can only be looked at
    stock = "stock_desfire" if facts["kind"] == "blank-desfire" else "stock"
    return [say(f"screens.{stock}"), *lines] if untouched and not facts["newer"] else lines
