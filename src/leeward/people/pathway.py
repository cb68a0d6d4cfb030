"""A client's way through the protocol: the plan, and the tasks that worklists are read from.

Tasks are a derived table: they hold what `plan` says, so that a worklist of thousands of cases is one indexed query.
The plan is derived for a far horizon: without a new event a repeated step opens once more and then waits, so its future
opening is already known, and no clock needs to tick for it to appear in time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from leeward import definitions
from leeward.rules.protocol.definition import Protocol, Step
from leeward.rules.protocol.events import Event as RuleEvent
from leeward.rules.protocol.parse import parse
from leeward.rules.protocol.plan import CasePlan, Instance, matches, plan

from .errors import NoSuchVersion
from .models import Client, Event, PublishedProtocol, StalePlan, Task

HORIZON = timedelta(days=3 * 365)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The fields of a task that change with the plan.
DERIVED = ("role", "due_at", "closed_at", "outcome", "rung_roles", "rung_times", "next_rung_at")


@lru_cache(maxsize=16)
def shipped(name: str) -> Protocol:
    """The protocol of a definition file. Raises UnknownDefinition, or DefinitionError if the file is broken."""
    return parse(definitions.read("protocol", name), name=f"{name}.yaml", schema=definitions.schema("protocol"))


@lru_cache(maxsize=64)
def _published(row: UUID) -> Protocol:
    """A published version: its text never changes, so it is read once."""
    found = PublishedProtocol.objects.get(pk=row)
    return parse(found.text, name=f"{found.name} {found.version}", schema=definitions.schema("protocol"))


def version(agency_id: UUID, name: str, number: str) -> Protocol:
    """One version of an agency's protocol. Raises NoSuchVersion: another version never takes its place in silence."""
    if shipped(name).version == number:
        return shipped(name)
    published = PublishedProtocol.objects.filter(agency_id=agency_id, name=name, version=number)
    if (row := published.values_list("pk", flat=True).first()) is not None:
        return _published(row)
    earlier = f"{name}-{number}"
    if earlier in definitions.names("protocol") and (file := shipped(earlier)).version == number:
        return file
    raise NoSuchVersion(name, number)


def in_force(agency_id: UUID, name: str) -> Protocol:
    """The version that new cases follow: the highest one published, else the one that ships."""
    first = shipped(name)
    known = PublishedProtocol.objects.filter(agency_id=agency_id, name=name).values_list("version", flat=True)
    highest = max((first.version, *known), key=in_order)
    return version(agency_id, name, highest)


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
    return [
        RuleEvent(
            id=str(row["id"]),
            kind=row["kind"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            subject=str(row["subject"]) if row["subject"] else None,
            data=row["data"],
            supersedes=str(row["supersedes_id"]) if row["supersedes_id"] else None,
        )
        for row in Event.objects.filter(client=client)
        .order_by()
        .values("id", "kind", "occurred_at", "recorded_at", "subject", "data", "supersedes_id")
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
    """Make the client's tasks what the plan says. Needs a reader who may see the whole timeline."""
    definition = protocol_of(client)
    wanted = {
        (instance.step, instance.subject, instance.opened_at): instance
        for instance in plan(definition, events_of(client), now + HORIZON).instances
    }
    present = {
        (task.step, str(task.subject) if task.subject else None, task.opened_at): task
        for task in Task.objects.filter(client=client)
    }
    Task.objects.filter(pk__in=[task.pk for key, task in present.items() if key not in wanted]).delete()
    fresh: list[Task] = []
    changed: list[Task] = []
    for key, instance in wanted.items():
        step = definition.step(instance.step)
        task, says = present.get(key), told(step, instance)
        if task is None:
            fresh.append(task_of(client, step, instance))
        elif any(getattr(task, name) != value for name, value in says.items()):
            for name, value in says.items():
                setattr(task, name, value)
            task.next_rung_at = _first_rung(task)
            changed.append(task)
    Task.objects.bulk_create(fresh)
    Task.objects.bulk_update(changed, DERIVED)
    StalePlan.objects.filter(client=client).delete()


def mark_stale(event: Event) -> None:
    """Note that somebody who may not read the whole timeline (a partner) added this event to it."""
    steps = may_close(protocol_of(event.client), event.kind, event.data)
    StalePlan(
        agency_id=event.agency_id,
        client=event.client,
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
