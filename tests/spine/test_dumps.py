"""Dumps from the command line: what one shows of a card, what becomes a card, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hw_sim.image import CardImage, load, load_classic
from tests.spine.children import child, issue
from tests.spine.rig import Answer, citizen, flora, make_card, make_home, on, person

FORMS = {".mfd": "mfd", ".mct": "mct", ".eml": "eml", ".json": "proxmark", ".nfc": "flipper"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("dumps"), "T-01")


@pytest.fixture(scope="module")
def issued(home: Path) -> Path:
    """A Flora card in a holder's hand, with a tap on it."""
    card = make_card(home.parent, "issued", "--purse", "100")
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    assert flora(*line, home=home, given=citizen()).code == 0
    tap = ("tap", "--reader", on(card), "--route", "300", "--stop", "TC1001", "--vehicle", "A")
    assert flora(*tap, home=home).code == 0
    return card


def exported(card: Path, folder: Path, end: str) -> Path:
    dump = folder / f"dump{end}"
    assert flora("card", "export", str(card), str(dump)).code == 0
    return dump


def show(dump: Path, home: Path | None = None) -> Answer:
    return flora("card", "show", "--dump", str(dump), home=home)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLORA_HOME", str(tmp_path / "none"))


@pytest.mark.parametrize("end", FORMS)
def test_a_dump_of_an_issued_card_is_that_card(
    end: str, issued: Path, home: Path, tmp_path: Path
) -> None:
    before = issued.read_bytes()
    shown = show(exported(issued, tmp_path, end), home)
    lying = flora("card", "show", "--reader", on(issued), home=home)
    assert shown.code == 0, shown.out
    assert shown["dump"]["form"] == FORMS[end]
    assert (shown["dump"]["sealed"], shown["dump"]["contradictions"]) == (True, [])
    assert {k: v for k, v in shown.json.items() if k != "dump"} == lying.json
    assert (shown["kind"], shown["issued"], shown["trip"]["open"]) == ("flora", True, True)
    assert issued.read_bytes() == before


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("end", FORMS)
def test_without_a_home_it_looks_like_one_and_is_told_so(
    end: str, issued: Path, tmp_path: Path
) -> None:
    shown = show(exported(issued, tmp_path, end))
    assert (shown["kind"], shown["mode"], shown["issued"]) == ("flora", "record", True)
    assert shown["dump"]["sealed"] is False


def test_a_record_that_was_changed_is_not_genuine(issued: Path, home: Path, tmp_path: Path) -> None:
    dump = exported(issued, tmp_path, ".mfd")
    data = bytearray(dump.read_bytes())
    for sector in (12, 13):  # both slots: the counter of taps
        data[64 * sector + 5] ^= 1
    dump.write_bytes(data)
    shown = show(dump, home)
    assert (shown["mode"], shown["issued"], shown["trip"]) == ("record", False, None)


def test_keys_that_a_dump_lacks_leave_its_bytes_to_be_read(
    issued: Path, home: Path, tmp_path: Path
) -> None:
    dump = exported(issued, tmp_path, ".mct")
    lines = dump.read_text().splitlines()
    hidden = ["-" * 12 + line[12:20] + "-" * 12 if "08778F" in line else line for line in lines]
    dump.write_text("\n".join(hidden))
    shown = show(dump, home)
    assert (shown["kind"], shown["issued"]) == ("flora", True)
    assert (shown["dump"]["sealed"], shown["dump"]["unknown_bytes"]) == (False, 16 * 12)
    card = tmp_path / "c.card"
    lacks = flora("card", "import", str(dump), str(card))
    assert (lacks.code, lacks["error"]["code"]) == (2, "dump_lacks")
    assert "192" in lacks["error"]["what"]
    assert not card.exists()


@pytest.mark.parametrize("block", [48, 50, 51, 52, 55, 57, 59])
def test_a_block_that_a_dump_lacks_is_no_spoiled_card_and_no_proven_record(
    block: int, issued: Path, home: Path, tmp_path: Path
) -> None:
    """What it lacks is drawn by chance: a locked sector, or the slot that is not the newer one."""
    dump = exported(issued, tmp_path, ".nfc")
    lines = dump.read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"Block {block}:"))
    lines[at] = f"Block {block}: " + " ".join(["??"] * 16)
    dump.write_text("\n".join(lines) + "\n")
    shown = show(dump, home)
    assert (shown.code, shown["kind"]) == (0, "flora"), shown.out
    assert (shown["dump"]["sealed"], shown["dump"]["unknown_bytes"]) == (False, 16)


@pytest.mark.parametrize("sector", [12, 13])
def test_of_one_slot_nobody_says_what_the_card_is_now(
    sector: int, issued: Path, home: Path, tmp_path: Path
) -> None:
    """The slot that the dump lacks may be the newer one."""
    dump = exported(issued, tmp_path, ".mct")
    parts = dump.read_text().split("+Sector: ")
    dump.write_text("+Sector: ".join(part for part in parts if not part.startswith(f"{sector}\n")))
    shown = show(dump, home)
    assert shown["kind"] == "flora"
    for name in ("mode", "issued", "prepared", "binding", "trip", "purse_ntd"):
        assert shown[name] is None, name


@pytest.mark.parametrize(
    ("kind", "end", "seen", "chip"),
    [
        ("blank-classic", ".mfd", "blank-classic", "MIFARE Classic 1K"),
        ("blank-classic", ".nfc", "blank-classic", "MIFARE Classic 1K"),
        ("blank-classic-4k", ".mfd", "blank-classic-4k", "MIFARE Classic 4K"),
        ("blank-classic-4k", ".mct", "blank-classic-4k", "MIFARE Classic 4K"),
        ("blank-desfire", ".nfc", "blank-desfire", "MIFARE DESFire EV2"),
        ("child", ".nfc", "blank-desfire", "MIFARE DESFire EV2"),
    ],
)
def test_a_dump_of_a_factory_card_says_that_it_is_one(
    kind: str, end: str, seen: str, chip: str, home: Path, tmp_path: Path
) -> None:
    card = make_card(tmp_path, "c", kind=kind)
    for where in (None, home):
        shown = show(exported(card, tmp_path, end), where)
        assert (shown.code, shown["kind"], shown["chip"]) == (0, seen, chip), shown.out
        assert (shown["uid"], shown["mode"]) == (load(card).uid.hex(), None)


def test_a_foreign_dump_says_what_its_bytes_do(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", "--no-free-sector")
    shown = show(exported(card, tmp_path, ".json"), home)
    assert (shown["kind"], shown["mode"], shown["dump"]["sealed"]) == ("easycard", None, None)
    tag = tmp_path / "tag.nfc"
    tag.write_text(
        "Filetype: Flipper NFC device\nVersion: 4\nDevice type: NTAG/Ultralight\n"
        "UID: 04 85 90 54 12 98 23\nATQA: 00 44\nSAK: 00\n"
    )
    shown = show(tag, home)
    assert (shown["kind"], shown["uid"]) == ("ultralight", "04859054129823")
    ndef = bytearray(load_ndef())
    (tmp_path / "ndef.bin").write_bytes(ndef)
    shown = show(tmp_path / "ndef.bin", home)
    assert (shown["kind"], shown["directory"]) == ("ndef", {"03e1": [1, 2, 3, 4, 5]})


def load_ndef() -> bytes:
    """A 1K whose directory gives sectors 1 to 5 to NDEF (AN10787; the CRC is libfreefare's)."""
    blocks = [bytes(16)] * 64
    blocks[0] = bytes.fromhex("9c599b326c0804006263646566676869")
    blocks[1] = bytes.fromhex("c40103e103e103e103e103e100000000")
    for sector in range(16):
        blocks[4 * sector + 3] = bytes.fromhex("d3f7d3f7d3f77f078840ffffffffffff")
    blocks[3] = bytes.fromhex("a0a1a2a3a4a5787788c1ffffffffffff")
    return b"".join(blocks)


def test_a_stock_card_in_a_dump_is_not_issued_yet(home: Path, tmp_path: Path) -> None:
    shown = show(exported(make_card(tmp_path, "c", "--purse", "7"), tmp_path, ".eml"), home)
    assert (shown["kind"], shown["mode"], shown["issued"], shown["purse_ntd"]) == (
        "flora", "record", False, 7,
    )  # fmt: skip


def test_a_header_that_lies_is_said_with_both_sides(tmp_path: Path) -> None:
    dump = exported(make_card(tmp_path, "c", "--uid", "04a1b2c3"), tmp_path, ".nfc")
    dump.write_text(dump.read_text().replace("UID: 04 A1 B2 C3", "UID: 01 02 03 04"))
    shown = show(dump)
    differ = {"what": "uid", "sector": None, "said": "01020304", "found": "04a1b2c3"}
    assert shown["dump"]["contradictions"] == [differ]
    got = flora("card", "import", str(dump), str(tmp_path / "d.card"))
    assert (got["uid"], got["contradictions"]) == ("04a1b2c3", [differ])


def test_a_list_of_keys_that_lies_shows_no_key(tmp_path: Path) -> None:
    dump = exported(make_card(tmp_path, "c", kind="blank-classic"), tmp_path, ".json")
    dump.write_text(dump.read_text().replace('"KeyA": "FFFFFFFFFFFF"', '"KeyA": "0123456789AB"', 1))
    shown = show(dump)
    assert shown["dump"]["contradictions"][0]["what"] == "key_a"
    assert "0123456789ab" not in (shown.out + shown.err).lower()


@pytest.mark.parametrize("kind", ["flora", "blank-classic", "blank-classic-4k"])
@pytest.mark.parametrize("end", FORMS)
def test_a_card_goes_out_and_comes_back(kind: str, end: str, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", kind=kind)
    back = tmp_path / "back.card"
    got = flora("card", "import", str(exported(card, tmp_path, end)), str(back))
    assert (got.code, got["form"]) == (0, FORMS[end]), got.out
    one, two = load_classic(card), load_classic(back)
    assert (one.blocks, one.uid, one.chip) == (two.blocks, two.uid, two.chip)
    assert flora("card", "show", "--reader", on(back))["uid"] == one.uid.hex()


def test_a_dump_of_a_childs_card_is_that_card(home: Path, tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", kind="child")
    given = child(person(7))
    assert issue(home, card, "child", given).code == 0
    assert flora("card", "topup", str(card), "50")["purse_ntd"] == 50
    full = flora("card", "topup", str(card), "32718")
    assert (full.code, full["error"]["code"]) == (2, "purse_too_full")
    bound = flora("bind", "--reader", on(card), "--applicant", "-", home=home, given=given)
    assert bound.code == 0, bound.out
    dump = exported(card, tmp_path, ".nfc")
    lying = flora("card", "show", "--reader", on(card), home=home)
    shown = show(dump, home)
    same = (
        *("kind", "chip", "uid", "mode", "issued", "binding", "policies", "purse_ntd"),
        *("half_until", "student_until", "library_until", "school", "library", "directory"),
    )
    assert [shown[name] for name in same] == [lying[name] for name in same]
    assert (shown["kind"], shown["purse_ntd"], shown["binding"]["class"]) == ("child", 50, "half")
    assert (shown["dump"]["sealed"], list(shown["dump"]["applications"])) == (True, ["f48120"])
    # Another city's home, or none: what it looks like.
    other = dump.read_text().replace(f"UID: {load(card).uid.hex(' ').upper()}", "UID: " + "04 " * 7)
    dump.write_text(other)
    shown = show(dump, home)
    assert (shown["kind"], shown["issued"], shown["dump"]["sealed"]) == ("child", True, False)
    (differs,) = shown["dump"]["contradictions"]
    assert (differs["what"], differs["said"], differs["found"]) == ("uid", "04" * 7, lying["uid"])


def test_a_card_file_is_looked_at_as_well(issued: Path, home: Path, tmp_path: Path) -> None:
    shown = show(issued, home)
    assert (shown["kind"], shown["issued"], shown["dump"]) == ("flora", True, None)
    broken = tmp_path / "b.card"
    broken.write_bytes(issued.read_bytes()[:-40])
    got = show(broken)
    assert (got.code, got["error"]["code"]) == (4, "card_file_corrupt")


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "dump_size"), (bytes(1023), "dump_size"), (b"hello\n", "dump_size"),
     (b"{}", "dump_unreadable"), (b"+Sector: 0\n", "dump_unreadable"),
     (b"Filetype: Flipper NFC device\nVersion: 9\n", "dump_unreadable")],
)  # fmt: skip
def test_what_is_no_dump_is_exit_2(data: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(data)
    for line in (("show", "--dump"), ("import",)):
        more = [str(tmp_path / "c.card")] if line[0] == "import" else []
        got = flora("card", *line, str(tmp_path / "d"), *more)
        assert (got.code, got["error"]["code"]) == (2, code), got.out
    assert not (tmp_path / "c.card").exists()


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    card = make_card(tmp_path, "d", kind="child")
    for end in (".mfd", ".mct", ".eml", ".json"):
        got = flora("card", "export", str(card), str(tmp_path / f"x{end}"))
        assert (got.code, got["error"]["code"]) == (2, "dump_unfit"), got.out
        assert not (tmp_path / f"x{end}").exists()
    keyless = exported(card, tmp_path, ".nfc")
    got = flora("card", "import", str(keyless), str(tmp_path / "y.card"))
    assert (got.code, got["error"]["code"]) == (2, "dump_keyless")


def test_reader_or_dump_and_not_both(tmp_path: Path) -> None:
    card = make_card(tmp_path, "c")
    both: Any = ("--reader", on(card), "--dump", str(card))
    assert flora("card", "show", *both).code == 2
    assert flora("card", "show").code == 2
    missing = show(tmp_path / "none")
    assert (missing.code, missing["error"]["code"]) == (4, "file_trouble")


def test_a_4k_and_a_mini_are_imported_and_lie_on_a_reader(tmp_path: Path) -> None:
    for size, name in (
        (320, "MIFARE Mini"),
        (2048, "MIFARE Classic 1K"),
        (4096, "MIFARE Classic 4K"),
    ):
        (tmp_path / "d").write_bytes(bytes.fromhex("9c599b326c") + bytes(size - 5))
        card = tmp_path / "c.card"
        assert flora("card", "import", str(tmp_path / "d"), str(card)).code == 0
        image = load(card)
        assert isinstance(image, CardImage)
        assert len(image.blocks) == size // 16
        shown = flora("card", "show", "--reader", on(card))
        assert shown["uid"] == "9c599b32"
        assert name in shown["chip"]
