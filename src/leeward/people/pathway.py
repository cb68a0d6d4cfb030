"""A client's way through the protocol: the plan, and the tasks that worklists are read from.

Tasks are a derived table: they hold what `plan` says, so that a worklist of thousands of cases is one indexed query.
The plan is derived for a far horizon: without a new event a repeated step opens once more and then waits, so its future
opening is already known, and no clock needs to tick for it to appear in time.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from leeward import definitions
from leeward.rules.protocol.definition import Protocol
from leeward.rules.protocol.events import Event as RuleEvent
from leeward.rules.protocol.parse import parse
from leeward.rules.protocol.plan import CasePlan, plan

from .models import Client, Event, StalePlan, Task

HORIZON = timedelta(days=3 * 365)


@lru_cache(maxsize=16)
def protocol(name: str) -> Protocol:
    """The published protocol of that name. Raises UnknownDefinition, or DefinitionError if the file is broken."""
    return parse(definitions.read("protocol", name), name=f"{name}.yaml", schema=definitions.schema("protocol"))


def protocol_of(client: Client) -> Protocol:
    """The protocol that this case follows."""
    return protocol(client.protocol)


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
        outcome = instance.outcome.value if instance.outcome else ""
        task = present.get(key)
        if task is None:
            fresh.append(
                Task(
                    agency_id=client.agency_id,
                    client=client,
                    step=instance.step,
                    subject=instance.subject,
                    role=definition.step(instance.step).role,
                    opened_at=instance.opened_at,
                    due_at=instance.late_after,
                    closed_at=instance.closed_at,
                    outcome=outcome,
                )
            )
        elif (task.due_at, task.closed_at, task.outcome) != (instance.late_after, instance.closed_at, outcome):
            task.due_at, task.closed_at, task.outcome = instance.late_after, instance.closed_at, outcome
            changed.append(task)
    Task.objects.bulk_create(fresh)
    Task.objects.bulk_update(changed, ["due_at", "closed_at", "outcome"])
    StalePlan.objects.filter(client=client).delete()


def mark_stale(client: Client, now: datetime) -> None:
    """Note that somebody who may not read the whole timeline (a partner) added to it."""
    StalePlan(agency_id=client.agency_id, client=client, since=now).save(force_insert=True)


def refresh_stale(now: datetime, *, limit: int = 50) -> int:
    """Derive anew the stale plans that the asker may see, oldest first, at most `limit`; returns how many."""
    ids = list(StalePlan.objects.order_by("since").values_list("client_id", flat=True)[:limit])
    clients = Client.objects.filter(pk__in=ids)
    for client in clients:
        derive(client, now)
    return len(clients)
