"""The tables that results are computed from, checked before anything is counted.

Their shape is that of `leeward simulate --out DIR` and of the extract from the database.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd

from leeward.rules.protocol import Event

from .errors import ResultsError

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "clients": ("client", "first_contact_at", "protocol_version"),
    "events": ("id", "client", "kind", "occurred_at", "recorded_at", "subject", "data", "supersedes"),
    "scores": ("client", "instrument", "taken_at", "total"),
    "staff": ("staff", "role", "trained_on", "course"),
}
#: Read where they are there: who did what, where people come, and which agencies there are.
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "clients": (
        "site",
        "county",
        "age_band",
        "is_minor",
        "gender",
        "race_ethnicity",
        "language",
        "payer",
        "referral_source",
    ),
    "events": ("actor", "actor_role"),
    "staff": ("is_active",),
    "agencies": ("agency", "kind"),
}
_MOMENTS: Mapping[str, tuple[str, ...]] = {
    "clients": ("first_contact_at",),
    "events": ("occurred_at", "recorded_at"),
    "scores": ("taken_at",),
    "staff": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsData:
    """Clients, events, scores and staff as tables; `meta` may carry `data_cut` and `go_live`.

    Staff who left are there for what they did, with `is_active` false.
    """

    clients: pd.DataFrame
    events: pd.DataFrame
    scores: pd.DataFrame
    staff: pd.DataFrame
    agencies: pd.DataFrame | None = None
    meta: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in COLUMNS:
            _check(name, getattr(self, name))
        _once(self.clients, "client", "clients", "Two rows have the same client")
        _once(self.events, "id", "events", "Two events have the same id")
        known = set(self.clients["client"])
        for name in ("events", "scores"):
            strangers = ~getattr(self, name)["client"].isin(known)
            if strangers.any():
                raise ResultsError(
                    f"The table {name} has {int(strangers.sum()):,} rows about clients whom the table clients lacks.",
                    hint="Take all tables from the same extract.",
                )

    def latest_moment(self) -> datetime | None:
        """The last moment at which anything is known to have happened or been recorded."""
        moments = [self.events["recorded_at"].max(), self.events["occurred_at"].max()]
        known = [moment.to_pydatetime() for moment in moments if not pd.isna(moment)]
        return max(known, default=None)

    @property
    def digest(self) -> str:
        """Which extract this is: the SHA-256 that `read_folder` or the extract gave it."""
        return self.meta.get("digest", "")

    @property
    def knows_who_did_what(self) -> bool:
        """Whether each event says who recorded it, in which role."""
        return all(column in self.events.columns for column in OPTIONAL["events"])

    def for_counting(self) -> dict[str, pd.DataFrame]:
        """The tables that `leeward.learn.fidelity` counts, with gaps where these don't say."""
        agencies = pd.DataFrame(columns=list(OPTIONAL["agencies"])) if self.agencies is None else self.agencies
        tables = {"clients": self.clients, "events": self.events, "staff": self.staff, "agencies": agencies}
        return {
            name: frame.assign(**{each: None for each in OPTIONAL[name] if each not in frame.columns})
            for name, frame in tables.items()
        }

    def counting(self, now: datetime) -> pd.DataFrame:
        """The events that count at `now`: those that happened by then and that no correction supersedes."""
        frame = self.events
        return frame[(frame["occurred_at"] <= pd.Timestamp(now)) & ~frame["id"].isin(frame["supersedes"].dropna())]


def in_order(counting: pd.DataFrame, with_data: Collection[str]) -> Iterator[tuple[str, Event]]:
    """Events that count, each with its client, in the order of `leeward.rules.protocol.timeline`.

    Only kinds in `with_data` have their data read, and equal texts once, because reading takes most of the time.
    """
    read: dict[str, Mapping[str, object]] = {}
    frame = counting.sort_values(["occurred_at", "recorded_at", "id"], kind="stable")
    columns = [frame[name].tolist() for name in ("client", "id", "kind", "subject", "data", "supersedes")]
    times = [moments(frame[name]) for name in ("occurred_at", "recorded_at")]
    for client, identity, kind, subject, data, supersedes, occurred, recorded in zip(*columns, *times, strict=True):
        yield (
            client,
            Event(
                id=identity,
                kind=kind,
                occurred_at=occurred,
                recorded_at=recorded,
                subject=_text(subject),
                data=_read(data, identity, read) if kind in with_data else _unread(data, identity),
                supersedes=_text(supersedes),
            ),
        )


def moments(column: pd.Series) -> list[datetime]:
    """The times of a column as Python has them, in UTC."""
    return pd.DatetimeIndex(column.dt.tz_convert(UTC)).to_pydatetime().tolist()


def _check(name: str, frame: pd.DataFrame) -> None:
    missing = [column for column in COLUMNS[name] if column not in frame.columns]
    if missing:
        raise ResultsError(
            f"The table {name} lacks {'the column' if len(missing) == 1 else 'the columns'} {', '.join(missing)}.",
            hint=f"It needs: {', '.join(COLUMNS[name])}.",
        )
    for column in _MOMENTS[name]:
        if not isinstance(frame[column].dtype, pd.DatetimeTZDtype):
            raise ResultsError(
                f"The column {column} of the table {name} does not hold times with a zone.",
                hint="Store times in UTC.",
            )
    for column in (*COLUMNS[name][:1], *_MOMENTS[name]):
        if frame[column].isna().any():
            raise ResultsError(
                f"The column {column} of the table {name} has empty cells.", hint="Every row needs a value there."
            )
    if name == "scores" and not pd.api.types.is_numeric_dtype(frame["total"].dtype):
        raise ResultsError("The column total of the table scores does not hold numbers.", hint="Store whole points.")


def _once(frame: pd.DataFrame, column: str, name: str, problem: str) -> None:
    if frame[column].duplicated().any():
        raise ResultsError(f"{problem} in the table {name}.", hint="Give each row once; a correction supersedes.")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


_NOTHING: Mapping[str, object] = {}


def _unread(data: object, identity: str) -> Mapping[str, object]:
    """Nothing, for data that look like an object: what they hold is not asked for."""
    if isinstance(data, Mapping) or (isinstance(data, str) and data[:1] == "{"):
        return _NOTHING
    return _parsed(data, identity)


def _read(data: object, identity: str, read: dict[str, Mapping[str, object]]) -> Mapping[str, object]:
    if not isinstance(data, str):
        return _parsed(data, identity)
    if data not in read:
        read[data] = _parsed(data, identity)
    return read[data]


def _parsed(data: object, identity: str) -> Mapping[str, object]:
    if isinstance(data, Mapping):
        return data
    try:
        found = json.loads(data) if isinstance(data, str) else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ResultsError(f"The data of event {identity} are not a JSON object.", hint='Write {"result":"positive"}.')
    return found
