"""While a job runs, and what it came to: three parts, the papers still missing, rule and source."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from terminal.counter.parts import CounterScreen, Spoken
from terminal.counter.port import Done, Job, Port, Sent
from terminal.words.speak import say


class WorkScreen(CounterScreen):
    """Nothing to press: the card must stay where it is. The job's end takes its place."""

    TITLE_KEY = "working"

    def body(self) -> ComposeResult:
        yield Spoken("working", classes="large")
        yield Spoken("working_more")


class OutcomeScreen(CounterScreen):
    """What one job came to. Holds the job only where doing it again makes sense: a fault."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "app.home", show=False),
        Binding("f2", "again", show=False),
    ]

    def __init__(self, port: Port, done: Done) -> None:
        super().__init__(port)
        self.TITLE_KEY = done.kind
        self._done = done
        self._job: Job | None = done.job if done.kind == "fault" else None
        again = (("F2", "key_again"),) if self._job is not None else ()
        self.KEYS = (("Enter", "key_next"), *again)

    def body(self) -> ComposeResult:
        yield Spoken(id="verdict", classes=f"verdict {self._done.kind}")
        yield Spoken(id="what", classes="large")
        yield Spoken(id="rest")

    def on_mount(self) -> None:
        done = self._done
        self.query_one("#verdict", Spoken).update(say(f"screens.{done.kind}"))
        self.query_one("#what", Spoken).update(done.parts.what)
        rest = [done.parts.means, done.parts.next, "", *done.lines]
        self.query_one("#rest", Spoken).update("\n".join(rest))

    def heard(self, message: Message) -> None:
        """Cards come and go; the outcome stays until the clerk has read it."""

    def action_again(self) -> None:
        """The same application once more, with the same card or another one."""
        if self._job is not None:
            self.app.post_message(Sent(self._job))
