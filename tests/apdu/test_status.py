"""Every status word has a name in both languages."""

from __future__ import annotations

from apdu.status import NAMES, name_of


def test_every_status_word_has_a_name() -> None:
    # To the very last one: 6CFF is where tables of others end too early.
    for sw in range(0x10000):
        zh, en = name_of(sw)
        assert zh
        assert en
        assert "{" not in zh + en, f"{sw:04X}"


def test_families_say_their_number() -> None:
    assert name_of(0x6C10).en == "wrong Le, right is 16"
    assert name_of(0x61FF).en == "255 more bytes to fetch"
    assert name_of(0x63C2).zh == "剩餘 2 次"


def test_a_named_word_wins_over_its_family() -> None:
    assert name_of(0x6300) == NAMES[0x6300]
