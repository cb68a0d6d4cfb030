"""How the steps were kept, counted a second time: case by case with `plan`, in plain Python, slowly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from leeward.learn.replay.cases import cases
from leeward.rules.competence import Competence, Completion, may
from leeward.rules.protocol import Event, Instance, Protocol, State, plan, timeline

DAY = timedelta(days=1)
Table = list[dict[str, object]]


@dataclass(frozen=True)
class Judged:
    """One instance with everything it is counted by."""

    client: str
    where: Mapping[str, str]
    counted_as: frozenset[str]
    waited: float
    beyond: float


def read(folder: Path, name: str) -> Table:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def judged(folder: Path, protocol: Protocol, competence: Competence, now: datetime, zone: str) -> Iterator[Judged]:
    sites = {str(row["client"]): str(row["site"]) for row in read(folder, "clients")}
    kinds = {str(row["agency"]): str(row["kind"]) for row in read(folder, "agencies")}
    actors = {str(row["id"]): (str(row["actor"]), str(row["actor_role"])) for row in read(folder, "events")}
    trainings: dict[str, list[Completion]] = {}
    for row in read(folder, "staff"):
        if isinstance(row["trained_on"], date):
            trainings.setdefault(str(row["staff"]), []).append(Completion(str(row["course"]), row["trained_on"]))
    for client, events in cases(folder).timelines():
        counting = timeline(events, now)
        by_id = {event.id: event for event in counting}
        for each in plan(protocol, events, now).instances:
            step = protocol.step(each.step)
            closing = by_id.get(each.closed_by or "")
            state = each.counts_as
            found = {"opened", state.value}
            if state in (State.MET, State.LATE, State.OVERDUE):
                found.add("due")
            if state in (State.MET, State.LATE) and closing is not None:
                actor, role = actors[closing.id]
                day = closing.occurred_at.astimezone(ZoneInfo(zone)).date()
                if step.requires:
                    found.add("needing_training")
                    verdicts = [may(competence, trainings.get(actor, ()), role, code, day) for code in step.requires]
                    if not all(verdict.permitted for verdict in verdicts):
                        found.add("untrained")
                shared = shared_with(closing)
                if shared is not None:
                    found.add("sharing")
                    if not permitted(counting, closing, shared, kinds, day):
                        found.add("without_consent")
            until = each.closed_at or now
            yield Judged(
                client,
                {
                    "step": step.id,
                    "stage": step.stage,
                    "role": step.role,
                    "site": sites[client],
                    "month": each.opened_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m"),
                },
                frozenset(found),
                (until - each.opened_at) / DAY,
                beyond(each, now),
            )


def beyond(each: Instance, now: datetime) -> float:
    if each.counts_as not in (State.LATE, State.OVERDUE):
        return 0
    return ((each.closed_at or now) - each.late_after) / DAY


def shared_with(event: Event) -> str | None:
    """The agency, or the kind of agency, that heard of the person by this event on the person's permission."""
    if event.kind == "referral.sent":
        return str(event.data.get("to"))
    if event.kind == "law_enforcement.contacted" and event.data.get("basis") == "consent":
        return "law_enforcement"
    return None


def permitted(counting: list[Event], sharing: Event, to: str, kinds: Mapping[str, str], day: date) -> bool:
    """Walk the timeline up to the sharing: which permissions were in force just before it?"""
    in_force: list[Event] = []
    for event in counting:
        if event.id == sharing.id:
            break
        if event.kind == "consent.granted":
            in_force.append(event)
        if event.kind == "consent.withdrawn":
            taken = event.data.get("recipient")
            in_force = [given for given in in_force if given.data.get("recipient") != taken]
    for given in in_force:
        recipient = str(given.data["recipient"])
        if to not in (recipient, kinds.get(recipient)) or day > date.fromisoformat(str(given.data["until"])):
            continue
        if sharing.kind == "referral.sent" and "referral" not in given.data.get("classes", ["referral"]):  # type: ignore[operator]
            continue
        return True
    return False
