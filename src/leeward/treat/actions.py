"""What may happen in treatment: a measure filled in or declined, a plan agreed or reviewed, a session recorded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leeward.people import timeline, vault
from leeward.people.models import Client, Event, Staff
from leeward.rules.instruments import DECLINED, Answers, Instrument, score

from . import queries
from .errors import AlreadyCorrected, ChangedMeanwhile, NoGoals, NothingAnswered, SafetyFirst, WrongDay
from .goals import Goal, to_text
from .models import Measure, Mode, ServicePlan

#: Older than this before the record was opened, a day is taken for a slip of the keyboard.
OLDEST = timedelta(days=366)
#: A form that comes again within this time, unchanged, is the same form.
TWICE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """One form as it was filled in. `day` is the site's own calendar day."""

    instrument: Instrument
    answers: Answers
    mode: Mode
    language: str
    day: date


@transaction.atomic
def complete_measure(
    *, by: Staff, client: Client, filling: Filling, now: datetime, corrects: Measure | None = None
) -> Measure:
    """Score and keep a filled measure. With `corrects`, it takes the place of an earlier one that was entered wrongly.

    Raises NothingAnswered, WrongDay, AnswerError, NotYet; of a correction also AlreadyCorrected and SafetyFirst.
    """
    result = score(filling.instrument, filling.answers)
    if result.answered == 0:
        raise NothingAnswered()
    at = moment_of(filling.day, client=client, now=now)
    text = _answers_text(filling.answers)
    Client.objects.select_for_update().get(pk=client.pk)
    if repeated := _sent_twice(client=client, by=by, filling=filling, text=text, now=now):
        return repeated
    superseded = _event_to_correct(corrects, now) if corrects else None
    measure = Measure(
        agency_id=client.agency_id,
        client=client,
        instrument=result.instrument,
        version=result.version,
        wording=filling.instrument.wording_in(filling.language).value,
        language=filling.language,
        mode=filling.mode,
        total=result.total,
        band=result.band.id if result.band else "",
        subscores=dict(result.clusters),
        prorated=result.prorated,
        alert=result.has_alert,
        answered=result.answered,
        declined=len(result.declined),
        taken_at=at,
        recorded_at=now,
        by=by,
        corrects=corrects,
    )
    measure.answers = vault.seal(client, measure.answers_place, text)
    measure.save(force_insert=True)
    timeline.append(
        "measure.completed",
        client=client,
        by=by,
        now=now,
        at=at,
        subject=measure.pk,
        supersedes=superseded,
        data={
            "instrument": result.instrument,
            "version": result.version,
            "total": result.total,
            "band": result.band.id if result.band else None,
            "alert": result.has_alert,
            "prorated": result.prorated,
        },
    )
    return measure


@transaction.atomic
def decline_measure(*, by: Staff, client: Client, instrument: Instrument, now: datetime) -> Event:
    """Record that the survivor would rather not fill in this measure. It counts against nobody."""
    return timeline.append("measure.declined", client=client, by=by, now=now, data={"instrument": instrument.name})


@transaction.atomic
def save_plan(
    *, by: Staff, client: Client, goals: Sequence[Goal], now: datetime, written_after: int | None = None
) -> ServicePlan:
    """Agree the first service plan, or review the one there is: each time a version of its own.

    `written_after` is the version that the writer had before them (0 for none). Raises NoGoals, ChangedMeanwhile,
    NotYet.
    """
    if not goals:
        raise NoGoals()
    Client.objects.select_for_update().get(pk=client.pk)
    last = ServicePlan.objects.filter(client=client).first()
    newest = last.version if last else 0
    if last is not None and written_after is not None and newest > written_after:
        if last.by_id == by.pk and vault.open_sealed(client, last.goals_place, last.goals) == to_text(goals):
            return last
        raise ChangedMeanwhile(newest)
    plan = ServicePlan(agency_id=client.agency_id, client=client, version=newest + 1, agreed_at=now, by=by)
    plan.goals = vault.seal(client, plan.goals_place, to_text(goals))
    plan.save(force_insert=True)
    if newest:
        timeline.append("plan.reviewed", client=client, by=by, now=now, subject=plan.pk)
    else:
        timeline.append("plan.agreed", client=client, by=by, now=now, subject=plan.pk, data={"goals": len(goals)})
    return plan


@transaction.atomic
def decline_plan(*, by: Staff, client: Client, now: datetime) -> Event:
    """Record that the survivor does not want a plan now."""
    return timeline.append("plan.declined", client=client, by=by, now=now)


@transaction.atomic
def record_attended(*, by: Staff, client: Client, number: int, phase: str, day: date, now: datetime) -> Event:
    """Record a session that took place; the same number on the same day is recorded once. Raises WrongDay, BadEvent."""
    at = moment_of(day, client=client, now=now)
    if recorded := _already(client, "session.attended", day, number=number):
        return recorded
    return timeline.append(
        "session.attended", client=client, by=by, now=now, at=at, data={"number": number, "phase": phase}
    )


@transaction.atomic
def record_missed(*, by: Staff, client: Client, day: date, now: datetime) -> Event:
    """Record a session that was planned and did not take place, once a day. Raises WrongDay."""
    at = moment_of(day, client=client, now=now)
    return _already(client, "session.missed", day) or timeline.append(
        "session.missed", client=client, by=by, now=now, at=at
    )


def moment_of(day: date, *, client: Client, now: datetime) -> datetime:
    """The moment that stands for a calendar day: now for today, else its noon, but not before the record was opened
    when that was on the same day. Raises WrongDay for a day to come and for one long before the record."""
    today = timezone.localdate(now)
    opened = timezone.localtime(client.created_at)
    if day > today:
        raise WrongDay(_("This day is in the future."), _("Enter the day on which it happened."))
    if day < opened.date() - OLDEST:
        raise WrongDay(
            _("This day is more than a year before the record was opened."), _("Check the year and enter it again.")
        )
    if day == today:
        return now
    noon = timezone.make_aware(datetime.combine(day, time(12)))
    return max(noon, opened) if day == opened.date() else noon


def _answers_text(answers: Answers) -> str:
    """Given answers as numbers, declined ones by that word, missing ones left out."""
    return json.dumps(
        {item: "declined" if answer is DECLINED else answer for item, answer in answers.items() if answer is not None}
    )


def _sent_twice(*, client: Client, by: Staff, filling: Filling, text: str, now: datetime) -> Measure | None:
    """The same form, sent again by a second press of the button: kept once."""
    last = (
        Measure.objects.filter(client=client, by=by, instrument=filling.instrument.name, recorded_at__gt=now - TWICE)
        .order_by("recorded_at")
        .last()
    )
    if last is None or timezone.localdate(last.taken_at) != filling.day:
        return None
    return last if vault.open_sealed(client, last.answers_place, last.answers) == text else None


def _already(client: Client, kind: str, day: date, **data: object) -> Event | None:
    """The event of this kind and data on this day, if it is recorded and stands."""
    start = timezone.make_aware(datetime.combine(day, time()))
    return (
        Event.objects.filter(
            client=client, kind=kind, occurred_at__gte=start, occurred_at__lt=start + timedelta(days=1)
        )
        .filter(**{f"data__{name}": value for name, value in data.items()})
        .exclude(pk__in=Event.objects.filter(client=client, supersedes__isnull=False).values("supersedes"))
        .first()
    )


def _event_to_correct(measure: Measure, now: datetime) -> Event:
    """The event of a wrongly entered measure. An alert is not corrected away before the talk about safety."""
    if Measure.objects.filter(corrects=measure).exists():
        raise AlreadyCorrected()
    event = Event.objects.get(client_id=measure.client_id, kind="measure.completed", subject=measure.pk)
    if measure.alert and queries.talk_is_due(measure.client, now):
        raise SafetyFirst()
    return event
