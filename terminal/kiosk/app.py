"""The citizen's screens: a language, a card, what is on it. Reads only.

Touch, or four keys: up, down, Enter, Esc. A minute without a touch, a key or a card clears the
screen back to the language. There is no way from here to a shell: the toolkit's own keys and its
palette are off; SIGTERM ends it with 0.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Digits

from terminal.counter.parts import Spoken
from terminal.counter.port import CardGone, CardSeen, Port
from terminal.showing import trip_line
from terminal.words.said import Parts
from terminal.words.speak import LANGUAGES, language, say, settle

if TYPE_CHECKING:
    from terminal.home import Home

IDLE_S = 60.0
LANGUAGE_NAMES = ("中文", "English")


class LanguageScreen(Screen[None]):
    """The first screen: nobody is here yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left", "app.focus_previous", show=False),
        Binding("down,right", "app.focus_next", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Spoken(id="title")
        with Center(id="choices"):
            for name, label in zip(LANGUAGES, LANGUAGE_NAMES, strict=True):
                yield Button(label, id=name)

    def on_mount(self) -> None:
        both = [words_in(name, "kiosk_language") for name in LANGUAGES]
        self.query_one("#title", Spoken).update("    ".join(both))
        self.query_one(f"#{LANGUAGES[0]}").focus()

    @on(Button.Pressed)
    def _chosen(self, pressed: Button.Pressed) -> None:
        settle(pressed.button.id or LANGUAGES[0])
        self.app.post_message(Chosen())


class Chosen(Message):
    """A language was chosen."""


class CardScreen(Screen[None]):
    """What is on the card that lies on the reader."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.start", show=False)]

    def __init__(self, *, simulation: bool, card: CardSeen | None) -> None:
        super().__init__()
        self._simulation = simulation
        self._card = card

    def compose(self) -> ComposeResult:
        yield Spoken(id="title")
        with Vertical(id="card"):
            yield Spoken(id="prompt")
            yield Digits(id="purse")
            yield Spoken(id="facts")
        yield Spoken("kiosk_cleared", id="cleared")
        with Center():
            yield Button(say("screens.kiosk_start"), id="start")

    def on_mount(self) -> None:
        title = say("screens.kiosk_title")
        mark = f"[{say('screens.simulation')}]  " if self._simulation else ""
        self.query_one("#title", Spoken).update(mark + title)
        self.query_one("#start").focus()
        self.show(self._card)

    def show(self, card: CardSeen | None) -> None:
        """Paint one card, or ask for one."""
        prompt, facts = self.query_one("#prompt", Spoken), self.query_one("#facts", Spoken)
        purse = self.query_one("#purse", Digits)
        known = card.facts if card is not None else None
        ntd = known["purse_ntd"] if known else None
        purse.display = ntd is not None
        if card is None:
            prompt.update(say("screens.kiosk_put"))
            facts.update("")
        elif known is None:
            parts = card.fault or Parts("", "", "")
            prompt.update(parts.what)
            facts.update(f"{parts.means}\n\n{say('screens.kiosk_office')}")
        else:
            prompt.update(kind_of(known))
            purse.update("" if ntd is None else str(ntd))
            facts.update("\n\n".join(lines_of(known)))

    @on(Button.Pressed)
    def _start(self) -> None:
        self.app.post_message(StartOver())


class StartOver(Message):
    """The citizen has finished."""


class KioskApp(App[None], inherit_bindings=False):
    """One kiosk. `idle_s`: after so many seconds without anybody nothing stays on the screen."""

    CSS_PATH = "kiosk.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, port: Port, *, idle_s: float = IDLE_S) -> None:
        super().__init__()
        self._port = port
        self._idle_s = idle_s
        self._idle: Timer | None = None
        self._card: CardSeen | None = None

    def on_mount(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        self.action_start()
        self._port.start(self.post_message)

    def on_unmount(self) -> None:
        self._port.close()

    def on_event_seen(self) -> None:
        """Somebody is here: the minute begins anew."""
        if self._idle is not None:
            self._idle.stop()
        self._idle = self.set_timer(self._idle_s, self.action_start)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseEvent):
            self.on_event_seen()
        await super().on_event(event)

    @on(CardSeen)
    @on(CardGone)
    def _card_moved(self, message: CardSeen | CardGone) -> None:
        self._card = message if isinstance(message, CardSeen) else None
        self.on_event_seen()
        if isinstance(self.screen, CardScreen):
            self.screen.show(self._card)

    @on(Chosen)
    def _language_chosen(self) -> None:
        self._show(CardScreen(simulation=self._port.simulation, card=self._card))

    @on(StartOver)
    def action_start(self) -> None:
        """The first screen; nothing of the last person is left."""
        self._show(LanguageScreen())

    def _show(self, screen: Screen[None]) -> None:
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)
        self.on_event_seen()


def words_in(name: str, key: str) -> str:
    """One word in one language, whatever is settled."""
    settled = language()
    settle(name)
    try:
        return say(f"screens.{key}")
    finally:
        settle(settled)


def kind_of(facts: Mapping[str, Any]) -> str:
    """What kind of card this is, for a citizen."""
    if facts["mode"] is None:
        return say("screens.kiosk_other")
    if not (facts["issued"] or facts["mode"] == "ledger"):
        return say("screens.kiosk_blank")
    kind = facts["kind"] if facts["kind"] in ("child", "student") else "flora"
    return say(f"screens.kiosk_{kind}")


def lines_of(facts: Mapping[str, Any]) -> list[str]:
    """Binding, balance, last trip: each with its name in front."""
    if facts["mode"] is None:
        return [say("screens.kiosk_office")]
    purse, trip = facts["purse_ntd"], facts["trip"]
    balance = say("screens.kiosk_unknown") if purse is None else f"NT${purse}"
    none = f"{say('screens.kiosk_trip')}  {say('screens.kiosk_trip_none')}"
    return [
        *_half_fare(facts.get("half_until")),
        f"{say('screens.kiosk_binding')}  {_binding(facts['binding'])}",
        f"{say('screens.kiosk_purse')}  {balance}",
        none if trip is None else trip_line(trip),
    ]


def _half_fare(ends_on: date | None) -> list[str]:
    """A child's: to which day."""
    until = say("screens.kiosk_until", day=ends_on)
    return [f"{say('screens.kiosk_half')}  {until}"] if ends_on else []


def _binding(binding: Mapping[str, Any] | None) -> str:
    if binding is None:
        return say("screens.kiosk_unbound")
    ends_on = binding["expires_on"]
    until = say("screens.kiosk_until", day=ends_on) if ends_on else say("screens.kiosk_no_end")
    return say("screens.kiosk_bound", until=until)


def run(home: Home, reader_uri: str) -> int:
    """Show the kiosk until SIGTERM."""
    from terminal.counter.owner import Owner

    _ = home.keys, home.ledger
    KioskApp(Owner(home, reader_uri)).run()
    return 0
