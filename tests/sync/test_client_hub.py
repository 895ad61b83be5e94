"""What a terminal believes of a hub, and how soon it knows that there is none (Show 6, L14)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.errors import HubAddress, HubRole, HubSilent, InviteCode, InviteRefused, Rubbish, Stranger
from sync.ledger.standing import Cursor
from sync.wire.invite import mac, parse_code
from sync.wire.line import checked_url
from tests.sync.hubhomes import HomeRig
from tests.sync.hubrig import DoorTransport, HubRig, SetClock, city_bytes


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def home(tmp_path: Path, hub: HubRig) -> Iterator[HomeRig]:
    rig = HomeRig.make(tmp_path / "T-01", "T-01", clock=hub.clock).joined(hub)
    yield rig
    rig.close()


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that listens and does `talk` with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    kept: list[socket.socket] = []

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            kept.append(connection)
            threading.Thread(target=_talk, args=(talk, connection), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in kept:
            connection.close()
        thread.join(5)


def _talk(talk: Callable[[socket.socket], None], connection: socket.socket) -> None:
    try:
        talk(connection)
    except OSError:
        return


def ask(home: HomeRig, url: str, *, timeout_s: float = 0.4) -> None:
    """One claim to whatever listens at `url`."""
    home.ledger.enrolled(
        hub_url=url, keyid="T-01.1", hub_key=home.ledger.standing().hub_key or b"", era=1, epoch=1
    )
    client = home.client(None, timeout_s=timeout_s)
    client.feed(Cursor(era=1, pos=0, head=None), role=None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def hangs(connection: socket.socket) -> None:
    connection.recv(1 << 16)


def drips(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000
    for at in range(len(answer)):
        connection.sendall(answer[at : at + 1])
        time.sleep(0.02)  # the peer's pace: what the deadline is measured against


def closes(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    connection.close()


def says(status: str, body: bytes, *headers: str) -> Callable[[socket.socket], None]:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(answer)

    return talk


@pytest.mark.parametrize("talk", [hangs, drips], ids=["hangs", "drips"])
def test_silence_is_decided_by_one_deadline(
    home: HomeRig, talk: Callable[[socket.socket], None]
) -> None:
    with server(talk) as url:
        begun = time.monotonic()
        with pytest.raises(HubSilent) as silent:
            ask(home, url)
        assert time.monotonic() - begun < 2
        assert silent.value.sent


def test_a_refused_connection_cannot_have_reached_it(home: HomeRig) -> None:
    with pytest.raises(HubSilent) as silent:
        ask(home, f"http://127.0.0.1:{free_port()}")
    assert not silent.value.sent


def test_an_unknown_name_is_silence(home: HomeRig) -> None:
    with pytest.raises(HubSilent):
        ask(home, "https://hub.invalid", timeout_s=5)


RUBBISH = {
    "a page": says("200 OK", b"<html>Welcome to the guest network</html>"),
    "a fault": says("500 Internal Server Error", b"oops"),
    "unsigned JSON": says("200 OK", b"{}", "content-type: application/json"),
    "a redirect": says("302 Found", b"", "location: http://127.0.0.1:1/"),
    "no HTTP": lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "a bomb": says("200 OK", b"\x1f\x8b", "content-encoding: gzip"),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_what_no_hub_of_ours_said_is_rubbish(home: HomeRig, kind: str) -> None:
    before = home.ledger.cursor()
    with server(RUBBISH[kind]) as url, pytest.raises(Rubbish):
        ask(home, url, timeout_s=5)
    assert home.ledger.cursor().head in (before.head, None)


class Changes(DoorTransport):
    """A hub whose answers are changed on the way."""

    def __init__(self, hub: HubRig, change: Callable[[httpx2.Response], httpx2.Response]) -> None:
        super().__init__(hub)
        self.change = change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self.change(super().handle_request(request))


def rebuilt(
    answer: httpx2.Response, *, status: int | None = None, body: bytes | None = None, **headers: str
) -> httpx2.Response:
    old = dict(answer.headers) | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(
        answer.status_code if status is None else status,
        headers=old,
        stream=httpx2.ByteStream(answer.read() if body is None else body),
    )


CHANGES: dict[str, Callable[[httpx2.Response], httpx2.Response]] = {
    "body": lambda answer: rebuilt(answer, body=answer.read().replace(b"granted", b"refused")),
    "status": lambda answer: rebuilt(answer, status=201),
    "time": lambda answer: rebuilt(answer, flora_time="1"),
    "era": lambda answer: rebuilt(answer, flora_era="2"),
    "signature": lambda answer: rebuilt(answer, signature="flora=:" + "A" * 86 + "==:"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_answer_changed_on_the_way_is_rubbish(hub: HubRig, home: HomeRig, what: str) -> None:
    row = home.ask()
    with pytest.raises(Rubbish):
        home.client(Changes(hub, CHANGES[what])).claim(row)
    assert home.client(hub.transport()).claim(row).result == "granted"


def test_an_old_answer_to_the_same_question_is_rubbish(hub: HubRig, home: HomeRig) -> None:
    class Replays(DoorTransport):
        first: httpx2.Response | None = None

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = super().handle_request(request)
            self.first = self.first or rebuilt(answer)
            return rebuilt(self.first)

    row = home.ask()
    client = home.client(Replays(hub))
    assert client.claim(row).result == "granted"
    with pytest.raises(Rubbish):
        client.claim(row)


def test_another_hub_with_another_key_is_rubbish(
    tmp_path: Path, hub: HubRig, home: HomeRig
) -> None:
    other = HubRig.make(tmp_path / "hub")
    object.__setattr__(other.city, "key", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(Rubbish):
        home.client(other.transport()).claim(home.ask())
    other.city.store.close()


@pytest.mark.parametrize("days", [-4000, 4000])
def test_a_clock_that_is_years_off_gets_in_by_one_retry(
    hub: HubRig, home: HomeRig, days: int
) -> None:
    home.clock = SetClock(hub.clock.now() + timedelta(days=days))
    client = home.client(hub.transport())
    assert client.claim(home.ask()).result == "granted"
    assert client.feed(home.ledger.cursor(), role=None).era == 1


def test_a_hub_that_says_clock_for_ever_is_rubbish(hub: HubRig, home: HomeRig) -> None:
    class Wanders(DoorTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            hub.clock.move(days=1)
            return super().handle_request(request)

    with pytest.raises(Rubbish):
        home.client(Wanders(hub)).claim(home.ask())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hub.example", "plain"),
        ("http://192.0.2.7:8000", "plain"),
        ("http://localhost.example", "plain"),
        ("ftp://127.0.0.1", "scheme"),
        ("hub.example", "scheme"),
        ("http://", "host"),
        ("http://127.0.0.1:99999", "host"),
        ("https://hub.example/flora", "host"),
        ("https://user@hub.example", "host"),
    ],
)
def test_an_address_that_cannot_be_used(url: str, why: str) -> None:
    with pytest.raises(HubAddress) as address:
        checked_url(url)
    assert address.value.why == why


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://hub.example", "https://hub.example"),
    ],
)
def test_an_address_that_can(url: str, kept: str) -> None:
    assert checked_url(url) == kept


# Joining


def fresh(tmp_path: Path, hub: HubRig, *, role: str | None = None) -> HomeRig:
    return HomeRig.make(tmp_path / "new", "T-09", clock=hub.clock, role=role)


def test_a_code_of_another_hub_is_a_strangers(tmp_path: Path, hub: HubRig) -> None:
    home = fresh(tmp_path, hub)
    far = HubRig.make(tmp_path / "far", profile=city_bytes(b"another-salt-16!"))
    with pytest.raises(Stranger):
        home.join(far.invite("T-09"), far.transport())  # its city is not ours
    with pytest.raises(InviteRefused):
        home.join(far.invite("T-09"), hub.transport())  # its code, at our hub
    assert not home.ledger.standing().enrolled
    far.city.store.close()
    home.close()


def test_a_hub_that_cannot_prove_the_code_is_not_believed(tmp_path: Path, hub: HubRig) -> None:
    home = fresh(tmp_path, hub)
    code = hub.invite("T-09")
    for change in (
        lambda answer: rebuilt(answer, body=answer.read().replace(b"D66000060", b"D66000070")),
        lambda answer: rebuilt(answer, flora_mac="A" * 43),
    ):
        with pytest.raises(Rubbish):
            home.join(code, Changes(hub, change))
    assert not home.ledger.standing().enrolled
    home.join(code, hub.transport())  # the same code: its answer had been lost
    assert home.ledger.standing().keyid == "T-09.1"
    home.close()


def test_a_hub_that_knows_the_secret_and_not_the_key_is_a_stranger(
    tmp_path: Path, hub: HubRig
) -> None:
    """Whoever has the hub's database has the invite's MAC key; the code also names the hub's."""
    home, code = fresh(tmp_path, hub), hub.invite("T-09")
    thief = HubRig.make(tmp_path / "hub")
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    object.__setattr__(thief.city, "key", key)
    object.__setattr__(thief.city, "public_key", key.public_key().public_bytes_raw())
    with pytest.raises(Stranger):
        home.join(code, thief.transport())
    assert not home.ledger.standing().enrolled
    thief.city.store.close()
    home.close()


def test_a_certificate_that_the_hub_has_not_signed_is_rubbish(tmp_path: Path, hub: HubRig) -> None:
    home, code = fresh(tmp_path, hub), hub.invite("T-09")

    def changed(answer: httpx2.Response) -> httpx2.Response:
        body = answer.read().replace(b'"role":null', b'"role":"kiosk"')
        return rebuilt(answer, body=body, flora_mac=mac(parse_code(code).mac_key(), body))

    with pytest.raises(Rubbish) as rubbish:
        home.join(code, Changes(hub, changed))
    assert rubbish.value.why == "certificate"
    home.close()


def test_a_code_that_is_none_is_not_sent(tmp_path: Path, hub: HubRig) -> None:
    home = fresh(tmp_path, hub)

    def never(_: httpx2.Response) -> httpx2.Response:
        raise AssertionError

    with pytest.raises(InviteCode):
        home.join("12345678", Changes(hub, never))
    home.close()


def test_a_real_hub_wants_a_role(tmp_path: Path) -> None:
    real = city_bytes(simulation=False)
    hub = HubRig.make(tmp_path / "real", profile=real)
    home = HomeRig.make(tmp_path / "new", "T-09", clock=hub.clock, profile=real)
    with pytest.raises(HubRole):
        home.join(hub.invite("T-09"), hub.transport())
    hub.city.store.close()
    home.close()
