"""Reader URI → driver. Each stack is imported when a URI names it and not before."""

from __future__ import annotations

from collections.abc import Callable

from drivers.contract import Reader
from drivers.errors import StackMissing, UnknownScheme


def open_reader(uri: str, *, must_exist: bool = False) -> Reader:
    """The reader that `uri` names: `sim:FILE[?tear=N]`, `pcsc:NAME`, `nfc:usb`, `nfc:tty:DEVICE`.

    A reader that is not there (yet) is an empty one, as screens want it; with `must_exist`, for
    commands that run once, it raises `NoSuchReader`, `ServiceGone`, `ReaderAmbiguous` or
    `CardFileCorrupt` at once. Raises `UnknownScheme`, `StackMissing`, and for `nfc:`, which opens
    its line here, `NoSuchReader`, `ReaderBusy`, `ReaderDenied`.
    """
    scheme, colon, rest = uri.partition(":")
    make = _SCHEMES.get(scheme)
    if make is None or not colon or not rest:
        raise UnknownScheme(uri=uri)
    return make(uri, must_exist)


def readers() -> list[dict[str, str]]:
    """Readers that are there: `uri`, and for PC/SC whether a `card` lies on it (`yes`, `no`) and
    what the reader table knows of it (`drivers.reader_table.described`).

    Never raises: a stack that is absent or silent has no readers.
    """
    found: list[dict[str, str]] = []
    for listing in (_pcsc_readers, _nfc_readers):
        try:
            found.extend(listing())
        except ImportError:
            continue
    return found


def _sim(uri: str, must_exist: bool) -> Reader:  # noqa: FBT001 - one row of a table
    from drivers.sim import SimReader

    return SimReader(uri, must_exist=must_exist)


def _pcsc(uri: str, must_exist: bool) -> Reader:  # noqa: FBT001
    try:
        from drivers.pcsc import PcscReader
    except ImportError:
        raise StackMissing(package="pyscard") from None
    return PcscReader(uri, must_exist=must_exist)


def _nfc(uri: str, must_exist: bool) -> Reader:  # noqa: FBT001
    try:
        from drivers.nfc import open_nfc
    except ImportError:
        raise StackMissing(package="nfcpy") from None
    return open_nfc(uri)


def _pcsc_readers() -> list[dict[str, str]]:
    from drivers.pcsc import present_readers

    return present_readers()


def _nfc_readers() -> list[dict[str, str]]:
    from drivers.nfc import present_readers

    return present_readers()


_SCHEMES: dict[str, Callable[[str, bool], Reader]] = {"sim": _sim, "pcsc": _pcsc, "nfc": _nfc}
