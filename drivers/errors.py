"""What goes wrong between us and a card. Facts only; words are in `terminal.words`."""

from __future__ import annotations

from dataclasses import dataclass

from apdu.errors import Fault


@dataclass(eq=False, kw_only=True)
class CardRemoved(Fault):
    """The card left the field; whether it executed the last frame is unknown."""

    frames_done: int  # exchanges answered before; 0 = it never answered


@dataclass(eq=False, kw_only=True)
class CardMute(Fault):
    """The card is there and did not answer before the deadline."""

    waited_s: float


@dataclass(eq=False, kw_only=True)
class NoCard(Fault):
    """No card was put down in time."""

    waited_s: float


@dataclass(eq=False, kw_only=True)
class BlockRefused(Fault):
    """The card refused to read or write one block (access bits, sector not open)."""

    block: int
    verb: str  # read, write


@dataclass(eq=False, kw_only=True)
class ReaderGone(Fault):
    """The reader itself vanished (unplugged, line closed)."""

    reader: str


@dataclass(eq=False, kw_only=True)
class ServiceGone(Fault):
    """The machine's smart-card service stopped answering."""

    reader: str


@dataclass(eq=False, kw_only=True)
class ReaderBusy(Fault):
    """Another program holds the reader."""

    reader: str


@dataclass(eq=False, kw_only=True)
class NoSuchReader(Fault):
    """No reader or card file by that name."""

    reader: str


@dataclass(eq=False, kw_only=True)
class ReaderAmbiguous(Fault):
    """Several readers match the name and more than one holds a card."""

    readers: str  # their names, comma separated


@dataclass(eq=False, kw_only=True)
class UnknownScheme(Fault):
    """The reader URI's scheme or form is none of ours."""

    uri: str


@dataclass(eq=False, kw_only=True)
class StackMissing(Fault):
    """The driver's software is not installed here."""

    package: str


@dataclass(eq=False, kw_only=True)
class CardFileCorrupt(Fault):
    """The card file is not a card file, or is damaged."""

    file: str
    why: str


@dataclass(eq=False, kw_only=True)
class CardFileUnwritable(Fault):
    """The card file could not be written back: the simulated card keeps its older state."""

    file: str
    why: str


@dataclass(eq=False, kw_only=True)
class ReaderDenied(Fault):
    """This user may not use the reader or the smart-card service."""

    reader: str


@dataclass(eq=False, kw_only=True)
class ServiceRefused(Fault):
    """The smart-card service answered a code that says nothing we can act on."""

    verb: str
    result: str  # eight hex digits, PC/SC part 6


@dataclass(eq=False, kw_only=True)
class ReaderProtocol(Fault):
    """The reader answered what no reader answers."""

    verb: str
    sw: str  # four hex digits, empty where there was none


@dataclass(eq=False, kw_only=True)
class Keystore(Fault):
    """The key store is missing, damaged, or the passphrase does not open it."""

    why: str


@dataclass(eq=False, kw_only=True)
class KeyMissing(Fault):
    """The key store lacks a key that the work needs: the custodians have not brought it."""

    key: str  # card, record, ref, transport


@dataclass(eq=False, kw_only=True)
class NoCardKey(Fault):
    """A card's keys are of a version that this key store does not hold."""

    version: int


@dataclass(eq=False, kw_only=True)
class KeyNameBad(Fault):
    """No key has a name of that form."""


@dataclass(eq=False, kw_only=True)
class KeyHeld(Fault):
    """The store holds another key by that name: a key is never written over."""

    key: str


@dataclass(eq=False, kw_only=True)
class KeyStoreHere(Fault):
    """The home has its key store, where it is."""


@dataclass(eq=False, kw_only=True)
class ComponentBad(Fault):
    """A custodian's component of a key is none."""

    custodian: int  # 1, 2
    why: str  # hex, zero, same, or digits given/wanted


@dataclass(eq=False, kw_only=True)
class CheckRefused(Fault):
    """The custodians did not accept the check value of the key that their components make."""

    key: str


@dataclass(eq=False, kw_only=True)
class KeyToken(Fault):
    """The token (a smart card or security module behind PKCS#11) cannot be used."""

    why: str  # library, token, or the name of the library's own answer, e.g. DeviceRemoved


@dataclass(eq=False, kw_only=True)
class KeyUnguarded(Fault):
    """A key in the token may be taken out of it, or used for more than we ask: it is not used."""

    key: str


@dataclass(eq=False, kw_only=True)
class DevelopmentKey(Fault):
    """A key of the simulation, which is public, in a real home."""

    key: str


@dataclass(eq=False, kw_only=True)
class NoTokenKey(Fault):
    """This home's key store holds no token key: it does not issue."""

    role: str
