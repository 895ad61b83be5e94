"""An NHI card on a reader: masked wherever it is shown, whole for the application form alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pytest

from drivers.sim import hold
from hw_sim.nhi import new_nhi
from hw_sim.stock import new_blank_classic, new_desfire
from terminal.errors import NhiUnread
from terminal.nhi import masked_name, read_holder
from terminal.showing import lines_of, public_facts
from terminal.words import speak
from tests.spine.rig import flora

HOLDER = {
    "name": "陳美玲",
    "id_no": "B100000002",
    "born": "1990-05-04",
    "sex": "F",
    "issued": "2024-06-01",
    "card_no": "000012345678",
}
MASKED = {
    "name": "陳○玲",
    "number": "B1******02",
    "born": "1990-**-**",
    "sex": "F",
    "issued_on": "2024-06-01",
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "nhi.card"
    made = flora("card", "new", "nhi", str(path), "--holder", "-", given=HOLDER)
    assert made.code == 0
    assert "B100000002" not in str(made)
    return path


@pytest.mark.parametrize("with_home", [True, False])
def test_it_is_shown_masked(card: Path, tmp_path: Path, *, with_home: bool) -> None:
    home = tmp_path / "home" if with_home else None
    if home is not None:
        assert flora("init", "--terminal", "T-01", "--district", "66000060", home=home).code == 0
    said = flora("card", "show", "--reader", f"sim:{card}", home=home)
    assert (said.code, said["kind"], said["holder"]) == (0, "nhi", MASKED)
    for hidden in ("B100000002", "美", "05-04", "000012345678"):
        assert hidden not in str(said)


@pytest.mark.parametrize("tongue", speak.LANGUAGES)
def test_people_see_no_more(tongue: str) -> None:
    before = speak.language()
    speak.settle(tongue)
    try:
        said = "\n".join(lines_of(public_facts(hold(new_nhi(Random(1), holder=HOLDER)))))
    finally:
        speak.settle(before)
    assert "B1******02" in said
    assert "陳○玲" in said
    assert "B100000002" not in said
    assert "1990-05-04" not in said


def test_the_application_form_gets_all_of_it() -> None:
    holder = read_holder(hold(new_nhi(Random(1), holder=HOLDER)))
    assert (holder.id_no, holder.name, holder.born) == ("B100000002", "陳美玲", date(1990, 5, 4))


def test_another_card_is_no_nhi_card() -> None:
    with pytest.raises(NhiUnread) as caught:
        read_holder(hold(new_desfire(Random(1), uid=None, ev1=False)))
    assert caught.value.sw == "6A82"
    with pytest.raises(NhiUnread) as caught:
        read_holder(hold(new_blank_classic(Random(1), uid=None)))
    assert caught.value.sw is None


def test_a_card_without_a_profile_is_said_with_its_status_word() -> None:
    image = new_nhi(Random(1), holder=HOLDER)
    image.profile = bytes(57)
    with pytest.raises(NhiUnread) as caught:
        read_holder(hold(image))
    assert caught.value.sw == "9000"


@pytest.mark.parametrize(
    ("name", "shown"), [("", "○"), ("王", "○"), ("王明", "王○"), ("歐陽小明", "歐○○明")]
)
def test_a_name_is_masked_as_on_notices(name: str, shown: str) -> None:
    assert masked_name(name) == shown
