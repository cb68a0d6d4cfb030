"""Tables made by hand for counting how steps were kept: one event, one training, one agency at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from leeward import definitions
from leeward.rules.protocol import Protocol, parse

SMALL = """
protocol: small
version: "0.2.0"
title: {en: Small, es: Pequeño}
stages:
  - {id: talk, number: 1, title: {en: Talk, es: Hablar}}
  - {id: send, number: 2, title: {en: Send, es: Enviar}}
facts: {}
void: case.closed
steps:
  - id: screening
    stage: talk
    title: {en: Conversation, es: Conversación}
    after: indicator.observed
    within: P14D
    role: screener
    requires: screen
    done: screening.completed
    declined: screening.declined
    choice: {en: You can say no., es: Puede decir que no.}
    basis: {default: "Made for tests."}
  - id: refer
    stage: send
    title: {en: Referral, es: Derivación}
    after: needs.assessed
    within: P7D
    role: case_manager
    done: referral.sent
    basis: {default: "Made for tests."}
  - id: police
    stage: send
    title: {en: Police, es: Policía}
    after: consent.discussed
    within: P30D
    role: case_manager
    done: law_enforcement.contacted
    declined: law_enforcement.declined
    choice: {en: You can say no., es: Puede decir que no.}
    basis: {default: "Made for tests."}
gates: []
"""


def small_protocol() -> Protocol:
    return parse(SMALL, name="small.yaml", schema=definitions.schema("protocol"))


@dataclass
class HandMade:
    """Tables in the making. Times are UTC texts such as `2026-03-01 15:00`."""

    clients: list[tuple[object, ...]] = field(default_factory=list)
    events: list[tuple[object, ...]] = field(default_factory=list)
    staff: list[tuple[object, ...]] = field(default_factory=list)
    agencies: list[tuple[object, ...]] = field(default_factory=list)

    def client(self, *names: str, site: str | None = "Here", version: str | None = "0.2.0") -> HandMade:
        self.clients += [(name, site, version, pd.Timestamp("2026-01-01", tz="UTC")) for name in names]
        return self

    def trained(self, staff: str, course: str | None, on: str | None, role: str = "screener") -> HandMade:
        self.staff.append((staff, role, date.fromisoformat(on) if on else None, course))
        return self

    def agency(self, name: str, kind: str) -> HandMade:
        self.agencies.append((name, kind))
        return self

    def event(
        self,
        client: str,
        kind: str,
        at: str,
        *,
        by: str = "sam",
        role: str = "screener",
        corrects: str | None = None,
        subject: str | None = None,
        recorded: str | None = None,
        said: Mapping[str, object] | None = None,
        **data: object,
    ) -> HandMade:
        moment = pd.Timestamp(at, tz="UTC")
        known = pd.Timestamp(recorded, tz="UTC") if recorded else moment
        name = f"e{len(self.events):06}"
        self.events.append(
            (name, client, kind, moment, known, by, role, subject, json.dumps({**(said or {}), **data}), corrects)
        )
        return self

    @property
    def last(self) -> str:
        """The id of the event that was added last."""
        return str(self.events[-1][0])

    def frames(self) -> dict[str, pd.DataFrame]:
        return {
            "clients": pd.DataFrame(
                self.clients, columns=["client", "site", "protocol_version", "first_contact_at"]
            ),
            "events": pd.DataFrame(
                self.events,
                columns=[
                    "id", "client", "kind", "occurred_at", "recorded_at", "actor", "actor_role", "subject", "data",
                    "supersedes",
                ],
            ).astype({"occurred_at": "datetime64[us, UTC]", "recorded_at": "datetime64[us, UTC]"}),
            "staff": pd.DataFrame(self.staff, columns=["staff", "role", "trained_on", "course"]),
            "agencies": pd.DataFrame(self.agencies, columns=["agency", "kind"]),
        }  # fmt: skip

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.frames().items():
            frame.to_parquet(folder / f"{name}.parquet")
        return folder


def moment(text: str) -> datetime:
    found: datetime = pd.Timestamp(text, tz="UTC").to_pydatetime()
    return found
