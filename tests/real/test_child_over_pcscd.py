"""A child card over a real pcscd: issued, topped up, bound, its keys rolled over, tapped, shown."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.real.pcscd import Pcscd
from tests.real.test_whole_job_over_pcscd import READER, Served
from tests.spine.children import child
from tests.spine.rig import Answer, flora_process, make_card, make_home, person, tomorrow

pytestmark = pytest.mark.real


def test_a_childs_day_over_a_real_pcscd(tmp_path: Path) -> None:
    pcscd = Pcscd.start(tmp_path)
    home, card = make_home(tmp_path, "T-01"), make_card(tmp_path, "c", kind="child")
    girl = child(person(1))

    def run(*argv: str, given: object = None) -> Answer:
        answer = flora_process(*argv, home=home, given=given, env=pcscd.env)
        assert answer.code == 0, answer.out + answer.err
        return answer

    def lay(*argv: str, given: object = None) -> Answer:
        return run(*argv, "--reader", READER, given=given)

    served = Served(card, pcscd)
    try:
        served.ready()
        assert lay("card", "show")["kind"] == "blank-desfire"
        assert lay("issue", "child", "--applicant", "-", given=girl)["outcome"] == "issued"
        served.say("lift")
        time.sleep(1.0)  # pcscd looks every 0.4 s (real time: a real service)
        run("card", "topup", str(card), "50")
        served.say("put")
        assert lay("bind", "--applicant", "-", given=girl)["outcome"] == "bound"
        run("keys", "rotate")
        assert lay("card", "rekey")["outcome"] == "rekeyed"
        stops = run("network", "stops", "--route", "300").json
        tap = ("tap", "--route", "300", "--vehicle", "A", "--stop")
        on = lay(*tap, stops[0]["stop"], "--at", f"{tomorrow()}T08:00")
        assert (on["outcome"], on["charged_ntd"]) == ("on", 0)
        at_12_km = next(s["stop"] for s in stops if s["distance_m"] == 12_000)
        off = lay(*tap, at_12_km, "--at", f"{tomorrow()}T08:40")
        assert (off["outcome"], off["fare_ntd"], off["purse_ntd"]) == ("off", 2, 48)
        shown = lay("card", "show")
        assert (shown["kind"], shown["purse_ntd"], len(shown["events"])) == ("child", 48, 2)
        assert run("ledger", "verify")["whole"] is True
    finally:
        served.stop()
        pcscd.stop()
