"""Command and response APDUs: four cases, short and extended. Values in, bytes out, no I/O.

Source: ISO/IEC 7816-4, command-response pairs (facts: cards.md 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command APDU. `ne` is how many bytes we want back: None (no Le field, cases 1 and 3)
    or 1…65,536; 256 and 65,536 travel as zero and mean "all there are". `data` is not shown by
    `repr`: it may be a key. Raises ValueError where a field cannot be encoded: our fault, never
    the card's."""

    cla: int = 0x00
    ins: int
    p1: int = 0x00
    p2: int = 0x00
    data: bytes = field(default=b"", repr=False)
    ne: int | None = None
    as_it_is: bool = False  # leaves although its case does not fit its instruction (`exchange`)

    @property
    def case(self) -> int:
        """Case 1 to 4: whether data go out (3, 4) and come back (2, 4)."""
        return (3 if self.data else 1) + (self.ne is not None)

    def __bytes__(self) -> bytes:
        header = bytes((self.cla, self.ins, self.p1, self.p2))
        if len(self.data) > 0xFFFF or not (self.ne is None or 1 <= self.ne <= 0x10000):
            raise ValueError(f"lc={len(self.data)} ne={self.ne}")
        extended = len(self.data) > 0xFF or (self.ne or 0) > 0x100
        width = 2 if extended else 1
        lc = len(self.data).to_bytes(width, "big") if self.data else b""
        le = b"" if self.ne is None else (self.ne % 256**width).to_bytes(width, "big")
        # The marker byte stands once, before whichever length field comes first.
        return header + (b"\x00" if extended else b"") + lc + self.data + le


@dataclass(frozen=True, slots=True)
class Response:
    """One response APDU: data and the status word (0x9000 = done)."""

    data: bytes = field(repr=False)
    sw: int

    @classmethod
    def parse(cls, raw: bytes) -> Response:
        """Split `raw`; raises ValueError below two bytes, which is no answer at all."""
        if len(raw) < 2:
            raise ValueError(f"{len(raw)} bytes are no response")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))

    @property
    def ok(self) -> bool:
        return self.sw == 0x9000
