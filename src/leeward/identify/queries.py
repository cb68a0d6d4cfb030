"""How far the first talk has come, and what a screening said."""

import json
from dataclasses import dataclass
from datetime import datetime

from leeward.people import pathway, vault
from leeward.people.models import Client, Event
from leeward.rules.instruments.conversation import Audience

from .models import Screening

TALK_KINDS = (
    "conversation.private",
    "conversation.declined",
    "confidentiality.explained",
    "education.offered",
    "education.declined",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkSoFar:
    """When each part of the first talk was last done; None where it was not."""

    alone: Event | None
    explained: Event | None
    informed: Event | None

    @property
    def language(self) -> str:
        """The language of the private talk; empty while there was none."""
        held = self.alone is not None and self.alone.kind == "conversation.private"
        return str(self.alone.data["language"]) if self.alone is not None and held else ""

    @property
    def current(self) -> int:
        """Number of the part that is next, from 1; 4 when all are done."""
        done = (self.alone is not None and self.alone.kind == "conversation.private", self.explained, self.informed)
        return next((number for number, part in enumerate(done, start=1) if not part), 4)


def talk_so_far(client: Client) -> TalkSoFar:
    """The newest event of each part."""
    newest: dict[str, Event] = {}
    for event in Event.objects.filter(client=client, kind__in=TALK_KINDS).order_by("occurred_at", "recorded_at", "id"):
        newest[event.kind.partition(".")[0]] = event
    return TalkSoFar(
        alone=newest.get("conversation"),
        explained=newest.get("confidentiality"),
        informed=newest.get("education"),
    )


def audience_of(client: Client, now: datetime) -> Audience:
    """A minor hears the questions in words for young people."""
    return Audience.YOUTH if pathway.plan_of(client, now).facts.get("is_minor") else Audience.ADULT


def report_is_due(client: Client, now: datetime) -> bool:
    """Whether the protocol waits for a report that the law requires."""
    return _is_open("minor-report", client, now)


def danger_is_unchecked(client: Client, now: datetime) -> bool:
    """Whether the protocol waits for a check for danger."""
    return _is_open("safety-now", client, now)


def _is_open(step: str, client: Client, now: datetime) -> bool:
    return any(instance.step == step for instance in pathway.plan_of(client, now).open)


def answers_of(screening: Screening) -> dict[str, str]:
    """The answers as they were given, by question."""
    text = vault.open_sealed(screening.client, f"screening:{screening.pk}:answers", screening.answers)
    answers: dict[str, str] = json.loads(text)
    return answers
