"""One client's case as the results read it: their era, and what happened by the data cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import pandas as pd
from django.utils.translation import gettext as _

from leeward.rules.protocol import Event

from .data import ResultsData, moments
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


class Era(StrEnum):
    """Whether the person came before the protocol's go-live or since; they stay in their era to the end."""

    BEFORE = "before"
    SINCE = "since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`by_kind` holds the events that count, in order."""

    client: str
    era: Era
    came_at: datetime
    by_kind: Mapping[str, tuple[Event, ...]]

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """The events of one kind, or of several, first to last within a kind."""
        if len(kinds) == 1:
            return self.by_kind.get(kinds[0], ())
        return tuple(event for kind in kinds for event in self.by_kind.get(kind, ()))

    def has(self, *kinds: str) -> bool:
        return any(kind in self.by_kind for kind in kinds)

    def says(self, kind: str, field: str, *values: object) -> bool:
        """Whether an event of the kind carries one of the values."""
        return any(event.data.get(field) in values for event in self.of(kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everybody who is counted, who asked not to be, and how the eras were told apart."""

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


def population(data: ResultsData, settings: ResultsSettings, now: datetime) -> Population:
    """The cases known at `now`. Who declined research use is left out. Raises ResultsError if nobody is known."""
    came = dict(zip(data.clients["client"], moments(data.clients["first_contact_at"]), strict=True))
    era_of, go_live = _eras(data, settings)
    cases: list[Case] = []
    left_out: set[str] = set()
    for client, counting in data.happened(now, DATA_READ):
        if came[client] > now:
            continue
        by_kind: dict[str, list[Event]] = {}
        for event in counting:
            by_kind.setdefault(event.kind, []).append(event)
        if "research.declined" in by_kind:
            left_out.add(client)
            continue
        cases.append(
            Case(
                client=client,
                era=era_of(client),
                came_at=came[client],
                by_kind={kind: tuple(those) for kind, those in by_kind.items()},
            )
        )
    if not cases:
        raise ResultsError(
            _("There is nobody in these data yet."), hint=_("Results need at least one registered person.")
        )
    return Population(cases=tuple(cases), left_out=frozenset(left_out), go_live=go_live, now=now)


def _eras(data: ResultsData, settings: ResultsSettings) -> tuple[Callable[[str], Era], datetime | None]:
    """By a date where one is given, else by whether the client's row names a protocol version."""
    frame = data.clients
    given = settings.go_live.isoformat() if settings.go_live else data.meta.get("go_live")
    if given:
        try:
            live = datetime.fromisoformat(given)
        except ValueError as error:
            raise ResultsError(f"`{given}` is not a date of go-live.", hint="Write it as 2026-01-31.") from error
        live = live if live.tzinfo else live.replace(tzinfo=UTC)
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
