"""A DESFire as its maker sells it: said what it is, and left alone by what is for Flora cards."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim.desfire.image import DesfireImage
from hw_sim.image import load
from tests.spine.rig import citizen, flora, make_card, make_home, on


@pytest.mark.parametrize(
    ("options", "chip"), [((), "MIFARE DESFire EV2"), (("--ev1",), "MIFARE DESFire EV1")]
)
def test_a_factory_desfire_is_shown_and_not_issued(
    options: tuple[str, ...], chip: str, tmp_path: Path
) -> None:
    home = make_home(tmp_path, "T-01")
    card = make_card(tmp_path, "d", *options, kind="blank-desfire")
    before = card.read_bytes()
    for where, kind in ((None, "desfire"), (home, "blank-desfire")):
        shown = flora("card", "show", "--reader", on(card), home=where)
        assert (shown.code, shown["kind"], shown["chip"]) == (0, kind, chip), shown.out
        assert len(bytes.fromhex(shown["uid"])) == 7
    line = ("issue", "flora", "--reader", on(card), "--applicant", "-")
    got = flora(*line, home=home, given=citizen())
    assert (got.code, got["error"]["code"]) == (4, "wrong_card"), got.out
    assert card.read_bytes() == before
    assert flora("open", "list", home=home).json == []


def test_ev1_is_a_desfires_and_its_uid_has_seven_bytes(tmp_path: Path) -> None:
    for line in (("flora", "--ev1"), ("blank-desfire", "--uid", "04a1b2c3")):
        got = flora("card", "new", line[0], str(tmp_path / "c"), *line[1:])
        assert got.code == 2, got.out


@pytest.mark.parametrize("kind", ["child", "student"])
def test_a_child_or_student_card_begins_as_a_factory_desfire(kind: str, tmp_path: Path) -> None:
    card = make_card(tmp_path, "d", kind=kind)
    image = load(card)
    assert isinstance(image, DesfireImage)
    assert (image.kind, image.chip, image.applications) == (kind, "desfire-ev2", [])
    shown = flora("card", "show", "--reader", on(card))
    assert (shown["chip"], shown["uid"]) == ("MIFARE DESFire EV2", image.uid.hex())


def test_a_random_uid_is_another_one_each_time_and_never_the_cards(tmp_path: Path) -> None:
    card = make_card(tmp_path, "d", "--random-uid", kind="child")
    seen = {flora("card", "show", "--reader", on(card))["uid"] for _ in range(3)}
    assert len(seen) == 3
    assert all(len(uid) == 8 and uid.startswith("08") for uid in seen)
    assert flora("card", "new", "flora", str(card), "--random-uid").code == 2
