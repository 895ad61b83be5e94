"""`card …`: what lies on a reader, and simulated cards in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from terminal.cli.card_kinds import DESFIRES, KINDS, PURSE_MAX_NTD, Wanted
from terminal.cli.context import CARD_TIMEOUT_S, Cli, pass_cli
from terminal.cli.rekey import rekey
from terminal.cli.tree import command, group, option
from terminal.words.speak import say

if TYPE_CHECKING:
    from random import Random

    from cards.config import OurSectors
    from hw_sim.dumps import Dump, Look
    from hw_sim.image import Image
    from hw_sim.pn532 import Pn532Server
    from hw_sim.vpcd import VpcdServer
    from terminal.home import Home

CHIP_CLASSIC_1K: Final = "classic-1k"

card = group("card")
card.add_command(rekey)


@command("new", "card_new", parent=card)
@click.argument("kind", metavar="KIND", type=click.Choice(KINDS))
@click.argument("file", metavar="FILE", type=Path)
@option("--purse", "purse_ntd", key="card_purse", metavar="NTD", type=int, default=0)
@option("--uid", "uid_hex", key="card_uid", metavar="HEX")
@option("--no-free-sector", key="card_no_free", is_flag=True)
@option("--ev1", key="card_ev1", is_flag=True)
@option("--random-uid", key="card_random_uid", is_flag=True)
@option("--holder", key="card_holder", metavar="-")
@pass_cli
def new(cli: Cli, /, *, file: Path, **said: Any) -> None:
    wanted = Wanted(**said)
    _only_in_simulation(cli, "card new")
    wanted.check()
    image = _new(wanted, uid=wanted.uid())
    _save(file, image)
    cli.answer(
        {
            "file": str(file),
            "kind": wanted.kind,
            "uid": image.uid.hex() or None,
            "purse_ntd": wanted.purse_ntd,
        },
        say("ui.card_made", file=str(file)),
    )


def _new(wanted: Wanted, *, uid: bytes | None) -> Image:
    """A card as it is before anything of ours is on it."""
    from random import SystemRandom

    from hw_sim.geometry import CHIP_CLASSIC_4K
    from hw_sim.stock import new_blank_classic, new_desfire, new_flora

    chance = SystemRandom()
    if wanted.kind == "blank-classic":
        return new_blank_classic(chance, uid=uid)
    if wanted.kind == "blank-classic-4k":
        return new_blank_classic(chance, uid=uid, chip=CHIP_CLASSIC_4K)
    if wanted.kind == "nhi":
        return _new_nhi(wanted.holder or "", chance)
    if wanted.kind in DESFIRES:
        made = new_desfire(chance, uid=uid, ev1=wanted.ev1, random_uid=wanted.random_uid)
        made.kind = wanted.kind
        return made
    ours, transport_b = _stock()
    return new_flora(
        chance,
        uid=uid,
        purse_ntd=wanted.purse_ntd,
        sectors=ours.sectors,
        transport_key_b=transport_b,
        free_sector=not wanted.no_free_sector,
    )


def _new_nhi(holder: str, chance: Random) -> Image:
    """Of the person whose facts come on stdin. Raises `HolderUnfit`, which names the field."""
    from hw_sim.nhi import new_nhi
    from issuance.strict_json import load, shown
    from terminal.cli.context import read_applicant
    from terminal.errors import HolderUnfit

    said = load(read_applicant(holder))
    if not isinstance(said, dict):
        raise HolderUnfit(field="holder")
    try:
        return new_nhi(chance, holder=said)
    except ValueError as error:
        raise HolderUnfit(field=shown(str(error))) from None


@command("topup", "card_topup", parent=card)
@click.argument("file", metavar="FILE", type=Path)
@click.argument("ntd", metavar="NTD", type=click.IntRange(min=1))
@pass_cli
def topup(cli: Cli, file: Path, ntd: int) -> None:
    from cards.desfire_layout import APPLICATION, FileNo
    from hw_sim.image import CardImage
    from hw_sim.stock import NoPurseThere, credit
    from hw_sim.stock import topup as top_up
    from terminal.errors import NoPurse, PurseTooFull

    _only_in_simulation(cli, "card topup")
    image = _load(file)
    try:
        if isinstance(image, CardImage):
            purse_ntd = top_up(image, ntd, blocks=_stock()[0].purse_blocks)
        else:
            purse_ntd = credit(image, ntd, aid=APPLICATION, file=FileNo.PURSE)
    except NoPurseThere:
        raise NoPurse from None
    except ValueError:
        raise PurseTooFull(ntd_max=PURSE_MAX_NTD) from None
    _save(file, image)
    cli.answer({"purse_ntd": purse_ntd}, say("ui.topped_up", purse_ntd=purse_ntd))


@command("show", "card_show", parent=card)
@option("--reader", key="reader", metavar="URI")
@option("--dump", key="card_dump", metavar="FILE", type=Path)
@pass_cli
def show(cli: Cli, reader: str | None, dump: Path | None) -> None:
    from terminal.dump_facts import lines_of_dump
    from terminal.errors import ArgumentExtra, ArgumentMissing
    from terminal.laying import Laying
    from terminal.showing import lines_of, public_facts, whole_card

    if reader is None and dump is None:
        raise ArgumentMissing(argument="--reader", command="card show")
    if reader is not None and dump is not None:
        raise ArgumentExtra(command="card show")
    home = cli.home_if_any("card show")
    if dump is not None:
        facts = _facts_of_file(dump, home)
        more = lines_of_dump(facts["dump"]) if facts["dump"] else []
        cli.answer(facts, *lines_of(facts), *more)
        return
    with Laying(reader or "", timeout_s=CARD_TIMEOUT_S) as laying:
        connection = laying.connection()
        facts = public_facts(connection) if home is None else whole_card(connection, home)
    cli.answer(facts, *lines_of(facts))


def _facts_of_file(file: Path, home: Home | None) -> dict[str, Any]:
    """What a dump shows, or a card file: the card in it, as on a reader."""
    from drivers.sim import hold
    from hw_sim.image import looks_like_a_card_file
    from terminal.files import read_file
    from terminal.showing import public_facts, whole_card

    if not looks_like_a_card_file(read_file(file)):
        return _facts_of_dump(_dump(file), home)
    connection = hold(_load(file))
    facts = public_facts(connection) if home is None else whole_card(connection, home)
    return facts | {"dump": None}


def _facts_of_dump(dump: Dump, home: Home | None) -> dict[str, Any]:
    from hw_sim.dumps import look_at
    from terminal.showing import bare_facts

    look = look_at(dump)
    facts = bare_facts(kind=look.kind, chip=look.chip, uid=dump.uid or b"")
    ours = _ours_of_dump(dump, home) or {}
    sealed = ours.pop("sealed", None)
    facts |= {name: value for name, value in ours.items() if name in facts}
    facts["directory"] = _directory(look) if sealed is None else None
    applications = dump.desfire.applications if dump.desfire is not None else ()
    atqa, sak = dump.header.atqa, dump.header.sak
    facts["dump"] = {
        "form": dump.form.value,
        "said": dump.header.kind,
        "atqa": None if atqa is None else atqa.hex(),
        "sak": None if sak is None else f"{sak:02x}",
        "unknown_bytes": dump.unknown_bytes,
        "contradictions": _contradictions(dump),
        "locked_sectors": list(look.locked),
        "unread_sectors": list(look.unread),
        "applications": {app.aid.hex(): sorted(app.files) for app in applications},
        "sealed": sealed,
    }
    return facts


def _ours_of_dump(dump: Dump, home: Home | None) -> dict[str, Any] | None:
    """What a dump of a card of ours says. With a home the card is put before it, where the dump
    holds our sectors and their keys; else its bytes are read. `sealed`: whether its records are
    genuine."""
    from random import SystemRandom

    from cards.desfire_layout import APPLICATION
    from cards.seal import Seal
    from drivers.sim import hold
    from hw_sim.dumps import all_known
    from terminal.dump_facts import City, classic_record, desfire_record
    from terminal.showing import whole_card

    city = City() if home is None else City(policies=home.profile.policies, network=home.network)
    if dump.desfire is not None:
        found = next((a for a in dump.desfire.applications if a.aid == APPLICATION), None)
        seal = None if home is None or dump.uid is None else Seal(home.keys, dump.uid)
        files = {number: file.content for number, file in found.files.items()} if found else {}
        return desfire_record(files, seal, city)
    if dump.chip != CHIP_CLASSIC_1K:
        return None
    if home is not None and _is_there(dump, home.ours):
        shown = whole_card(hold(dump.image(fill=SystemRandom())), home)
        if shown["mode"] == "record":
            return shown | {"sealed": True}
    ours = home.ours if home is not None else _stock()[0]
    return classic_record([all_known(block) for block in dump.blocks], ours, city)


def _is_there(dump: Dump, ours: OurSectors) -> bool:
    """Whether the dump holds all that our sectors say and who may read it. What it lacks is drawn
    by chance, which would be shown as an older record or as a card that is spoiled."""
    from hw_sim.access import ACCESS_AND_USER
    from hw_sim.dumps import all_known
    from hw_sim.geometry import blocks_of

    for *data, trailer in map(blocks_of, ours.sectors):
        if None in (all_known(dump.blocks[block]) for block in data):
            return False
        if None in dump.blocks[trailer][ACCESS_AND_USER]:
            return False
    return True


def _directory(look: Look) -> dict[str, list[int]] | None:
    """Application → its sectors; None without a directory."""
    if look.directory is None:
        return None
    found: dict[str, list[int]] = {}
    for sector, aid in look.directory.applications.items():
        found.setdefault(aid.hex(), []).append(sector)
    return found


def _contradictions(dump: Dump) -> list[dict[str, Any]]:
    """Both sides of each; of a key neither."""
    return [
        {
            "what": each.what,
            "sector": each.sector,
            "said": None if each.what.startswith("key") else each.said.hex(),
            "found": None if each.what.startswith("key") else each.found.hex(),
        }
        for each in dump.contradictions()
    ]


@command("serve", "card_serve", parent=card)
@click.argument("file", metavar="FILE", type=Path)
@option("--vpcd", key="card_vpcd", metavar="[HOST:PORT]", is_flag=False, flag_value="")
@option("--slot", key="card_slot", type=click.IntRange(0, 1), default=0, metavar="0|1")
@option("--pn532", key="card_pn532", metavar="LINK", type=Path)
@pass_cli
def serve(cli: Cli, file: Path, vpcd: str | None, slot: int, pn532: Path | None) -> None:
    from terminal.cli.serving import serve_card
    from terminal.errors import ArgumentBad
    from terminal.files import trouble

    _only_in_simulation(cli, "card serve")
    if (vpcd is None) == (pn532 is None):
        raise ArgumentBad(argument="--vpcd, --pn532", command="card serve")

    def tell(notice: Enum) -> None:
        if notice.value == "ready":
            cli.line("ready")
        else:
            cli.note(say(f"ui.serve_{notice.value}"))

    def start() -> None:
        try:
            server.start()
        except OSError as error:
            raise trouble(pn532 or file, error) from None

    def put(other: Path | None) -> None:
        with _card_file(other or file):
            server.put(other)

    with _card_file(file):
        server = _server(file, vpcd=vpcd, slot=slot, pn532=pn532, tell=tell)
    serve_card(cli, start=start, stop=server.stop, lift=server.lift, put=put)


def _server(
    file: Path, *, vpcd: str | None, slot: int, pn532: Path | None, tell: Callable[[Enum], None]
) -> VpcdServer | Pn532Server:
    if pn532 is not None:
        from hw_sim.pn532 import Pn532Server

        return Pn532Server(file, link=pn532, tell=tell)
    from hw_sim.vpcd import HOST, PORT, VpcdServer

    host, port = _address(vpcd or f"{HOST}:{PORT}", slot)
    return VpcdServer(file, host=host, port=port, tell=tell)


@command("import", "card_import", parent=card)
@click.argument("dump", metavar="DUMP", type=Path)
@click.argument("file", metavar="FILE", type=Path)
@pass_cli
def import_(cli: Cli, dump: Path, file: Path) -> None:
    from hw_sim.dumps import DumpIncomplete
    from terminal.dump_facts import contradiction_lines
    from terminal.errors import DumpKeyless, DumpLacks

    read = _dump(dump)
    try:
        image = read.image()
    except DumpIncomplete as lacks:
        if not lacks.unknown_bytes:
            raise DumpKeyless from None
        raise DumpLacks(unknown_bytes=lacks.unknown_bytes) from None
    _save(file, image)
    differ = _contradictions(read)
    cli.answer(
        {
            "file": str(file),
            "uid": image.uid.hex(),
            "form": read.form.value,
            "contradictions": differ,
        },
        say("ui.imported", file=str(file)),
        *contradiction_lines(differ),
    )


@command("export", "card_export", parent=card)
@click.argument("file", metavar="FILE", type=Path)
@click.argument("dump", metavar="DUMP", type=Path)
@pass_cli
def export(cli: Cli, file: Path, dump: Path) -> None:
    from hw_sim.dumps import DumpIncomplete, Form, dump_of_card, write_dump
    from terminal.errors import DumpUnfit
    from terminal.files import trouble

    form = {".mct": Form.MCT, ".eml": Form.EML, ".json": Form.PROXMARK, ".nfc": Form.FLIPPER}
    image, wanted = _load(file), form.get(dump.suffix.lower(), Form.PLAIN)
    try:
        data = write_dump(dump_of_card(image, wanted))
    except DumpIncomplete:
        raise DumpUnfit(form=wanted.value) from None
    try:
        dump.write_bytes(data)
    except OSError as error:
        raise trouble(dump, error) from None
    cli.answer(
        {"file": str(dump), "bytes": len(data), "form": wanted.value},
        say("ui.exported", file=str(dump)),
    )


def _dump(file: Path) -> Dump:
    """The dump in a file. Raises `DumpSize`, `DumpUnreadable`, `FileTrouble`."""
    from hw_sim.dumps import DumpUnreadable as Unreadable
    from hw_sim.dumps import read_dump
    from terminal.errors import DumpSize, DumpUnreadable
    from terminal.files import read_file

    data = read_file(file)
    try:
        return read_dump(data)
    except Unreadable as error:
        if not error.why:
            raise DumpSize(got_bytes=len(data)) from None
        raise DumpUnreadable(why=error.why) from None


def _only_in_simulation(cli: Cli, name: str) -> None:
    """Refuse in a real home; without any home there is nothing to protect."""
    from terminal.errors import NoHome
    from terminal.home import Home

    with suppress(NoHome):
        Home.open(cli.where()).allow(name)


def _stock() -> tuple[OurSectors, bytes]:
    """Our sectors and the transport key B of the simulation's stock."""
    from cards.config import OurSectors
    from sync.profile import Profile
    from terminal.development import development_profile

    public, keys = development_profile()
    ours = OurSectors(sectors=Profile.load(public).sectors)
    return ours, bytes.fromhex(keys["transport_b"])


def _address(text: str, slot: int) -> tuple[str, int]:
    """Where that slot listens: the second one on the port after the first one's."""
    from terminal.errors import ArgumentBad

    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 0x10000 - slot:
        raise ArgumentBad(argument="--vpcd", command="card serve")
    return host or "127.0.0.1", int(port) + slot


@contextmanager
def _card_file(file: Path) -> Iterator[None]:
    """Turns what goes wrong with a card file into faults that name it."""
    from drivers.errors import CardFileCorrupt
    from hw_sim.image import ImageCorrupt
    from terminal.files import trouble

    try:
        yield
    except ImageCorrupt as error:
        raise CardFileCorrupt(file=str(file), why=error.why) from None
    except OSError as error:
        raise trouble(file, error) from None


def _load(file: Path) -> Image:
    from hw_sim.image import load

    with _card_file(file):
        return load(file)


def _save(file: Path, image: Image) -> None:
    from hw_sim.image import save

    with _card_file(file):
        save(file, image)
