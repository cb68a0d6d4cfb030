"""What may happen in support: a safety plan saved or declined, needs talked about or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from leeward.people import services as known
from leeward.people import timeline, vault
from leeward.people.models import Client, Event, Staff

from .errors import ChangedMeanwhile, NoNeedChosen, NothingWritten
from .models import Copy, NeedsAssessment, SafetyPlan, Scope
from .sections import to_text

#: A form that comes again within this time, unchanged, is the same form.
TWICE = timedelta(minutes=5)


@transaction.atomic
def save_safety_plan(
    *,
    by: Staff,
    client: Client,
    sections: Mapping[str, str],
    copy: Copy,
    now: datetime,
    written_after: int | None = None,
) -> SafetyPlan:
    """Keep the plan as a new version; older ones stay readable.

    `written_after` is the version that the writer had before them (0 for none). Raises NothingWritten and
    ChangedMeanwhile.
    """
    text = to_text(sections)
    if text == to_text({}):
        raise NothingWritten()
    Client.objects.select_for_update().get(pk=client.pk)
    last = SafetyPlan.objects.filter(client=client).first()
    newest = last.version if last else 0
    if last is not None and written_after is not None and newest > written_after:
        if last.by_id == by.pk and last.copy == copy and _sections_of(client, last) == text:
            return last
        raise ChangedMeanwhile(newest)
    plan = SafetyPlan(agency_id=client.agency_id, client=client, version=newest + 1, copy=copy, saved_at=now, by=by)
    plan.sections = vault.seal(client, plan.sections_place, text)
    plan.save(force_insert=True)
    timeline.append(
        "safety_plan.saved",
        client=client,
        by=by,
        now=now,
        subject=plan.pk,
        data={"version": plan.version, "copy": copy.value},
    )
    return plan


@transaction.atomic
def decline_safety_plan(*, by: Staff, client: Client, now: datetime) -> Event:
    """Record that the survivor does not want a safety plan now."""
    return timeline.append("safety_plan.declined", client=client, by=by, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What was said about needs. `first` is the survivor's own order of what matters most."""

    scope: Scope
    chosen: frozenset[str]
    urgent: frozenset[str]
    first: Sequence[str]
    words: str


@transaction.atomic
def assess_needs(*, by: Staff, client: Client, talk: Talk, now: datetime) -> NeedsAssessment:
    """Keep what the survivor needs, first things first. Raises NoNeedChosen."""
    ordered = known.in_order(talk.chosen | talk.urgent, talk.urgent, talk.first)
    if not ordered:
        raise NoNeedChosen()
    Client.objects.select_for_update().get(pk=client.pk)
    urgent = [code for code in ordered if code in talk.urgent]
    last = NeedsAssessment.objects.filter(client=client, by=by, assessed_at__gt=now - TWICE).first()
    same = last is not None and (last.scope, last.needs, last.urgent) == (talk.scope, list(ordered), urgent)
    if last is not None and same and _words_of(client, last) == talk.words:
        return last
    assessment = NeedsAssessment(
        agency_id=client.agency_id,
        client=client,
        scope=talk.scope,
        needs=list(ordered),
        urgent=urgent,
        assessed_at=now,
        by=by,
    )
    if talk.words:
        assessment.words = vault.seal(client, assessment.words_place, talk.words)
    assessment.save(force_insert=True)
    timeline.append(
        "needs.assessed",
        client=client,
        by=by,
        now=now,
        data={"scope": talk.scope.value, "needs": list(ordered)},
    )
    return assessment


@transaction.atomic
def decline_needs(*, by: Staff, client: Client, now: datetime) -> Event:
    """Record that the survivor does not want to talk about needs now."""
    return timeline.append("needs.declined", client=client, by=by, now=now)


def _sections_of(client: Client, plan: SafetyPlan) -> str:
    return vault.open_sealed(client, plan.sections_place, plan.sections)


def _words_of(client: Client, assessment: NeedsAssessment) -> str:
    return vault.open_sealed(client, assessment.words_place, assessment.words) if assessment.words else ""
