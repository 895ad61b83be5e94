"""What a handler gives back: a status and a message. A refusal may still have had an effect (a
case, a kept orphan, the hold of a recovering hub), so it is a value and never an exception."""

from __future__ import annotations

from dataclasses import dataclass

from sync.wire.messages import ErrorAnswer, ErrorBody, Message, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer before it is signed."""

    status: int
    body: bytes


def ok(message: Message) -> Reply:
    """200 with this message."""
    return Reply(status=200, body=encode(message))


def no(
    status: int, code: str, message: str, *, seq: int | None = None, head: str | None = None
) -> Reply:
    """A refusal. `code` is for programs, `message` for whoever reads the wire."""
    said = ErrorAnswer(error=ErrorBody(code=code, message=message, seq=seq, head=head))
    return Reply(status=status, body=encode(said))
