"""One row of each table that a synthetic centre consists of."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple


class AgencyRow(NamedTuple):
    agency: str
    name: str
    kind: str
    counties: tuple[str, ...]
    services: tuple[str, ...]
    languages: tuple[str, ...]


class StaffRow(NamedTuple):
    """One training of one member of staff; a member without any has one row without date."""

    staff: str
    role: str
    site: str
    agency: str
    trained_on: date | None
    course: str | None


class ClientRow(NamedTuple):
    client: str
    site: str
    county: str
    age_band: str
    is_minor: bool
    gender: str
    race_ethnicity: str
    language: str
    payer: str
    first_contact_at: datetime
    referral_source: str
    protocol_version: str | None


class EventRow(NamedTuple):
    id: str
    client: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    actor_role: str
    agency: str
    data_class: str
    subject: str | None
    data: Mapping[str, object]
    supersedes: str | None


class ScoreRow(NamedTuple):
    client: str
    instrument: str
    taken_at: datetime
    total: int
    band: str
    prorated: bool
    occasion: int


class ItemRow(NamedTuple):
    """One answer; none if the person skipped the item."""

    client: str
    instrument: str
    taken_at: datetime
    item: str
    answer: int | None


class ReferralRow(NamedTuple):
    id: str
    client: str
    to_agency: str
    service: str
    urgency: str
    sent_at: datetime
    replied_at: datetime | None
    status: str
    outcome: str | None


class GrantRow(NamedTuple):
    id: str
    client: str
    recipient: str
    classes: tuple[str, ...]
    purpose: str
    valid_from: datetime
    valid_until: date
    withdrawn_at: datetime | None
