"""What may be read of treatment: measures over time, plans, sessions. Always what the database lets the asker see."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from leeward import catalogue
from leeward.definitions import UnknownDefinition
from leeward.people import pathway, vault
from leeward.people.models import Client, Event
from leeward.rules.instruments import DECLINED, Answer, AnswerError, Change, Instrument, Score, change, score
from leeward.rules.wording import Text

from .goals import Goal, from_text
from .models import Measure, ServicePlan

PHASE_WORDS: Final = {
    "stabilise": _("Stabilise"),
    "process": _("Work through"),
    "integrate": _("Go on with life"),
}
#: In the order in which they are offered; a measure that a site adds comes after them.
_ORDER = ("phq-9", "pcl-5", "gad-7", "ties-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One filled measure among the others of its kind: how often it was filled, and what changed."""

    number: int
    measure: Measure
    day: date
    band: Text | None
    from_first: Change | None
    from_last: Change | None
    other_words: bool
    """The wording or version differs from the one before, so the two compare with care."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All fillings of one instrument by one client, first one first."""

    instrument: Instrument
    occasions: tuple[Occasion, ...]

    @property
    def latest(self) -> Occasion | None:
        return self.occasions[-1] if self.occasions else None

    @property
    def scored(self) -> tuple[Occasion, ...]:
        return tuple(occasion for occasion in self.occasions if occasion.measure.total is not None)


def instruments() -> list[Instrument]:
    """The measures that are offered."""
    names = catalogue.measure_names()
    return [catalogue.instrument(name) for name in sorted(names, key=lambda n: (_rank(n), n))]


def instrument(name: str) -> Instrument | None:
    """The measure of exactly this name, if it is offered."""
    try:
        return catalogue.instrument(name) if name in catalogue.measure_names() else None
    except UnknownDefinition:
        return None


def series(client: Client, asked: Instrument) -> Series:
    """One instrument's fillings, corrected ones left out."""
    standing = Measure.objects.filter(client=client, instrument=asked.name, correction__isnull=True).select_related(
        "by"
    )
    return _series(asked, list(standing))


def all_series(client: Client) -> list[Series]:
    """Every instrument that is offered, with the client's fillings of it, in one query."""
    standing = list(Measure.objects.filter(client=client, correction__isnull=True).select_related("by"))
    return [_series(asked, [m for m in standing if m.instrument == asked.name]) for asked in instruments()]


def answers_of(client: Client, measure: Measure) -> dict[str, Answer]:
    """The answers as they were given. Raises SealBroken."""
    opened = json.loads(vault.open_sealed(client, measure.answers_place, measure.answers))
    return {item: DECLINED if answer == "declined" else int(answer) for item, answer in opened.items()}


def score_of(client: Client, measure: Measure, asked: Instrument) -> Score | None:
    """The score in full, from the answers; None if the definition has changed so much that they don't fit it."""
    try:
        return score(asked, answers_of(client, measure))
    except AnswerError:
        return None


def talk_is_due(client: Client, now: datetime) -> bool:
    """Whether the protocol waits for a check for risk of suicide: an alert opens it, and nothing else closes it."""
    definition = pathway.protocol_of(client)
    return any(
        pattern.kind == "suicide_risk.assessed"
        for instance in pathway.plan_of(client, now).open
        for pattern in definition.step(instance.step).done.patterns
    )


def newest_plan(client: Client) -> ServicePlan | None:
    return ServicePlan.objects.filter(client=client).select_related("by").first()


def goals_of(client: Client, plan: ServicePlan | None) -> tuple[Goal, ...]:
    """The goals in the survivor's words. Raises SealBroken."""
    return from_text(vault.open_sealed(client, plan.goals_place, plan.goals)) if plan else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    on: datetime
    attended: bool
    number: int | None
    phase: str
    by: str

    @property
    def phase_words(self) -> str:
        return str(PHASE_WORDS.get(self.phase, ""))


def sessions(client: Client) -> list[Session]:
    """Sessions held and missed, newest first."""
    corrected = Event.objects.filter(client=client, supersedes__isnull=False).values("supersedes")
    events = (
        Event.objects.filter(client=client, kind__in=("session.attended", "session.missed"))
        .exclude(pk__in=corrected)
        .select_related("actor")
        .order_by("-occurred_at", "-recorded_at", "-id")
    )
    return [
        Session(
            on=event.occurred_at,
            attended=event.kind == "session.attended",
            number=event.data.get("number"),
            phase=event.data.get("phase") or "",
            by=event.actor.display_name,
        )
        for event in events
    ]


def _series(asked: Instrument, measures: Sequence[Measure]) -> Series:
    # A total that the definition no longer knows compares with nothing.
    totals = [m.total if m.total is not None and asked.lowest <= m.total <= asked.highest else None for m in measures]
    scored = [total for total in totals if total is not None]
    occasions = []
    for place, measure in enumerate(measures):
        before = [total for total in totals[:place] if total is not None]
        occasions.append(
            Occasion(
                number=place + 1,
                measure=measure,
                day=timezone.localdate(measure.taken_at),
                band=_band(asked, measure),
                from_first=change(asked, scored[0], totals[place]) if before else None,
                from_last=change(asked, before[-1], totals[place]) if before else None,
                other_words=place > 0 and _words(measures[place - 1]) != _words(measure),
            )
        )
    return Series(instrument=asked, occasions=tuple(occasions))


def _band(asked: Instrument, measure: Measure) -> Text | None:
    """The band as it was given then; its words as they are now."""
    return next((band.text for band in asked.bands if band.id == measure.band), None)


def _words(measure: Measure) -> tuple[str, str]:
    return measure.version, measure.wording


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def in_words(text: Text) -> str:
    """A definition's words in the reader's language."""
    return text.in_(get_language() or "en")
