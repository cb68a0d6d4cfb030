"""Random protocols and timelines: small worlds in which ties, corrections, repeats and subjects are frequent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from leeward.rules.protocol import Event, Protocol
from leeward.rules.protocol.parse import interpret
from leeward.rules.yaml_source import Document

from .written import whole

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=40)

#: Few kinds, so that they meet; two about a subject; one that no protocol here names.
OPENING = ("indicator.observed", "screening.completed", "referral.sent", "plan.agreed", "consent.granted")
CLOSING = ("needs.assessed", "screening.completed", "referral.accepted", "plan.agreed", "case.closed")
UNRELATED = "rating.given"

_WHERES = {
    "indicator.observed": ("suspected", "NOT suspected", "count > 1"),
    "screening.completed": ("result = 'positive'", "result <> 'positive'", "result IS NULL"),
    "needs.assessed": ("scope = 'full'",),
}
_WHENS = (
    "suspected",
    "screening = 'positive'",
    "screening IS NULL",
    "NOT suspected OR screening IN ('negative')",
    "counted >= 2 AND counted <> 3",
    "sent_to IS NULL OR sent_to <> 'it''s'",
    "until > '2026-02-27' OR NOT ever",
    "ever IS NULL",
    "NOT (ever AND screening = 'positive') OR counted IN (0, 1)",
)
_FACTS = {
    "counted": {"from": "indicator.observed", "field": "count", "type": "integer"},
    "sent_to": {
        "type": "text",
        "from": [{"kind": "referral.sent", "field": "to"}, {"kind": "case.closed", "value": "nobody"}],
    },
    "until": {"from": "consent.granted", "field": "until", "type": "date"},
    "ever": {"type": "boolean", "from": [{"kind": "plan.agreed", "value": True}]},
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


#: Offices in zones whose clocks change within the forty days or not at all; one opens through the hour that vanishes.
_OFFICES = (
    {"zone": "America/Chicago", "days": ["mon", "tue", "wed", "thu", "fri"], "hours": ["08:00-12:00", "13:00-17:00"]},
    {"zone": "Australia/Lord_Howe", "days": ["sat", "sun"], "hours": ["01:00-03:30", "22:00-23:59"]},
    {
        "zone": "Asia/Kathmandu",
        "days": ["mon", "wed", "sun"],
        "hours": ["09:00-17:30"],
        "closed": [f"2026-01-{day:02}" for day in range(3, 20)],
    },
)


@st.composite
def _rich_step(draw: st.DrawFn, number: int, *, inside: bool = False) -> dict[str, Any]:
    """A step with any of the language's features, over the same few kinds of event."""
    step = draw(_steps(number))
    earlier = [f"step-{other}" for other in range(number)]
    feature = draw(st.sampled_from(["plain", "joint after", "joint done", "follows", "office hours", "office days"]))
    if "each" in step or feature == "plain":
        pass
    elif feature == "joint after":
        groups = [draw(_patterns(OPENING)) for _ in range(draw(st.integers(2, 3)))]
        step["after"] = {"all_of": [{"any_of": group} for group in groups]}
    elif feature == "joint done":
        groups = [draw(_patterns(CLOSING)) for _ in range(draw(st.integers(2, 3)))]
        step["done"] = {"all_of": [{"any_of": group} for group in groups]}
        step.pop("repeat", None)
    elif feature == "office hours":
        step |= {"clock": "office_hours", "within": draw(st.sampled_from(["PT1H", "PT4H", "PT8H", "PT30H"]))}
    elif feature == "office days":
        step |= {"clock": "office_days", "within": draw(st.sampled_from(["P1D", "P2D", "P7D"]))}
    if earlier and (feature == "follows" or draw(st.integers(0, 5)) == 0):
        part = draw(st.sampled_from(["done", "declined", "void"]))
        closing = {"step": draw(st.sampled_from(earlier)), "is": part}
        if isinstance(step["after"], dict):
            step["after"]["all_of"][0]["any_of"].append(closing)
        elif "each" not in step:
            step["after"] = [closing, *(step["after"] if draw(st.booleans()) else [])]
    if inside and isinstance(step["after"], list) and "each" not in step:
        step["after"] = ["start", *(step["after"] if draw(st.booleans()) else [])]
    return step


@st.composite
def rich_protocols(draw: st.DrawFn, most: int = 4) -> Protocol:
    """Protocols with everything that the language has, and at most so many steps outside sub-protocols."""
    count = draw(st.integers(1, most))
    steps = [draw(_rich_step(number)) for number in range(count)]
    parts: dict[str, Any] = {"office": draw(st.sampled_from(_OFFICES))}
    if draw(st.booleans()):
        inner = [draw(_rich_step(count + number, inside=True)) for number in range(draw(st.integers(1, 2)))]
        if any(isinstance(step["after"], list) and "start" in step["after"] for step in inner):
            sub: dict[str, Any] = {"id": "sub", "title": {"en": "x", "es": "x"}, "after": [], "steps": inner}
            if draw(st.booleans()):
                sub["after"] = draw(_patterns(OPENING))
            if draw(st.booleans()) or not sub["after"]:
                draw(st.sampled_from(steps))["starts"] = "sub"
            if draw(st.booleans()):
                sub["when"] = draw(st.sampled_from(_WHENS))
            if draw(st.booleans()):
                sub["void"] = draw(_patterns(("case.closed", "needs.assessed")))
            whole_steps = [whole(steps=[step])["steps"][0] for step in inner]
            parts["subprotocols"] = [sub | {"steps": whole_steps}]
    data = whole(facts=_FACTS, void=draw(st.sampled_from([[], "case.closed"])), steps=steps, **parts)
    return interpret(Document(name="random", data=data, lines={})).protocol


def random_timeline(chance: Random) -> list[Event]:
    """Like `timelines`, many in the time of one, and with values that don't fit their field."""
    events: list[Event] = []
    for number in range(chance.randint(0, 14)):
        kind = chance.choice(
            (*OPENING, *CLOSING, "needs.declined", "referral.declined", "referral.withdrawn", UNRELATED)
        )
        at = START + timedelta(hours=6 * chance.randint(0, 40 * 4), minutes=chance.choice((0, 0, 0, 17)))
        data: dict[str, object] = {}
        if kind == "indicator.observed":
            data = {
                "suspected": chance.choice((True, True, False, None, "true", 1)),
                "count": chance.choice((0, 1, 2, 3, 2.0, "2", None, True)),
            }
        elif kind == "screening.completed":
            data = {"result": chance.choice(("positive", "positive", "negative", None, "weird", 5, ["positive"]))}
        elif kind == "needs.assessed":
            data = {"scope": chance.choice(("urgent", "full"))}
        elif kind == "referral.sent":
            data = {"to": chance.choice(("a", "it's", 'say "no"', "ñandú", "1", 1, True, {"a": 1}))}
        elif kind == "consent.granted":
            data = {"until": chance.choice(("2026-02-28", "2026-02-29", "2024-02-29", "2026-2-28", "", 20260228, None))}
        about = chance.choice(("a", "b", None)) if kind.startswith("referral.") else None
        events.append(
            Event(
                id=f"{chance.randint(0, 9)}-{number:02}",
                kind=kind,
                occurred_at=at,
                recorded_at=at + timedelta(hours=chance.choice((0, 0, 6, 72))),
                subject=about,
                data=data,
                supersedes=chance.choice(events).id if events and chance.random() < 0.08 else None,
            )
        )
    chance.shuffle(events)
    return events


def moments() -> st.SearchStrategy[datetime]:
    return _HOURS.map(lambda hours: START + hours)
