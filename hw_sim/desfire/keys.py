"""Commands about keys and key settings (cards.md 5.5 to 5.7)."""

from __future__ import annotations

from hw_sim.desfire.core import (
    LIST_FREELY,
    MASTER,
    MASTER_CHANGEABLE,
    SETTINGS_CHANGEABLE,
    Answer,
    Core,
    Spec,
)
from hw_sim.desfire.crypto import xor
from hw_sim.desfire.image import Key, KeyKind
from hw_sim.desfire.session import Mode
from hw_sim.desfire.status import Refused, Status, refuse_unless

EACH_BY_ITSELF, FROZEN = 0xE, 0xF
"""Who changes keys, in the high half of KS1; else the number of the key that does."""
TYPES = {0x00: KeyKind.DES, 0x40: KeyKind.TDES3, 0x80: KeyKind.AES}
"""The type of the card's new master key, in the top bits of ChangeKey's key number."""


def get_key_settings(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    core.need_master(unless=LIST_FREELY)
    if core.app is not None:
        return Answer(data=bytes((core.app.ks1, core.app.ks2)))
    return Answer(data=bytes((core.image.ks1, 1 | core.image.master.kind.value << 6)))


def _may_change_settings(core: Core, _head: bytes = b"") -> int:
    """The size of the new settings, if they may be changed. Raises `Refused`."""
    core.need_master()
    refuse_unless(core.ks1 & SETTINGS_CHANGEABLE, Status.PERMISSION_DENIED)
    return 1


def change_key_settings(core: Core, params: bytes) -> Answer:
    _may_change_settings(core)
    refuse_unless(len(params) == 1, Status.LENGTH)
    if core.app is not None:
        core.app.ks1 = params[0]
    else:
        core.image.ks1 = params[0] & 0x0F
    core.touched()
    return Answer()


def get_key_version(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 1, Status.LENGTH)
    return Answer(data=bytes((core.key(params[0]).version,)))


def _target(core: Core, named: int) -> tuple[int, KeyKind]:
    """Which key ChangeKey means, and of which type it will be. Raises `Refused`."""
    if core.app is not None:
        core.key(named)
        return named, core.app.kind
    refuse_unless(named & 0x3F == 0, Status.NO_SUCH_KEY)
    refuse_unless(named & 0xC0 in TYPES, Status.PARAMETER)
    return MASTER, TYPES[named & 0xC0]


def _may_change(core: Core, number: int) -> bool:
    """Whether this session may change that key; `Refused` if it may not. True: its own."""
    if core.session is None:
        raise Refused(Status.AUTHENTICATION)
    changer = core.ks1 >> 4 if core.app is not None else MASTER
    if number == MASTER:
        refuse_unless(core.ks1 & MASTER_CHANGEABLE, Status.PERMISSION_DENIED)
        needed = MASTER
    elif changer == FROZEN:
        raise Refused(Status.PERMISSION_DENIED)
    elif changer == EACH_BY_ITSELF:
        needed = number
    else:
        needed = MASTER if number == changer else changer
    refuse_unless(core.session.key_no == needed, Status.AUTHENTICATION)
    return core.session.key_no == number


def _new_key_size(core: Core, head: bytes) -> int:
    number, kind = _target(core, head[0])
    _may_change(core, number)
    return kind.size + (kind is KeyKind.AES)


def _is_other(core: Core, head: bytes) -> bool:
    number, _kind = _target(core, head[0])
    return not _may_change(core, number)


def change_key(core: Core, params: bytes) -> Answer:
    """The session of the changed key is gone, and the answer has no MAC then."""
    number, kind = _target(core, params[0])
    own = _may_change(core, number)
    data = params[1:]
    value, version = data[: kind.size], 0
    rest = data[kind.size :]
    if kind is KeyKind.AES:
        version, rest = rest[0], rest[1:]
    if not own and core.session is not None:
        value = xor(value, core.keys[number].value)
        refuse_unless(rest == core.session.key_check(value), Status.INTEGRITY)
    new = Key(kind, value, version)
    if core.app is None:
        core.image.master = new
    else:
        core.app.keys[number] = new
    core.touched()
    if own:
        core.session = None
    return Answer()


SPECS = {
    0x45: Spec(run=get_key_settings),
    0x54: Spec(run=change_key_settings, mode=Mode.FULL, size=_may_change_settings),
    0x64: Spec(run=get_key_version),
    0xC4: Spec(run=change_key, mode=Mode.FULL, head=1, size=_new_key_size, key_check=_is_other),
}
