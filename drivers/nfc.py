"""NFC chips driven directly, through the lower half of nfcpy: `nfc:usb`, `nfc:tty:DEVICE`.

Only nfcpy's transport and chip classes are used (ecosystem.md 5); how a card is spoken to is in
`nfc_card.py`. nfcpy logs every frame, keys included, so its logger is shut here, at import.
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

from drivers.errors import (
    CardMute,
    NoCard,
    NoSuchReader,
    ReaderBusy,
    ReaderDenied,
    ReaderGone,
    ReaderProtocol,
    UnknownScheme,
)
from drivers.nfc_card import NfcConnection, Target
from drivers.pn532_frames import ACK, first_frame

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
_TWO_TRIES = b"\xff\x01\x01"  # passive activation is tried twice, then "no card"
# RFConfiguration's time-outs: of an ATR_RES as at power-on, then of a card.
_TIMEOUTS, _ATR_TIMEOUT, _PATIENCES = 0x02, 0x0B, range(1, 17)
_RATE_424, _RATE_SHIFT, _TYPE_A_CRC, _CRC_BYTES = 2, 4, 0x80, 2
# By rate: RxThreshold, ModWidth, MifNFC, as the chip itself has them for ISO/IEC 14443-4
# (RFConfiguration 0D); those of 106 kbit/s it takes again whenever it searches for a card.
_ANALOG = {1: (0x85, 0x15, 0x8A), 2: (0x85, 0x08, 0xB2)}
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


class NfcReader:
    """One chip (drivers.contract.Reader)."""

    def __init__(self, uri: str, chipset: pn53x.Chipset) -> None:
        self._uri = uri
        self._chipset = chipset
        self._chip = _Chip(uri, chipset)
        self._cancelled = Event()
        self._connection: NfcConnection | None = None
        with _mapped(uri):
            chipset.set_parameters(0)  # no automatic RATS
            chipset.rf_configuration(_RETRIES, _TWO_TRIES)

    @property
    def uri(self) -> str:
        return self._uri

    def wait_for_card(self, *, timeout_s: float) -> NfcConnection:
        """Also raises `ReaderGone`."""
        started = monotonic()
        while not self._cancelled.is_set():
            if (found := self._chip.select()) is not None:
                connection = NfcConnection(self._chip, found)
                if connection.meet():
                    self._connection = connection
                    return connection
            left_s = started + timeout_s - monotonic()
            if left_s <= 0:
                break
            self._cancelled.wait(min(_POLL_S, left_s))
        raise NoCard(waited_s=round(monotonic() - started, 1))

    def wait_for_removal(self, *, timeout_s: float) -> bool:
        """Asks for the card at every look: a Classic's open sector is closed by it."""
        deadline = monotonic() + timeout_s
        while not self._cancelled.is_set():
            met = self._connection
            try:
                if met is None or met.removed or not met.there():
                    return True
            except ReaderGone:
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
            self._chipset.rf_configuration(_FIELD, _FIELD_OFF)
        with suppress(OSError, _LineError):
            self._chipset.close()


class _Chip:
    """A chip by the verbs that a card is spoken to with (drivers.nfc_card.Chip). Each raises
    `ReaderGone` and `CardMute` (the chip is silent)."""

    def __init__(self, uri: str, chipset: pn53x.Chipset) -> None:
        self.uri = uri
        self._chipset = chipset
        self._patience: int | None = None  # the chip's own with a card, as it was set last
        # Around a frame without its CRC the host's has three bytes: TFI, answer code, status.
        self.frame_bytes = chipset.host_command_frame_max_size - 3 + _CRC_BYTES
        # How the other chips are set to a faster rate is not known to us.
        self.rate_index = _RATE_424 if isinstance(chipset, pn532.Chipset) else 0

    def select(self) -> Target | None:
        with _mapped(self.uri):
            self._chipset.rf_configuration(_FIELD, _FIELD_OFF)
        return self.find(b"")

    def find(self, named: bytes) -> Target | None:
        """Also raises `ReaderProtocol`."""
        try:
            with _mapped(self.uri):
                answer = self._chipset.in_list_passive_target(1, 0, named)
        except pn53x.Chipset.Error:
            return None
        if answer is None:
            return None
        if len(answer) < _TARGET.size:
            raise ReaderProtocol(verb="select", sw="")
        _atqa, sak, uid_bytes = _TARGET.unpack_from(answer)
        return Target(uid=bytes(answer[_TARGET.size : _TARGET.size + uid_bytes]), sak=sak)

    def exchange(self, command: bytes) -> bytes | None:
        try:
            with _mapped(self.uri):
                answer, _more = self._chipset.in_data_exchange(command, _TURN_S)
        except pn53x.Chipset.Error:
            return None
        return bytes(answer)

    def turn(self, frame: bytes, wait_s: float) -> bytes | None:
        patience = next(n for n in _PATIENCES if n == _PATIENCES[-1] or patience_s(n) >= wait_s)
        try:
            with _mapped(self.uri):
                if patience != self._patience:
                    self._chipset.rf_configuration(_TIMEOUTS, bytes((0, _ATR_TIMEOUT, patience)))
                    self._patience = patience
                return bytes(
                    self._chipset.in_communicate_thru(frame, patience_s(patience) + _TURN_S)
                )
        except pn53x.Chipset.Error:
            return None

    def set_rate(self, index: int) -> None:
        mode = _TYPE_A_CRC | index << _RATE_SHIFT
        threshold, width, filters = _ANALOG[index]
        with _mapped(self.uri):
            self._chipset.write_register(
                ("CIU_TxMode", mode),
                ("CIU_RxMode", mode),
                ("CIU_RxThreshold", threshold),
                ("CIU_ModWidth", width),
                ("CIU_MifNFC", filters),
            )


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
            chip.transport.write(_WAKE + ACK)
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


def patience_s(code: int) -> float:
    """How long the chip waits for a card's answer."""
    return 100e-6 * (1 << code - 1)


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
