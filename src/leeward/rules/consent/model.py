"""The words of consent: requests, grants, restrictions, the decision table and a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

from leeward.rules.wording import Text


class DataClass(StrEnum):
    IDENTITY = "identity"
    CONTACT = "contact"
    LOCATION = "location"
    EXISTENCE = "existence"
    CLINICAL = "clinical"
    SUD = "sud"
    PSYCHOTHERAPY = "psychotherapy"
    SAFETY = "safety"
    CASE = "case"
    REFERRAL = "referral"


class Regime(StrEnum):
    """The law that the holder of the data is under."""

    HIPAA = "hipaa"
    PART2 = "part2"
    VICTIM_SERVICES = "victim_services"
    FERPA = "ferpa"
    NONE = "none"


class RecipientKind(StrEnum):
    CENTRE = "centre"
    HOSPITAL = "hospital"
    SHELTER = "shelter"
    LAW_ENFORCEMENT = "law_enforcement"
    LEGAL_AID = "legal_aid"
    SOCIAL_SERVICES = "social_services"


class Purpose(StrEnum):
    COORDINATION = "coordination"
    TREATMENT = "treatment"
    BENEFITS = "benefits"
    LEGAL = "legal"
    PROTECTION = "protection"


class Outcome(IntEnum):
    """What a row says, the stricter the higher. A duty overrides the need for a permission, never a `never`."""

    PERMITTED = 0
    NEEDS_AUTHORISATION = 1
    REQUIRED_BY_LAW = 2
    NEVER = 3


class Status(StrEnum):
    VERIFIED = "verified"
    MEMORY = "memory"
    POLICY = "policy"


NAMED_BY_EVERY_GRANT = frozenset({"names_recipient", "names_data", "names_purpose", "end_date"})
"""Elements that a grant has by being one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What a permission must carry and how long it may last."""

    kinds: tuple[str, ...]
    elements: frozenset[str]
    default_days: int
    longest_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the decision table. `regimes` None stands for any: such a row only makes things stricter."""

    id: str
    regimes: frozenset[Regime] | None
    classes: frozenset[DataClass]
    recipients: frozenset[RecipientKind]
    purposes: frozenset[Purpose]
    outcome: Outcome
    duty: str | None
    authorisation: Authorisation | None
    obligations: tuple[str, ...]
    citation: str
    status: Status
    checked: date
    text: Text


Cell = tuple[DataClass, RecipientKind, Purpose]


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The decision table, with its rows also laid out by what they are about."""

    name: str
    version: str
    title: Text
    reason_above_days: int
    elements: Mapping[str, Text]
    obligations: Mapping[str, Text]
    duties: Mapping[str, Text]
    forms: Mapping[str, frozenset[str]]
    rows: tuple[Row, ...]
    cells: Mapping[Cell, tuple[Row, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cells: dict[Cell, list[Row]] = {}
        for row in self.rows:
            for data_class in row.classes:
                for recipient in row.recipients:
                    for purpose in row.purposes:
                        cells.setdefault((data_class, recipient, purpose), []).append(row)
        object.__setattr__(self, "cells", {cell: tuple(rows) for cell, rows in cells.items()})

    def row(self, row_id: str) -> Row | None:
        return next((row for row in self.rows if row.id == row_id), None)

    def unchecked_since(self, day: date) -> tuple[Row, ...]:
        """Rows whose source was last checked before this day."""
        return tuple(row for row in self.rows if row.checked < day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One class of one client's data asked for. `zone` is the site's time zone; `duty` names a legal duty, if any."""

    client: str
    data_class: DataClass
    regimes: frozenset[Regime]
    recipient: str
    recipient_kind: RecipientKind
    purpose: Purpose
    at: datetime
    zone: str
    duty: str | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("The time of a request needs a time zone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The survivor's yes. It holds from `starts_at` through `last_day`; a withdrawn one never counts."""

    id: str
    client: str
    recipient: str
    classes: frozenset[DataClass]
    purpose: Purpose
    starts_at: datetime
    last_day: date
    elements: frozenset[str] = frozenset()
    withdrawn: bool = False

    def ends_at(self, zone: str) -> datetime:
        """The first moment after the grant: 00:00 at the site on the day after its last day."""
        if self.last_day == date.max:
            return datetime.max.replace(tzinfo=ZoneInfo("UTC"))
        return datetime.combine(self.last_day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone))

    def covers(self, data_class: DataClass) -> bool:
        """Whatever is granted shows that the person is a client here, so any grant includes `existence`."""
        return data_class in self.classes or (data_class is DataClass.EXISTENCE and bool(self.classes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """The survivor's no. It beats every grant. None is for all: recipients outside the centre, classes, purposes."""

    id: str
    client: str
    recipient: str | None = None
    classes: frozenset[DataClass] | None = None
    purpose: Purpose | None = None
    starts_at: datetime
    lifted: bool = False


class ReasonCode(StrEnum):
    NO_ROW = "no_row"
    REGIME_SILENT = "regime_silent"
    NEVER = "never"
    PERMITTED = "permitted"
    REQUIRED_BY_LAW = "required_by_law"
    RESTRICTED = "restricted"
    COVERED = "covered"
    NO_GRANT = "no_grant"
    OTHER_PURPOSE = "other_purpose"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    LACKS_ELEMENTS = "lacks_elements"
    TOO_LONG = "too_long"
    ENDS_BEFORE_START = "ends_before_start"
    NEEDS_REASON = "needs_reason"
    NOTHING_NAMED = "nothing_named"
    SIGNER_MAY_CONTROL = "signer_may_control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, as a code and in plain words, with the row, grant or restriction that it is about."""

    code: ReasonCode
    text: Text
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    code: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether the request is met, by which row, under which grant. `row` is None only when no row decided."""

    permitted: bool
    outcome: Outcome | None
    row: Row | None
    grant: Grant | None
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]


Grants = Iterable[Grant | Restriction]
