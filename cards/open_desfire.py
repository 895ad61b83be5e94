"""From a DESFire in the field to the handle on it. Writes nothing.

A card with a random UID is asked for the true one first: under the identity key, or, where that
is not ours yet, under the maker's key.
"""

from __future__ import annotations

from apdu.desfire.card import Desfire
from apdu.errors import DesfireRefused
from cards.desfire_access import KIND, Access
from cards.desfire_layout import APPLICATION, CARD, NOT_OURS_YET, KeyNo
from cards.errors import WrongCard
from cards.identify import Identity
from cards.on_desfire import DesfireCard
from cards.seal import Seal
from drivers.contract import IsoDepPort
from drivers.keys.contract import KeyStore


def open_desfire(identity: Identity, port: IsoDepPort, *, keys: KeyStore) -> DesfireCard:
    """Read the card. Raises `WrongCard` where it is neither stock nor ours, `CardSpoiled`,
    `NoCardKey`, and what `Connection` names."""
    access = Access(Desfire(port.transmit), keys=keys, uid=identity.uid)
    try:
        begun = access.select(APPLICATION)
        if not begun:
            _check_stock(access)
    except DesfireRefused as refused:
        raise WrongCard(kind=KIND) from refused
    if not identity.stable_uid:
        access.uid = _true_uid(access, begun=begun)
    card = DesfireCard(
        identity,
        card_ref=keys.card_ref(access.uid),
        access=access,
        seal=Seal(keys, access.uid),
        begun=begun,
    )
    card.look()
    return card


def _check_stock(access: Access) -> None:
    """Nothing on it, and a master key that says it is the maker's. No key is tried."""
    if access.air.applications() or access.version(KeyNo.MASTER) != NOT_OURS_YET:
        raise WrongCard(kind=KIND)


def _true_uid(access: Access, *, begun: bool) -> bytes:
    if begun and access.version(KeyNo.IDENTITY) != NOT_OURS_YET:
        return access.open(KeyNo.IDENTITY).card_uid()
    access.select(CARD)
    uid = access.open(KeyNo.MASTER).card_uid()
    if begun:
        access.select(APPLICATION)
    return uid
