"""The spine: what happened to a client, append-only, in the closed vocabulary of the protocol.

An event is checked against the vocabulary and the protocol's gates, appended, and the case's tasks are derived anew.
Nothing is edited away: a correction is a new event that supersedes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leeward.rules.protocol.definition import Closed
from leeward.rules.protocol.events import Event as RuleEvent
from leeward.rules.protocol.gates import blocked
from leeward.rules.protocol.vocabulary import KINDS, departures

from . import pathway
from .errors import BadEvent, NotYet
from .models import Client, Event, Staff, Whom

#: A tablet's clock may run ahead by so much before an event counts as "in the future".
CLOCK_SKEW = timedelta(minutes=2)


def append(
    kind: str,
    *,
    client: Whom,
    by: Staff,
    now: datetime,
    at: datetime | None = None,
    subject: UUID | None = None,
    data: Mapping[str, object] | None = None,
    supersedes: Event | None = None,
) -> Event:
    """Append one event that happened at `at` (default `now`) and derive the client's tasks anew.

    Staff of another agency, to whom the client is somebody only, leave the tasks to the next reader of the timeline.

    Raises BadEvent for a kind, field or time that can't be, and NotYet, with the protocol's reason, when a gate of the
    protocol asks for something else first. Nothing is written in either case: what can be refused is refused before
    anything is written, so that no savepoint is needed inside a caller's transaction.
    """
    happened = at or now
    checked = dict(data or {})
    if wrong := departures(kind, checked):
        raise BadEvent(" ".join(wrong))
    if happened.tzinfo is None:
        raise BadEvent(_("This time has no time zone."))
    if happened > now + CLOCK_SKEW:
        raise BadEvent(_("This time is in the future."), _("Enter when it happened, not when it is planned."))
    if isinstance(client, Client):
        if happened < client.created_at - timedelta(days=1):
            _refuse_before_birth(client, happened)
        if supersedes is None:
            _pass_gates(kind, client, happened, now)
    event = Event(
        agency_id=client.agency_id,
        client_id=client.pk,
        kind=kind,
        occurred_at=min(happened, now),
        recorded_at=now,
        actor=by,
        actor_role=by.role,
        actor_agency_id=by.agency_id,
        data_class=KINDS[kind].data_class.value,
        subject=subject,
        data=checked,
        supersedes=supersedes,
    )
    with transaction.atomic(savepoint=False):
        event.save(force_insert=True)
        if isinstance(client, Client) and by.gives_care:
            pathway.derive(client, now)
        else:
            pathway.mark_stale(event)
    return event


def events_of(client: Client) -> list[RuleEvent]:
    """The client's timeline as the rules read it: every event the reader may see."""
    return pathway.events_of(client)


def holds_back(kind: str, client: Client, at: datetime, *, now: datetime | None = None) -> str:
    """Why an event of this kind may not be recorded as of `at`, in the reader's language; empty if it may.

    What must have happened is judged at the event's own time; a step that must be closed is judged `now` as well, so
    that nobody closes a case past an open safety step by entering an earlier time.
    """
    definition, events = pathway.protocol_of(client), pathway.events_of(client)
    blocks = {block.gate.id: block for block in blocked(definition, events, kind, at)}
    for block in blocked(definition, events, kind, now or at):
        if any(isinstance(need, Closed) for need in block.missing):
            blocks.setdefault(block.gate.id, block)
    return " ".join(block.gate.reason.in_(get_language() or "en") for block in blocks.values())


def _refuse_before_birth(client: Client, happened: datetime) -> None:
    """Nothing happens to somebody before the earliest year in which they can have been born."""
    first = Event.objects.filter(client=client, kind="client.registered").values("occurred_at", "data").first()
    age = first["data"].get("age_at_contact") if first else None
    if first and isinstance(age, int) and happened.year < first["occurred_at"].year - age - 1:
        raise BadEvent(_("This was before they were born."), _("Check the year."))


def _pass_gates(kind: str, client: Client, at: datetime, now: datetime) -> None:
    if not any(kind in gate.holds for gate in pathway.protocol_of(client).gates):
        return
    if reason := holds_back(kind, client, at, now=now):
        raise NotYet(reason)
