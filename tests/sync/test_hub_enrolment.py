"""Joining: once, in time, five tries, the right city, and a lost answer asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.wire.invite import mac_is, parse_code
from sync.wire.messages import EnrolAnswer, decode, unb64
from tests.sync.hubrig import HubRig, SetClock, Terminal, city_bytes


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


def fresh(hub: HubRig, seed: bytes = b"") -> Terminal:
    return Terminal(hub=hub, name="T-01", role="counter", seed=seed)


def test_an_answer_that_the_code_vouches_for(hub: HubRig) -> None:
    code = hub.invite("T-01")
    answer = fresh(hub).enrol(code)
    said = decode(EnrolAnswer, answer.body)
    assert mac_is(parse_code(code).mac_key(), answer.body, answer.headers["flora-mac"])
    assert parse_code(code).is_of(unb64(said.hub_key))
    assert (said.certificate.keyid, said.epoch, said.era) == ("T-01.1", 1, 1)


def test_a_code_works_once(hub: HubRig) -> None:
    code = hub.invite("T-01")
    assert fresh(hub).enrol(code).status == 200
    other = fresh(hub, b"\x09" * 32).enrol(code)
    assert (other.status, b'"invite"' in other.body) == (401, True)


def test_a_lost_answer_is_asked_for_again(hub: HubRig) -> None:
    code, counter = hub.invite("T-01"), fresh(hub)
    first = decode(EnrolAnswer, counter.enrol(code).body)
    hub.clock.move(minutes=5)
    again = decode(EnrolAnswer, counter.enrol(code).body)
    assert (again.certificate.keyid, again.epoch) == (first.certificate.keyid, first.epoch)
    assert counter.claim(1, [5]).status == 200


def test_a_code_lasts_a_day(hub: HubRig) -> None:
    early, late = hub.invite("T-01"), hub.invite("T-01")
    hub.clock.move(hours=23, minutes=59)
    assert fresh(hub).enrol(early).status == 200
    hub.clock.move(minutes=2)
    assert fresh(hub, b"\x09" * 32).enrol(late).status == 401


def test_a_code_is_for_one_name(hub: HubRig) -> None:
    code = hub.invite("T-01")
    other = Terminal(hub=hub, name="T-02", role="counter")
    assert other.enrol(code).status == 401
    assert fresh(hub).enrol(code).status == 200


def test_five_wrong_tries_end_a_code(hub: HubRig) -> None:
    code = hub.invite("T-01")
    wrong = ("BBBB" if code[:4] == "AAAA" else "AAAA") + code[4:]
    for _ in range(4):
        assert fresh(hub).enrol(wrong).status == 401
    assert fresh(hub).enrol(code).status == 200
    code = hub.invite("T-01")
    for _ in range(5):
        assert fresh(hub, b"\x09" * 32).enrol(wrong).status == 401
    assert fresh(hub, b"\x09" * 32).enrol(code).status == 401


def test_one_byte_changed_joins_nobody(hub: HubRig) -> None:
    from sync.hub.schema import terminal

    code, counter = hub.invite("T-01"), fresh(hub)
    request = counter.enrol_request(code)
    at = request.body.index(b"D66000060")
    from dataclasses import replace

    changed = request.body[:at] + b"E" + request.body[at + 1 :]
    assert hub.knock(replace(request, body=changed)).status == 401
    assert hub.rows(terminal) == []


def test_another_citys_terminal_is_a_stranger(hub: HubRig) -> None:
    code = hub.invite("T-01")
    answer = fresh(hub).enrol(code, profile="0" * 64)
    assert (answer.status, b'"stranger"' in answer.body) == (403, True)
    assert fresh(hub).enrol(code).status == 200  # it cost the code nothing


def test_another_hubs_code_is_a_strangers(tmp_path: Path, hub: HubRig) -> None:
    far = HubRig.make(tmp_path / "far", profile=city_bytes(b"another-salt-16!"))
    code = far.invite("T-01")
    answer = hub.knock(fresh(far).enrol_request(code))
    assert (answer.status, b'"stranger"' in answer.body) == (403, True)
    far.city.store.close()


def test_a_name_that_joins_again_gets_the_next_key_and_epoch(hub: HubRig) -> None:
    counter = fresh(hub)
    counter.enrol(hub.invite("T-01"))
    counter.claim_entry(1, [5])
    counter.push()
    counter.enrol(hub.invite("T-01"))  # the same home: its key goes on
    assert (counter.keyid, counter.epoch) == ("T-01.1", 1)
    other = fresh(hub, b"\x09" * 32)
    other.enrol(hub.invite("T-01"))
    assert (other.keyid, other.epoch) == ("T-01.2", 2)


def test_what_is_kept_of_a_code_does_not_give_it_away(tmp_path: Path, hub: HubRig) -> None:
    secret = parse_code(hub.invite("T-01")).secret
    for path in (tmp_path / "hub").iterdir():
        assert secret not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600, path.name


def test_a_hub_home_is_made_once(tmp_path: Path) -> None:
    from sync.errors import HubHomeTaken, NoHubHome
    from sync.hub import admin

    home = tmp_path / "new"
    with pytest.raises(NoHubHome):
        admin.invite(home, "T-01")
    fingerprint = admin.init(home, city_bytes())
    assert len(fingerprint) == 64
    with pytest.raises(HubHomeTaken):
        admin.init(home, city_bytes())
    code, expires_at = admin.invite(home, "T-01", clock=SetClock())
    assert parse_code(code)
    assert expires_at.isoformat() == "2026-11-26T02:00:00+00:00"
