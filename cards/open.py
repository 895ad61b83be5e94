"""From a card in the field to the handle on it, and the decision which of two modes it has.

The ledger is asked first, by `card_ref`: a card that is known there needs no key. Then our keys
are tried on our sectors: all open, the record is on the card; none, it is stock without a free
sector; some, it is spoiled (a tear leaves each trailer old or new, and both open). A DESFire
carries its record or is stock that will: there is no ledger mode for it.
"""

from __future__ import annotations

from cards.card import Card
from cards.config import OurSectors
from cards.errors import CardSpoiled, KeysTooOld, WrongCard
from cards.identify import identify
from cards.in_ledger import LedgerCard
from cards.on_classic import RecordCard
from cards.open_desfire import open_desfire
from cards.seal import Seal
from cards.sectors import OwnSectors
from cards.shelf import Shelf
from drivers.contract import Connection
from drivers.keys.contract import KeyStore


def open_card(connection: Connection, *, keys: KeyStore, shelf: Shelf, ours: OurSectors) -> Card:
    """Read the card. Writes nothing.

    Raises `WrongCard` (neither stock nor ours, a Classic whose UID is drawn anew each time, a
    blank Classic), `KeysTooOld`, `CardSpoiled`, `SectorLocked`, `NoCardKey`, and what `Connection`
    names.
    """
    identity = identify(connection)
    if identity.kind == "desfire" and connection.iso_dep is not None:
        return open_desfire(identity, connection.iso_dep, keys=keys)
    port = connection.classic
    if identity.kind != "classic" or port is None:
        raise WrongCard(kind=identity.kind)
    if not identity.stable_uid:
        raise WrongCard(kind="random-uid")
    card_ref = keys.card_ref(identity.uid)
    in_ledger = LedgerCard(identity, card_ref=card_ref, shelf=shelf, may_issue=ours.ledger_mode)
    if shelf.knows(card_ref):
        return in_ledger
    memory = OwnSectors(port, keys=keys, uid=identity.uid, sectors=ours.sectors)
    looks = {sector: memory.look(sector) for sector in ours.read_order}
    found = {sector: blocks for sector, blocks in looks.items() if blocks is not None}
    if not found:
        if memory.opens_with_factory_key():
            raise WrongCard(kind="blank-classic")
        if keys.has_older_versions:
            # Stock without a free sector, or a card of ours from before: nobody can tell, and a
            # card that was handed out must not be handed out again.
            raise KeysTooOld
        return in_ledger
    if len(found) != len(looks):
        raise CardSpoiled(why="sectors")
    return RecordCard(
        identity,
        card_ref=card_ref,
        ours=ours,
        memory=memory,
        seal=Seal(keys, identity.uid),
        found=found,
    )
