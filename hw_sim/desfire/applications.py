"""Commands about the card and its applications (cards.md 5.5, 5.9)."""

from __future__ import annotations

from hw_sim.desfire.core import (
    CREATE_FREELY,
    LIST_FREELY,
    Answer,
    Core,
    Level,
    Spec,
)
from hw_sim.desfire.image import (
    AID_BYTES,
    APPLICATIONS_MAX,
    EV1_APPLICATIONS,
    KEYS_MAX,
    Application,
    Key,
    KeyKind,
    application_bytes,
)
from hw_sim.desfire.session import SIZE_UNKNOWN, Mode
from hw_sim.desfire.status import Status, refuse_unless
from hw_sim.iso_dep import Ats

PICC_AID = bytes(AID_BYTES)
PICC_NAME = bytes.fromhex("d2760000850100")
MASTER_FILE_ID = 0x3F00
NO_ISO_IDS = frozenset((0x0000, MASTER_FILE_ID, 0x3FFF, 0xFFFF))
AIDS_PER_FRAME = 19
FLAG_NO_FORMAT, FLAG_RANDOM_UID = 0x01, 0x02


def get_version(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    return Answer(parts=core.image.version_parts())


def select_application(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == AID_BYTES, Status.LENGTH)
    app = core.image.application(params)
    refuse_unless(app or params == PICC_AID, Status.NO_APPLICATION)
    core.select(app)
    return Answer()


def get_application_ids(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    core.need_master(unless=LIST_FREELY)
    aids = [app.aid for app in core.image.applications]
    frames = range(0, len(aids), AIDS_PER_FRAME)
    return Answer(parts=tuple(b"".join(aids[n : n + AIDS_PER_FRAME]) for n in frames))


def get_df_names(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    core.need_master(unless=LIST_FREELY)
    named = [app for app in core.image.applications if app.iso_id is not None]
    return Answer(
        parts=tuple(
            app.aid + (app.iso_id or 0).to_bytes(2, "little") + app.df_name for app in named
        )
    )


def create_application(core: Core, params: bytes) -> Answer:
    refuse_unless(len(params) == 5 or 7 <= len(params) <= 23, Status.LENGTH)
    core.need_master(unless=CREATE_FREELY)
    aid, ks1, ks2 = params[:AID_BYTES], params[3], params[4]
    iso_id = int.from_bytes(params[5:7], "little") if len(params) > 5 else None
    name = params[7:]
    kinds = {0: KeyKind.DES, 1: KeyKind.TDES3, 2: KeyKind.AES}
    well = ks2 & 0x0F <= KEYS_MAX and not ks2 & 0x10 and ks2 >> 6 in kinds
    refuse_unless(well and aid != PICC_AID and iso_id not in NO_ISO_IDS, Status.PARAMETER)
    image = core.image
    taken = image.application(aid) is not None or name == PICC_NAME
    for app in image.applications:
        taken |= iso_id is not None and app.iso_id == iso_id
        taken |= bool(name) and app.df_name == name
    refuse_unless(not taken, Status.DUPLICATE)
    most = EV1_APPLICATIONS if image.ev1 else APPLICATIONS_MAX
    refuse_unless(len(image.applications) < most, Status.TOO_MANY_APPLICATIONS)
    kind = kinds[ks2 >> 6]
    first = Key(kind, image.default_key[: kind.size], image.default_version)
    if kind is not KeyKind.AES:
        first = Key(kind, first.value)
    made = Application(
        aid=aid, ks1=ks1, ks2=ks2, iso_id=iso_id, df_name=name, keys=[first] * (ks2 & 0x0F)
    )
    refuse_unless(application_bytes(made) <= image.free_bytes(), Status.OUT_OF_MEMORY)
    image.applications.append(made)
    core.touched()
    return Answer()


def delete_application(core: Core, params: bytes) -> Answer:
    """By the card's master key or the application's own; never by nobody (the data sheet's note
    on KS1 bit 2, which frees the creation only)."""
    refuse_unless(len(params) == AID_BYTES, Status.LENGTH)
    app = core.image.application(params)
    refuse_unless(app, Status.NO_APPLICATION)
    refuse_unless(core.is_master() and core.app in (None, app), Status.AUTHENTICATION)
    core.image.applications = [each for each in core.image.applications if each is not app]
    core.touched()
    if core.app is not None:
        core.select(None)
    return Answer()


def format_picc(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    core.need_master()
    refuse_unless(not core.image.no_format, Status.PERMISSION_DENIED)
    core.image.applications = []
    core.touched()
    return Answer()


def get_card_uid(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    refuse_unless(core.session, Status.AUTHENTICATION)
    return Answer(data=core.image.uid)


def free_memory(core: Core, params: bytes) -> Answer:
    refuse_unless(not params, Status.LENGTH)
    return Answer(data=core.image.free_bytes().to_bytes(3, "little"))


def configuration_size(core: Core, head: bytes) -> int:
    """Bytes of data of each option of SetConfiguration."""
    core.need_master()
    sizes = {b"\x00": 1, b"\x01": 25, b"\x02": SIZE_UNKNOWN}
    refuse_unless(head in sizes, Status.PARAMETER)
    return sizes[head]


def set_configuration(core: Core, params: bytes) -> Answer:
    """What is switched on by option 00 stays on. A new ATS is heard at the next activation."""
    core.need_master()
    option, data, image = params[0], params[1:], core.image
    if option == 0:
        refuse_unless(len(data) == 1 and data[0] <= 3, Status.PARAMETER)
        image.no_format |= bool(data[0] & FLAG_NO_FORMAT)
        image.random_uid |= bool(data[0] & FLAG_RANDOM_UID)
    elif option == 1:
        refuse_unless(len(data) == 25, Status.LENGTH)
        image.default_key, image.default_version = data[:24], data[24]
    else:
        refuse_unless(data and data[0] == len(data), Status.LENGTH)
        refuse_unless(1 < len(data) <= 20 and Ats.parse(data), Status.PARAMETER)
        image.ats = data
    core.touched()
    return Answer()


SPECS = {
    0x60: Spec(run=get_version),
    0x5A: Spec(run=select_application, mode=Mode.PLAIN),
    0x6A: Spec(run=get_application_ids, level=Level.PICC),
    0x6D: Spec(run=get_df_names, level=Level.PICC),
    0xCA: Spec(run=create_application, level=Level.PICC),
    0xDA: Spec(run=delete_application),
    0xFC: Spec(run=format_picc, level=Level.PICC),
    0x51: Spec(run=get_card_uid, mode=Mode.FULL),
    0x6E: Spec(run=free_memory),
    0x5C: Spec(
        run=set_configuration, level=Level.PICC, mode=Mode.FULL, head=1, size=configuration_size
    ),
}
