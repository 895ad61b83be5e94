"""What several of the clerk's screens are made of: the bottom line, the keys, spoken text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from terminal.counter.port import Port, Shown, StatusNow
from terminal.words.speak import say


class Spoken(Static):
    """A text that is said anew whenever it paints, so that the language may change meanwhile.

    `markup` stays off: nothing that people typed may be taken for styling.
    """

    def __init__(self, key: str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__("", id=id, classes=classes, markup=False)
        self._key = key

    def on_mount(self) -> None:
        if self._key:
            self.update(say(f"screens.{self._key}"))


class Bottom(Static):
    """Reader, hub, waiting uploads, simulation: always there."""

    def __init__(self, port: Port) -> None:
        super().__init__("", id="bottom", markup=False)
        self._port = port

    def show(self, status: StatusNow | None, *, reader_ok: bool) -> None:
        """Say the line anew."""
        reader = say("screens.reader_ok" if reader_ok else "screens.reader_trouble")
        words = [self._port.terminal, f"{say('screens.reader')} {reader}"]
        if status is not None:
            words.append(f"{say('screens.hub')} {say(f'screens.hub_{status.hub}')}")
            words.append(f"{say('screens.waiting')} {status.waiting}")
        if self._port.simulation:
            words.insert(0, f"[{say('screens.simulation')}]")
        self.update("  ".join(words))


class Keys(Static):
    """What the keys of a screen do: (key, word), in order."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__("", id="keys", markup=False)
        self._keys = keys

    def on_mount(self) -> None:
        self.update("  ".join(f"{key} {say(f'screens.{word}')}" for key, word in self._keys))


class CounterScreen(Screen[None]):
    """A screen between title and bottom line. `KEYS` is what its last line says."""

    TITLE_KEY = "title"
    KEYS: Sequence[tuple[str, str]] = ()

    def __init__(self, port: Port) -> None:
        super().__init__()
        self.port = port

    def compose(self) -> ComposeResult:
        yield Spoken(self.TITLE_KEY, id="title")
        with Vertical(id="body"):
            yield from self.body()
        yield Keys(self.KEYS)
        yield Bottom(self.port)

    def on_mount(self) -> None:
        self.post_message(Shown())

    def body(self) -> ComposeResult:
        """What stands between title and keys."""
        yield from ()

    def heard(self, message: Message) -> None:
        """A message of the port's that concerns this screen; the app has noted it already."""
