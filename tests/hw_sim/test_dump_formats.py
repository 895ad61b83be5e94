"""Dumps of other tools, read and written: what is unknown stays so, what contradicts is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.desfire.image import (
    Application,
    Bytes,
    Content,
    File,
    FileKind,
    Key,
    KeyKind,
    Records,
    Value,
)
from hw_sim.dumps import (
    SIZES,
    DumpIncomplete,
    DumpUnreadable,
    Form,
    Header,
    dump_of_card,
    read_dump,
    write_dump,
)
from hw_sim.dumps.dump import UNKNOWN_BLOCK, Contradiction, Dump, Known
from hw_sim.dumps.look import look_at
from hw_sim.geometry import BLOCKS, CHIP_2K, CHIP_CLASSIC_1K, CHIP_CLASSIC_4K, CHIP_MINI, blocks_of
from hw_sim.image import CardImage, Image, load_classic, save
from hw_sim.stock import new_blank_classic, new_desfire, new_flora
from tests.hw_sim.rig import UID

FACTORY = "FFFFFFFFFFFFFF078069FFFFFFFFFFFF"
BLOCK_0 = "9C599B326C0804006263646566676869"
ALL_FORMS = [(chip, form) for chip in BLOCKS for form in Form
             if (chip, form) != (CHIP_2K, Form.FLIPPER)]  # fmt: skip


def blank(chip: str = CHIP_CLASSIC_1K, uid: bytes | None = UID) -> CardImage:
    return new_blank_classic(Random(1), uid=uid, chip=chip)


def noise(chip: str, seed: int) -> CardImage:
    """A card with random memory behind its block 0."""
    made, draw = blank(chip), Random(seed)
    made.blocks[1:] = [draw.randbytes(16) for _ in made.blocks[1:]]
    return made


@pytest.mark.parametrize(("chip", "form"), ALL_FORMS)
def test_a_card_comes_back_whole_from_every_format(chip: str, form: Form) -> None:
    for made in (noise(chip, 7), blank(chip), blank(chip, bytes.fromhex("04112233445566"))):
        again = read_dump(write_dump(dump_of_card(made, form)))
        assert (again.form, again.chip, again.unknown_bytes) == (form, chip, 0)
        assert again.contradictions() == ()
        image = again.image()
        assert (image.blocks, image.uid, image.atqa) == (made.blocks, made.uid, made.atqa)
        assert (image.sak, image.chip) == (made.sak, chip)
        assert again.image() == image


def test_a_card_of_a_dump_is_a_card_file_like_any_other(tmp_path: Path) -> None:
    for chip in BLOCKS:
        image = read_dump(b"".join(noise(chip, 3).blocks)).image()
        save(tmp_path / "c", image)
        assert load_classic(tmp_path / "c") == image


@st.composite
def holed(draw: st.DrawFn) -> tuple[Known, ...]:
    """The memory of a 1K or 4K with bytes that nobody knows."""
    chip = draw(st.sampled_from([CHIP_CLASSIC_1K, CHIP_CLASSIC_4K]))
    blocks: list[Known] = [tuple(block) for block in noise(chip, draw(st.integers(0, 99))).blocks]
    for block, at in draw(st.lists(st.tuples(st.integers(1, 63), st.integers(0, 15)), min_size=1)):
        changed = list(blocks[block])
        changed[at] = None
        blocks[block] = tuple(changed)
    return tuple(blocks)


@settings(max_examples=25, deadline=None)
@given(holed(), st.sampled_from([Form.MCT, Form.FLIPPER]))
def test_an_unknown_byte_stays_unknown(blocks: tuple[Known, ...], form: Form) -> None:
    dump = Dump(form=form, header=Header(uid=UID, atqa=b"\x04\x00", sak=8), blocks=blocks)
    again = read_dump(write_dump(dump))
    assert again.blocks == blocks
    with pytest.raises(DumpIncomplete) as lacks:
        again.image()
    assert lacks.value.unknown_bytes == again.unknown_bytes > 0
    # For looking at the card they are drawn, each time anew: nobody knows such a key.
    filled, other = (again.image(fill=Random(seed)) for seed in (1, 2))
    for block, known in enumerate(blocks):
        assert all(k in (None, byte) for k, byte in zip(known, filled.blocks[block], strict=True))
    assert again.unknown_bytes < 3 or filled.blocks != other.blocks


@settings(max_examples=25, deadline=None)
@given(holed())
def test_a_proxmark_dump_leaves_out_what_is_unknown_and_never_makes_it_up(
    blocks: tuple[Known, ...],
) -> None:
    dump = Dump(form=Form.PROXMARK, header=Header(uid=UID), blocks=blocks)
    again = read_dump(write_dump(dump))
    for before, after in zip(dump.blocks, again.blocks, strict=True):
        assert all(b in (None, a) for a, b in zip(before, after, strict=True))
        assert None in before or before == after


@pytest.mark.parametrize("form", [Form.PLAIN, Form.EML])
def test_a_format_without_a_sign_for_unknown_refuses(form: Form) -> None:
    holed = (*[tuple(block) for block in blank().blocks[:-1]], UNKNOWN_BLOCK)
    with pytest.raises(DumpIncomplete):
        write_dump(Dump(form=form, blocks=holed))


# --- plain


@given(st.sampled_from(SIZES), st.binary(max_size=64))
def test_any_memory_of_the_right_size_is_a_plain_dump(size: int, tail: bytes) -> None:
    data = bytes(size - len(tail)) + tail
    dump = read_dump(data)
    assert write_dump(dump) == data
    assert b"".join(dump.image().blocks) == data


@pytest.mark.parametrize("size", [0, 1, 319, 1023, 1025, 2112, 4095, 4097])
def test_any_other_size_is_no_dump(size: int) -> None:
    with pytest.raises(DumpUnreadable) as caught:
        read_dump(bytes(size))
    assert caught.value.why == ""


def test_the_same_dump_makes_the_same_card() -> None:
    data = Random(3).randbytes(1024)
    assert read_dump(data).image() == read_dump(data).image()
    assert read_dump(data).image().seed != read_dump(data[::-1]).image().seed


# --- contradictions


def test_a_header_and_a_block_0_that_disagree_are_both_shown() -> None:
    other = bytes.fromhex("01020304")
    dump = replace(dump_of_card(blank(), Form.FLIPPER), header=Header(uid=other))
    again = read_dump(write_dump(dump))
    assert again.contradictions() == (Contradiction(what="uid", said=other, found=UID),)
    assert again.uid == other
    assert again.image().uid == UID  # a card's memory is what it is


def test_a_wrong_check_byte_is_said_and_a_uid_of_7_bytes_has_none() -> None:
    made = blank()
    made.blocks[0] = UID + b"\x00" + made.blocks[0][5:]
    found = read_dump(b"".join(made.blocks)).contradictions()
    assert found == (Contradiction(what="bcc", said=b"\x6c", found=b"\x00"),)
    seven = blank(uid=bytes.fromhex("04112233445566"))
    assert read_dump(b"".join(seven.blocks)).contradictions() == ()


def test_nothing_is_said_of_a_block_0_that_is_not_known() -> None:
    blocks = (UNKNOWN_BLOCK, *[tuple(block) for block in blank().blocks[1:]])
    dump = Dump(form=Form.MCT, blocks=blocks)
    assert (dump.contradictions(), dump.uid) == ((), None)
    assert replace(dump, header=Header(uid=UID)).contradictions() == ()


# --- MIFARE Classic Tool


def test_an_mct_dump_may_leave_sectors_and_digits_out() -> None:
    text = f"+Sector: 0\n{BLOCK_0}\n{'0' * 32}\n{'-' * 32}\n{'-' * 12}FF078069{'F' * 11}-\n"
    dump = read_dump((text + f"\r\n+Sector: 15\r\n{'0' * 32}\r\n" + f"{FACTORY}\r\n" * 3).encode())
    assert (dump.form, dump.chip, dump.uid) == (Form.MCT, CHIP_CLASSIC_1K, UID)
    assert dump.blocks[2] == UNKNOWN_BLOCK == dump.blocks[4]
    assert dump.blocks[3] == (None,) * 6 + tuple(bytes.fromhex("ff078069ffffffffff")) + (None,)
    assert look_at(dump).unread == tuple(range(1, 15))


@pytest.mark.parametrize(
    "text",
    ["+Sector: 0\n" + BLOCK_0, "+Sector: 40\n", f"+Sector: 0\n{BLOCK_0[:-1]}g\n",
     "+Sector: 1\n" + f"{FACTORY}\n" * 5, ("+Sector: 1\n" + f"{FACTORY}\n" * 4) * 2,
     "+Sector: 0\n+Sector: 1\n" + f"{FACTORY}\n" * 4, f"+Sector: 0\n{BLOCK_0}00\n",
     "+Sector: 0x\n"],
)  # fmt: skip
def test_an_mct_dump_that_does_not_keep_to_it_is_refused(text: str) -> None:
    with pytest.raises(DumpUnreadable) as caught:
        read_dump(text.encode())
    assert caught.value.why


# --- eml


@pytest.mark.parametrize("lines", [1, 19, 63, 65, 257])
def test_an_eml_has_the_blocks_of_a_chip(lines: int) -> None:
    with pytest.raises(DumpUnreadable, match=f"{lines} blocks"):
        read_dump(f"{FACTORY}\n".encode() * lines)


# --- Proxmark


def proxmark(kind: str, **more: object) -> bytes:
    blocks = {str(n): FACTORY if n % 4 == 3 else "00" * 16 for n in range(1, 64)} | {"0": BLOCK_0}
    card = {"UID": "9C599B32", "ATQA": "0400", "SAK": "08"}
    return json.dumps({"Created": "proxmark3", "FileType": kind, "Card": card, "blocks": blocks}
                      | more).encode()  # fmt: skip


@pytest.mark.parametrize("kind", ["mfcard", "mfc v1", "mfc v2", "mfc v3"])
def test_every_version_of_proxmarks_json_is_read(kind: str) -> None:
    dump = read_dump(proxmark(kind))
    assert (dump.header.kind, dump.header.uid, dump.header.sak) == (kind, UID, 8)
    assert (dump.header.atqa, dump.image().atqa) == (b"\x04\x00", b"\x04\x00")
    assert look_at(dump).kind == "blank-classic"


def test_a_list_of_keys_fills_what_the_trailers_hide() -> None:
    hidden = {str(n): "00" * 16 for n in range(1, 64)} | {"0": BLOCK_0}
    hidden["3"] = "000000000000FF078069" + "00" * 6
    del hidden["7"]
    keys = {"0": {"KeyA": "A0A1A2A3A4A5", "KeyB": "B0B1B2B3B4B5", "AccessConditions": "FF078069"},
            "1": {"KeyA": "0102030405AA"}}  # fmt: skip
    dump = read_dump(proxmark("mfc v3", blocks=hidden, SectorKeys=keys))
    assert dump.blocks[3] == tuple(bytes.fromhex("a0a1a2a3a4a5ff078069b0b1b2b3b4b5"))
    assert dump.blocks[7] == (1, 2, 3, 4, 5, 0xAA) + (None,) * 10
    assert dump.contradictions() == ()


def test_a_key_that_differs_from_its_trailer_is_said() -> None:
    keys = {"2": {"KeyB": "B0B1B2B3B4B5", "AccessConditions": "08778F69"}}
    found = read_dump(proxmark("mfc v2", SectorKeys=keys)).contradictions()
    assert [(each.what, each.sector) for each in found] == [("access", 2), ("key_b", 2)]


def test_of_another_card_the_header_alone_is_read() -> None:
    dump = read_dump(proxmark("mfu", blocks={"0": "04"}))
    assert (dump.blocks, dump.header.uid) == ((), UID)
    assert look_at(dump).kind == "ultralight"
    assert look_at(read_dump(proxmark("iclass v2"))).kind == "unknown"
    with pytest.raises(DumpIncomplete):
        dump.image()


@pytest.mark.parametrize(
    "data",
    [b"{", b"{}", b'{"FileType": 5}', b'{"a": 1, "a": 1}', proxmark("mfc v2", blocks={}),
     proxmark("mfc v2", blocks={"0": 5}), proxmark("mfc v2", blocks={"-1": FACTORY}),
     proxmark("mfc v2", blocks={"256": FACTORY}), proxmark("mfc v2", blocks=[]),
     proxmark("mfc v2", Card={"UID": "88010203"}), proxmark("mfc v2", Card={"SAK": "0808"}),
     proxmark("mfc v2", Card={"UID": "9C599B"}), proxmark("mfc v2", Card={"ATQA": 4}),
     proxmark("mfc v2", SectorKeys={"16": {"KeyA": "00" * 6}}),
     proxmark("mfc v2", SectorKeys={"1": {"KeyA": "00" * 5}}), b"{" * 50_000],
    ids=range(16),
)  # fmt: skip
def test_a_proxmark_dump_that_does_not_keep_to_it_is_refused(data: bytes) -> None:
    with pytest.raises(DumpUnreadable) as caught:
        read_dump(data)
    assert caught.value.why


# --- Flipper


def flipper(*lines: str, version: int = 4, kind: str = "Mifare Classic") -> bytes:
    head = ["Filetype: Flipper NFC device", f"Version: {version}", "# a comment",
            f"Device type: {kind}", "UID: 9C 59 9B 32"]  # fmt: skip
    return "\n".join([*head, *lines, ""]).encode()


def blocks_of_1k() -> list[str]:
    spaced = " ".join(FACTORY[n : n + 2] for n in range(0, 32, 2))
    zeros = " ".join(["00"] * 16)
    return [f"Block {n}: {spaced if n % 4 == 3 else zeros}" for n in range(1, 64)]


@pytest.mark.parametrize(("version", "atqa"), [(2, "04 00"), (3, "00 04"), (4, "00 04")])
def test_a_flippers_atqa_goes_by_its_version(version: int, atqa: str) -> None:
    lines = [f"ATQA: {atqa}", "SAK: 88", "Mifare Classic type: 1K", "Data format version: 2"]
    dump = read_dump(flipper(*lines, *blocks_of_1k(), version=version))
    assert (dump.header.atqa, dump.header.sak) == (b"\x04\x00", 0x88)
    assert dump.blocks[0] == UNKNOWN_BLOCK
    assert dump.uid == UID


def test_a_flippers_masks_of_keys_are_obeyed() -> None:
    lines = ["ATQA: 00 04", "SAK: 08", "Mifare Classic type: 1K", "Data format version: 1",
             "Key A map: 000000000000FFFD", "Key B map: 000000000000FFF9"]  # fmt: skip
    dump = read_dump(flipper(*lines, f"Block 0: {BLOCK_0}", *blocks_of_1k()))
    assert dump.blocks[3] == tuple(bytes.fromhex(FACTORY))
    assert all(dump.blocks[block] == UNKNOWN_BLOCK for block in blocks_of(1))
    assert dump.blocks[8] == (0,) * 16
    assert dump.blocks[11] == (*bytes.fromhex("ffffffffffffff078069"), *[None] * 6)


def test_what_a_flipper_told_of_another_card() -> None:
    tag = read_dump(
        flipper("ATQA: 00 44", "SAK: 00", "Page 0: 04 85 92 9B", kind="NTAG/Ultralight")
    )
    assert (look_at(tag).kind, tag.header.atqa) == ("ultralight", b"\x44\x00")
    other = read_dump(flipper("T0: 75", "TA(1): 77", "TB(1): 81", "TC(1): 02", "T1...Tk: 80",
                              kind="ISO14443-4A"))  # fmt: skip
    assert other.header.ats == bytes.fromhex("067577810280")
    assert look_at(other).kind == "iso-dep"


DESFIRE = [
    "ATQA: 03 44", "SAK: 20", "ATS: 06 75 77 81 02 80",
    "PICC Version: 04 01 01 12 00 1A 05 04 01 01 02 01 1A 05 04 2F 19 0A CD 66 80 CE ED D4 51 80"
    " 31 19",
    "PICC Free Memory: 7520", "PICC Change Key ID: 00", "PICC Config Changeable: true",
    "PICC Free Create Delete: true", "PICC Free Directory List: true",
    "PICC Key Changeable: true", "PICC Max Keys: 01", "PICC Key 0 Version: 00",
    "Application Count: 2", "Application IDs: 56 34 12 01 02 03",
    "Application 563412 Change Key ID: 00", "Application 563412 Config Changeable: true",
    "Application 563412 Free Create Delete: false", "Application 563412 Free Directory List: true",
    "Application 563412 Key Changeable: true", "Application 563412 Flags: 08",
    "Application 563412 Max Keys: 02", "Application 563412 Key 0 Version: 07",
    "Application 563412 Key 1 Version: 00", "Application 563412 File IDs: 01 02",
    "Application 563412 File 1 Type: 00", "Application 563412 File 1 Communication Settings: 00",
    "Application 563412 File 1 Access Rights: 10 E2", "Application 563412 File 1 Size: 4",
    "Application 563412 File 1: 13 37 00 01",
    "Application 563412 File 2 Type: 02", "Application 563412 File 2 Communication Settings: 03",
    "Application 563412 File 2 Access Rights: 12 34", "Application 563412 File 2 Hi Limit: 100",
    "Application 563412 File 2 Lo Limit: 4294967236",
    "Application 563412 File 2 Limited Credit Value: 0",
    "Application 563412 File 2 Limited Credit Enabled: false",
]  # fmt: skip


def test_a_flippers_desfire_is_read_as_far_as_it_goes() -> None:
    dump = read_dump(flipper(*DESFIRE, kind="Mifare DESFire"))
    assert dump.desfire is not None
    first, locked = dump.desfire.applications
    assert (first.aid.hex(), locked.aid.hex(), locked.keys, locked.files) == (
        "563412", "010203", None, {},
    )  # fmt: skip
    assert first.keys is not None
    assert (first.keys.ks1, first.keys.ks2, first.keys.versions) == (0x0B, 0x82, b"\x07\x00")
    one, two = first.files[1], first.files[2]
    assert (one.kind, one.rights, one.content) == (FileKind.STANDARD, 0xE210, b"\x13\x37\x00\x01")
    assert (two.kind, two.limits, two.content) == (FileKind.VALUE, (-60, 100), None)
    look = look_at(dump)
    assert (look.kind, look.chip) == ("desfire", "MIFARE DESFire EV2")
    with pytest.raises(DumpIncomplete):
        dump.image()


@pytest.mark.parametrize(
    "data",
    [flipper(version=1), flipper(version=5), flipper("UID: 00"), flipper("no colon"),
     flipper(kind="Mifare DESFire"), flipper("Mifare Classic type: 8K"), flipper("ATQA: 00"),
     flipper("Mifare Classic type: 1K", "Data format version: 2", "Block 0: 00"),
     flipper("Mifare Classic type: 1K", "Data format version: 2"),
     flipper("Mifare Classic type: 1K", "Data format version: x", *blocks_of_1k()),
     flipper("Mifare Classic type: 1K", *blocks_of_1k()),
     flipper(*(line.replace("Type: 02", "Type: 09") for line in DESFIRE), kind="Mifare DESFire"),
     flipper(*(line.replace(" 01 02 03", " 01 02") for line in DESFIRE), kind="Mifare DESFire")],
    ids=range(13),
)  # fmt: skip
def test_a_flipper_file_that_does_not_keep_to_it_is_refused(data: bytes) -> None:
    with pytest.raises(DumpUnreadable) as caught:
        read_dump(data)
    assert caught.value.why


def test_every_kind_of_desfire_file_comes_back() -> None:
    made = new_desfire(Random(2), uid=None, ev1=True)
    contents: dict[FileKind, Content] = {
        FileKind.STANDARD: Bytes(b"abc"),
        FileKind.BACKUP: Bytes(bytes(40)),
        FileKind.VALUE: Value(lower=-60, upper=32_767, amount=-5, limited=7, enabled=1),
        FileKind.LINEAR: Records(2, 5, (b"ab", b"cd")),
        FileKind.CYCLIC: Records(3, 4, (b"abc",)),
    }
    app = Application(aid=b"\x01\x02\x03", ks1=0x0F, ks2=0x82, iso_id=None, df_name=b"",
                      keys=[Key(KeyKind.AES, b"a secret of ours", 3)] * 2)  # fmt: skip
    for number, (kind, content) in enumerate(contents.items()):
        app.files[number] = File(kind=kind, comm=3, rights=0x1234, iso_id=None, content=content)
    made.applications.append(app)
    dump = dump_of_card(made, Form.FLIPPER)
    data = write_dump(dump)
    assert read_dump(data).desfire == dump.desfire
    assert b"a secret of ours".hex(" ").upper().encode() not in data
    assert look_at(read_dump(data)).chip == "MIFARE DESFire EV1"


# --- what a dump shows


def test_what_each_dump_is() -> None:
    flora = new_flora(Random(5), uid=None, purse_ntd=1, sectors=(12, 13, 14),
                      transport_key_b=b"abcdef", free_sector=True)  # fmt: skip
    ndef = blank()
    ndef.blocks[1:4] = [bytes.fromhex("c4000103e103e103e103e103e1000000")[:16], bytes(16),
                        bytes.fromhex("a0a1a2a3a4a5787788c1ffffffffffff")]  # fmt: skip
    ndef.blocks[1] = bytes.fromhex("c40103e103e103e103e103e100000000")
    seen: dict[str, Image] = {
        "blank-classic": blank(),
        "blank-classic-4k": blank(CHIP_CLASSIC_4K),
        "easycard": flora,
        "ndef": ndef,
        "classic": noise(CHIP_CLASSIC_1K, 1),
        "classic-4k": noise(CHIP_CLASSIC_4K, 1),
        "classic-mini": noise(CHIP_MINI, 1),
        "classic-2k": noise(CHIP_2K, 1),
        "blank-desfire": new_desfire(Random(1), uid=None, ev1=False),
    }
    for kind, image in seen.items():
        assert look_at(dump_of_card(image, Form.FLIPPER)).kind == kind
    shown = look_at(dump_of_card(ndef, Form.PLAIN)).directory
    assert shown is not None
    assert shown.applications == dict.fromkeys(range(1, 6), bytes.fromhex("03e1"))


def test_a_sector_whose_access_bits_are_damaged_is_named() -> None:
    made = blank()
    made.blocks[7] = made.blocks[7][:6] + b"\xfe" + made.blocks[7][7:]
    assert look_at(dump_of_card(made, Form.PLAIN)).locked == (1,)
    # Of a trailer that is not wholly known nothing is said.
    unknown = list(dump_of_card(made, Form.PLAIN).blocks)
    unknown[7] = (*unknown[7][:6], None, *unknown[7][7:])
    assert look_at(Dump(form=Form.MCT, blocks=tuple(unknown))).locked == ()
