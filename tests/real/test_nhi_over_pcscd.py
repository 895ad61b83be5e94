"""An NHI card in a real pcscd's reader: its ATR, T=1, and the holder masked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apdu.nhi import PROFILE, SELECT
from tests.real.pcscd import Pcscd
from tests.real.test_whole_job_over_pcscd import READER, Served
from tests.spine.rig import flora, flora_process

pytestmark = pytest.mark.real

HOLDER = {"name": "陳美玲", "number": "B100000002", "born": "1990-05-04", "sex": "F"}
ATR = "3bee00008131fe4580318066409093060f17830f9000f3"
# A client of its own, as any program would be: no line of ours between it and the service.
CLIENT = """
import json, sys
from smartcard import scard
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
name = scard.SCardListReaders(context, [])[1][0]
result, card, protocol = scard.SCardConnect(
    context, name, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1)
atr = bytes(scard.SCardStatus(card)[4]).hex()
said = [bytes(scard.SCardTransmit(card, protocol, list(bytes.fromhex(apdu)))[1]).hex()
        for apdu in sys.argv[1:]]
scard.SCardDisconnect(card, scard.SCARD_RESET_CARD)
print(json.dumps([atr, protocol == scard.SCARD_PROTOCOL_T1, said]))
"""


@pytest.fixture
def pcscd(tmp_path: Path) -> Iterator[Pcscd]:
    service = Pcscd.start(tmp_path)
    yield service
    service.stop()


def test_it_is_read_over_a_real_service(pcscd: Pcscd, tmp_path: Path) -> None:
    card = tmp_path / "nhi.card"
    assert flora("card", "new", "nhi", str(card), "--holder", "-", given=HOLDER).code == 0
    served = Served(card, pcscd)
    try:
        served.ready()
        line = [sys.executable, "-c", CLIENT, bytes(SELECT).hex(), bytes(PROFILE).hex()]
        done = subprocess.run(line, env=pcscd.env, capture_output=True, text=True, check=True)
        atr, t1, (selected, profile) = json.loads(done.stdout)
        assert (atr, t1, selected) == (ATR, True, "9000")
        assert b"B100000002" in bytes.fromhex(profile)
        shown = flora_process("card", "show", "--reader", READER, env=pcscd.env)
        assert (shown.code, shown["kind"]) == (0, "nhi"), shown.err
        assert (shown["holder"]["number"], shown["holder"]["name"]) == ("B1******02", "陳○玲")
        assert "B100000002" not in shown.out + shown.err
    finally:
        served.stop()
