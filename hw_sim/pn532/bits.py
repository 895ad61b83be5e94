"""Frames of InCommunicateThru as the PN532's registers shape them: CRC, parity, the last bits.

With its parity switched off the chip sends the host's bits as they are and hands up all that came,
parity bits among them, packed lowest bit first. Source: PN532 user manual 7.3.9 and 8.6.23;
libnfc's raw frames.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw_sim.frames import crc_fits, with_crc
from hw_sim.pn532.radio import Status
from hw_sim.raw import BYTE_BITS, NIBBLE_BITS, Bits, bits_of, bytes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the registers say. `last_bits`: of the last byte, 0 for all eight."""

    crc_out: bool
    crc_back: bool
    parity: bool
    last_bits: int

    def out(self, data: bytes) -> Bits:
        """The bits on the air. A CRC goes behind whole bytes only."""
        if self.last_bits:
            whole, partial = data[:-1], _loose(data[-1:])[: self.last_bits]
        else:
            whole, partial = (with_crc(data) if self.crc_out else data), ()
        return (_nines(whole) if self.parity else _loose(whole)) + partial

    def back(self, answer: Bits) -> tuple[Status, bytes, int]:
        """Status, data and the bits of the last byte (0: all)."""
        if not self.parity or len(answer) == NIBBLE_BITS:
            return Status.OK, _packed(answer), len(answer) % 8
        frame = bytes_of(answer) if len(answer) % BYTE_BITS == 0 else None
        if frame is None:
            return Status.PARITY, b"", 0
        if self.crc_back:
            return (Status.OK, frame[:-2], 0) if crc_fits(frame) else (Status.CRC, b"", 0)
        return Status.OK, frame, 0


def _nines(data: bytes) -> Bits:
    """Bytes with odd parity, one alone too."""
    return bits_of(data) if len(data) != 1 else bits_of(data * 2)[:BYTE_BITS]


def _loose(data: bytes) -> Bits:
    return tuple(byte >> n & 1 for byte in data for n in range(8))


def _packed(bits: Bits) -> bytes:
    whole = sum(bit << n for n, bit in enumerate(bits))
    return whole.to_bytes(-(-len(bits) // 8), "little")
