"""What may happen to a client's record: register, correct who they are, form the care team, record an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from leeward.rules import contact as rules

from . import pathway, timeline, vault
from .errors import PeopleError
from .models import BlindIndex, CareTeamMember, Client, ContactRule, Escalation, Event, IdentityField, Staff

#: Which class of data each fact of the vault is: it decides which partner may ever have it.
IDENTITY_FIELDS: Mapping[str, str] = {
    "given_name": "identity",
    "family_name": "identity",
    "birth_year": "identity",
    "address": "location",
    "phone": "contact",
    "contact_method": "contact",
    "contact_hours": "contact",
    "contact_notes": "contact",
    "code_word": "safety",
}
#: When one of these changes, nothing is sent until they are asked again how they may be reached.
REACHING_FIELDS = ("phone", "contact_method", "contact_hours", "contact_notes", "code_word")
OLDEST = 120
ADULT = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a person at first contact."""

    identity: Mapping[str, str]
    birth_year: int | None
    language: str
    county: str
    source: str


@transaction.atomic
def register(*, by: Staff, arrival: Arrival, now: datetime) -> Client:
    """Open a record: a case code, the sealed identity, the first event; the registrar is first on the care team.

    Raises PeopleError when `by` gives no care.
    """
    if not by.gives_care:
        raise PeopleError(_("Only care staff can open a record."))
    definition = pathway.in_force(by.agency_id, settings.LEEWARD_PROTOCOL)
    client = Client(
        agency_id=by.agency_id,
        language=arrival.language,
        county=arrival.county,
        protocol=definition.name,
        protocol_version=definition.version,
        created_at=now,
        created_by=by,
    )
    client.save(force_insert=True)
    CareTeamMember(agency_id=by.agency_id, client=client, staff=by, since=now, added_by=by).save(force_insert=True)
    key, row = vault.new_data_key(client)
    row.save(force_insert=True)
    _write_identity(client, key, {**arrival.identity, "birth_year": str(arrival.birth_year or "")})
    data: dict[str, object] = {"language": arrival.language, "county": arrival.county, "source": arrival.source}
    if arrival.birth_year is not None:
        age = now.year - arrival.birth_year
        # Only the year is asked: who may still be a minor is treated as one (the year of the 18th birthday counts).
        data |= {"age_at_contact": age, "is_minor": age <= ADULT}
    timeline.append("client.registered", client=client, by=by, now=now, data=data)
    return client


@transaction.atomic
def correct_identity(*, client: Client, changes: Mapping[str, str]) -> None:
    """Replace facts in the vault; an empty value removes the fact. Unknown fields raise KeyError."""
    Client.objects.select_for_update().get(pk=client.pk)
    before = vault.identity(client)
    after = {**before, **changes}
    _write_identity(client, vault.data_key(client.pk), after)
    if any(before.get(field, "") != after.get(field, "") for field in REACHING_FIELDS):
        ContactRule.objects.filter(client=client, ended_at__isnull=True).update(ended_at=Now())


@transaction.atomic
def set_contact_rule(*, by: Staff, client: Client, rule: rules.ContactRule, now: datetime) -> ContactRule:
    """How they may be reached from now on, instead of what was said before."""
    Client.objects.select_for_update().get(pk=client.pk)
    ContactRule.objects.filter(client=client, ended_at__isnull=True).update(ended_at=now)
    said = ContactRule(
        agency_id=client.agency_id,
        client=client,
        channel=rule.channel,
        answered_by=rule.answered_by,
        asks_code_word=rule.asks_code_word,
        days=sorted(rule.days),
        opens=rule.opens,
        closes=rule.closes,
        last_day=rule.last_day,
        set_at=now,
        set_by=by,
    )
    said.save(force_insert=True)
    return said


@transaction.atomic
def join_team(*, by: Staff, client: Client, colleague: Staff, now: datetime) -> None:
    """Put a colleague of the same agency on the care team; doing it twice changes nothing."""
    if colleague.agency_id != client.agency_id or not colleague.gives_care:
        raise PeopleError(_("Only care staff of this agency can be on the team."))
    if not CareTeamMember.objects.filter(client=client, staff=colleague, until__isnull=True).exists():
        CareTeamMember(agency_id=client.agency_id, client=client, staff=colleague, since=now, added_by=by).save(
            force_insert=True
        )


@transaction.atomic
def leave_team(*, client: Client, colleague: Staff, now: datetime) -> None:
    """End a colleague's membership; the last one can't leave, so no record is without a reader."""
    current = CareTeamMember.objects.filter(client=client, until__isnull=True)
    if current.exclude(staff=colleague).count() == 0:
        raise PeopleError(_("Somebody must stay on the team."), _("Add a colleague first."))
    current.filter(staff=colleague).update(until=now)


@transaction.atomic
def record(
    *,
    by: Staff,
    client: Client,
    kind: str,
    now: datetime,
    at: datetime | None = None,
    data: Mapping[str, object] | None = None,
) -> Event:
    """Record an event that has no page of its own. Raises BadEvent or NotYet."""
    return timeline.append(kind, client=client, by=by, now=now, at=at, data=data)


@transaction.atomic
def see_late_step(*, by: Staff, escalation: UUID, now: datetime) -> bool:
    """Note that `by` has seen that a step is late; False if it did not reach them or a colleague was first."""
    unseen = Escalation.objects.filter(pk=escalation, role=by.role, seen_at__isnull=True)
    return unseen.update(seen_at=now, seen_by=by) == 1


@transaction.atomic
def unsee_late_step(*, by: Staff, escalation: UUID) -> bool:
    """Put a late step back on the list; False if it did not reach `by`."""
    return Escalation.objects.filter(pk=escalation, role=by.role).update(seen_at=None, seen_by=None) == 1


def _write_identity(client: Client, key: bytes, facts: Mapping[str, str]) -> None:
    IdentityField.objects.filter(client=client).delete()
    IdentityField.objects.bulk_create(
        IdentityField(
            agency_id=client.agency_id,
            client=client,
            field=field,
            data_class=IDENTITY_FIELDS[field],
            sealed=vault.seal_with(key, client.pk, f"identity:{field}", value),
        )
        for field, value in facts.items()
        if value
    )
    BlindIndex.objects.filter(client=client).delete()
    BlindIndex.objects.bulk_create(vault.index_row(client, field, value) for field, value in searchable(facts).items())


def searchable(facts: Mapping[str, str]) -> dict[str, str]:
    """What can be searched exactly: the whole name, the name with the birth year, the phone. Never a year alone."""
    name = f"{facts.get('given_name', '')} {facts.get('family_name', '')}".strip()
    digits = "".join(c for c in facts.get("phone", "") if c.isdigit())
    found = {"name": name} if name else {}
    if name and facts.get("birth_year"):
        found["person"] = f"{name} {facts['birth_year']}"
    if len(digits) >= 7:
        found["phone"] = digits
    return found
