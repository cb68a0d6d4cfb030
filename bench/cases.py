"""The cases that the measurements run on: simulated people under the shipped protocol. Nobody in them exists."""

from collections import defaultdict
from datetime import datetime
from functools import cache
from typing import Final

from leeward import definitions
from leeward.rules.protocol import Event, Protocol, blocked, parse
from leeward.simulation import Parameters, chunks
from leeward.simulation.rows import EventRow

PROTOCOL: Final = "human-trafficking-response"
SEED: Final = 20_261_123


@cache
def protocol() -> Protocol:
    """The protocol that ships."""
    return parse(definitions.read("protocol", PROTOCOL), name=f"{PROTOCOL}.yaml", schema=definitions.schema("protocol"))


def now() -> datetime:
    """The moment of the plan: when the simulated data end."""
    return Parameters().cut


def event(row: EventRow) -> Event:
    """A simulated event as the rules read it."""
    return Event(
        id=row.id,
        kind=row.kind,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        subject=row.subject,
        data=row.data,
        supersedes=row.supersedes,
    )


def long_cases(*, cases: int, events: int) -> list[list[Event]]:
    """So many simulated cases, each cut to its first `events` events, none shorter."""
    found: list[list[Event]] = []
    for chunk in chunks(Parameters(), clients=200 * cases, seed=SEED):
        by_client: dict[str, list[Event]] = defaultdict(list)
        for row in chunk.events:
            by_client[row.client].append(event(row))
        found += [timeline[:events] for timeline in by_client.values() if len(timeline) >= events]
        if len(found) >= cases:
            return found[:cases]
    raise ValueError(f"Only {len(found)} simulated cases have {events} events.")


def recordable_cases(*, cases: int, events: int) -> list[list[Event]]:
    """Long cases that can be recorded event by event: nothing is corrected in them, and no gate holds an event back."""
    found = [
        timeline
        for timeline in long_cases(cases=20 * cases, events=events)
        if not any(event.supersedes for event in timeline)
        and not any(
            blocked(protocol(), timeline[:place], event.kind, event.occurred_at) for place, event in enumerate(timeline)
        )
    ]
    if len(found) < cases:
        raise ValueError(f"Only {len(found)} simulated cases pass every gate.")
    return found[:cases]
