"""The clerk's screens, driven by keys over a port without reader or ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from apdu.nhi import Holder
from terminal.counter.app import CounterApp
from terminal.counter.fill import FormScreen
from terminal.counter.outcome import OutcomeScreen, WorkScreen
from terminal.counter.parts import Spoken
from terminal.counter.port import Apply, CardGone, CardSeen, End, ReaderState
from terminal.counter.unfinished import UnfinishedScreen
from terminal.counter.wait import WaitScreen
from terminal.nhi import masked_holder
from terminal.words.said import Parts
from terminal.words.speak import settle
from tests.terminal.screens_rig import BLANK_DESFIRE, HANDED_OUT, QUIET, STOCK, FakePort, cut_off

SIZE = (80, 24)
HOLDER = Holder(
    card_no="000012345678",
    name="王小明",
    id_no="B100000002",
    born=date(1990, 1, 2),
    sex="M",
    issued=date(2024, 6, 1),
)
NHI = STOCK | {"kind": "nhi", "mode": None, "holder": masked_holder(HOLDER)}
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    settle("zh-TW")
    yield
    settle("zh-TW")


def said(pilot: Pilot[None], query: str) -> str:
    return str(pilot.app.screen.query_one(query, Spoken).content)


def screen_text(pilot: Pilot[None]) -> str:
    """All that stands on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def application(port: FakePort) -> dict[str, object]:
    job = port.jobs[-1]
    assert isinstance(job, Apply)
    return dict(json.loads(job.application))


async def test_a_citizen_of_this_district_is_a_number_and_two_enters() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.card()
        await pilot.press("f2", *"b100000002", "enter", "enter")
        await pilot.pause()
        assert isinstance(app.screen, WorkScreen)
        assert application(port) == {
            "kind": "citizen",
            "number": "b100000002",
            "documents": [{"kind": "national_id", "district": "66000060"}],
        }
        port.done("done", "可領臺中花博卡", "每人限領一張", "請把卡片交給申請人", "規則 F1")
        await pilot.pause()
        assert isinstance(app.screen, OutcomeScreen)
        text = screen_text(pilot)
        assert "可領臺中花博卡" in text
        assert "B100000002" not in text.upper()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, WaitScreen)
        await pilot.press("f2")
        await pilot.pause()
        assert app.screen.query_one("#number", Input).value == ""


async def test_a_number_is_checked_while_it_is_typed() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"B10000000")
        await pilot.pause()
        assert said(pilot, "#number-said") == "身分證字號或統一證號，10 個字"
        await pilot.press("3")
        await pilot.pause()
        assert "檢查碼" in said(pilot, "#number-said")
        await pilot.press("enter", "enter")
        assert port.jobs == []
        await pilot.press("backspace", "2")
        await pilot.pause()
        assert said(pilot, "#number-said").startswith("B100 000 002")


async def test_a_wrong_kind_for_a_number_is_said_when_the_kind_changes() -> None:
    app = CounterApp(FakePort())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"B100000002", "f6")
        await pilot.pause()
        assert "wrong" in app.screen.query_one("#number-said").classes


async def test_a_foreign_spouse_with_all_papers() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f3", "f6", *"BC00000004", "enter")
        for _ in range(3):
            await pilot.press("space", "down")
        await pilot.press("tab", "tab", *"116/1/31", "enter")
        await pilot.pause()
        job = port.jobs[-1]
        assert isinstance(job, Apply)
        assert job.verb == "bind"
        assert application(port)["documents"] == [
            {"kind": "residence_certificate", "valid_until": "2027-01-31"},
            {"kind": "spouse_national_id", "district": "66000060"},
            {"kind": "spouse_household_certificate", "district": "66000060"},
        ]


async def test_a_child_card_is_offered_on_its_stock() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.card(BLANK_DESFIRE)
        await pilot.pause()
        assert "可以發兒童卡或學生證" in screen_text(pilot)
        await pilot.press("f2", *"N116247806", "enter")
        await pilot.pause()
        assert said(pilot, "#title") == "發兒童卡：申請人資料"
        app.screen.query_one("#born", Input).value = "105.2.29"
        app.screen.query_one("#school", Input).value = "193601 5"
        await pilot.press("enter")
        await pilot.pause()
        job = port.jobs[-1]
        assert isinstance(job, Apply)
        assert (job.verb, job.product) == ("issue", "child")
        given = application(port)
        assert (given["kind"], given["born"]) == ("citizen", "2016-02-29")
        assert given["school"] == {"code": "193601", "grade": 5}


async def test_what_a_child_card_cannot_do_without_is_asked_before_it_is_sent() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.card(BLANK_DESFIRE)
        await pilot.pause()
        await pilot.press("f2", *"N116247806", "enter", "enter")
        await pilot.pause()
        assert not any(isinstance(job, Apply) for job in port.jobs)
        assert said(pilot, "#born-said") == "必填"
        assert app.focused is app.screen.query_one("#born", Input)
        await pilot.press(*"107.3.1", "enter")
        await pilot.pause()
        assert application(port)["born"] == "2018-03-01"


async def test_an_nhi_card_fills_in_an_empty_form() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.tell(CardSeen(NHI, holder=HOLDER))
        await pilot.pause()
        assert "由卡片帶入" in screen_text(pilot)
        assert HOLDER.id_no not in screen_text(pilot), "masked everywhere but in the form"
        await pilot.press("f2")
        await pilot.pause()
        assert app.screen.query_one("#number", Input).value == HOLDER.id_no
        port.tell(CardGone())
        await pilot.press("enter", "enter")
        await pilot.pause()
        given = application(port)
        assert (given["number"], given["born"]) == (HOLDER.id_no, "1990-01-02")
        assert given["documents"] == [{"kind": "nhi_card"}], "no paper that nobody has seen"


async def test_what_was_typed_is_not_overwritten_by_an_nhi_card() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"L1225")
        port.tell(CardSeen(NHI, holder=HOLDER))
        await pilot.pause()
        assert app.screen.query_one("#number", Input).value == "L1225"


async def test_f9_changes_what_is_issued() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", "f9", "f9", *"L122544270", "enter")
        await pilot.pause()
        assert said(pilot, "#title") == "發學生證：申請人資料"
        assert not app.screen.query_one("#district-row").display
        for down in (0, 4):  # the ID card, the enrolment certificate
            await pilot.press(*["down"] * down, "space")
        app.screen.query_one("#until", Input).value = "117/6/30"
        app.screen.query_one("#school", Input).value = "194501　八"
        await pilot.press("enter", "enter")
        await pilot.pause()
        job = port.jobs[-1]
        assert isinstance(job, Apply)
        assert job.product == "student"
        assert application(port) == {
            "kind": "student",
            "number": "L122544270",
            "documents": [{"kind": "national_id"}, {"kind": "enrolment_certificate"}],
            # What is no number goes on as it is, for the application to refuse.
            "school": {
                "in_city": True,
                "graduates_on": "2028-06-30",
                "code": "194501",
                "grade": "八",
            },
        }
    async with CounterApp(port).run_test(size=SIZE) as pilot:
        await pilot.press("f2", "f9", "f9", "f9")
        await pilot.pause()
        assert said(pilot, "#title") == "發卡：申請人資料"
        assert not pilot.app.screen.query_one("#school-row").display
        await pilot.press("escape", "f3", "f9")  # nothing is issued at a binding
        await pilot.pause()
        assert said(pilot, "#title") == "綁卡：申請人資料"


async def test_a_parent_comes_for_a_child() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"N116247806", "f7", "down", "tab", *"L100000000", "enter")
        await pilot.press("down", "space", "escape")
        await pilot.pause()
        assert "父母代辦" in said(pilot, "#proxy-said")
        app.screen.query_one("#born", Input).value = "105.2.29"
        await pilot.press("enter", "enter")
        await pilot.pause()
        given = application(port)
        assert given["born"] == "2016-02-29"
        assert given["proxy"] == {
            "relation": "parent",
            "number": "L100000000",
            "documents": [{"kind": "national_id"}],
        }


async def test_another_city_is_a_zero() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"F131104093")
        app.screen.query_one("#district", Input).value = "0"
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert application(port)["documents"] == [{"kind": "national_id", "district": "elsewhere"}]


async def test_ten_characters_at_once_are_all_there() -> None:
    app = CounterApp(FakePort())
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(5):
            await pilot.press("f2", *"B100000002")
            await pilot.pause()
            assert app.screen.query_one("#number", Input).value == "B100000002"
            await pilot.press("escape")


async def test_a_fault_can_be_tried_again_with_the_same_application() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"B100000002", "enter", "enter")
        await pilot.pause()
        port.done("fault", "卡片離開了讀卡機", "可能只寫了一半", "請把同一張卡放回")
        await pilot.pause()
        await pilot.press("f2")
        await pilot.pause()
        assert len(port.jobs) == 2
        assert port.jobs[0] == port.jobs[1]
        port.done("refused", "已領過", "每人限領一張", "可綁卡")
        await pilot.pause()
        await pilot.press("f2")
        await pilot.pause()
        assert len(port.jobs) == 2, "a rule's no is not tried again"


async def test_issuances_left_open_greet_the_clerk() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.tell(cut_off(7, 9))
        await pilot.pause()
        assert isinstance(app.screen, UnfinishedScreen)
        await pilot.press("down", "enter")
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert port.jobs[-1].__class__ is End
        assert port.jobs[-1] in (
            End(verb="finish", n=7, card="kept"),
            End(verb="finish", n=9, card="kept"),
        )
        port.done("done", "完成", "已發", "下一位")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, WaitScreen)
        assert "2" in said(pilot, "#unfinished")


async def test_the_bottom_line_always_says_reader_hub_and_waiting() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.tell(QUIET)
        for keys in ((), ("f2",), ("f7",), ("escape", "escape", "f5")):
            await pilot.press(*keys)
            await pilot.pause()
            bottom = screen_text(pilot).splitlines()[-1]
            assert "[模擬]" in bottom
            assert "讀卡機 正常" in bottom
            assert "主機 連線" in bottom
            assert "待上傳 0" in bottom
        port.tell(ReaderState(Parts("讀卡機沒有回應", "沒有任何變動", "請檢查接線")))
        await pilot.pause()
        assert "沒有回應" in screen_text(pilot).splitlines()[-1]
        port.tell(ReaderState(None))
        await pilot.pause()
        assert "讀卡機 正常" in screen_text(pilot).splitlines()[-1]


async def test_the_language_changes_while_it_runs() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        port.card()
        port.tell(QUIET)
        await pilot.press("f8")
        await pilot.pause()
        text = screen_text(pilot)
        assert "Blank Flora card" in text
        assert "[SIMULATION]" in text
        await pilot.press("f8")
        await pilot.pause()
        assert "空白的花博卡" in screen_text(pilot)


async def test_no_screen_shows_a_serial() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        for facts in (STOCK, HANDED_OUT):
            port.card(facts)
            await pilot.pause()
            assert STOCK["uid"] not in screen_text(pilot).lower()


async def test_ctrl_q_leaves_from_everywhere() -> None:
    for keys in ((), ("f2",), ("f2", "f7"), ("f5",)):
        port = FakePort()
        app = CounterApp(port)
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press(*keys, "ctrl+q")
            await pilot.pause()
        assert port.closed
        assert app.return_code == 0


async def test_esc_forgets_what_was_typed() -> None:
    port = FakePort()
    app = CounterApp(port)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2", *"B100000002", "escape")
        await pilot.pause()
        port.tell(CardGone())
        await pilot.press("f2")
        await pilot.pause()
        assert isinstance(app.screen, FormScreen)
        assert app.screen.form.number == ""
