"""What libfreefare's own hardware tests check, and what follows from the meaning of the codes
(cards.md 5.10), against the card side."""

from __future__ import annotations

import pytest

from tests.hw_sim.desfire_rig import (
    ABORTED,
    AUTHENTICATION,
    BOUNDARY,
    DENIED,
    DUPLICATE,
    ILLEGAL,
    LENGTH,
    MORE,
    NO_CHANGES,
    NO_KEY,
    OK,
    Terminal,
    at,
    blank,
    count,
    data_file,
    des_key,
    little,
    record,
    record_file,
    rights,
    value_file,
    write,
)


def value(terminal: Terminal, number: int = 4) -> int:
    return int.from_bytes(terminal.ask(bytes((0x6C, number))), "little", signed=True)


def limited(terminal: Terminal, number: int = 4) -> int:
    return int.from_bytes(terminal.ask(bytes((0xF5, number)))[12:16], "little", signed=True)


@pytest.fixture
def open_app() -> Terminal:
    """An application of DES keys whose files everybody may make and change."""
    terminal = Terminal(blank())
    terminal.application(ks1=0xFF, ks2=0x02)
    return terminal


def test_a_right_of_nobody_is_9d_and_one_of_another_key_is_ae(open_app: Terminal) -> None:
    open_app.ask(data_file(15, "EFFF"))
    open_app.ask(data_file(14, "1200"))
    assert open_app.status(write(15, b"Test!")) == DENIED
    assert open_app.status(write(14, b"Test!")) == AUTHENTICATION
    assert open_app.status(at(0xBD, 14, 0, 0)) == AUTHENTICATION
    open_app.d40(1)
    assert open_app.status(write(14, b"Test!")) == AUTHENTICATION
    assert len(open_app.ask(at(0xBD, 14, 0, 0))) == 32
    assert open_app.ask(at(0xBD, 15, 0, 0)) == bytes(32)


def test_a_file_can_be_made_read_only_where_its_change_right_is_free(open_app: Terminal) -> None:
    open_app.ask(data_file(15, "EEEE"))
    open_app.ask(b"\x5f\x0f\x00" + rights("EFFF"))
    assert open_app.ask(b"\xf5\x0f") == b"\x00\x00" + rights("EFFF") + little(32, 3)
    assert open_app.status(b"\x5f\x0f\x00" + rights("EEEE")) == DENIED


def test_nothing_is_visible_before_the_commit(open_app: Terminal) -> None:
    open_app.ask(data_file(5, "EEEE", code=0xCB))
    open_app.ask(value_file(4, "EEEE"))
    open_app.ask(record_file(0, "EEEE", size=4, most=10, code=0xC0))
    for turn in range(1, 15):
        open_app.ask(write(5, b"%02d" % turn))
        open_app.ask(count(0x0C, 4, 100))
        open_app.ask(count(0xDC, 4, 97))
        open_app.ask(record(0, b"%02d" % turn, 2))
        open_app.ask(record(0, b"r."))  # both fill one record
        before = b"%02d" % (turn - 1) if turn > 1 else bytes(2)
        assert open_app.ask(at(0xBD, 5, 0, 2)) == before
        assert value(open_app) == 3 * (turn - 1)
        if turn > 1:
            assert open_app.ask(at(0xBB, 0, 0, 1)) == b"r." + before
        open_app.ask(b"\xc7")
        assert open_app.ask(at(0xBD, 5, 0, 2)) == b"%02d" % turn
        assert value(open_app) == 3 * turn
        assert open_app.ask(at(0xBB, 0, 0, 1)) == b"r.%02d" % turn
    settings = open_app.ask(b"\xf5\x00")
    assert settings[4:] == little(4, 3) + little(10, 3) + little(9, 3)  # one is the spare
    assert open_app.ask(at(0xBB, 0, 0, 0)) == b"".join(b"r.%02d" % n for n in range(6, 15))
    assert open_app.ask(at(0xBB, 0, 2, 3)) == b"".join(b"r.%02d" % n for n in (10, 11, 12))


def test_a_standard_file_changes_at_once(open_app: Terminal) -> None:
    open_app.ask(data_file(1, "EEEE"))
    open_app.ask(write(1, b"now", 4))
    assert open_app.ask(at(0xBD, 1, 4, 3)) == b"now"
    assert open_app.status(b"\xc7") == NO_CHANGES
    assert open_app.status(b"\xa7") == NO_CHANGES


@pytest.mark.parametrize("drop", ["abort", "select", "error", "field"])
def test_what_drops_a_transaction(open_app: Terminal, drop: str) -> None:
    open_app.ask(data_file(5, "EEEE", code=0xCB))
    open_app.ask(write(5, b"x"))
    if drop == "abort":
        open_app.ask(b"\xa7")
    elif drop == "select":
        open_app.select()
    elif drop == "error":
        assert open_app.status(at(0xBD, 5, 30, 3)) == BOUNDARY
    else:
        open_app.desfire.reset()
        open_app.select()
    assert open_app.status(b"\xc7") == NO_CHANGES
    assert open_app.ask(at(0xBD, 5, 0, 1)) == b"\x00"


def test_a_new_authentication_leaves_the_transaction_open(open_app: Terminal) -> None:
    open_app.ask(data_file(5, "EEEE", code=0xCB))
    open_app.ask(write(5, b"x"))
    open_app.d40(1)
    open_app.ask(b"\xc7")
    assert open_app.ask(at(0xBD, 5, 0, 1)) == b"x"


def test_the_limited_credit_is_the_sum_of_debits_of_the_last_transaction(
    open_app: Terminal,
) -> None:
    open_app.ask(value_file(4, "EEEE"))
    open_app.ask(count(0x0C, 4, 5_000))
    open_app.ask(b"\xc7")
    assert limited(open_app) == 0
    for code, amount in ((0xDC, 1300), (0x0C, 20), (0xDC, 1700)):
        open_app.ask(count(code, 4, amount))
    open_app.ask(b"\xc7")
    assert limited(open_app) == 3000
    assert open_app.status(count(0x1C, 4, 3001)) == BOUNDARY
    open_app.ask(count(0x1C, 4, 3000))
    open_app.ask(b"\xc7")
    assert (limited(open_app), value(open_app)) == (0, 5_020)


def test_a_limited_credit_that_is_disabled_keeps_its_sum_and_fails(open_app: Terminal) -> None:
    open_app.ask(value_file(4, "EEEE", limited=0))
    open_app.ask(count(0xDC, 4, 97))
    open_app.ask(b"\xc7")
    assert open_app.status(count(0x1C, 4, 20)) == DENIED
    assert limited(open_app) == 97


def test_a_value_stays_within_its_limits(open_app: Terminal) -> None:
    open_app.ask(value_file(4, "EEEE"))
    open_app.ask(count(0x0C, 4, 10_000))
    assert open_app.status(count(0x0C, 4, 1)) == BOUNDARY
    assert open_app.status(b"\xc7") == NO_CHANGES
    assert open_app.status(count(0xDC, 4, 10_001)) == BOUNDARY
    assert open_app.status(count(0xDC, 4, -1)) == 0x9E
    assert value(open_app) == 0


@pytest.mark.parametrize("session", ["d40", "ev1"])
def test_a_record_after_a_clear_is_9d_and_costs_the_transaction(session: str) -> None:
    terminal = Terminal(blank())
    terminal.application(ks2=0x01 if session == "d40" else 0x81)
    terminal.ask(record_file(1, "0000", size=5, most=2, code=0xC1))
    if session == "d40":
        terminal.d40()
        terminal.ask(b"\xeb\x01")
        assert terminal.status(record(1, b"hello")) == DENIED
        assert terminal.status(b"\xc7") == NO_CHANGES
        terminal.ask(record(1, b"hello"))  # the D40 session lives
        terminal.ask(b"\xc7")
        assert terminal.ask(at(0xBB, 1, 0, 0)) == b"hello"
    else:
        made = terminal.ev1()
        made.plain(b"\xeb\x01")
        assert terminal.status(record(1, b"hello")) == DENIED
        assert terminal.status(record(1, b"hello")) == AUTHENTICATION  # the EV1 session is gone


def test_a_linear_file_is_full_and_can_be_cleared(open_app: Terminal) -> None:
    open_app.ask(record_file(1, "EEEE", size=2, most=2, code=0xC1))
    assert open_app.status(at(0xBB, 1, 0, 0)) == BOUNDARY  # empty
    for text in (b"r1", b"r2"):
        open_app.ask(record(1, text))
        open_app.ask(b"\xc7")
    assert open_app.status(record(1, b"r3")) == BOUNDARY
    assert open_app.status(record(1, b"long", 0)) == BOUNDARY
    assert open_app.status(at(0xBB, 1, 0, 3)) == BOUNDARY
    assert open_app.ask(at(0xBB, 1, 1, 1)) == b"r1"
    open_app.ask(b"\xeb\x01")
    open_app.ask(b"\xc7")
    assert open_app.status(at(0xBB, 1, 0, 1)) == BOUNDARY
    open_app.ask(record(1, b"r4"))
    open_app.ask(b"\xc7")
    assert open_app.ask(at(0xBB, 1, 0, 0)) == b"r4"


def test_reading_an_empty_file_aborts_the_transaction(open_app: Terminal) -> None:
    open_app.ask(record_file(0, "EEEE", size=2, most=3, code=0xC0))
    open_app.ask(record(0, b"xy"))
    assert open_app.status(at(0xBB, 0, 0, 1)) == BOUNDARY
    assert open_app.status(b"\xc7") == NO_CHANGES


def test_df_names_and_iso_ids_are_there_once() -> None:
    terminal = Terminal(blank())
    made = (
        (b"AA1", b"\x1f\x11", b""),
        (b"AA2", b"\x2f\x22", b"App2"),
        (b"AA3", b"\x3f\x33", b"A3"),
    )
    for aid, iso, name in made:
        terminal.ask(b"\xca" + aid + b"\xff\x01" + iso + name)
    assert terminal.status(b"\xcaAA4\xff\x01\x1f\x11") == DUPLICATE
    assert terminal.status(b"\xcaAA4\xff\x01\x4f\x44App2") == DUPLICATE
    assert terminal.status(b"\xcaAA1\xff\x01") == DUPLICATE
    frames = [terminal.raw(b"\x6d"), terminal.raw(b"\xaf"), terminal.raw(b"\xaf")]
    assert frames == [
        bytes((0 if last else 0xAF,)) + aid + iso + name
        for (aid, iso, name), last in zip(made, (False, False, True), strict=True)
    ]
    terminal.ask(b"\xcaAA5\xff\x21\x5f\x55")
    terminal.select(b"AA5")
    for code, number, file_id in ((0xCD, 1, 0x1234), (0xCB, 2, 0x2345)):
        terminal.ask(bytes((code, number)) + little(file_id, 2) + b"\x00\xee\xee\x20\x00\x00")
    assert terminal.status(b"\xcd\x03\x34\x12\x00\xee\xee\x20\x00\x00") == DUPLICATE
    assert terminal.status(b"\xcd\x01\x35\x12\x00\xee\xee\x20\x00\x00") == DUPLICATE
    assert terminal.ask(b"\x61") == little(0x1234, 2) + little(0x2345, 2)
    assert terminal.ask(b"\x6f") == b"\x01\x02"


def test_28_applications_are_listed_over_two_frames() -> None:
    for ev1 in (True, False):
        terminal = Terminal(blank(ev1=ev1))
        aids = [bytes((n, n, 0xF0 | n % 16)) for n in range(28)]
        for aid in aids:
            terminal.ask(b"\xca" + aid + b"\xff\x00")
        first, second = terminal.raw(b"\x6a"), terminal.raw(b"\xaf")
        assert first == b"\xaf" + b"".join(aids[:19])
        assert second == b"\x00" + b"".join(aids[19:])
        assert terminal.status(b"\xca123\xff\x00") == (0xCE if ev1 else OK)


def test_a_free_read_is_plain_whatever_the_mode_of_the_file() -> None:
    terminal = Terminal(blank())
    terminal.application(ks1=0xFF, ks2=0x82)
    terminal.ask(data_file(1, "EFFF", comm=3, size=20))
    terminal.ask(data_file(2, "1EFF", comm=3, size=20))
    assert terminal.ask(at(0xBD, 1, 0, 0)) == bytes(20)
    assert terminal.ev1().plain(at(0xBD, 1, 0, 0)) == bytes(20)  # plain, and the CMAC after it
    session = terminal.ev2()
    assert terminal.ask(at(0xBD, 1, 0, 0)) == bytes(20)  # no MAC at all
    session.counter += 1
    assert session.macked(b"\x6f") == b"\x01\x02"  # but it counted


def test_without_its_bit_list_create_and_delete_need_the_master_key() -> None:
    terminal = Terminal(blank())
    terminal.ask(b"\xcaAPP\x0f\x01")
    session = terminal.d40()
    assert session.full(b"\x54", b"\x08") == OK
    terminal.select(bytes(3))
    for message in (b"\x6a", b"\x6d", b"\x45", b"\xdaAPP", b"\xcaNEW\xef\x00"):
        assert terminal.status(message) == AUTHENTICATION
    session = terminal.d40()
    assert terminal.ask(b"\x6a") == b"APP"
    terminal.ask(b"\xdaAPP")
    terminal.ask(b"\xcaNEW\xef\x00")
    assert session.full(b"\x54", b"\x0f") == OK
    terminal.select(bytes(3))
    assert terminal.ask(b"\x45") == b"\x0f\x01"


def test_an_application_is_deleted_by_a_master_key_only() -> None:
    """Bit 2 of the card's KS1 frees the creation; a deletion always needs a key."""
    terminal = Terminal(blank())
    for aid in (b"AA1", b"AA2", b"AA3"):
        terminal.ask(b"\xca" + aid + b"\x0f\x01")
    assert terminal.status(b"\xdaAA1") == AUTHENTICATION
    terminal.select(b"AA1")
    assert terminal.status(b"\xdaAA1") == AUTHENTICATION
    terminal.d40()
    assert terminal.status(b"\xdaAA2") == AUTHENTICATION  # another one's master
    terminal.ask(b"\xdaAA1")
    assert terminal.ask(b"\x6a") == b"AA2AA3"  # at card level again, without a session
    terminal.d40()
    terminal.ask(b"\xdaAA2")
    assert terminal.status(b"\x5aAA2") == 0xA0


def test_without_their_bits_an_application_lists_and_makes_files_for_its_master_only() -> None:
    terminal = Terminal(blank())
    terminal.application(ks1=0x08, ks2=0x01)
    for message in (b"\x6f", b"\x61", b"\x45", data_file(1, "EEEE")):
        assert terminal.status(message) == AUTHENTICATION
    terminal.d40()
    terminal.ask(data_file(1, "EEEE"))
    assert terminal.ask(b"\x6f") == b"\x01"
    terminal.select()
    assert terminal.status(b"\xdf\x01") == AUTHENTICATION
    assert terminal.status(b"\xf5\x01") == AUTHENTICATION


def test_key_settings_that_are_frozen_stay() -> None:
    terminal = Terminal(blank())
    terminal.application(ks1=0x07, ks2=0x01)
    session = terminal.d40()
    assert session.full(b"\x54", b"\x0f") == DENIED
    assert terminal.ask(b"\x45") == b"\x07\x01"


def test_des_keys_that_differ_in_bit_0_authenticate_alike() -> None:
    terminal = Terminal(blank())
    terminal.image.master = des_key(b"App.B Master Key")
    terminal.d40(key=b"@pp/C!L`ruds!Kdx")
    assert terminal.ask(b"\x64\x00") == b"\x83"


def test_a_key_that_is_not_there_is_40_and_a_wrong_one_ae() -> None:
    terminal = Terminal(blank())
    terminal.application(ks2=0x82)
    assert terminal.raw("aa02") == bytes((NO_KEY,))
    assert terminal.raw("6402") == bytes((NO_KEY,))
    assert terminal.raw("aa00")[0] == MORE
    assert terminal.raw(b"\xaf" + bytes(32)) == bytes((AUTHENTICATION,))
    assert terminal.raw("0a00") == bytes((AUTHENTICATION,))  # an AES key
    assert terminal.raw("1a00") == bytes((AUTHENTICATION,))


def test_a_failed_authentication_ends_any_session() -> None:
    terminal = Terminal(blank())
    session = terminal.d40()
    assert terminal.raw("0a00")[0] == MORE
    assert terminal.raw(b"\xaf" + bytes(16)) == bytes((AUTHENTICATION,))
    assert session.full(b"\x54", b"\x0d") == AUTHENTICATION


def test_after_an_error_d40_lives_and_the_others_are_gone() -> None:
    terminal = Terminal(blank())
    terminal.d40()
    assert terminal.status(b"\x5aXXX") == 0xA0
    terminal.ask(b"\xfc")
    terminal.application(ks1=0x09)
    for authenticate in (terminal.ev1, terminal.ev2):
        authenticate()
        assert terminal.status(b"\x99") == ILLEGAL
        assert terminal.status(b"\x6f") == AUTHENTICATION


def test_another_command_amid_a_chain_is_ca() -> None:
    terminal = Terminal(blank())
    terminal.application(ks1=0xFF, ks2=0x02)
    terminal.ask(data_file(1, "EEEE", size=100))
    assert terminal.raw(b"\x60")[0] == MORE
    assert terminal.raw(b"\x6f") == bytes((ABORTED,))
    assert terminal.raw(b"\xaf") == bytes((ILLEGAL,))
    assert terminal.raw(write(1, bytes(70))[:60]) == bytes((MORE,))
    assert terminal.raw(b"\x45") == bytes((ABORTED,))
    assert terminal.raw("0a00")[0] == MORE
    assert terminal.raw(bytes.fromhex("90af000000")) == bytes((0x91, ABORTED))  # mixed framing
    assert terminal.ask(at(0xBD, 1, 0, 0)) == bytes(100)


def test_data_come_and_go_in_frames_of_their_own_length() -> None:
    terminal = Terminal(blank(ev1=True))
    terminal.application(ks1=0xFF, ks2=0x02)
    terminal.ask(data_file(1, "EEEE", size=200))
    data = bytes(range(200))
    assert terminal.write(write(1, data)) == OK
    sizes, answer = [], terminal.raw(at(0xBD, 1, 0, 0))
    while answer[0] == MORE:
        sizes.append(len(answer))
        answer = terminal.raw(b"\xaf")
    assert sizes == [60, 60, 60]
    assert terminal.ask(at(0xBD, 1, 0, 0)) == data
    assert terminal.raw(write(1, data)) == bytes((LENGTH,))  # longer than an EV1's frame
    assert terminal.raw(write(1, data)[:60] + b"")[0] == MORE
    assert terminal.raw(b"\xaf" + bytes(59))[0] == MORE
    assert terminal.raw(b"\xaf" + bytes(59))[0] == MORE
    assert terminal.raw(b"\xaf" + bytes(40)) == bytes((LENGTH,))  # 10 too many


@pytest.mark.parametrize("session", ["none", "d40", "ev1"])
@pytest.mark.parametrize("code", [0x0C, 0xDC, 0x1C])
def test_an_amount_that_is_too_short_or_too_long_is_7e(code: int, session: str) -> None:
    """Only data of files and records go on in a further frame."""
    for size in (0, 3, 5):
        terminal = Terminal(blank(ev1=True))
        terminal.application(ks2=0x85 if session == "ev1" else 0x05)
        terminal.ask(value_file(4, "EEEE"))
        if session != "none":
            (terminal.ev1 if session == "ev1" else terminal.d40)()
        assert terminal.raw(bytes((code, 4)) + bytes(size)) == bytes((LENGTH,)), size
        assert terminal.raw("af") == bytes((ILLEGAL,)), "nothing waits for more"
