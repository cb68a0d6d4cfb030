"""Small centres made by hand, whose results can be worked out on paper."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from leeward import catalogue, definitions
from leeward.evidence.suppression import Ledger
from leeward.learn.results import Results, ResultsData, ResultsSettings, compute
from leeward.learn.results.compute import Counted, count
from leeward.rules.protocol import Protocol, parse

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
CUT = START + timedelta(days=300)
Happening = tuple[float, str, dict[str, object]]
"""Days since the person came, kind, data."""

TINY = """
protocol: tiny
version: "0.1.0"
title: {en: Tiny, es: Mínimo}
stages:
  - {id: talk, number: 1, title: {en: Talk, es: Hablar}}
facts:
  screening: {from: screening.completed, field: result, type: text}
void: case.closed
steps:
  - id: screening
    stage: talk
    title: {en: Conversation, es: Conversación}
    after: indicator.observed
    when: screening IS NULL
    within: P14D
    role: screener
    done: screening.completed
    declined: screening.declined
    choice: {en: You can say no., es: Puede decir que no.}
    basis: {default: "Made for tests."}
gates: []
"""


def tiny_protocol() -> Protocol:
    return parse(TINY, name="tiny.yaml", schema=definitions.schema("protocol"))


@dataclass
class Made:
    """A centre in the making: people with what happened to them."""

    clients: list[tuple[object, ...]] = field(default_factory=list)
    events: list[tuple[object, ...]] = field(default_factory=list)
    scores: list[tuple[object, ...]] = field(default_factory=list)
    staff: list[tuple[object, ...]] = field(default_factory=list)

    def people(
        self,
        number: int,
        *happened: Happening,
        since: bool = True,
        scores: Sequence[tuple[float, str, int]] = (),
        came: datetime = START,
    ) -> Made:
        """So many people to whom the same happened."""
        for _ in range(number):
            client = f"C{len(self.clients):04}"
            self.clients.append((client, came, "0.1.0" if since else None))
            for day, kind, data in ((0.0, "client.registered", {}), *happened):
                at = came + timedelta(days=day)
                self.events.append(
                    (f"e{len(self.events):06}", client, kind, at, at, None, json.dumps(data), None),
                )
            for day, instrument, total in scores:
                self.scores.append((client, instrument, came + timedelta(days=day), total))
        return self

    def trained(self, number: int, role: str, course: str | None, on: date | None) -> Made:
        for _ in range(number):
            self.staff.append((f"S{len(self.staff):03}", role, on, course))
        return self

    def data(self) -> ResultsData:
        events = pd.DataFrame(
            self.events,
            columns=["id", "client", "kind", "occurred_at", "recorded_at", "subject", "data", "supersedes"],
        )
        scores = pd.DataFrame(self.scores, columns=["client", "instrument", "taken_at", "total"])
        clients = pd.DataFrame(self.clients, columns=["client", "first_contact_at", "protocol_version"])
        for frame, columns in (
            (events, ("occurred_at", "recorded_at")),
            (scores, ("taken_at",)),
            (clients, ("first_contact_at",)),
        ):
            for column in columns:
                frame[column] = pd.to_datetime(frame[column], utc=True)
        return ResultsData(
            clients=clients,
            events=events,
            scores=scores.astype({"total": "int64"}),
            staff=pd.DataFrame(self.staff, columns=["staff", "role", "trained_on", "course"]),
        )

    def results(self, settings: ResultsSettings | None = None, protocol: Protocol | None = None) -> Results:
        return compute(
            self.data(),
            protocol or tiny_protocol(),
            {name: catalogue.instrument(name) for name in ("pcl-5", "phq-9", "gad-7", "ties-8")},
            catalogue.competence(),
            CUT,
            settings or ResultsSettings(),
        )

    def counted(self, ledger: Ledger) -> Counted:
        return count(
            self.data(),
            tiny_protocol(),
            {name: catalogue.instrument(name) for name in ("pcl-5", "phq-9", "gad-7", "ties-8")},
            catalogue.competence(),
            CUT,
            ResultsSettings(),
            ledger,
        )


def sign(day: float = 0) -> Happening:
    return (day, "indicator.observed", {"suspected": True})


def talk(day: float = 0) -> Happening:
    return (day, "conversation.private", {})


def screened(result: str, day: float = 0, tool: str = "safety-conversation") -> Happening:
    return (day, "screening.completed", {"tool": tool, "result": result})


def session(day: float) -> Happening:
    return (day, "session.attended", {})


def harm(kind: str) -> Happening:
    return (4, "incident.reported", {"kind": kind})
