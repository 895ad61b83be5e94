"""Commands over a callable that moves bytes: stacked processors, one task each.

    over(transmit) = chained(fetching(right_length(checked(transmit))))

What a card asks for by its status word is done here and nowhere else; every other status word is
the caller's to judge. Source: ISO/IEC 7816-4 5.1, 5.3 (facts: cards.md 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from apdu.iso7816 import Command, Response

Transmit = Callable[[bytes], bytes]
Send = Callable[[Command], Response]

PART_BYTES: Final = 255  # of data in one short command
ANSWER_BYTES_MAX: Final = 65_536
_CHAINED = 0x10  # bit 5 of CLA: more of this command follows
_CHANNEL = 0x03
_MORE, _WRONG_LE = 0x61, 0x6C
_PROPRIETARY = 0x80  # from this class on the bits of CLA are the maker's own

# Which cases an instruction of ISO/IEC 7816-4 has, for those that we know. Each tells whether data
# go out and come back; one that says something else is a slip of ours, and no card has to see it.
CASES: Final[Mapping[int, frozenset[int]]] = {
    0x20: frozenset({1, 3}),  # VERIFY
    0x82: frozenset({3, 4}),  # EXTERNAL AUTHENTICATE
    0x84: frozenset({2}),  # GET CHALLENGE
    0x88: frozenset({4}),  # INTERNAL AUTHENTICATE
    0xA4: frozenset({1, 2, 3, 4}),  # SELECT
    0xB0: frozenset({2}),  # READ BINARY
    0xB2: frozenset({2}),  # READ RECORD
    0xC0: frozenset({2}),  # GET RESPONSE
    0xCA: frozenset({2}),  # GET DATA
    0xD6: frozenset({3}),  # UPDATE BINARY
    0xDC: frozenset({3}),  # UPDATE RECORD
}


def over(transmit: Transmit) -> Send:
    """All of them, over `transmit` (one whole APDU out, data and status word back)."""
    return chained(fetching(right_length(checked(transmit))))


def checked(transmit: Transmit) -> Send:
    """The command's bytes go out, once its case fits its instruction; `as_it_is` lets it pass.
    Raises ValueError: our fault, never the card's."""

    def send(command: Command) -> Response:
        cases = CASES.get(command.ins)
        unfit = cases and command.case not in cases and command.cla < _PROPRIETARY
        if unfit and not command.as_it_is:
            raise ValueError(f"ins={command.ins:02X} has no case {command.case}")
        return Response.parse(transmit(bytes(command)))

    return send


def right_length(send: Send) -> Send:
    """6Cxx: the same command with Le = xx, once."""

    def again(command: Command) -> Response:
        answer = send(command)
        sw1, xx = divmod(answer.sw, 0x100)
        if sw1 != _WRONG_LE:
            return answer
        return send(replace(command, ne=xx or 0x100, as_it_is=True))

    return again


def fetching(send: Send) -> Send:
    """61xx: GET RESPONSE on the same channel until the card has said all. A card that never ends
    is left at `ANSWER_BYTES_MAX`, or at the first answer that brings nothing."""

    def whole(command: Command) -> Response:
        answer = send(command)
        data = answer.data
        while answer.sw >> 8 == _MORE and len(data) < ANSWER_BYTES_MAX:
            xx = answer.sw & 0xFF
            answer = send(Command(cla=command.cla & _CHANNEL, ins=0xC0, ne=xx or 0x100))
            if not answer.data:
                break
            data += answer.data
        return Response(data, answer.sw)

    return whole


def chained(send: Send) -> Send:
    """Data longer than one short command holds go out in parts; the answer to the last is the
    answer. A card that refuses a part (6884: it cannot chain) gets no further one. A maker's own
    class has no chaining; its long command leaves with extended lengths."""

    def in_parts(command: Command) -> Response:
        data = command.data
        if command.cla >= _PROPRIETARY or len(data) <= PART_BYTES:
            return send(command)
        for at in range(0, len(data) - PART_BYTES, PART_BYTES):
            part = data[at : at + PART_BYTES]
            answer = send(
                replace(command, cla=command.cla | _CHAINED, data=part, ne=None, as_it_is=True)
            )
            if not answer.ok:
                return answer
        return send(replace(command, data=data[(len(data) - 1) // PART_BYTES * PART_BYTES :]))

    return in_parts
