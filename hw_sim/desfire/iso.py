"""The part of ISO/IEC 7816-4 that NDEF readers use of a DESFire: SELECT, READ BINARY, UPDATE
BINARY, all without a key. Source: ISO/IEC 7816-4; NFC Forum Type 4 tag; cards.md 5.1."""

from __future__ import annotations

from collections.abc import Callable

from hw_sim.apdu import Apdu
from hw_sim.desfire import shadow
from hw_sim.desfire.applications import MASTER_FILE_ID, PICC_NAME
from hw_sim.desfire.core import Core, is_free
from hw_sim.desfire.files import BOTH, READ, WRITE
from hw_sim.desfire.image import Application, Bytes, File, FileKind
from hw_sim.desfire.status import Refused, Status

OK = b"\x90\x00"
WRONG_LENGTH = b"\x67\x00"
NOT_ALLOWED, NO_EF, NO_COMMAND = b"\x69\x82", b"\x69\x86", b"\x69\x81"
NO_FUNCTION, NOT_FOUND, WRONG_P1P2 = b"\x6a\x81", b"\x6a\x82", b"\x6a\x86"
OUT_OF_FILE, NO_INS = b"\x6b\x00", b"\x6d\x00"
END_OF_FILE = b"\x62\x82"
BY_ID, BY_DF_ID, BY_EF_ID, BY_NAME = 0, 1, 2, 4
BLOCK_BYTES_MAX = 256


def iso_command(core: Core, apdu: Apdu) -> bytes:
    """Data and status word."""
    run = INSTRUCTIONS.get(apdu.ins)
    return NO_INS if run is None else run(core, apdu)


def _select(core: Core, apdu: Apdu) -> bytes:
    if apdu.p2 not in (0x00, 0x0C):
        return WRONG_P1P2
    if apdu.p1 == BY_NAME:
        return _select_name(core, apdu.data)
    if apdu.p1 not in (BY_ID, BY_DF_ID, BY_EF_ID):
        return WRONG_P1P2
    if len(apdu.data) not in (0, 2):
        return WRONG_LENGTH
    iso_id = int.from_bytes(apdu.data, "big") if apdu.data else MASTER_FILE_ID
    if apdu.p1 != BY_EF_ID and _select_df(core, iso_id):
        return OK
    return OK if apdu.p1 != BY_DF_ID and _select_ef(core, iso_id) else NOT_FOUND


def _select_name(core: Core, name: bytes) -> bytes:
    app = _application(core, lambda each: bool(name) and each.df_name == name)
    if app is None and name != PICC_NAME:
        return NOT_FOUND
    core.select(app)
    return OK


def _application(core: Core, fits: Callable[[Application], bool]) -> Application | None:
    return next((app for app in core.image.applications if fits(app)), None)


def _select_df(core: Core, iso_id: int) -> bool:
    app = _application(core, lambda each: each.iso_id == iso_id)
    if app is None and iso_id != MASTER_FILE_ID:
        return False
    core.select(app)
    return True


def _select_ef(core: Core, iso_id: int) -> bool:
    files = core.app.files if core.app is not None else {}
    found = next((n for n, file in files.items() if file.iso_id == iso_id), None)
    if found is not None:
        core.iso_file = found
    return found is not None


def _place(core: Core, apdu: Apdu) -> tuple[File | None, int]:
    """The file and the offset: the selected file, or a short id in P1 (the file's number)."""
    number, offset = core.iso_file, apdu.p1 << 8 | apdu.p2
    if apdu.p1 & 0x80:
        number, offset = apdu.p1 & 0x1F, apdu.p2
    files = core.app.files if core.app is not None else {}
    file = files.get(number) if number is not None else None
    if file is not None:
        core.iso_file = number
    return file, offset


def _read(core: Core, apdu: Apdu) -> bytes:
    if apdu.data or apdu.le is None:
        return WRONG_LENGTH
    file, offset = _place(core, apdu)
    if file is None:
        return NO_EF
    if not isinstance(file.content, Bytes):
        return NO_COMMAND
    if not is_free(file, READ, BOTH):
        return NOT_ALLOWED
    rest = file.content.data[offset:]
    if not rest:
        return OUT_OF_FILE
    data = rest[: apdu.le]
    return data + (OK if len(data) == apdu.le or apdu.le >= BLOCK_BYTES_MAX else END_OF_FILE)


def _update(core: Core, apdu: Apdu) -> bytes:
    """A standard file, at once."""
    if not apdu.data:
        return WRONG_LENGTH
    file, offset = _place(core, apdu)
    if file is None:
        return NO_EF
    if file.kind is not FileKind.STANDARD or not isinstance(file.content, Bytes):
        return NO_COMMAND
    if not is_free(file, WRITE, BOTH):
        return NOT_ALLOWED
    try:
        file.content = shadow.overwritten(file.content, offset, apdu.data)
    except Refused as refusal:
        return OUT_OF_FILE if refusal.status is Status.BOUNDARY else NOT_ALLOWED
    core.touched()
    return OK


INSTRUCTIONS: dict[int, Callable[[Core, Apdu], bytes]] = {
    0xA4: _select,
    0xB0: _read,
    0xD6: _update,
}
