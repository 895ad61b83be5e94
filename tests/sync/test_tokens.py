"""Number to token against ledger.md A.6."""

from __future__ import annotations

import pytest

from drivers.errors import NoTokenKey
from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore
from sync.profile import Generation
from sync.tokens import stretch, token_of, tokens_of
from tests.sync.rig import PROFILE, SEED, development_keys

NUMBER = "B100000002"  # nobody's: the vectors' own
TOKEN_1 = "8212b800c87ae450929c737b7d7b4a66"  # noqa: S105


def test_the_stretched_number_as_the_vectors_have_it() -> None:
    cost = Generation(gen=1, memory_kib=1024, passes=1, lanes=1)
    stretched = stretch(NUMBER, salt=b"flora-test-salt!", cost=cost)
    assert stretched.hex() == "002e6677a4551a11b6aa33a5fc5cac0f1e7f6b3b7d54f05c1961e4251c1c6c31"


def test_the_token_as_the_vectors_have_it() -> None:
    assert token_of(NUMBER, profile=PROFILE, keys=development_keys()).hex() == TOKEN_1


def test_the_development_profile_gives_the_card_ref_of_the_vectors() -> None:
    assert development_keys().card_ref(bytes.fromhex("04a1b2c3")).hex() == "3e5e25c215d88c32"


def test_all_numbers_of_a_person_become_a_set() -> None:
    keys = development_keys()
    both = tokens_of([NUMBER, "BC00000004", NUMBER], profile=PROFILE, keys=keys)
    assert len(both) == 2
    assert bytes.fromhex(TOKEN_1) in both


@pytest.mark.parametrize("text", ["", "b100000002", "B10000000", "B1000000022", "\uff22100000002"])
def test_what_was_not_checked_is_not_stretched_nor_shown(text: str) -> None:
    with pytest.raises(ValueError, match="checked before") as told:
        token_of(text, profile=PROFILE, keys=development_keys())
    assert not text or text not in str(told.value)


def test_a_home_that_does_not_issue_makes_no_token() -> None:
    keys = MemoryKeyStore(
        KeyMaterial(
            token=None,
            ref=bytes(32),
            card_masters={1: bytes(16)},
            record_master=bytes(16),
            transport_b=bytes(6),
            terminal_seed=SEED,
        )
    )
    with pytest.raises(NoTokenKey):
        token_of(NUMBER, profile=PROFILE, keys=keys)
