"""T=1 from the reader's side, as the chip of a contact reader drives it (ISO/IEC 7816-3 11)."""

from __future__ import annotations

from collections.abc import Callable

from hw_sim.t1 import (
    FIRST_INF_BYTES,
    INF_BYTES_MAX,
    MORE,
    NUMBER_BIT,
    R_BLOCK,
    R_NUMBER_BIT,
    S_IFS,
    S_RESPONSE,
    WRONG_EDC,
    WRONG_ELSE,
    Block,
)

TRIES = 7
"""How many blocks are sent for one turn before the card counts as mute: three losses (rule 7.4.1),
each of which costs a question and a repetition."""


class T1:
    """One card at the contacts, after its reset. `transmit` as of `hw_sim.reader_blocks.Blocks`."""

    def __init__(self, exchange: Callable[[bytes], bytes | None], *, atr: bytes) -> None:
        self._exchange = exchange
        self._room = ifsc_of(atr)
        self._mine = self._theirs = 0
        self._turn(Block(S_IFS, bytes((INF_BYTES_MAX,))))

    def transmit(self, message: bytes) -> bytes | None:
        """One whole message to the card, one back; None once it does not answer."""
        parts = [message[n : n + self._room] for n in range(0, len(message), self._room)] or [b""]
        for part in parts[:-1]:
            if self._send(part, more=True) is None:
                return None
        answer, whole = self._send(parts[-1], more=False), b""
        while answer is not None and answer.is_i:
            whole += answer.inf
            self._theirs ^= 1
            if not answer.pcb & MORE:
                return whole
            answer = self._turn(self._wanted())
        return None

    def _send(self, part: bytes, *, more: bool) -> Block | None:
        block = Block((NUMBER_BIT if self._mine else 0) | (MORE if more else 0), part)
        self._mine ^= 1
        return self._turn(block)

    def _wanted(self, error: int = 0) -> Block:
        return Block(R_BLOCK | (R_NUMBER_BIT if self._theirs else 0) | error)

    def _turn(self, block: Block) -> Block | None:
        """Send a block; the one that belongs to it. What is lost or broken is asked for again."""
        sent = block
        for _ in range(TRIES):
            raw = self._exchange(bytes(sent))
            answer = Block.parse(raw) if raw is not None else WRONG_EDC
            if isinstance(answer, int):
                sent = self._wanted(WRONG_EDC) if block.pcb < S_IFS else block
            elif self._belongs(answer, block):
                return answer
            else:  # the card has not had the block, or has answered it and was not heard
                sent = self._wanted(WRONG_ELSE) if self._has_had(answer, block) else block
        return None

    def _has_had(self, answer: Block, block: Block) -> bool:
        same = bool(answer.pcb & R_NUMBER_BIT) == bool(block.pcb & NUMBER_BIT)
        return block.is_i and answer.is_r and not same

    def _belongs(self, answer: Block, block: Block) -> bool:
        if not (block.is_i or block.is_r):
            return answer.pcb == block.pcb | S_RESPONSE
        if answer.is_i:
            fits = bool(answer.pcb & NUMBER_BIT) == bool(self._theirs)
            return fits and not (block.is_i and block.pcb & MORE)
        taken = answer.is_r and not answer.pcb & 0x0F
        next_one = bool(answer.pcb & R_NUMBER_BIT) == bool(self._mine)
        return block.is_i and bool(block.pcb & MORE) and taken and next_one


def ifsc_of(atr: bytes) -> int:
    """The longest information field that the card takes: the first TA for T=1 after TD2."""
    said, at, level, protocol = atr[1] >> 4 if len(atr) > 1 else 0, 2, 1, 0
    while said:
        found = {}
        for bit in range(4):
            if said >> bit & 1 and at < len(atr):
                found[bit] = atr[at]
                at += 1
        if level > 2 and protocol == 1 and 0 in found:
            return found[0] if 1 <= found[0] <= INF_BYTES_MAX else FIRST_INF_BYTES
        said, protocol, level = found.get(3, 0) >> 4, found.get(3, 0) & 0x0F, level + 1
    return FIRST_INF_BYTES
