"""C-01 C-03 C-08 The quick decision equals the slow reading, from a list, from a book, and after every change."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leeward import catalogue
from leeward.rules.consent import (
    DataClass,
    Decision,
    Grant,
    GrantBook,
    Law,
    Purpose,
    RecipientKind,
    Regime,
    Representation,
    Request,
    Restriction,
    Row,
    decide,
)
from leeward.rules.consent.model import first_moment_after

from .oracle import Answer, answer
from .random_laws import DUTIES, random_laws

#: 10,000 laws with up to four requests and eight records each in the full run.
LAWS = 10_000 if os.environ.get("LEEWARD_FULL") == "yes" else 300
SHIPPED = catalogue.law()
ELEMENTS = sorted(SHIPPED.elements)
ZONES = ("America/Chicago", "UTC", "Pacific/Apia", "America/Havana", "America/Santiago")
#: A grant may begin or end at any of these moments to the second: around midnights, a leap day, both clock changes.
FROM = datetime(2028, 2, 27, tzinfo=UTC)

World = tuple[Law, list[Grant | Restriction], list[Request]]
clients, recipients = st.sampled_from(["c", "d"]), st.sampled_from(["harbour", "county"])
days = st.sampled_from([date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 11), date(2028, 3, 12), date(2028, 11, 5)])
seconds = st.sampled_from([-1, 0, 1, 30 * 60, 90 * 60])
hours = st.integers(0, 30)
moments = st.one_of(
    st.builds(
        lambda day, hour, second: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(0, second, hours=hour),
        days,
        hours,
        seconds,
    ),
    st.builds(lambda minutes: FROM + timedelta(minutes=minutes), st.integers(0, 400 * 24 * 60)),
)
some_classes = st.frozensets(st.sampled_from(DataClass), min_size=1)
requests = st.builds(
    Request,
    client=clients,
    data_class=st.sampled_from(DataClass),
    regimes=st.frozensets(st.sampled_from(Regime), max_size=3),
    recipient=recipients,
    recipient_kind=st.sampled_from(RecipientKind),
    purpose=st.sampled_from(Purpose),
    at=moments,
    zone=st.sampled_from(ZONES),
    duty=st.sampled_from([None, None, *DUTIES, "another"]),
)
representations = st.builds(
    Representation,
    id=st.sampled_from(["s1", "s2"]),
    classes=st.one_of(st.just(frozenset(DataClass)), some_classes),
    starts_at=st.one_of(st.just(FROM), moments),
    last_day=days,
    ended=st.sampled_from([False, False, False, True]),
)
grants = st.builds(
    Grant,
    id=st.sampled_from(["g1", "g2", "g3", "g4"]),
    client=clients,
    recipient=recipients,
    classes=st.one_of(st.just(frozenset(DataClass)), some_classes),
    purpose=st.sampled_from(Purpose),
    starts_at=st.one_of(st.just(FROM), moments),
    last_day=days,
    elements=st.one_of(st.just(frozenset(ELEMENTS)), st.frozensets(st.sampled_from(ELEMENTS))),
    withdrawn=st.sampled_from([False, False, False, True]),
    age=st.sampled_from([None, None, None, 12, 15, 17]),
    representation=st.one_of(st.none(), st.none(), representations),
)
restrictions = st.builds(
    Restriction,
    id=st.sampled_from(["r1", "r2"]),
    client=clients,
    recipient=st.one_of(st.none(), recipients),
    classes=st.one_of(st.none(), some_classes),
    purpose=st.one_of(st.none(), st.sampled_from(Purpose)),
    starts_at=moments,
    lifted=st.booleans(),
)
records = st.lists(st.one_of(grants, grants, grants, restrictions), max_size=8)


def told(decision: Decision) -> Answer:
    return Answer(
        permitted=decision.permitted,
        outcome=decision.outcome,
        row=decision.row.id if decision.row else None,
        grant=decision.grant.id if decision.grant else None,
        codes=tuple(sorted(reason.code for reason in decision.reasons)),
        about=frozenset(reason.about for reason in decision.reasons),
        obligations=frozenset(one.code for one in decision.obligations),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A law, what was said, and requests: most of what a row of the law speaks of, at the edges of what was granted."""
    law = draw(st.one_of(st.just(SHIPPED), random_laws()))
    about = draw(requests)
    if law.rows and draw(st.integers(0, 9)):
        about = _spoken_of(draw, about, draw(st.sampled_from(_with_terms(law) or law.rows)))
    known = [_near(draw, record, about) for record in draw(records)]
    edges = [edge for record in known for edge in _edges(record, about.zone)]
    asked = [about, about, *draw(st.lists(requests, max_size=2))]
    return law, known, [replace(one, at=draw(st.sampled_from([one.at, *edges]))) for one in asked]


def _with_terms(law: Law) -> list[Row]:
    return [row for row in law.rows if row.authorisation]


def _spoken_of(draw: st.DrawFn, request: Request, row: Row) -> Request:
    """The request turned to what this row is about."""
    return replace(
        request,
        data_class=draw(st.sampled_from(sorted(row.classes))),
        regimes=row.regimes or request.regimes or frozenset({Regime.HIPAA}),
        recipient_kind=draw(st.sampled_from(sorted(row.recipients))),
        purpose=draw(st.sampled_from(sorted(row.purposes))),
    )


def _near(draw: st.DrawFn, record: Grant | Restriction, request: Request) -> Grant | Restriction:
    """The record turned to what the request is about, seven times in eight."""
    if isinstance(record, Restriction) or not draw(st.integers(0, 7)):
        return record
    return replace(
        record,
        client=request.client,
        recipient=request.recipient,
        purpose=request.purpose,
        classes=record.classes | {request.data_class},
    )


def _edges(record: Grant | Restriction, zone: str) -> list[datetime]:
    """The moments at which it begins and ends, with the last before each."""
    at = [record.starts_at] if isinstance(record, Restriction) else [record.starts_at, record.ends_at(zone)]
    if isinstance(record, Grant) and record.representation:
        at += [record.representation.starts_at, first_moment_after(record.representation.last_day, zone)]
    return [moment - early for moment in at for early in (timedelta(0), timedelta(microseconds=1))]


@settings(max_examples=LAWS, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(worlds())
def test_c01_c08_a_decision_equals_the_slow_reading(
    world: World,
) -> None:
    law, known, asked = world
    book, grown = GrantBook(known), GrantBook(known[:3])
    for record in known[3:]:
        grown.add(record)
    for request in asked:
        slow = answer(request, known, law)
        assert told(decide(request, known, law)) == slow
        assert told(decide(request, iter(known), law)) == slow
        assert told(decide(request, book, law)) == slow
        assert told(decide(request, list(book), law)) == slow
        assert told(decide(request, grown, law)) == slow


@settings(max_examples=LAWS // 3, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(worlds(), st.data())
def test_c02_a_book_after_withdrawals_and_lifted_restrictions_equals_the_slow_reading(
    world: World, data: st.DataObject
) -> None:
    law, known, asked = world
    book = GrantBook(known)
    for record in data.draw(st.lists(st.sampled_from(known), max_size=3) if known else st.just([])):
        if isinstance(record, Grant):
            book.withdraw(record)
            known = [replace(one, withdrawn=True) if _is_copy(one, record) else one for one in known]
        else:
            book.lift(record)
            known = [replace(one, lifted=True) if _is_copy(one, record) else one for one in known]
    for request in asked:
        quick, slow = told(decide(request, book, law)), answer(request, known, law)
        assert replace(quick, codes=tuple(sorted(set(quick.codes)))) == replace(
            slow, codes=tuple(sorted(set(slow.codes)))
        )


def _is_copy(one: Grant | Restriction, record: Grant | Restriction) -> bool:
    same_place = isinstance(record, Restriction) or (isinstance(one, Grant) and one.recipient == record.recipient)
    return type(one) is type(record) and (one.id, one.client) == (record.id, record.client) and same_place
