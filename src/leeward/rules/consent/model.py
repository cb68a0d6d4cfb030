"""The words of consent: requests, grants, restrictions, the decision table and a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from leeward.rules.wording import Text

if TYPE_CHECKING:
    from .process import Process


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


class AgeOf(StrEnum):
    """Ages that one word, "minor", would run together. They differ, and only `RELEASES` decides about a permission."""

    RELEASES = "releases"
    CHILD_PROTECTION = "child_protection"
    MAJORITY = "majority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """From how many years on somebody is of age for something, and who says so."""

    years: int
    citation: str
    status: Status
    checked: date
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """Where the law lets a minor have a service, the minor alone may release what it needs (34 USC 12291(b)(2)(C)).

    `regimes` None stands for any. `from_age` is in whole years.
    """

    id: str
    regimes: frozenset[Regime] | None
    recipients: frozenset[RecipientKind]
    purposes: frozenset[Purpose]
    from_age: int
    citation: str
    status: Status
    checked: date
    text: Text


Cell = tuple[DataClass, RecipientKind, Purpose]
Question = tuple[DataClass, frozenset[Regime], RecipientKind, Purpose, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The decision table, with its rows also laid out by what they are about.

    `notices` are the texts that go with every copy, by obligation; `labels` the HL7 security labels of a data class.
    `languages` are those in which the wording of a form was approved; `alone` says where a minor needs nobody else;
    `process` says what legal process may open. `rulings` keeps what `rule` found for a question, at most one for each
    that the vocabulary can ask.
    """

    name: str
    version: str
    title: Text
    reason_above_days: int
    elements: Mapping[str, Text]
    obligations: Mapping[str, Text]
    duties: Mapping[str, Text]
    notices: Mapping[str, Text]
    labels: Mapping[DataClass, tuple[str, ...]]
    forms: Mapping[str, frozenset[str]]
    rows: tuple[Row, ...]
    process: Process
    languages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ages: Mapping[AgeOf, Age] = field(default_factory=dict)
    alone: tuple[Alone, ...] = ()
    cells: Mapping[Cell, tuple[Row, ...]] = field(init=False, repr=False, compare=False)
    rulings: dict[Question, Ruling] = field(init=False, repr=False, compare=False, default_factory=dict)

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

    def unchecked_since(self, day: date) -> tuple[Row | Alone, ...]:
        """Rows, also those about minors, whose source was last checked before this day."""
        known: tuple[Row | Alone, ...] = (*self.rows, *self.alone)
        return tuple(row for row in known if row.checked < day)

    @property
    def release_age(self) -> int:
        """From how many years on somebody signs a release alone; 18 where the law does not say."""
        age = self.ages.get(AgeOf.RELEASES)
        return age.years if age else 18

    def alone_from(self, regimes: frozenset[Regime], recipient_kind: RecipientKind, purpose: Purpose) -> int | None:
        """From which age a minor alone may permit this, or None. Each regime of the holder must let them."""
        ages: list[int] = []
        for regime in regimes:
            letting = [
                row.from_age
                for row in self.alone
                if (row.regimes is None or regime in row.regimes)
                and recipient_kind in row.recipients
                and purpose in row.purposes
            ]
            if not letting:
                return None
            ages.append(min(letting))
        return max(ages, default=None)

    def lacks_wording(self, form: str, language: str) -> bool:
        """Whether nobody has approved the wording of this form in this language (C-04)."""
        return language not in self.languages.get(form, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One class of one client's data asked for. `zone` is the site's time zone; `duty` names a legal duty, if any.

    Raises ValueError if `at` has no time zone.
    """

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
        object.__setattr__(self, "at", _instant(self.at, "request"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """That somebody may sign with a minor, for these classes: a decision, never a default (G-01).

    It stands from `starts_at` through `last_day`, unless it `ended`: taken away, or the person may be the one who
    controls the minor. Raises ValueError if `starts_at` has no time zone.
    """

    id: str
    classes: frozenset[DataClass]
    starts_at: datetime
    last_day: date
    ended: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", _instant(self.starts_at, "representation"))

    def stands(self, at: datetime, zone: str) -> bool:
        return not self.ended and self.starts_at <= at < first_moment_after(self.last_day, zone)

    def covers(self, data_class: DataClass) -> bool:
        return data_class in self.classes or (data_class is DataClass.EXISTENCE and bool(self.classes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The survivor's yes. It holds from `starts_at` through `last_day`; a withdrawn one never counts.

    `age` is the age in whole years of a minor who gave it, None for somebody of age. `representation` is that of who
    signed with them: the permission counts only while it stands. Raises ValueError if `starts_at` has no time zone.
    """

    id: str
    client: str
    recipient: str
    classes: frozenset[DataClass]
    purpose: Purpose
    starts_at: datetime
    last_day: date
    elements: frozenset[str] = frozenset()
    withdrawn: bool = False
    age: int | None = None
    representation: Representation | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", _instant(self.starts_at, "grant"))

    def ends_at(self, zone: str) -> datetime:
        """The first moment after the grant: 00:00 at the site on the day after its last day."""
        return first_moment_after(self.last_day, zone)

    def covers(self, data_class: DataClass) -> bool:
        """Whatever is granted shows that the person is a client here, so any grant includes `existence`."""
        return data_class in self.classes or (data_class is DataClass.EXISTENCE and bool(self.classes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """The survivor's no. It beats every grant. None is for all: recipients outside the centre, classes, purposes.

    Raises ValueError if `starts_at` has no time zone.
    """

    id: str
    client: str
    recipient: str | None = None
    classes: frozenset[DataClass] | None = None
    purpose: Purpose | None = None
    starts_at: datetime
    lifted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", _instant(self.starts_at, "restriction"))


@lru_cache(maxsize=10_000)
def first_moment_after(day: date, zone: str) -> datetime:
    """00:00 of the next day in the zone, as an instant in UTC. Where 00:00 is skipped it is the moment of the change,
    where it comes twice it is the first. Raises ZoneInfoNotFoundError.
    """
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _instant(moment: datetime, of_what: str) -> datetime:
    """The moment in UTC. Python compares two times of one zone by the clock on the wall, which goes back in autumn."""
    if moment.tzinfo is None:
        raise ValueError(f"The time of a {of_what} needs a time zone.")
    return moment.astimezone(UTC)


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
    NEEDS_REPRESENTATIVE = "needs_representative"
    REPRESENTATION_ENDED = "representation_ended"
    OUTSIDE_REPRESENTATION = "outside_representation"
    LACKS_WORDING = "lacks_wording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, as a code and in plain words, with the row, grant or restriction that it is about."""

    code: ReasonCode
    text: Text
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What the recipient or the centre must do. `notice` is the text that goes with every copy, if there is one."""

    code: str
    text: Text
    notice: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether the request is met, by which row, under which grant. `row` is None only when no row decided."""

    permitted: bool
    outcome: Outcome | None
    row: Row | None
    grant: Grant | None
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the table says to a question: the deciding row, and all rows as strict, which bind together.

    `required` are the elements that a grant must carry beyond what every grant names; `standing` is the decision as
    long as the person has said neither yes nor no.
    """

    row: Row | None
    rows: tuple[Row, ...]
    authorisation: Authorisation | None
    required: frozenset[str]
    obligations: tuple[Obligation, ...]
    standing: Decision

    @property
    def outcome(self) -> Outcome | None:
        return self.standing.outcome


Grants = Iterable[Grant | Restriction]
