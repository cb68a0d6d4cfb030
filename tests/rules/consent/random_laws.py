"""Random decision tables, for tests that hold one meaning against another."""

from datetime import date
from typing import TypeVar

from hypothesis import strategies as st

from leeward.rules.consent import (
    Alone,
    Authorisation,
    DataClass,
    Law,
    Outcome,
    Process,
    Purpose,
    RecipientKind,
    Regime,
    Row,
    Status,
)
from leeward.rules.wording import Text

Member = TypeVar("Member")
ELEMENTS = ("written", "signed", "explained", "end_date")
AGES = (12, 14, 15, 17)
DUTIES = ("child_report", "vulnerable_person_report")
OBLIGATIONS = ("record", "expire", "least")
WORDS = Text("Words.", "Palabras.")

NO_PROCESS = Process(
    script=WORDS,
    neither=WORDS,
    notice=WORDS,
    oral_days=0,
    tell_within_hours=1,
    regimes={},
    elements={},
    kinds={},
    gives=(),
)


@st.composite
def _rows(draw: st.DrawFn, number: int) -> Row:
    outcome = draw(st.sampled_from(Outcome))
    may_be_any = outcome in (Outcome.NEEDS_AUTHORISATION, Outcome.NEVER)
    named = _some(list(Regime))
    authorisation = Authorisation(
        kinds=(f"kind-{number}",),
        elements=draw(st.frozensets(st.sampled_from(ELEMENTS))),
        default_days=draw(st.integers(1, 30)),
        longest_days=draw(st.integers(30, 365)),
    )
    return Row(
        id=f"row-{number}",
        regimes=draw(st.one_of(st.none(), named) if may_be_any else named),
        classes=draw(_some(list(DataClass))),
        recipients=draw(_some(list(RecipientKind))),
        purposes=draw(_some(list(Purpose))),
        outcome=outcome,
        duty=draw(st.sampled_from(DUTIES)) if outcome is Outcome.REQUIRED_BY_LAW else None,
        authorisation=authorisation if outcome is Outcome.NEEDS_AUTHORISATION else None,
        obligations=tuple(sorted(draw(st.frozensets(st.sampled_from(OBLIGATIONS))))),
        citation="a source",
        status=Status.POLICY,
        checked=date(2026, 10, 9),
        text=WORDS,
    )


@st.composite
def _alone(draw: st.DrawFn, number: int) -> Alone:
    return Alone(
        id=f"alone-{number}",
        regimes=draw(st.one_of(st.none(), _some(list(Regime)))),
        recipients=draw(_some(list(RecipientKind))),
        purposes=draw(_some(list(Purpose))),
        from_age=draw(st.sampled_from(AGES)),
        citation="a source",
        status=Status.POLICY,
        checked=date(2026, 10, 9),
        text=WORDS,
    )


def _some(members: list[Member]) -> st.SearchStrategy[frozenset[Member]]:
    """All of them as often as a few, so that rows of a small table meet."""
    return st.one_of(st.just(frozenset(members)), st.frozensets(st.sampled_from(members), min_size=1))


@st.composite
def random_laws(draw: st.DrawFn) -> Law:
    """Tables of up to eight rows that a law file could say."""
    return Law(
        name="random",
        version="1",
        title=WORDS,
        reason_above_days=90,
        elements=dict.fromkeys(ELEMENTS, WORDS),
        obligations=dict.fromkeys(OBLIGATIONS, WORDS),
        duties=dict.fromkeys(DUTIES, WORDS),
        notices={},
        labels={},
        forms={},
        process=NO_PROCESS,
        rows=tuple(draw(_rows(number)) for number in range(draw(st.integers(0, 8)))),
        alone=tuple(draw(_alone(number)) for number in range(draw(st.integers(0, 3)))),
    )
