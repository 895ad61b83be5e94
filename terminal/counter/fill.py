"""The application form: number and Enter, Enter, for a citizen with an ID card of this district.
What is issued is a Flora card, unless F9 says another.

Checked while it is typed; sent as the JSON that the desk reads. What was typed lives in this
screen and goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from apdu.nhi import Holder
from fixtures.places import districts
from issuance.application import Kind
from terminal.cli.context import told
from terminal.counter.form import (
    ELSEWHERE,
    PAPERS,
    PRODUCT_KINDS,
    PROXY_PAPERS,
    SEEN_AT_FIRST,
    Form,
    both_calendars,
    district_code,
    grouped,
    is_whole,
    number_fault,
)
from terminal.counter.marks import Choice, Ticks
from terminal.counter.parts import CounterScreen, Spoken
from terminal.counter.port import Apply, CardSeen, Port, Sent
from terminal.words.documents import DOCUMENTS
from terminal.words.speak import LANGUAGES, language, say

Verb = Literal["issue", "bind", "unbind"]
SENIOR_CARD = "senior_card"
NHI_CARD = "nhi_card"


class FormScreen(CounterScreen):
    """One application. `verb` is what it is for; an NHI card on the reader fills in `holder`."""

    KEYS: Sequence[tuple[str, str]] = (
        ("Enter", "key_send"),
        ("F6", "key_kind"),
        ("F7", "key_proxy"),
        ("F9", "key_product"),
        ("Esc", "key_back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.home", show=False),
        Binding("f6", "kind", show=False, priority=True),
        Binding("f7", "proxy", show=False, priority=True),
        Binding("f9", "product", show=False, priority=True),
    ]

    def __init__(
        self, port: Port, verb: Verb, *, product: str, holder: Holder | None = None
    ) -> None:
        super().__init__(port)
        self.verb = verb
        if verb != "issue":
            self.KEYS = tuple(key for key in self.KEYS if key != ("F9", "key_product"))
        self.form = Form(district=port.district, product=product)
        self._holder = holder
        self._number_entered = False  # two Enters typed at once are two, wherever focus is by then

    def body(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Spoken("number", classes="label")
            yield Input(id="number", compact=True, max_length=16)
        yield Spoken("number_hint", id="number-said", classes="said")
        with Horizontal(id="choices"):
            yield Choice(id="kind")
            yield Ticks(id="papers")
        for name in ("district", "until", "born", "school"):
            with Horizontal(classes="row", id=f"{name}-row"):
                yield Spoken(name, id=f"{name}-label", classes="label wide")
                yield Input(id=name, compact=True, max_length=20)
                yield Spoken(id=f"{name}-said", classes="beside")
        yield Spoken(id="proxy-said", classes="said")
        yield Spoken(id="fault", classes="alert")

    def on_mount(self) -> None:
        self.query_one("#papers").border_title = say("screens.papers")
        self._set_product()
        zh_en = districts().get(self.form.district)
        self.query_one("#district", Input).value = (
            zh_en[LANGUAGES.index(language())] if zh_en else ""
        )
        self._say_proxy()
        self.query_one("#number", Input).focus()
        self._fill_in()

    def heard(self, message: Message) -> None:
        if isinstance(message, CardSeen) and message.holder is not None:
            self._holder = message.holder
            self._fill_in()

    def _fill_in(self) -> None:
        """From an NHI card, into an empty form: what was typed stays."""
        number, holder = self.query_one("#number", Input), self._holder
        self._holder = None
        if holder is None or number.value:
            return
        number.value = holder.id_no
        self.query_one("#born", Input).value = holder.born.isoformat()
        papers = self.query_one("#papers", Ticks)
        if NHI_CARD in PAPERS[self.form.kind]:
            papers.mark({NHI_CARD})  # no other has been seen

    @on(Input.Changed, "#number")
    def _number_typed(self, typed: Input.Changed) -> None:
        self.form.number = typed.value
        self._number_entered = False
        self._say_number()

    @on(Input.Changed, "#district")
    def _district_typed(self, typed: Input.Changed) -> None:
        self.form.district = district_code(typed.value)
        names = districts().get(self.form.district)
        if self.form.district == ELSEWHERE:
            said = say("screens.elsewhere")
        elif names is None:
            said = say("screens.unreadable") if typed.value else ""
        else:
            said = f"{self.form.district} {names[LANGUAGES.index(language())]}"
        self.query_one("#district-said", Spoken).update(said)

    @on(Input.Changed, "#until")
    @on(Input.Changed, "#born")
    def _day_typed(self, typed: Input.Changed) -> None:
        name = typed.input.id or ""
        setattr(self.form, name, typed.value.strip())
        said = both_calendars(typed.value) or (say("screens.unreadable") if typed.value else "")
        self.query_one(f"#{name}-said", Spoken).update(said)

    @on(Input.Changed, "#school")
    def _school_typed(self, typed: Input.Changed) -> None:
        self.form.school = typed.value.strip()

    @on(Choice.Changed, "#kind")
    def _kind_chosen(self, chosen: Choice.Changed) -> None:
        (kind,) = chosen.marks.on_ids
        self.form.kind = cast("Kind", kind)
        self._set_kind()
        self._say_number()

    @on(Ticks.Changed, "#papers")
    def _papers_ticked(self, ticks: Ticks.Changed) -> None:
        ticked = ticks.marks.on_ids
        self.form.senior_card = SENIOR_CARD in ticked
        self.form.papers = frozenset(ticked - {SENIOR_CARD})

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_onward()

    def action_onward(self) -> None:
        """Enter: from the number to the papers; from anywhere else, send."""
        number = self.query_one("#number", Input)
        if self.focused is not number or self._number_entered:
            self._send()
        elif is_whole(number.value, self.form.kind):
            self._number_entered = True
            self.query_one("#papers").focus()

    def action_kind(self) -> None:
        """F6: the next kind of person."""
        self.query_one("#kind", Choice).next()

    def action_product(self) -> None:
        """F9: the next kind of card to be issued."""
        if self.verb == "issue":
            names = list(PRODUCT_KINDS)
            self.form.product = names[(names.index(self.form.product) + 1) % len(names)]
            self._set_product()
            self._say_number()

    def action_proxy(self) -> None:
        """F7: who came in the applicant's place."""
        self.app.push_screen(ProxyScreen(self.port, self.form), lambda _: self._say_proxy())

    def _send(self) -> None:
        if not is_whole(self.form.number, self.form.kind):
            self.query_one("#number", Input).focus()
            return
        form = self.form
        if (name := form.left_empty()) is not None and self.verb == "issue":
            self.query_one(f"#{name}-said", Spoken).update(say("screens.needed"))
            self.query_one(f"#{name}", Input).focus()
            return
        job = Apply(verb=self.verb, application=form.application(), product=form.product)
        self.app.post_message(Sent(job))

    def _say_number(self) -> None:
        number, kind = self.form.number, self.form.kind
        said = self.query_one("#number-said", Spoken)
        fault = number_fault(number, kind)
        said.set_class(fault is not None, "wrong")
        if fault is not None:
            said.update(told(fault)[1].what)
        elif is_whole(number, kind):
            said.update(say("screens.number_right", number=grouped(number)))
        else:
            said.update(say("screens.number_hint"))

    def _set_product(self) -> None:
        """The card's name, who may have one, and whether a school goes on it."""
        product = self.form.product
        of_product = f"_{product}" if product != "flora" else ""
        self.query_one("#title", Spoken).update(say(f"screens.form_{self.verb}{of_product}"))
        self.query_one("#school-row").display = product != "flora"
        self.query_one("#school-label", Spoken).update(say("screens.school"))
        self.form.kind = PRODUCT_KINDS[product][0]
        kinds = self.query_one("#kind", Choice)
        entries = [(kind, say(f"screens.kind_{kind}")) for kind in PRODUCT_KINDS[product]]
        kinds.put(entries, [self.form.kind])
        kinds.choose(self.form.kind)
        self._set_kind()

    def _set_kind(self) -> None:
        kind = self.form.kind
        seen = SEEN_AT_FIRST.get(kind, ())
        tongue = LANGUAGES.index(language())
        papers = [(paper, DOCUMENTS[paper][tongue]) for paper in PAPERS[kind]]
        if self.verb == "bind":
            papers.append((SENIOR_CARD, say("screens.senior_card")))
        self.query_one("#papers", Ticks).put(papers, seen)
        self.form.papers, self.form.senior_card = frozenset(seen), False
        self.query_one("#until-row").display = kind not in ("citizen", "foreign_resident")
        self.query_one("#district-row").display = kind not in ("student", "foreign_resident")
        label = "until_student" if kind == "student" else "until"
        self.query_one("#until-label", Spoken).update(say(f"screens.{label}"))

    def _say_proxy(self) -> None:
        who = say(f"screens.proxy_{self.form.proxy or 'none'}")
        self.query_one("#proxy-said", Spoken).update(f"{say('screens.proxy')}  {who}")


class ProxyScreen(CounterScreen):
    """Who came instead, and with which papers; kept in the form it was opened from."""

    TITLE_KEY = "proxy"
    KEYS = (("Enter", "key_next_field"), ("Esc", "key_back"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "done", show=False)]
    RELATIONS = ("none", "parent", "other")

    def __init__(self, port: Port, form: Form) -> None:
        super().__init__(port)
        self.form = form

    def body(self) -> ComposeResult:
        yield Choice(id="relation")
        with Horizontal(classes="row"):
            yield Spoken("proxy_number", classes="label wide")
            yield Input(self.form.proxy_number, id="proxy-number", compact=True, max_length=16)
        yield Spoken(id="proxy-number-said", classes="said")
        yield Ticks(id="proxy-papers")
        with Horizontal(classes="row"):
            yield Spoken("proxy_until", classes="label wide")
            yield Input(self.form.proxy_until, id="proxy-until", compact=True, max_length=20)
            yield Spoken(id="proxy-until-said", classes="beside")

    def on_mount(self) -> None:
        papers = self.query_one("#proxy-papers", Ticks)
        papers.border_title = say("screens.proxy_papers")
        tongue = LANGUAGES.index(language())
        papers.put(
            [(paper, DOCUMENTS[paper][tongue]) for paper in PROXY_PAPERS], self.form.proxy_papers
        )
        relation, chosen = self.query_one("#relation", Choice), self.form.proxy or "none"
        relation.put([(name, say(f"screens.proxy_{name}")) for name in self.RELATIONS], [chosen])
        relation.choose(chosen)
        relation.focus()

    @on(Choice.Changed, "#relation")
    def _relation_chosen(self, chosen: Choice.Changed) -> None:
        (relation,) = chosen.marks.on_ids
        self.form.proxy = "" if relation == "none" else relation

    @on(Input.Changed, "#proxy-number")
    def _number_typed(self, typed: Input.Changed) -> None:
        self.form.proxy_number = typed.value
        fault = number_fault(typed.value, "student")  # a proxy's may be of any form
        said = self.query_one("#proxy-number-said", Spoken)
        said.set_class(fault is not None, "wrong")
        said.update(told(fault)[1].what if fault else grouped(typed.value))

    @on(Input.Changed, "#proxy-until")
    def _until_typed(self, typed: Input.Changed) -> None:
        self.form.proxy_until = typed.value.strip()
        said = both_calendars(typed.value) or (say("screens.unreadable") if typed.value else "")
        self.query_one("#proxy-until-said", Spoken).update(said)

    @on(Ticks.Changed, "#proxy-papers")
    def _papers_ticked(self, ticks: Ticks.Changed) -> None:
        self.form.proxy_papers = ticks.marks.on_ids

    @on(Input.Submitted)
    def action_onward(self) -> None:
        """Enter: the next field; from the last one, back to the form."""
        if self.focused is self.query_one("#proxy-until"):
            self.action_done()
        else:
            self.focus_next()

    def action_done(self) -> None:
        """Back to the application."""
        self.dismiss(None)
