"""Random protocols and timelines: small worlds in which ties, corrections, repeats and subjects are frequent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from leeward.rules.protocol import Event, Protocol
from leeward.rules.protocol.parse import interpret
from leeward.rules.yaml_source import Document

from .written import whole

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=40)

#: Few kinds, so that they meet; two about a subject; one that no protocol here names.
OPENING = ("indicator.observed", "screening.completed", "referral.sent", "plan.agreed")
CLOSING = ("needs.assessed", "screening.completed", "referral.accepted", "plan.agreed", "case.closed")
UNRELATED = "rating.given"

_WHERES = {
    "indicator.observed": ("suspected", "NOT suspected", "count > 1"),
    "screening.completed": ("result = 'positive'", "result <> 'positive'", "result IS NULL"),
    "needs.assessed": ("scope = 'full'",),
}
_WHENS = ("suspected", "screening = 'positive'", "screening IS NULL", "NOT suspected OR screening IN ('negative')")
_FACTS = {
    "suspected": {"from": "indicator.observed", "field": "suspected", "type": "boolean"},
    "screening": {
        "type": "text",
        "from": [
            {"kind": "screening.completed", "field": "result"},
            {"kind": "plan.agreed", "value": "positive"},
            {"kind": "indicator.observed", "where": "count > 1", "value": "negative"},
        ],
    },
}
_HOURS = st.integers(0, 40 * 4).map(lambda quarters: timedelta(hours=6 * quarters))


def _patterns(kinds: tuple[str, ...], least: int = 1) -> st.SearchStrategy[list[Any]]:
    def with_where(kind: str) -> st.SearchStrategy[Any]:
        wheres = _WHERES.get(kind, ())
        bare: st.SearchStrategy[Any] = st.just(kind)
        return bare | st.sampled_from(wheres).map(lambda where: {"kind": kind, "where": where}) if wheres else bare

    return st.lists(st.sampled_from(kinds).flatmap(with_where), min_size=least, max_size=2)


@st.composite
def _steps(draw: st.DrawFn, number: int) -> dict[str, Any]:
    about_subjects = draw(st.booleans())
    step: dict[str, Any] = {
        "id": f"step-{number}",
        "after": ["referral.sent"] if about_subjects else draw(_patterns(OPENING)),
        "within": draw(st.sampled_from(["PT6H", "P1D", "P3D", "P10D"])),
        "done": ["referral.accepted"] if about_subjects else draw(_patterns(CLOSING)),
        "declined": draw(_patterns(("needs.declined", "referral.declined"), least=0)),
    }
    if about_subjects:
        step["each"] = "subject"
    for key, values in (("grace", ["PT6H", "P1D"]), ("repeat", ["PT6H", "P2D", "P7D"]), ("when", _WHENS)):
        if draw(st.booleans()):
            step[key] = draw(st.sampled_from(list(values)))
    if draw(st.booleans()):
        step["void"] = draw(_patterns(("case.closed", "referral.withdrawn", "needs.assessed"), least=0))
    if draw(st.booleans()):
        step["escalate"] = [{"after": "PT0S", "to": "clinician"}, {"after": "P2D", "to": "program_director"}]
    return step


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    steps = [draw(_steps(number)) for number in range(draw(st.integers(1, 3)))]
    data = whole(facts=_FACTS, void=draw(st.sampled_from([[], "case.closed"])), steps=steps)
    return interpret(Document(name="random", data=data, lines={})).protocol


@st.composite
def _events(draw: st.DrawFn, number: int) -> Event:
    kind = draw(
        st.sampled_from((*OPENING, *CLOSING, "needs.declined", "referral.declined", "referral.withdrawn", UNRELATED))
    )
    at = START + draw(_HOURS)
    data: dict[str, object] = {}
    if kind == "indicator.observed":
        data = {"suspected": draw(st.sampled_from([True, False, None])), "count": draw(st.integers(0, 3))}
    elif kind == "screening.completed":
        data = {"result": draw(st.sampled_from(["positive", "negative", None]))}
    elif kind == "needs.assessed":
        data = {"scope": draw(st.sampled_from(["urgent", "full"]))}
    return Event(
        id=f"{draw(st.integers(0, 9))}-{number:02}",
        kind=kind,
        occurred_at=at,
        recorded_at=at + draw(st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=6), timedelta(days=3)])),
        subject=draw(st.sampled_from(["a", "b", None])) if kind.startswith("referral.") else None,
        data=data,
    )


@st.composite
def timelines(draw: st.DrawFn) -> list[Event]:
    """Up to 25 events over 40 days on a grid of six hours; some correct another."""
    events = [draw(_events(number)) for number in range(draw(st.integers(0, 25)))]
    for position, event in enumerate(events):
        if len(events) > 1 and draw(st.integers(0, 9)) == 0:
            events[position] = replace(event, supersedes=draw(st.sampled_from(events)).id)
    return events


def moments() -> st.SearchStrategy[datetime]:
    return _HOURS.map(lambda hours: START + hours)
