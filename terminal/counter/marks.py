"""Lists to tick and to choose from, whose marks are characters: never told by colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Marks(OptionList):
    """(id, label) entries with a mark before each. Enter goes on to what follows, as in every
    field; what the space bar and the arrows do is the subclasses'."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "screen.onward", show=False)]
    MARKS: ClassVar[tuple[str, str]]  # off, on

    class Changed(Message):
        """Something was marked; `control` says which list."""

        def __init__(self, control: Marks) -> None:
            super().__init__()
            self.marks = control

        @property
        def control(self) -> Marks:
            return self.marks

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self.on_ids: frozenset[str] = frozenset()
        self._labels: dict[str, str] = {}

    def put(self, entries: Iterable[tuple[str, str]], on_ids: Iterable[str]) -> None:
        """Show these entries, some of them marked."""
        self._labels = dict(entries)
        self.on_ids = frozenset(on_ids)
        self.clear_options()
        self.add_options([Option(self._text(name), id=name) for name in self._labels])

    def mark(self, on_ids: Iterable[str]) -> None:
        """Mark these and no others."""
        self.on_ids = frozenset(on_ids)
        for name in self._labels:
            self.replace_option_prompt(name, self._text(name))
        self.post_message(self.Changed(self))

    def _text(self, name: str) -> str:
        return f"{self.MARKS[name in self.on_ids]} {self._labels[name]}"

    def _highlighted_id(self) -> str | None:
        if self.highlighted is None:
            return None
        return self.get_option_at_index(self.highlighted).id


class Ticks(Marks):
    """Any number of them; the space bar ticks."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "tick", show=False)]
    MARKS = ("[ ]", "[x]")

    def action_tick(self) -> None:
        """The highlighted one on or off."""
        if (name := self._highlighted_id()) is not None:
            self.mark(self.on_ids ^ {name})

    def on_focus(self) -> None:
        if self.highlighted is None and self.option_count:
            self.highlighted = 0


class Choice(Marks):
    """Exactly one of them; moving the highlight chooses."""

    MARKS = ("( )", "(x)")

    def choose(self, name: str) -> None:
        """Choose one by its id."""
        self.highlighted = self.get_option_index(name)

    def next(self) -> None:
        """The one after the chosen one, round and round."""
        self.highlighted = ((self.highlighted or 0) + 1) % self.option_count

    def on_option_list_option_highlighted(self, moved: OptionList.OptionHighlighted) -> None:
        name = moved.option_id
        if name is not None and self.on_ids != {name}:
            self.mark({name})
