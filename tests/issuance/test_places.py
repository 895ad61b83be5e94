"""Sites and districts that ship (domain.md 7)."""

from __future__ import annotations

from collections import Counter

import pytest

from fixtures.places import districts, find_site, sites


def test_the_sites_are_those_of_the_city() -> None:
    kinds = Counter(site.kind for site in sites().values())
    assert kinds == {"office": 29, "household": 29, "mrt": 18, "window": 2}
    assert all(site.zh and site.en and site.district in districts() for site in sites().values())
    assert sum(site.flora for site in sites().values()) == 29 + 29 + 5 + 2
    assert sum(site.bind for site in sites().values()) == 29 + 29 + 6 + 2


def test_the_districts_are_66000010_to_66000290_in_steps_of_ten() -> None:
    assert list(districts()) == [f"66000{n:03}" for n in range(10, 300, 10)]
    assert districts()["66000060"] == ("西屯區", "Xitun District")
    assert districts()["66000220"] == ("大安區", "Da'an District")


@pytest.mark.parametrize(
    "text",
    ["office-66000060", "66000060", "西屯區", "西屯", "Xitun District", "xitun", " XITUN "],
)
def test_a_district_stands_for_its_office(text: str) -> None:
    assert find_site(text).site == "office-66000060"


@pytest.mark.parametrize("site", ["mrt-103a", "window-cityhall", "household-66000290"])
def test_other_sites_go_by_their_id(site: str) -> None:
    assert find_site(site).site == site


@pytest.mark.parametrize("text", ["", "66000300", "elsewhere", "Taipei", "區", "District"])
def test_no_other_name_is_a_site(text: str) -> None:
    with pytest.raises(KeyError):
        find_site(text)
