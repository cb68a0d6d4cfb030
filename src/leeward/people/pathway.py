"""A client's way through the protocol: the plan, and the tasks that worklists are read from.

Tasks are a derived table: they hold what `plan` says, so that a worklist of thousands of cases is one indexed query.
The plan is derived for a far horizon: without a new event a repeated step opens once more and then waits, so its future
opening is already known, and no clock needs to tick for it to appear in time.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from uuid import UUID

from django.db import connection

from leeward import definitions
from leeward.rules.protocol.definition import Protocol, Step
from leeward.rules.protocol.events import Event as RuleEvent
from leeward.rules.protocol.parse import parse
from leeward.rules.protocol.plan import CasePlan, Instance, matches, plan

from .errors import NoSuchVersion
from .models import Client, Event, PublishedProtocol, StalePlan, Task

HORIZON = timedelta(days=3 * 365)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Times as microseconds of the epoch and ids as text: what the rules read, at half the cost of the driver's own types.
_EVENTS = (
    "SELECT id::text, kind, (extract(epoch FROM occurred_at) * 1000000)::bigint,"
    " (extract(epoch FROM recorded_at) * 1000000)::bigint, subject::text, data, supersedes_id::text"
    " FROM people_event WHERE client_id = %s"
)
_STORE = files(__package__).joinpath("tasks.sql").read_text(encoding="utf-8")


@lru_cache(maxsize=16)
def shipped(name: str) -> Protocol:
    """The protocol of a definition file. Raises UnknownDefinition, or DefinitionError if the file is broken."""
    return parse(definitions.read("protocol", name), name=f"{name}.yaml", schema=definitions.schema("protocol"))


@lru_cache(maxsize=64)
def _published(row: UUID, using: str) -> Protocol:
    """A published version: its text never changes, so it is read once."""
    found = PublishedProtocol.objects.using(using).get(pk=row)
    return parse(found.text, name=f"{found.name} {found.version}", schema=definitions.schema("protocol"))


def version(agency_id: UUID, name: str, number: str, *, using: str = "default") -> Protocol:
    """One version of an agency's protocol. Raises NoSuchVersion: another version never takes its place in silence."""
    if shipped(name).version == number:
        return shipped(name)
    published = PublishedProtocol.objects.using(using).filter(agency_id=agency_id, name=name, version=number)
    if (row := published.values_list("pk", flat=True).first()) is not None:
        return _published(row, using)
    earlier = f"{name}-{number}"
    if earlier in definitions.names("protocol") and (file := shipped(earlier)).version == number:
        return file
    raise NoSuchVersion(name, number)


def in_force(agency_id: UUID, name: str, *, using: str = "default") -> Protocol:
    """The version that new cases follow: the highest one published, else the one that ships."""
    first = shipped(name)
    published = PublishedProtocol.objects.using(using).filter(agency_id=agency_id, name=name)
    highest = max((first.version, *published.values_list("version", flat=True)), key=in_order)
    return version(agency_id, name, highest, using=using)


def all_of(agency_id: UUID) -> Iterator[Protocol]:
    """Every protocol that a case of the agency may follow, in every version."""
    yield from map(shipped, definitions.names("protocol"))
    for row in PublishedProtocol.objects.filter(agency_id=agency_id).values_list("pk", flat=True):
        yield _published(row, "default")


def in_order(number: str) -> tuple[int, ...]:
    """A version's place among others: `1.10.0` comes after `1.9.0`."""
    return tuple(int(part) for part in number.split("."))


def protocol_of(client: Client) -> Protocol:
    """The protocol that this case follows, in the version that it follows. Raises NoSuchVersion."""
    if not client.protocol_version:
        return shipped(client.protocol)
    return version(client.agency_id, client.protocol, client.protocol_version)


def events_of(client: Client) -> list[RuleEvent]:
    """The client's events as the rules read them."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [client.pk])
        return [
            RuleEvent(
                id=pk,
                kind=kind,
                occurred_at=EPOCH + timedelta(microseconds=occurred),
                recorded_at=EPOCH + timedelta(microseconds=recorded),
                subject=subject,
                data=json.loads(data),
                supersedes=supersedes,
            )
            for pk, kind, occurred, recorded, subject, data, supersedes in cursor.fetchall()
        ]


def plan_of(client: Client, now: datetime) -> CasePlan:
    """What the protocol says about this case at `now`."""
    return plan(protocol_of(client), events_of(client), now)


def told(step: Step, instance: Instance) -> dict[str, object]:
    """What the plan tells of an instance, beside what names it, as the fields of its task."""
    return {
        "role": step.role,
        "due_at": instance.late_after,
        "closed_at": instance.closed_at,
        "outcome": instance.outcome.value if instance.outcome else "",
        "rung_roles": [rung.to for rung in step.escalate],
        "rung_times": [instance.due_at + rung.after for rung in step.escalate],
    }


def task_of(client: Client, step: Step, instance: Instance) -> Task:
    """The instance as a task that is not stored yet."""
    task = Task(
        agency_id=client.agency_id,
        client=client,
        step=step.id,
        subject=UUID(instance.subject) if instance.subject else None,
        opened_at=instance.opened_at,
        **told(step, instance),
    )
    task.next_rung_at = _first_rung(task)
    return task


def _first_rung(task: Task) -> datetime | None:
    """Where the job worker starts to look: one that has rung does not ring twice, it moves on from it."""
    return task.rung_times[0] if task.rung_times and task.closed_at is None else None


def derive(client: Client, now: datetime) -> None:
    """Make the client's tasks what the plan says. Needs a reader who may see the whole timeline.

    One at a time for a case: who records beside somebody else waits, and then plans with what both recorded.
    """
    definition = protocol_of(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(client.pk)])
    instances = plan(definition, events_of(client), now + HORIZON).instances
    # What opened again in the moment in which it closed is one task, as it stands at last.
    rows = {
        (each.step, each.subject, each.opened_at): {
            "step": each.step, "subject": each.subject, "opened_at": each.opened_at,
            **told(definition.step(each.step), each),
        }
        for each in instances
    }  # fmt: skip
    with connection.cursor() as cursor:
        told_all = json.dumps(list(rows.values()), default=datetime.isoformat)
        cursor.execute(_STORE, {"told": told_all, "client": client.pk, "agency": client.agency_id})


def mark_stale(event: Event) -> None:
    """Note that somebody who may not read the whole timeline (a partner) added this event to it.

    Nor do they read which protocol the client follows: so what it may close is what it closes in any of the agency's.
    """
    steps = sorted({step for each in all_of(event.agency_id) for step in may_close(each, event.kind, event.data)})
    StalePlan(
        agency_id=event.agency_id,
        client_id=event.client_id,
        since=event.recorded_at,
        subject=event.subject,
        steps=steps,
    ).save(force_insert=True)


def may_close(definition: Protocol, kind: str, data: Mapping[str, object]) -> list[str]:
    """The steps that an event of this kind, with these data, closes if they are open, or helps to close."""
    event = RuleEvent(id="", kind=kind, occurred_at=EPOCH, recorded_at=EPOCH, subject=None, data=data)
    return [
        step.id
        for step in definition.steps
        if any(matches(pattern, event) for pattern in (*step.done.patterns, *step.declined, *step.void))
    ]


def refresh_stale(now: datetime, *, limit: int = 50) -> int:
    """Derive anew the stale plans that the asker may see, oldest first, at most `limit`; returns how many."""
    ids = list(StalePlan.objects.order_by("since").values_list("client_id", flat=True)[:limit])
    clients = Client.objects.filter(pk__in=ids)
    for client in clients:
        derive(client, now)
    return len(clients)
