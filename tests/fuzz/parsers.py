"""Every parser of ours that reads what others wrote: whole samples, and which faults it may name.

`feed` gets bytes. What comes out is checked where something must hold of it; anything raised but
the faults is a crash. `with_atheris.py` feeds the same table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from apdu import ats as apdu_ats
from apdu.atr import CARD_NAMES, is_classic, storage_atr, storage_card
from apdu.classic import mad
from apdu.classic.access import access_of
from apdu.classic.value import ValueBlock
from apdu.errors import Fault
from apdu.iso7816 import Command, Response
from apdu.nhi import Holder
from cards import records
from cards import records_desfire as on_desfire
from cards.errors import CardSpoiled, NewerLayout
from cards.layout import Layout
from cards.purse import read_pair
from cards.state import CardState
from drivers.errors import Keystore
from drivers.keys.material import KeyMaterial
from drivers.keys.sealed_file import seal, unseal
from hw_sim import apdu as card_apdu
from hw_sim.dumps import (
    DumpIncomplete,
    DumpUnreadable,
    Form,
    dump_of_card,
    look_at,
    read_dump,
    write_dump,
)
from hw_sim.image import FILE_BYTES_MAX, Image, ImageCorrupt, load, save
from hw_sim.iso_dep import Ats
from hw_sim.nhi import new_nhi
from hw_sim.stock import new_blank_classic, new_desfire, new_flora
from issuance import application
from sync.errors import ProfileBad
from sync.profile import Profile, new_profile
from sync.wire import messages
from sync.wire.invite import new_invite, parse_code
from sync.wire.messages import WireForm
from sync.wire.signatures import JSON_TYPE, NotSigned, Question, parse_request, sign_request
from terminal.nhi import masked_holder
from tests.issuance.people import citizen, proxy, school, spouse
from validation.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """`says_no`: faults that it may raise. `share`: how many times fewer the suite feeds it."""

    name: str
    samples: tuple[bytes, ...]
    feed: Callable[[bytes], object]
    says_no: tuple[type[Exception], ...] = ()
    share: int = 1


# --- cards and chips


def _record(layout: Layout, unpack: Callable[[bytes], Any], pack: Callable[[Any], bytes]) -> Parser:
    """A body of the right length (others never reach it), that gives itself again."""

    def feed(data: bytes) -> object:
        body = data[: layout.body_bytes].ljust(layout.body_bytes, b"\x01")
        value = unpack(body)
        assert pack(value) == body
        return value

    name = f"record {layout.name.decode()}"
    return Parser(name=name, samples=(layout.example,), feed=feed, says_no=(NewerLayout,))


def _pack_stored(stored: records.StoredState) -> bytes:
    return records.pack_state(stored.state, sequence=stored.sequence)


RECORDS = (
    _record(records.STATE, records.unpack_state, _pack_stored),
    _record(records.DIRECTORY, records.unpack_directory, records.pack_directory),
    *(
        _record(layout, unpack, pack)
        for layout, unpack, pack in (
            (on_desfire.DIRECTORY, on_desfire.unpack_directory, on_desfire.pack_directory),
            (on_desfire.POLICIES, on_desfire.unpack_policies, on_desfire.pack_policies),
            (on_desfire.STATE, on_desfire.unpack_state, on_desfire.pack_state),
            (on_desfire.EVENT, on_desfire.unpack_event, on_desfire.pack_event),
            (on_desfire.SCHOOL, on_desfire.unpack_school, on_desfire.pack_school),
            (on_desfire.LIBRARY, on_desfire.unpack_library, on_desfire.pack_library),
        )
    ),
)


def _purse(data: bytes) -> object:
    whole = data[:32].ljust(32, b"\x00")
    pair = read_pair((whole[:16], whole[16:]), CardState(issued=True) if len(data) % 2 else None)
    assert -60 <= pair.ntd <= 32_767
    return pair


def _atr(data: bytes) -> object:
    name = storage_card(data)
    assert is_classic(data) in (True, False)
    assert name is None or storage_atr(name)[:3] == data[:3]
    return name


def _apdu(data: bytes) -> object:
    """Theirs reads what it can read as we would have written it."""
    found = card_apdu.parse(data)
    if found is not None and not (len(found.data) <= 0xFF and (found.le or 0) <= 0x100):
        command = Command(
            cla=found.cla, ins=found.ins, p1=found.p1, p2=found.p2, data=found.data, ne=found.le
        )
        assert bytes(command) == data
    return found


def _ats(data: bytes) -> object:
    found = apdu_ats.Ats.parse(data)
    assert found is None or (16 <= found.fsc <= 4096 and 0 < found.fwt_s < 10)
    return found


def _holder(data: bytes) -> object:
    found = Holder.parse(data)
    assert found is None or (found.masked and masked_holder(found)["number"] != found.id_no)
    return found


def _mad(data: bytes) -> object:
    """Trailer, two blocks, and what may be the second directory: a Classic gives whole blocks."""
    more = data[48:96]
    found = mad.read(
        data[:16].ljust(16, b"\0"),
        data[16:48].ljust(32, b"\0"),
        more.ljust(48, b"\0") if more else b"",
    )
    assert found is None or found.version in (1, 2)
    return found


ATS_SAMPLES = (bytes.fromhex("067577810280"), b"\x01")
NHI = new_nhi(
    Random(1), holder={"name": "王小明", "id_no": "B100000002", "born": "1981-01-01", "sex": "M"}
)
MAD1 = bytes((mad.crc8(bytes(31)),)) + bytes(31)
CHIPS = (
    Parser(
        name="purse",
        samples=(bytes(ValueBlock(value=100, address=3)) * 2,),
        feed=_purse,
        says_no=(CardSpoiled,),
    ),
    Parser(
        name="trailer",
        samples=(bytes.fromhex("ffffffffffffff078069ffffffffffff"), bytes(16)),
        feed=lambda data: access_of(data[:16].ljust(16, b"\x00")),
    ),
    Parser(name="ATR", samples=tuple(map(storage_atr, CARD_NAMES)), feed=_atr),
    Parser(
        name="response", samples=(b"\x90\x00", bytes(16) + b"\x90\x00"), feed=Response.parse,
        says_no=(ValueError,),
    ),
    Parser(
        name="APDU of the card's side",
        samples=(
            bytes(Command(ins=0xA4, p1=4, data=b"2PAY.SYS.DDF01", ne=256)),
            bytes(Command(ins=0xB0, ne=65_536)),
            bytes(Command(ins=0xD6, data=bytes(300))),
            bytes(Command(ins=0xD6, data=bytes(300), ne=600)),
        ),
        feed=_apdu,
    ),
    Parser(name="ATS of the card's side", samples=ATS_SAMPLES, feed=Ats.parse),
    Parser(name="ATS", samples=ATS_SAMPLES, feed=_ats),
    Parser(
        name="NHI profile",
        samples=(NHI.profile,),
        feed=_holder,
    ),
    Parser(
        name="MAD",
        samples=(
            bytes.fromhex("a0a1a2a3a4a5787788c1ffffffffffff") + MAD1,
            bytes(9) + b"\xff" + bytes(38),
        ),
        feed=_mad,
    ),
)  # fmt: skip


# --- files


def _images() -> list[Image]:
    rng = Random(1)
    flora = new_flora(
        rng, uid=None, purse_ntd=100, sectors=(12, 13, 14), transport_key_b=b"b-key-",
        free_sector=True,
    )  # fmt: skip
    return [
        flora,
        new_blank_classic(rng, uid=bytes.fromhex("04112233445566")),
        new_desfire(rng, uid=None, ev1=False),
        new_desfire(rng, uid=None, ev1=True, random_uid=True),
        NHI,
    ]


def _dumps() -> tuple[bytes, ...]:
    """Each card in each format that can say it."""
    found = []
    for image in _images():
        for form in Form:
            with suppress(DumpIncomplete):
                found.append(write_dump(dump_of_card(image, form)))
    return tuple(found)


def _dump(data: bytes) -> object:
    """What is read can be looked at; what can be written is read again, and the same from then
    on (a format may want a header that the first file left out)."""
    dump = read_dump(data)
    look_at(dump)
    with suppress(DumpIncomplete):
        again = read_dump(write_dump(dump))
        assert read_dump(write_dump(again)) == again
    return dump


class _CardFiles:
    """One file in a folder that lives as long as this process."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="fuzz-")
        self._file = Path(self._folder.name) / "card"

    def samples(self) -> tuple[bytes, ...]:
        return tuple(self._saved(image) for image in _images())

    def feed(self, data: bytes) -> object:
        self._file.write_bytes(data)
        image = load(self._file)
        assert load_again(self._saved(image), self._file) == image
        return image

    def _saved(self, image: Image) -> bytes:
        save(self._file, image)
        return self._file.read_bytes()


def load_again(data: bytes, file: Path) -> Image:
    """The card in a file that was just written."""
    assert len(data) <= FILE_BYTES_MAX
    return load(file)


def _unsealed(data: bytes) -> object:
    """At the cost of a test: what the header asks for beyond that is not given, only refused."""
    if int.from_bytes(data[12:16], "big") > 64 or int.from_bytes(data[16:20], "big") > 2:
        data = data[:12] + SEALED[12:20] + data[20:]
    return KeyMaterial.from_json(unseal(data, "passphrase"))


def _network(data: bytes, file: Path) -> object:
    file.write_bytes(data)
    return Network.load(file)


_FILES = _CardFiles()
_NETWORK = Path(_FILES._folder.name) / "network.json"
MATERIAL = KeyMaterial(
    token={1: bytes(32)}, ref=bytes(32), card_masters={1: bytes(16), 2: b"\x01" * 16},
    record_master=bytes(16), transport_b=bytes(6), terminal_seed=bytes(32),
)  # fmt: skip
SEALED = seal(MATERIAL.to_json(), "passphrase", memory_kib=8, passes=1)
FILES = (
    Parser(
        name="card file", samples=_FILES.samples(), feed=_FILES.feed, says_no=(ImageCorrupt,),
        share=4,
    ),
    Parser(name="dump", samples=_dumps(), feed=_dump, says_no=(DumpUnreadable,), share=4),
    Parser(
        name="sealed key file", samples=(SEALED,), feed=_unsealed, says_no=(Keystore,), share=4,
    ),
    Parser(
        name="keys", samples=(MATERIAL.to_json(),), feed=KeyMaterial.from_json,
        says_no=(Keystore,),
    ),
    Parser(
        name="profile", samples=(new_profile(Random(1))[0],), feed=Profile.load,
        says_no=(ProfileBad,),
    ),
    Parser(
        name="network", samples=((resources.files("fixtures") / "network.json").read_bytes(),),
        feed=lambda data: _network(data, _NETWORK), says_no=(Fault,), share=4,
    ),
)  # fmt: skip


# --- people and the wire


def _application(data: bytes) -> object:
    """A fault shows nothing of a number (its facts are short names at most)."""
    return application.parse(data)


APPLICATIONS = tuple(
    json.dumps(given, ensure_ascii=False).encode()
    for given in (
        citizen(),
        spouse(),
        citizen(
            born="2016-02-29",
            nationality="TWN",
            school=school(),
            proxy=proxy("parent", "L100000000", {"kind": "national_id"}),
        ),
    )
)
_B64 = {43: "A" * 43, 86: "A" * 86}
_CLAIM: dict[str, Any] = {
    "claim": "0" * 32, "product": "flora", "tokens": ["1" * 32, "2" * 32], "generation": 1,
    "links": [["1" * 32, "2" * 32]], "documents": 3,
    "ack": {"seq": 7, "head": _B64[43], "era": 1, "sig": _B64[86]},
}  # fmt: skip
_CERTIFICATE: dict[str, Any] = {
    "terminal": "T-01", "role": "counter", "key": _B64[43], "keyid": "T-01.1", "site": "north",
    "epoch": 1, "era": 1, "city": "0" * 64, "not_after": "2027-01-01T00:00:00Z", "sig": _B64[86],
}  # fmt: skip
WIRE: dict[type[messages.Message], dict[str, Any]] = {
    messages.ClaimRequest: _CLAIM,
    messages.Certificate: _CERTIFICATE,
    messages.EnrolAnswer: {
        "certificate": _CERTIFICATE, "hub_key": _B64[43], "tls_sha256": None, "era": 1, "epoch": 1,
    },
    messages.ErrorAnswer: {"error": {"code": "epoch", "message": "x", "next": "y"}},
}  # fmt: skip


def _wire(kind: type[messages.Message], sample: dict[str, Any]) -> Parser:
    def feed(data: bytes) -> object:
        message = messages.decode(kind, data)
        assert messages.decode(kind, messages.encode(message)) == message
        return message

    sent = json.dumps(sample, separators=(",", ":")).encode()
    return Parser(name=f"wire {kind.__name__}", samples=(sent,), feed=feed, says_no=(WireForm,))


_QUESTION = Question(method="POST", path="/v1/claims", nonce="A" * 22)
_HEADER = sign_request(
    _QUESTION, query="", body=b"{}", city="0" * 64, epoch=1, era=1, keyid="T-01.1", created=1,
    sign=lambda _: bytes(64),
)  # fmt: skip


def _signed(data: bytes) -> object:
    """Header lines as a server hands them on: latin-1."""
    lines = (line.split(": ", 1) for line in data.decode("latin-1").split("\n"))
    headers = [(name, value) for name, *rest in lines for value in rest]
    return parse_request(method="POST", path="/v1/claims", query="", headers=headers, has_body=True)


_LINES = "\n".join(f"{n}: {v}" for n, v in ({"content-type": JSON_TYPE} | _HEADER).items())
DOCUMENTS = (
    Parser(name="application", samples=APPLICATIONS, feed=_application, says_no=(Fault,)),
    *(_wire(kind, sample) for kind, sample in WIRE.items()),
    Parser(name="signature", samples=(_LINES.encode(),), feed=_signed, says_no=(NotSigned,)),
    Parser(
        name="invite", samples=(new_invite(bytes(10), bytes(32)).code().encode(),),
        feed=lambda data: parse_code(data.decode("latin-1")), says_no=(WireForm,),
    ),
)  # fmt: skip

PARSERS = (*RECORDS, *CHIPS, *FILES, *DOCUMENTS)
