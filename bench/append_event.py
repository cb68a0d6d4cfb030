"""Events recorded a second: appended, plan derived, tasks stored, committed, against SpiffWorkflow saving its state.

Claim: at least 7 times SpiffWorkflow. It is measured on two readings of "with its state saved".

Ours is `timeline.append`, called as a page does: a transaction of the web role that passes its session's token, row
security and audit trigger on, the protocol's gates asked, the whole timeline read, the plan derived, the tasks that
changed written, committed. The next event starts from the database again. The tables hold 2,000 other clients.

SpiffWorkflow follows the same cases, one user task an event (see `spiff.py`), and writes its state to the same server
after each event, as an administrator whom no row security concerns, in one UPDATE, committed.

- *Like for like*: its process has a deadline on each task, as each step of a protocol has, and the instance is read
  back from the database for each event, as ours is: two web processes could not otherwise work on one case.
- *The least it could do*: no deadlines, the instance kept in memory from event to event, its process stored once, so
  that only the state is written. On this reading the bound lies about where one-row INSERTs do that are committed one
  by one, with no row security, audit or plan; their rate is measured beside it.

The steps between the two readings are told as notes.
"""

from collections.abc import Callable, Sequence
from time import perf_counter
from uuid import UUID, uuid4

import psycopg
from cases import recordable_cases
from django.db import transaction
from measure import Side, arguments, begin, finish, interleaved, say
from spiff import Running, process_of, start
from SpiffWorkflow.bpmn import BpmnWorkflow  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.serializer import DEFAULT_CONFIG, BpmnWorkflowSerializer  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec  # type: ignore[import-untyped]
from world import clinician, crowd, fresh_database

from leeward.people import actions, timeline
from leeward.people.models import Client, Event, Staff, Task
from leeward.protect.middleware import be
from leeward.rules.protocol import Event as RuleEvent

CASES, EVENTS = 4, 50
#: The first event of a case opens its record; the others are measured.
MEASURED = CASES * (EVENTS - 1)
Connection = psycopg.Connection[tuple[object, ...]]
Case = Sequence[RuleEvent]
_TABLE = "CREATE TABLE instance (id uuid PRIMARY KEY, state text NOT NULL)"
_UPDATE = "UPDATE instance SET state = %s WHERE id = %s"


class StateAlone(BpmnWorkflowConverter):  # type: ignore[misc]
    """The state of an instance without its process, which is stored once: so does SpiffWorkflow's example program."""

    def to_dict(self, workflow: BpmnWorkflow) -> dict[str, object]:
        state: dict[str, object] = super(BpmnWorkflowConverter, self).to_dict(workflow)
        state["bpmn_events"] = self.registry.convert(workflow.bpmn_events)
        return state


WHOLE = BpmnWorkflowSerializer()
STATE = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure({**DEFAULT_CONFIG, BpmnWorkflow: StateAlone}))


def record(staff: Staff, token: str, cases: Sequence[Case]) -> float:
    """Record the cases for new clients, one transaction an event; returns seconds without the opening of records."""
    clients = [_open_record(staff, token, case) for case in cases]
    began = perf_counter()
    for client, case in zip(clients, cases, strict=True):
        for event in case[1:]:
            with transaction.atomic():
                be(token)
                timeline.append(
                    event.kind,
                    client=client,
                    by=staff,
                    now=event.occurred_at,
                    subject=UUID(event.subject) if event.subject else None,
                    data=event.data,
                )
    return perf_counter() - began


def _open_record(staff: Staff, token: str, case: Case) -> Client:
    first = case[0]
    age = first.data.get("age_at_contact")
    arrival = actions.Arrival(
        identity={},
        birth_year=first.occurred_at.year - age if isinstance(age, int) else None,
        language="en",
        county="Forrest",
        source="self",
    )
    with transaction.atomic():
        be(token)
        return actions.register(by=staff, arrival=arrival, now=first.occurred_at)


Save = Callable[[Connection, UUID, Running, RuleEvent], None]


def save_state(connection: Connection, instance: UUID, running: Running, event: RuleEvent) -> None:
    """Advance the instance in memory and save its state."""
    running.advance(event)
    connection.execute(_UPDATE, [STATE.serialize_json(running.workflow), instance])


def save_whole(connection: Connection, instance: UUID, running: Running, event: RuleEvent) -> None:
    """Advance the instance in memory and save it with its process."""
    running.advance(event)
    connection.execute(_UPDATE, [WHOLE.serialize_json(running.workflow), instance])


def load_and_save(connection: Connection, instance: UUID, running: Running, event: RuleEvent) -> None:
    """Read the instance back, advance it, and save it: what a second web process would do."""
    row = connection.execute("SELECT state FROM instance WHERE id = %s", [instance]).fetchone()
    running.workflow = WHOLE.deserialize_json(row[0] if row else "")
    save_whole(connection, instance, running, event)


def follow(connection: Connection, processes: Sequence[BpmnProcessSpec], cases: Sequence[Case], save: Save) -> float:
    """Let SpiffWorkflow follow the cases and save after each event; returns seconds without the start of instances."""
    instances = [(uuid4(), start(process)) for process in processes]
    for (instance, running), case in zip(instances, cases, strict=True):
        running.advance(case[0])
        connection.execute("INSERT INTO instance VALUES (%s, %s)", [instance, WHOLE.serialize_json(running.workflow)])
    began = perf_counter()
    for (instance, running), case in zip(instances, cases, strict=True):
        for event in case[1:]:
            save(connection, instance, running, event)
    seconds = perf_counter() - began
    if not all(running.workflow.is_completed() for _, running in instances):
        raise AssertionError("A process did not reach its end.")
    return seconds


def main() -> None:
    options = arguments(__doc__).parse_args()
    report = begin(__file__, "spiffworkflow", "django", "psycopg")
    cases = recordable_cases(cases=CASES, events=EVENTS)
    plain = [process_of(case, deadlines=False) for case in cases]
    timed = [process_of(case, deadlines=True) for case in cases]
    with fresh_database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
        staff, token = clinician()
        crowd(url, staff)
        ours = Side("appended, plan derived, tasks stored, committed", MEASURED, lambda: record(staff, token, cases))
        state = Side("SpiffWorkflow, its state saved", MEASURED, lambda: follow(connection, plain, cases, save_state))
        whole = Side(
            "SpiffWorkflow, state and process saved", MEASURED, lambda: follow(connection, plain, cases, save_whole)
        )
        read = Side(
            "SpiffWorkflow, read back, then saved", MEASURED, lambda: follow(connection, plain, cases, load_and_save)
        )
        clocks = Side(
            "SpiffWorkflow with deadlines, its state saved",
            MEASURED,
            lambda: follow(connection, timed, cases, save_state),
        )
        alike = Side(
            "SpiffWorkflow with deadlines, read back, then saved",
            MEASURED,
            lambda: follow(connection, timed, cases, load_and_save),
        )
        bare = Side("one short row inserted and committed", MEASURED, lambda: insert(connection))
        timings = interleaved([ours, alike, clocks, read, whole, state, bare], rounds=options.rounds)
        _check(cases, token)
    for timing in timings.values():
        report.timing(timing, "events")
    rate = {name: timing.rate for name, timing in timings.items()}
    for other in (whole, read, clocks):
        report.note(f"against {other.name}", rate[ours.name] / rate[other.name], "times")
    report.claim(
        "an event recorded, against SpiffWorkflow, like for like",
        rate[ours.name] / rate[alike.name],
        "times",
        at_least=7,
    )
    report.claim(
        "an event recorded, against the least that SpiffWorkflow could do",
        rate[ours.name] / rate[state.name],
        "times",
        at_least=7,
    )
    finish(report, options.json)


def insert(connection: Connection) -> None:
    """The floor: one short row a transaction, without row security, audit or plan."""
    for _ in range(MEASURED):
        connection.execute("INSERT INTO instance VALUES (%s, '')", [uuid4()])


def _check(cases: Sequence[Case], token: str) -> None:
    """What was timed was done: every event is there, and there are tasks."""
    with transaction.atomic():
        be(token)
        # Row security hides the crowd: only the clients that were recorded here are counted.
        events, tasks, people = Event.objects.count(), Task.objects.count(), Client.objects.count()
    if events != people * EVENTS or tasks < people:
        raise AssertionError(f"{people} people, {events} events and {tasks} tasks were stored.")
    say(f"  stored: {people} people, {events:,} events, {tasks:,} tasks")


if __name__ == "__main__":
    main()
