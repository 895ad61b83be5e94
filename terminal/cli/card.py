"""`card …`: what lies on a reader, and simulated cards in files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from terminal.cli.context import CARD_TIMEOUT_S, Cli, pass_cli
from terminal.cli.tree import command, group, option
from terminal.words.speak import say

if TYPE_CHECKING:
    from cards.config import OurSectors
    from hw_sim.image import CardImage, Image
    from hw_sim.pn532 import Pn532Server
    from hw_sim.vpcd import VpcdServer

DESFIRES: Final = ("blank-desfire", "child", "student")
"""The same chip from the box; what becomes of it is its label."""
KINDS: Final = ("flora", "blank-classic", "blank-classic-4k", *DESFIRES)
PURSE_MIN_NTD, PURSE_MAX_NTD = -60, 32_767

card = group("card")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What `card new` was asked for, as the command line said it."""

    kind: str
    uid_hex: str | None
    purse_ntd: int
    no_free_sector: bool
    ev1: bool
    random_uid: bool
    holder: str | None

    def check(self) -> None:
        """Raises `ArgumentBad` for an option that says nothing about this kind of card."""
        from terminal.errors import ArgumentBad, PurseTooFull

        desfire, flora = self.kind in DESFIRES, self.kind == "flora"
        misplaced = {
            "--ev1": self.ev1 and not desfire,
            "--random-uid": self.random_uid and not desfire,
            "--uid": self.uid_hex is not None and (self.kind == "nhi" or not self._uid_fits()),
            "--no-free-sector": self.no_free_sector and not flora,
            "--purse": self.purse_ntd < PURSE_MIN_NTD or (self.purse_ntd != 0 and not flora),
            "--holder": (self.holder is not None) != (self.kind == "nhi"),
        }
        if self.purse_ntd > PURSE_MAX_NTD:
            raise PurseTooFull(ntd_max=PURSE_MAX_NTD)
        for argument, wrong in misplaced.items():
            if wrong:
                raise ArgumentBad(argument=argument, command="card new")

    def _uid_fits(self) -> bool:
        """A DESFire has a UID of 7 bytes; what is no UID at all is told by `_uid`."""
        return self.kind not in DESFIRES or len(self.uid_hex or "") != 8


@command("new", "card_new", parent=card)
@click.argument("kind", metavar="KIND", type=click.Choice(KINDS))
@click.argument("file", metavar="FILE", type=Path)
@option("--purse", "purse_ntd", key="card_purse", metavar="NTD", type=int, default=0)
@option("--uid", "uid_hex", key="card_uid", metavar="HEX")
@option("--no-free-sector", key="card_no_free", is_flag=True)
@option("--ev1", key="card_ev1", is_flag=True)
@option("--random-uid", key="card_random_uid", is_flag=True)
@pass_cli
def new(cli: Cli, /, *, file: Path, **said: Any) -> None:
    wanted = Wanted(**said, holder=None)
    _only_in_simulation(cli, "card new")
    wanted.check()
    image = _new(wanted, uid=_uid(wanted.uid_hex))
    _save(file, image)
    cli.answer(
        {
            "file": str(file),
            "kind": wanted.kind,
            "uid": image.uid.hex(),
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


@command("topup", "card_topup", parent=card)
@click.argument("file", metavar="FILE", type=Path)
@click.argument("ntd", metavar="NTD", type=click.IntRange(min=1))
@pass_cli
def topup(cli: Cli, file: Path, ntd: int) -> None:
    from hw_sim import value
    from hw_sim.stock import topup as top_up
    from terminal.errors import NoPurse, PurseTooFull

    _only_in_simulation(cli, "card topup")
    image = _load(file)
    blocks = _stock()[0].purse_blocks
    try:
        purse_ntd = top_up(image, ntd, blocks=blocks)
    except ValueError:
        if any(value.decode(image.blocks[block]) for block in blocks):
            raise PurseTooFull(ntd_max=PURSE_MAX_NTD) from None
        raise NoPurse from None
    _save(file, image)
    cli.answer({"purse_ntd": purse_ntd}, say("ui.topped_up", purse_ntd=purse_ntd))


@command("show", "card_show", parent=card)
@option("--reader", key="reader", required=True, metavar="URI")
@pass_cli
def show(cli: Cli, reader: str) -> None:
    from terminal.laying import Laying
    from terminal.showing import lines_of, public_facts, whole_card

    home = cli.home_if_any("card show")
    with Laying(reader, timeout_s=CARD_TIMEOUT_S) as laying:
        connection = laying.connection()
        facts = public_facts(connection) if home is None else whole_card(connection, home)
    cli.answer(facts, *lines_of(facts))


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

    host, port = _address(vpcd) if vpcd else (HOST, PORT + slot)
    return VpcdServer(file, host=host, port=port, tell=tell)


@command("import", "card_import", parent=card)
@click.argument("dump", metavar="DUMP", type=Path)
@click.argument("file", metavar="FILE", type=Path)
@pass_cli
def import_(cli: Cli, dump: Path, file: Path) -> None:
    from hw_sim.dumps import from_plain
    from terminal.errors import DumpSize
    from terminal.files import read_file

    data = read_file(dump)
    try:
        image = from_plain(data)
    except ValueError:
        raise DumpSize(got_bytes=len(data)) from None
    _save(file, image)
    cli.answer({"file": str(file), "uid": image.uid.hex()}, say("ui.imported", file=str(file)))


@command("export", "card_export", parent=card)
@click.argument("file", metavar="FILE", type=Path)
@click.argument("dump", metavar="DUMP", type=Path)
@pass_cli
def export(cli: Cli, file: Path, dump: Path) -> None:
    from hw_sim.dumps import to_plain
    from terminal.files import trouble

    data = to_plain(_load(file))
    try:
        dump.write_bytes(data)
    except OSError as error:
        raise trouble(dump, error) from None
    cli.answer({"file": str(dump), "bytes": len(data)}, say("ui.exported", file=str(dump)))


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


def _uid(text: str | None) -> bytes | None:
    from terminal.errors import BadUid

    if text is None:
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{8}|[0-9a-fA-F]{14}", text):
        raise BadUid
    uid = bytes.fromhex(text)
    if len(uid) == 4 and uid.startswith(b"\x88"):  # the cascade tag (cards.md 1.2)
        raise BadUid
    return uid


def _address(text: str) -> tuple[str, int]:
    from terminal.errors import ArgumentBad

    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 0x10000:
        raise ArgumentBad(argument="--vpcd", command="card serve")
    return host or "127.0.0.1", int(port)


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


def _load(file: Path) -> CardImage:
    from hw_sim.image import load_classic

    with _card_file(file):
        return load_classic(file)


def _save(file: Path, image: Image) -> None:
    from hw_sim.image import save

    with _card_file(file):
        save(file, image)
