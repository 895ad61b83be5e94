"""Any state, directory and trip that a card can hold, for property tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from cards.state import PURSE_MAX_NTD, PURSE_MIN_NTD, BindingMark, CardState, Directory, Trip

days = st.dates(date(2000, 1, 2), date(2179, 6, 6))
times = st.integers(946_684_800, 946_684_800 + 2**32 - 1).map(
    lambda s: datetime.fromtimestamp(s, tz=UTC)
)
word = st.integers(0, 0xFFFF)
byte = st.integers(0, 0xFF)
purse = st.integers(PURSE_MIN_NTD, PURSE_MAX_NTD)

bindings = st.builds(
    BindingMark,
    binding_id=st.binary(min_size=4, max_size=4),
    policy=st.integers(1, 0xFF),
    expires_on=st.none() | days,
    half=st.booleans(),
)
trips = st.builds(
    Trip,
    open=st.booleans(),
    bound=st.booleans(),
    half=st.booleans(),
    route=word,
    vehicle=st.binary(min_size=4, max_size=4),
    boarded_stop=word,
    boarded_at=times,
    paid_ntd=word,
    last_stop=word,
    last_at=times,
)


@st.composite
def states(draw: st.DrawFn) -> CardState:
    """A state that was never tapped has no trip, any other has one."""
    n = draw(st.just(0) | st.integers(1, 2**32 - 1))
    return CardState(
        n=n,
        issued=draw(st.booleans()),
        binding=draw(st.none() | bindings),
        trip=draw(trips) if n else None,
        purse_before=draw(purse),
        purse_after=draw(purse),
        purse_mark=draw(byte),
    )


def directories() -> st.SearchStrategy[Directory]:
    return st.builds(
        Directory,
        product=st.sampled_from(["flora", "child", "student"]),
        issuer=word,
        year=st.integers(2000, 2255),
        expires_on=st.none() | days,
        card_number=st.text("0123456789", min_size=10, max_size=10),
    )
