"""The clerk's screens as one application. Keyboard only; Ctrl+Q leaves at any time, with 0.

It keeps the last thing heard of card, reader and hub, and hands each message on to the screen that
is shown. What it shows is said anew when the language changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from terminal.counter.fill import FormScreen, Verb
from terminal.counter.outcome import OutcomeScreen, WorkScreen
from terminal.counter.parts import Bottom, CounterScreen
from terminal.counter.port import (
    CardGone,
    CardSeen,
    Done,
    Port,
    ReaderState,
    Sent,
    Shown,
    StatusNow,
)
from terminal.counter.unfinished import UnfinishedScreen
from terminal.counter.wait import WaitScreen
from terminal.words.speak import LANGUAGES, language, say, settle

if TYPE_CHECKING:
    from terminal.home import Home


class CounterApp(App[None]):
    """One counter."""

    CSS_PATH = "counter.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", show=False, priority=True),
    ]

    def __init__(self, port: Port) -> None:
        super().__init__()
        self._port = port
        self._card: CardSeen | None = None
        self._status: StatusNow | None = None
        self._reader_ok = True
        self._greeted = False

    def on_mount(self) -> None:
        self.action_home()
        self._port.start(self.post_message)

    def on_unmount(self) -> None:
        self._port.close()

    @on(CardSeen)
    @on(CardGone)
    def _card_moved(self, message: CardSeen | CardGone) -> None:
        self._card = message if isinstance(message, CardSeen) else None
        self._hand_on(message)

    @on(StatusNow)
    def _status_told(self, status: StatusNow) -> None:
        self._status = status
        self._hand_on(status)
        if not self._greeted:
            self._greeted = True
            if status.unfinished:
                self.action_unfinished()

    @on(ReaderState)
    def _reader_told(self, state: ReaderState) -> None:
        was_ok, self._reader_ok = self._reader_ok, state.fault is None
        if state.fault is not None:
            parts = state.fault
            self.notify(f"{parts.means}\n{parts.next}", title=parts.what, severity="warning")
        elif not was_ok:
            self.notify(say("screens.reader_back"))
        self._hand_on(state)

    @on(Shown)
    def _screen_shown(self) -> None:
        self._bottom()

    @on(Sent)
    def _job_sent(self, sent: Sent) -> None:
        self._show(WorkScreen(self._port))
        self._port.submit(sent.job)

    @on(Done)
    def _job_done(self, done: Done) -> None:
        self._show(OutcomeScreen(self._port, done))

    def action_home(self) -> None:
        """Back to the first screen; what was typed is gone."""
        self._show(WaitScreen(self._port, card=self._card, status=self._status))

    def action_form(self, verb: Verb) -> None:
        """Begin an application; on blank stock of another kind for what that is used for."""
        facts = self._card.facts if self._card else None
        is_desfire = facts is not None and facts["kind"] == "blank-desfire"
        product = "child" if is_desfire and verb == "issue" else "flora"
        holder = self._card.holder if self._card else None
        self._show(FormScreen(self._port, verb, product=product, holder=holder))

    def action_unfinished(self) -> None:
        """Issuances that were left open."""
        rows = self._status.unfinished if self._status else ()
        self._show(UnfinishedScreen(self._port, rows))

    def action_language(self) -> None:
        """The other language, on every screen from now on."""
        settle(LANGUAGES[1 - LANGUAGES.index(language())])
        self.action_home()

    def _show(self, screen: Screen[None]) -> None:
        """One screen at a time: nothing of the last case waits underneath."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _hand_on(self, message: Message) -> None:
        if isinstance(self.screen, CounterScreen):
            self.screen.heard(message)
        self._bottom()

    def _bottom(self) -> None:
        for bottom in self.screen.query(Bottom):
            bottom.show(self._status, reader_ok=self._reader_ok)


def run(home: Home, reader_uri: str) -> int:
    """Show the counter until the clerk leaves. The passphrase is asked for before, if it is."""
    from terminal.counter.owner import Owner

    _ = home.keys, home.ledger
    CounterApp(Owner(home, reader_uri)).run()
    return 0
