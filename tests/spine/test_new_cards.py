"""Every kind of card that `card new` makes, and which option says nothing about which."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim.desfire.image import DesfireImage
from hw_sim.image import CardImage, load
from hw_sim.nhi import NhiImage
from tests.spine.rig import Answer, flora, make_home, on

HOLDER = {"name": "王小明", "id_no": "B100000002", "born": "1990-01-01", "sex": "M"}


def new(kind: str, card: Path, *options: str, given: object = None) -> Answer:
    return flora("card", "new", kind, str(card), *options, given=given)


@pytest.mark.parametrize(
    ("kind", "options", "chip"),
    [
        ("flora", (), "classic-1k"),
        ("blank-classic", (), "classic-1k"),
        ("blank-classic-4k", (), "classic-4k"),
        ("blank-desfire", (), "desfire-ev2"),
        ("blank-desfire", ("--ev1",), "desfire-ev1"),
        ("child", (), "desfire-ev2"),
        ("child", ("--ev1", "--random-uid"), "desfire-ev1"),
        ("student", ("--random-uid",), "desfire-ev2"),
    ],
)
def test_every_kind_is_made(kind: str, options: tuple[str, ...], chip: str, tmp_path: Path) -> None:
    made = new(kind, tmp_path / "c", *options)
    image = load(tmp_path / "c")
    assert (made.code, made["kind"], made["uid"]) == (0, kind, image.uid.hex()), made.out
    assert (image.kind, image.chip) == (kind, chip)
    if isinstance(image, DesfireImage):
        assert (image.random_uid, image.applications) == ("--random-uid" in options, [])
    else:
        assert isinstance(image, CardImage)


def test_an_insurance_card_is_made_of_what_comes_on_stdin(tmp_path: Path) -> None:
    made = new("nhi", tmp_path / "c", "--holder", "-", given=HOLDER)
    assert (made.code, made["kind"], made["uid"]) == (0, "nhi", None), made.out
    assert isinstance(load(tmp_path / "c"), NhiImage)
    assert HOLDER["id_no"] not in made.out + made.err
    assert flora("card", "show", "--reader", on(tmp_path / "c"))["kind"] == "nhi"
    for line in (("topup", str(tmp_path / "c"), "5"), ("export", str(tmp_path / "c"), "x.nfc")):
        got = flora("card", *line)
        assert (got.code, got["error"]["code"]) in ((4, "no_purse"), (2, "dump_unfit"))


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ({**HOLDER, "sex": "X"}, "holder_unfit", "sex"),
        ({**HOLDER, "born": "01.01.1990"}, "holder_unfit", "born"),
        ({**HOLDER, "name": "王" * 11}, "holder_unfit", "name"),
        ({k: v for k, v in HOLDER.items() if k != "name"}, "holder_unfit", "name"),
        ({**HOLDER, "B100000002": "x"}, "holder_unfit", "…"),
        ([], "holder_unfit", "holder"),
        (b"{", "not_json", ""),
    ],
)
def test_a_holder_that_does_not_fit_is_named_by_its_field_alone(
    given: object, code: str, named: str, tmp_path: Path
) -> None:
    got = new("nhi", tmp_path / "c", "--holder", "-", given=given)
    assert (got.code, got["error"]["code"]) == (2, code), got.out
    assert named in got["error"]["what"]
    assert HOLDER["id_no"] not in got.out + got.err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("kind", "options", "argument"),
    [
        ("flora", ("--ev1",), "--ev1"),
        ("nhi", ("--holder", "-", "--ev1"), "--ev1"),
        ("blank-classic-4k", ("--random-uid",), "--random-uid"),
        ("child", ("--purse", "5"), "--purse"),
        ("blank-classic-4k", ("--purse", "5"), "--purse"),
        ("student", ("--no-free-sector",), "--no-free-sector"),
        ("child", ("--uid", "04a1b2c3"), "--uid"),
        ("nhi", ("--holder", "-", "--uid", "04a1b2c3"), "--uid"),
        ("nhi", (), "--holder"),
        ("flora", ("--holder", "-"), "--holder"),
    ],
)
def test_an_option_that_says_nothing_about_the_kind_is_refused(
    kind: str, options: tuple[str, ...], argument: str, tmp_path: Path
) -> None:
    got = new(kind, tmp_path / "c", *options, given=HOLDER)
    assert (got.code, got["error"]["code"]) == (2, "argument_bad"), got.out
    assert argument in got["error"]["what"]
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("uid", ["04112288445566", "88112233"])
def test_a_serial_of_which_a_level_begins_with_the_cascade_tag_is_refused(
    uid: str, tmp_path: Path
) -> None:
    kind = "child" if len(uid) == 14 else "flora"
    got = new(kind, tmp_path / "c", "--uid", uid)
    assert (got.code, got["error"]["code"]) == (2, "bad_uid"), got.out


def test_a_factory_desfire_has_no_purse_and_a_card_of_ours_has_an_upper_end(tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    card = tmp_path / "c"
    assert new("child", card).code == 0
    got = flora("card", "topup", str(card), "5", home=home)
    assert (got.code, got["error"]["code"]) == (4, "no_purse")
