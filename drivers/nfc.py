"""NFC chips driven directly, through the lower half of nfcpy: `nfc:usb`, `nfc:tty:DEVICE`.

Only nfcpy's transport and chip classes are used: a MIFARE Classic is selected and spoken to in
the chip's own commands, since nfcpy has no such card (ecosystem.md 5). nfcpy logs every frame,
keys included, so its logger is shut here, at import.

After any refusal the card is halted and is selected again (cards.md 8, field-bugs C19); the RF
field is switched off before, so that a card in any state answers.
"""

from __future__ import annotations

import errno
import logging
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import NoReturn

import serial
from nfc.clf import device as nfc_device
from nfc.clf import pn53x, pn532
from nfc.clf.transport import TTY, USB
from serial.tools import list_ports

from apdu.atr import CLASSIC_1K, CLASSIC_4K, CLASSIC_MINI, storage_atr
from apdu.errors import Fault
from apdu.secret import Secret
from drivers.contract import ClassicPort
from drivers.errors import (
    BlockRefused,
    CardMute,
    CardRemoved,
    NoCard,
    NoSuchReader,
    ReaderBusy,
    ReaderDenied,
    ReaderGone,
    ReaderProtocol,
    UnknownScheme,
)

try:  # where a line goes away, the terminal's own error comes up, which is no OSError
    from termios import error as _LineError  # noqa: N812
except ImportError:  # pragma: no cover - no serial lines of this kind there
    _LineError = OSError  # type: ignore[misc, assignment]

_log = logging.getLogger("nfc")
_log.setLevel(logging.WARNING)
_log.propagate = False
_log.addHandler(logging.NullHandler())

_POLL_S = 0.1
_TURN_S = 0.5  # a Classic answers within 10 ms; the line and the chip need the rest
_DEVICE = re.compile(r"[A-Za-z0-9/_.-]+")
# The chip's own first, then what a killed program may have left it at (cards.md 8).
_RATES = (115_200, 921_600, 460_800, 230_400)
_WAKE = bytes.fromhex("5555") + bytes(14)
_FIELD, _RETRIES = 0x01, 0x05  # items of RFConfiguration
_FIELD_OFF = b"\x00"
_ONE_TRY = b"\xff\x01\x01"  # passive activation is tried twice, then "no card"
_AUTH_A, _AUTH_B, _READ, _WRITE = 0x60, 0x61, 0x30, 0xA0
_SAK_CLASSIC = 0x08
_NAMES = {
    0x08: CLASSIC_1K,
    0x88: CLASSIC_1K,
    0x28: CLASSIC_1K,
    0x18: CLASSIC_4K,
    0x09: CLASSIC_MINI,
}
_ACK = bytes(pn53x.Chipset.ACK)
_HEAD = struct.Struct(">3sBB")  # 00 00 FF, length of TFI and data, its check byte
_LONG_HEAD = struct.Struct(">5sHB")  # 00 00 FF FF FF, the same with two bytes of length
_TAIL_BYTES = 2  # data check byte, postamble
_TARGET = struct.Struct(">HBB")  # ATQA, SAK, length of the UID that follows


class Line(TTY):
    """A serial line that finds the next frame again after stray bytes, which nfcpy does not."""

    def __init__(self, port: str) -> None:
        self._seen = bytearray()  # read and not handed up yet: ACK and answer come together
        super().__init__(port)

    def open(self, port: str | None, baudrate: int = 115_200) -> None:
        self.close()
        self.tty = serial.Serial(port, baudrate, timeout=0.05, exclusive=True)

    def write(self, frame: bytes) -> None:
        self._seen.clear()
        super().write(frame)

    def read(self, timeout: int) -> bytearray:
        """The next whole frame (ACK included). Raises OSError ETIMEDOUT after `timeout` ms."""
        deadline = monotonic() + timeout / 1000
        while (found := first_frame(self._seen)) is None:
            if self.tty is None or monotonic() >= deadline:
                raise OSError(errno.ETIMEDOUT, "no frame")
            self._seen += self.tty.read(max(1, self.tty.in_waiting))
        frame = self._seen[found]
        del self._seen[: found.stop]
        return frame


def first_frame(seen: bytearray) -> slice | None:
    """Where the first whole PN532 frame in `seen` is, whatever stands before it (cards.md 8)."""
    for match in re.finditer(rb"(?=\x00\x00\xff)", seen):
        start = match.start()
        rest = seen[start:]
        if rest.startswith(_ACK):
            return slice(start, start + len(_ACK))
        long = rest[3:5] == b"\xff\xff"
        head = _LONG_HEAD if long else _HEAD
        if len(rest) < head.size:
            continue
        *_, length, check = head.unpack_from(rest)
        sound = (length // 256 + length + check) & 0xFF == 0
        if sound and length and len(rest) >= head.size + length + _TAIL_BYTES:
            return slice(start, start + head.size + length + _TAIL_BYTES)
    return None


class NfcReader:
    """One chip (drivers.contract.Reader)."""

    def __init__(self, uri: str, chip: pn53x.Chipset) -> None:
        self._uri = uri
        self._chip = chip
        self._cancelled = Event()
        self._connection: NfcConnection | None = None
        with _mapped(uri):
            chip.set_parameters(0)  # no automatic RATS
            chip.rf_configuration(_RETRIES, _ONE_TRY)

    @property
    def uri(self) -> str:
        return self._uri

    def wait_for_card(self, *, timeout_s: float) -> NfcConnection:
        """Also raises `ReaderGone`."""
        started = monotonic()
        while not self._cancelled.is_set():
            if (found := select(self._chip, self._uri)) is not None:
                self._connection = NfcConnection(self._uri, self._chip, *found)
                return self._connection
            left_s = started + timeout_s - monotonic()
            if left_s <= 0:
                break
            self._cancelled.wait(min(_POLL_S, left_s))
        raise NoCard(waited_s=round(monotonic() - started, 1))

    def wait_for_removal(self, *, timeout_s: float) -> bool:
        """Selects the card at every look: a sector that was open is closed by it."""
        deadline = monotonic() + timeout_s
        while not self._cancelled.is_set():
            met = self._connection
            if met is None or met.removed:
                return True
            try:
                found = select(self._chip, self._uri)
            except ReaderGone:
                return True
            if found is None or found[0] != met.uid:
                return True
            left_s = deadline - monotonic()
            if left_s <= 0:
                break
            self._cancelled.wait(min(_POLL_S, left_s))
        return False

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        self.cancel()
        # A line that was unplugged raises here too; there is nothing left to close then.
        with suppress(OSError, _LineError, pn53x.Chipset.Error):
            self._chip.rf_configuration(_FIELD, _FIELD_OFF)
        with suppress(OSError, _LineError):
            self._chip.close()


class NfcConnection:
    """One card in the chip's field (drivers.contract.Connection). ISO-DEP is not spoken yet."""

    def __init__(self, uri: str, chip: pn53x.Chipset, uid: bytes, sak: int) -> None:
        self._uri = uri
        self._chip = chip
        self._uid = uid
        self._sak = sak
        self._answered = 0
        self._dead: Fault | None = None
        self._closed = False

    @property
    def uid(self) -> bytes:
        return self._uid

    @property
    def atr(self) -> bytes:
        return storage_atr(_NAMES.get(self._sak, 0))

    @property
    def iso_dep(self) -> None:
        return None

    @property
    def classic(self) -> ClassicPort | None:
        return self if self._sak & _SAK_CLASSIC else None

    @property
    def removed(self) -> bool:
        """Whether a verb found the card gone."""
        return isinstance(self._dead, CardRemoved)

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        kind = _AUTH_B if key_b else _AUTH_A
        # Of a UID of 7 bytes the last four take part (cards.md 2.4).
        return self._turn(bytes((kind, block)) + key.reveal() + self._uid[-4:]) is not None

    def read(self, block: int) -> bytes:
        data = self._turn(bytes((_READ, block)))
        if data is None:
            raise BlockRefused(block=block, verb="read")
        if len(data) != 16:
            raise ReaderProtocol(verb="read", sw="")
        return data

    def write(self, block: int, data: bytes) -> None:
        if len(data) != 16:
            raise ValueError(f"{len(data)} bytes are no block")
        if self._turn(bytes((_WRITE, block)) + data) is None:
            raise BlockRefused(block=block, verb="write")

    def close(self) -> None:
        self._closed = True

    def _turn(self, frame: bytes) -> bytes | None:
        """One command to the card; None: it refused, and is selected again."""
        if self._closed:
            raise ValueError("the connection is closed")
        if self._dead is not None:
            raise type(self._dead)(**self._dead.facts())
        try:
            with _mapped(self._uri):
                answer, _more = self._chip.in_data_exchange(frame, _TURN_S)
            self._answered += 1
            return bytes(answer)
        except pn53x.Chipset.Error:
            self._select_again()
            return None
        except Fault as fault:
            self._dead = fault
            raise

    def _select_again(self) -> None:
        try:
            found = select(self._chip, self._uri)
        except Fault as fault:
            self._dead = fault
            raise
        if found is None or found[0] != self._uid:
            self._dead = CardRemoved(frames_done=self._answered)
            raise self._dead


def select(chip: pn53x.Chipset, uri: str) -> tuple[bytes, int] | None:
    """Select the type A card in the field: its UID and SAK, None if none answers.

    Raises `ReaderGone`, `CardMute` (the chip is silent) and `ReaderProtocol`.
    """
    try:
        with _mapped(uri):
            chip.rf_configuration(_FIELD, _FIELD_OFF)
            answer = chip.in_list_passive_target(1, 0, b"")
    except pn53x.Chipset.Error:
        return None
    if answer is None:
        return None
    if len(answer) < _TARGET.size:
        raise ReaderProtocol(verb="select", sw="")
    _atqa, sak, uid_bytes = _TARGET.unpack_from(answer)
    return bytes(answer[_TARGET.size : _TARGET.size + uid_bytes]), sak


def open_nfc(uri: str) -> NfcReader:
    """Open what `uri` names. Raises `UnknownScheme`, `NoSuchReader`, `ReaderBusy`,
    `ReaderDenied`."""
    _scheme, _colon, place = uri.partition(":")
    if place == "usb":
        return NfcReader(uri, _open_usb(uri))
    kind, _colon, name = place.partition(":")
    # nfcpy hands paths to a shell elsewhere; nothing but a plain path gets in here at all.
    if kind != "tty" or not _DEVICE.fullmatch(name):
        raise UnknownScheme(uri=uri)
    try:
        line = Line(str(Path("/dev") / name))
    except OSError as fault:
        _not_opened(uri, fault)
    chip = pn532.Chipset(line, _log)
    if not wake(chip):
        line.close()
        raise NoSuchReader(reader=uri)
    return NfcReader(uri, chip)


def wake(chip: pn532.Chipset) -> bool:
    """Bring the chip to answer at 115,200, whatever rate and state it was left in.

    Twice at each rate: the first command after sleep may be swallowed (field-bugs S1).
    """
    for rate in (rate for rate in _RATES for _ in range(2)):
        chip.transport.baudrate = rate
        with suppress(OSError, _LineError, pn53x.Chipset.Error):
            # An ACK from the host ends what a killed program left running.
            chip.transport.write(_WAKE + _ACK)
            chip.sam_configuration("normal")
            if rate != _RATES[0]:
                chip.set_serial_baudrate(_RATES[0])
                chip.transport.baudrate = _RATES[0]
            chip.get_firmware_version()
            return True
    return False


def _open_usb(uri: str) -> pn53x.Chipset:
    try:
        found = nfc_device.connect("usb")
    except OSError as fault:
        _not_opened(uri, fault)
    if found is None or not hasattr(found.chipset, "in_list_passive_target"):
        raise NoSuchReader(reader=uri)
    return found.chipset


def _not_opened(uri: str, fault: OSError) -> NoReturn:
    if fault.errno in (errno.EBUSY, errno.EAGAIN):
        raise ReaderBusy(reader=uri) from None
    if fault.errno in (errno.EACCES, errno.EPERM):
        raise ReaderDenied(reader=uri) from None
    raise NoSuchReader(reader=uri) from None


@contextmanager
def _mapped(uri: str) -> Iterator[None]:
    """Turn what nfcpy, pyserial and the line raise into our errors; `Chipset.Error` passes."""
    try:
        yield
    except (OSError, _LineError) as fault:
        # `from None`: a traceback of theirs may show a frame, and so a key.
        if isinstance(fault, OSError) and fault.errno == errno.ETIMEDOUT:
            raise CardMute(waited_s=_TURN_S) from None
        raise ReaderGone(reader=uri) from None


def present_readers() -> list[dict[str, str]]:
    """NFC chips on USB and serial ports that may carry one."""
    found = [
        {"uri": f"nfc:tty:{port.device}"} for port in list_ports.comports() if port.vid is not None
    ]
    with suppress(OSError):  # no libusb here
        if any(usb[:2] in nfc_device.usb_device_map for usb in USB.find("usb") or ()):
            found.append({"uri": "nfc:usb"})
    return found
