"""What may happen before help begins: notice, speak alone, say what stays private, inform, ask, check for danger."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from leeward import catalogue
from leeward.people import timeline, vault
from leeward.people.models import Client, Event, Staff
from leeward.protect import competence
from leeward.rules.instruments import conclude
from leeward.rules.instruments.conversation import Audience, Reply

from .models import Observation, Screening


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Signs as they were seen, and what the member of staff makes of them."""

    codes: tuple[str, ...]
    suspected: bool
    danger_now: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The answers to the questions that were asked; a question that is absent was not asked."""

    replies: Mapping[str, Reply]
    language: str
    mode: str
    audience: Audience


@transaction.atomic
def observe(*, by: Staff, client: Client, noticed: Noticed, now: datetime) -> Observation:
    """Record signs. For a minor with reason to suspect, the protocol opens the report at once (R4)."""
    observation = Observation(
        agency_id=client.agency_id,
        client=client,
        codes=list(noticed.codes),
        definition_version=catalogue.indicators().version,
        suspected=noticed.suspected,
        danger_now=noticed.danger_now,
        observed_at=now,
        by=by,
    )
    if noticed.note.strip():
        observation.note = vault.seal(client, f"observation:{observation.pk}:note", noticed.note)
    observation.save(force_insert=True)
    timeline.append(
        "indicator.observed",
        client=client,
        by=by,
        now=now,
        subject=observation.pk,
        data={
            "indicators": list(noticed.codes),
            "count": len(noticed.codes),
            "suspected": noticed.suspected,
            "danger_now": noticed.danger_now,
        },
    )
    return observation


def talk_alone(*, by: Staff, client: Client, companion: bool, interpreter: str, language: str, now: datetime) -> Event:
    """Record that the person was spoken to in private. The interpreter is nobody who came along (R16, G-05)."""
    data = {"companion": companion, "interpreter": interpreter, "language": language}
    return timeline.append("conversation.private", client=client, by=by, now=now, data=data)


def explain_confidentiality(*, by: Staff, client: Client, language: str, now: datetime) -> Event:
    """Record that the person heard what stays private and what must be reported, before any question (R1)."""
    return timeline.append("confidentiality.explained", client=client, by=by, now=now, data={"language": language})


def offer_information(*, by: Staff, client: Client, taken: bool, language: str, now: datetime) -> Event:
    """Record that information was offered, or that the person did not want it."""
    if taken:
        return timeline.append("education.offered", client=client, by=by, now=now, data={"language": language})
    return timeline.append("education.declined", client=client, by=by, now=now)


@transaction.atomic
def hold_talk(*, by: Staff, client: Client, talk: Talk, now: datetime) -> Screening:
    """Record the safety talk and its result.

    Raises NotTrained if the screener's training has lapsed (R15), NotYet before privacy and confidentiality (R1),
    AnswerError for a question that the conversation does not have.
    """
    verdict = competence.require(by, "screen", now)
    conversation = catalogue.conversation()
    outcome = conclude(conversation, dict(talk.replies), talk.audience)
    screening = Screening(
        agency_id=client.agency_id,
        client=client,
        tool=conversation.name,
        version=conversation.version,
        language=talk.language,
        mode=talk.mode,
        audience=talk.audience.value,
        screener=by,
        training_until=verdict.lapses_on,
        result=outcome.result.value,
        reason=outcome.reason.value,
        danger_now=outcome.danger_now,
        answered=outcome.answered,
        declined=len(outcome.declined),
        held_at=now,
    )
    answers = json.dumps({question: reply.value for question, reply in talk.replies.items()})
    screening.answers = vault.seal(client, f"screening:{screening.pk}:answers", answers)
    screening.save(force_insert=True)
    timeline.append(
        "screening.completed",
        client=client,
        by=by,
        now=now,
        subject=screening.pk,
        data={
            "tool": conversation.name,
            "version": conversation.version,
            "result": outcome.result.value,
            "mode": talk.mode,
            "language": talk.language,
            "answered": outcome.answered,
            "declined": len(outcome.declined),
        },
    )
    return screening


def decline_talk(*, by: Staff, client: Client, now: datetime) -> Event:
    """The person does not want the talk. Nothing in their care changes."""
    return timeline.append("screening.declined", client=client, by=by, now=now)


def check_safety(*, by: Staff, client: Client, danger: str, now: datetime) -> Event:
    """Record whether there is danger now: none, possible or immediate."""
    return timeline.append("safety.assessed", client=client, by=by, now=now, data={"danger": danger})


def check_suicide_risk(*, by: Staff, client: Client, level: str, now: datetime) -> Event:
    """Record the level of risk. Raises NotTrained if the training has lapsed."""
    competence.require(by, "assess_suicide_risk", now)
    return timeline.append("suicide_risk.assessed", client=client, by=by, now=now, data={"level": level})


def report(*, by: Staff, client: Client, to: str, reference: str, now: datetime) -> Event:
    """Record a report that the law requires, with the reference that the office gave."""
    return timeline.append("report.made", client=client, by=by, now=now, data={"to": to, "reference": reference})


def no_report(*, by: Staff, client: Client, reason: str, now: datetime) -> Event:
    """Record, signed by the account, why no report is required. The reason is one of the listed ones, never a story."""
    return timeline.append("report.not_required", client=client, by=by, now=now, data={"reason": reason})
