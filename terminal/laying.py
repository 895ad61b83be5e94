"""The card on a reader, opened when somebody asks for it and closed afterwards."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from drivers.registry import open_reader

if TYPE_CHECKING:
    from cards.card import Card
    from drivers.contract import Connection
    from terminal.home import Home


class Laying:
    """A context manager around one reader. Nothing is opened before it is needed: an application
    that a rule refuses needs no card."""

    def __init__(self, uri: str, *, timeout_s: float) -> None:
        self._uri = uri
        self._timeout_s = timeout_s
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def connection(self) -> Connection:
        """Wait for a card and hold it. Raises what `open_reader` and `wait_for_card` raise."""
        reader = open_reader(self._uri, must_exist=True)
        self._closing.callback(reader.close)
        connection = reader.wait_for_card(timeout_s=self._timeout_s)
        self._closing.callback(connection.close)
        return connection

    def card(self, home: Home) -> Card:
        """The card as `home` knows it. Raises what `open_card` raises as well."""
        from cards.open import open_card

        return open_card(self.connection(), keys=home.keys, shelf=home.ledger.shelf, ours=home.ours)
