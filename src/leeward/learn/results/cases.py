"""One client's case as the results read it: their era, and what happened by the data cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
from django.utils.translation import gettext as _

from leeward.rules.protocol import Event

from .data import ResultsData, in_order, moments
from .errors import ResultsError
from .settings import ResultsSettings

#: The kinds of which results read more than that they happened, and when.
DATA_READ: Final = frozenset(
    {
        "client.registered",
        "screening.completed",
        "referral.sent",
        "referral.closed",
        "case.closed",
        "incident.reported",
        "needs.assessed",
        "rating.given",
        "aftercare.contacted",
    }
)
#: All kinds that results read one by one; of the others a case keeps only when the last of them happened.
KINDS: Final = DATA_READ | {
    "case.reopened",
    "consent.declined",
    "consent.granted",
    "conversation.declined",
    "conversation.private",
    "indicator.observed",
    "needs.declined",
    "plan.agreed",
    "plan.declined",
    "referral.accepted",
    "referral.declined",
    "referral.waitlisted",
    "referral.withdrawn",
    "safety_plan.declined",
    "safety_plan.saved",
    "screening.declined",
    "session.attended",
    "treatment.completed",
    "treatment.declined",
}


class Era(StrEnum):
    """Whether the person came before the protocol's go-live or since; they stay in their era to the end."""

    BEFORE = "before"
    SINCE = "since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`by_kind` holds the events that count, in order, of every one of `KINDS`; `last_at` is when anything last did."""

    client: str
    era: Era
    came_at: datetime
    last_at: datetime
    by_kind: Mapping[str, Sequence[Event]]

    def of(self, kind: str) -> Sequence[Event]:
        """The events of one kind, first to last. Raises KeyError for a kind that results don't read."""
        return self.by_kind[kind]

    def has(self, *kinds: str) -> bool:
        return any(self.by_kind[kind] for kind in kinds)

    def says(self, kind: str, field: str, *values: object) -> bool:
        """Whether an event of the kind carries one of the values."""
        return any(event.data.get(field) in values for event in self.of(kind))

    @property
    def ending(self) -> Event | None:
        """The last closing, unless the case was opened again since."""
        closed, opened = self.of("case.closed"), self.of("case.reopened")
        return None if not closed or (opened and opened[-1].occurred_at > closed[-1].occurred_at) else closed[-1]

    @property
    def ended_for(self) -> str | None:
        """Why the case ended; None while it is open."""
        return None if self.ending is None else str(self.ending.data.get("reason") or "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Who is counted, each in their era, and who asked not to be."""

    eras: Mapping[str, Era]
    left_out: frozenset[str]
    go_live: datetime | None

    @property
    def since(self) -> list[str]:
        """Who came since go-live."""
        return [client for client, era in self.eras.items() if era is Era.SINCE]


def roll(data: ResultsData, settings: ResultsSettings, now: datetime) -> Roll:
    """Everybody known at `now`, but for those who declined research use. Raises ResultsError for no date of go-live."""
    era_of, go_live = _eras(data, settings)
    counting = data.counting(now)
    declined = frozenset(counting.loc[counting["kind"] == "research.declined", "client"])
    known = data.clients.loc[data.clients["first_contact_at"] <= pd.Timestamp(now), "client"]
    return Roll(
        eras={client: era_of(client) for client in known if client not in declined},
        left_out=declined.intersection(known),
        go_live=go_live,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The cases of everybody who is counted, who asked not to be, and how the eras were told apart."""

    cases: tuple[Case, ...]
    left_out: frozenset[str]
    go_live: datetime | None
    now: datetime

    @property
    def eras(self) -> tuple[Era, ...]:
        """The eras in which anybody came."""
        return tuple(era for era in Era if any(case.era is era for case in self.cases))

    def of(self, era: Era) -> Iterator[Case]:
        return (case for case in self.cases if case.era is era)


def population(data: ResultsData, counted: Roll, now: datetime) -> Population:
    """The cases of those on the roll, as known at `now`. Raises ResultsError if nobody is on it."""
    if not counted.eras:
        raise ResultsError(
            _("There is nobody in these data yet."), hint=_("Results need at least one registered person.")
        )
    counting = data.counting(now)
    if counting.empty:
        raise ResultsError(
            _("Nothing is on record of anybody, so that every share would be zero."),
            hint=_("Take all tables from the same extract; even who just came has an event."),
        )
    by_kind: dict[str, dict[str, Sequence[Event]]] = {client: dict.fromkeys(KINDS, ()) for client in counted.eras}
    for client, event in in_order(counting[counting["kind"].isin(KINDS) & counting["client"].isin(by_kind)], DATA_READ):
        by_kind[client][event.kind] = (*by_kind[client][event.kind], event)
    latest = counting.groupby("client")["occurred_at"].max()
    last_at = dict(zip(latest.index, moments(latest), strict=True))
    came_at = dict(zip(data.clients["client"], moments(data.clients["first_contact_at"]), strict=True))
    cases = (
        Case(
            client=client,
            era=era,
            came_at=came_at[client],
            last_at=last_at[client] if client in last_at else came_at[client],
            by_kind=by_kind[client],
        )
        for client, era in counted.eras.items()
    )
    return Population(cases=tuple(cases), left_out=counted.left_out, go_live=counted.go_live, now=now)


def _eras(data: ResultsData, settings: ResultsSettings) -> tuple[Callable[[str], Era], datetime | None]:
    """By a date where one is given, else by whether the client's row names a protocol version."""
    frame = data.clients
    given = settings.go_live.isoformat() if settings.go_live else data.meta.get("go_live")
    if given:
        try:
            live = datetime.fromisoformat(given)
        except ValueError as error:
            raise ResultsError(f"`{given}` is not a date of go-live.", hint="Write it as 2026-01-31.") from error
        live = live if live.tzinfo else live.replace(tzinfo=ZoneInfo(settings.zone))
        since = set(frame.loc[frame["first_contact_at"] >= pd.Timestamp(live), "client"])
    else:
        follows = frame["protocol_version"].fillna("").astype(str) != ""
        since = set(frame.loc[follows, "client"])
        first = frame.loc[follows, "first_contact_at"].min()
        live_or_none = None if pd.isna(first) else first.to_pydatetime()
        if live_or_none is None or not (~follows).any():
            return (lambda client: Era.SINCE if client in since else Era.BEFORE), None
        live = live_or_none
    return (lambda client: Era.SINCE if client in since else Era.BEFORE), live
