"""What may be read of permissions, disclosures and the audit record: always what the database lets the asker see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, QuerySet

from leeward import catalogue
from leeward.people import queries as people
from leeward.people import vault
from leeward.people.errors import SealBroken
from leeward.people.models import Agency, AgencyKind, Client, Role, Staff, Whom
from leeward.rules import consent as rules

from .decision import decided, records_of
from .models import (
    AuditRecord,
    Barring,
    ConsentTalk,
    DataClass,
    Disclosure,
    Grant,
    Restriction,
    Suspension,
    TalkOutcome,
)
from .words import part_read

#: What a survivor is asked about; the rest never leaves the centre on a permission.
ASKED = (
    DataClass.EXISTENCE,
    DataClass.IDENTITY,
    DataClass.CONTACT,
    DataClass.REFERRAL,
    DataClass.CASE,
    DataClass.CLINICAL,
    DataClass.LOCATION,
)


def grants_of(client: Client) -> QuerySet[Grant]:
    """Every permission of the client, newest first, taken-back ones included."""
    return Grant.objects.filter(client=client).select_related("recipient", "withdrawal", "recorded_by", "talk")


def active(grants: QuerySet[Grant], now: datetime) -> QuerySet[Grant]:
    """Those that hold at `now`."""
    return grants.filter(starts_at__lte=now, ends_at__gt=now, withdrawal__isnull=True)


def covering(*, client: Client, recipient: Agency, classes: set[str], now: datetime) -> Grant | None:
    """An active grant to the recipient under which every one of these classes may be shared, the longest first."""
    held = active(grants_of(client).filter(recipient=recipient, data_classes__contains=sorted(classes)), now)
    for given in held.order_by("-ends_at"):
        if all(
            decided(client=client, recipient=recipient, data_class=name, purpose=given.purpose, at=now).permitted
            for name in classes
        ):
            return given
    return None


def open_talks(client: Client) -> list[ConsentTalk]:
    """The last talk about each agency, where it was put off or waits for an interpreter."""
    last: dict[object, ConsentTalk] = {}
    for talk in ConsentTalk.objects.filter(client=client).select_related("recipient"):
        last.setdefault(talk.recipient_id, talk)
    waiting = (TalkOutcome.LATER, TalkOutcome.INTERPRETER)
    return [talk for talk in last.values() if talk.outcome in waiting]


def opened_to(client: Whom, recipient: Agency, purpose: str) -> frozenset[str]:
    """The classes of the client's data that the recipient may have now for this purpose, as row security decides it.

    For the recipient's own staff, and for the client's care team, who show the person beforehand what it would be.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT data_class FROM ctx.opened_to(%s, %s, %s)", [client.pk, recipient.pk, purpose])
        return frozenset(row[0] for row in cursor.fetchall())


def allowed_at(client: Client, at: datetime) -> list[tuple[Agency, list[str]]]:
    """What each agency was allowed to have at a moment, decided on what was known by then: one answer (C-07)."""
    records = records_of(client, as_of=at)
    found: list[tuple[Agency, list[str]]] = []
    for recipient in partners():
        purposes = {
            record.purpose
            for record in records
            if isinstance(record, rules.Grant) and record.recipient == str(recipient.pk)
        }
        classes = [
            name.value
            for name in ASKED
            if any(
                decided(
                    client=client, recipient=recipient, data_class=name, purpose=purpose, at=at, records=records
                ).grant
                for purpose in purposes
            )
        ]
        if classes:
            found.append((recipient, classes))
    return found


def restrictions(client: Client) -> QuerySet[Restriction]:
    """What is never to be shared, as long as it is not lifted, newest first."""
    return Restriction.objects.filter(client=client, lift__isnull=True).select_related("recipient")


def barred(client: Client) -> QuerySet[Barring]:
    """Who must never see the record, as long as it is not lifted."""
    return Barring.objects.filter(client=client, lift__isnull=True).select_related("staff")


def colleagues(by: Staff, client: Client) -> QuerySet[Staff]:
    """Active staff of the asker's agency, but for whom the person bars: who may have a part in this record (A-03)."""
    return people.colleagues(by).exclude(pk__in=barred(client).values("staff_id"))


def requirements(*, holder: Agency, recipient: Agency, purpose: str) -> dict[str, rules.Requirement]:
    """What the law asks for each class that a survivor is asked about."""
    needed = rules.required_consent(
        catalogue.law(settings.LEEWARD_LAW),
        [rules.DataClass(name.value) for name in ASKED],
        frozenset({rules.Regime(holder.regime)}),
        rules.RecipientKind(recipient.kind),
        rules.Purpose(purpose),
    )
    return {requirement.data_class.value: requirement for requirement in needed}


def partners() -> QuerySet[Agency]:
    """Agencies that something could be shared with."""
    return Agency.objects.exclude(kind=AgencyKind.CENTRE)


def accesses(client: Client) -> QuerySet[AuditRecord]:
    """Who read or wrote the client's record, newest first."""
    return AuditRecord.objects.filter(client_id=client.pk).select_related("staff")


def disclosures(client: Client) -> QuerySet[Disclosure]:
    """What left about the client, newest first."""
    return Disclosure.objects.filter(client=client).select_related("recipient", "recipient_staff")


#: For so many years a person may ask what was shared (45 CFR 164.528(a)(1)).
ACCOUNTED_YEARS = 6


def withheld(now: datetime) -> QuerySet[Suspension]:
    """Officials' statements that run now, as far as the asker may see them."""
    return Suspension.objects.filter(ends_at__gt=now)


def accounted(now: datetime, *, client: Client | None = None, for_the_person: bool) -> QuerySet[Disclosure]:
    """What left in the last six years, newest first. The person's own list lacks what an official's statement keeps off
    it for now; the database keeps it off the care team's lists as well (V-07)."""
    since = now.replace(year=now.year - ACCOUNTED_YEARS, day=min(now.day, 28))
    left = Disclosure.objects.filter(disclosed_at__gte=since).select_related("client", "recipient", "recipient_staff")
    if client is not None:
        left = left.filter(client=client)
    if for_the_person:
        left = left.exclude(process__in=withheld(now).values("process"))
    return left.order_by("-disclosed_at", "-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Everything that one recipient got for one reason, as one line: first, last, how often (45 CFR 164.528(b)(3))."""

    to: str
    purpose: str
    compelled: bool
    classes: tuple[str, ...]
    first: datetime
    last: datetime
    times: int


def summed_up(left: Iterable[Disclosure]) -> list[Shared]:
    """The disclosures by recipient and reason, newest first. Each is in exactly one line."""
    groups: dict[tuple[str, str, UUID | None], list[Disclosure]] = {}
    for one in left:
        groups.setdefault((to_whom(one), one.purpose, one.process), []).append(one)
    return [
        Shared(
            to=to,
            purpose=purpose,
            compelled=process is not None,
            classes=tuple(sorted({name for one in group for name in one.data_classes})),
            first=min(one.disclosed_at for one in group),
            last=max(one.disclosed_at for one in group),
            times=len(group),
        )
        for (to, purpose, process), group in groups.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How often somebody read one part of a record, in plain words, and when last."""

    who: str
    role: str
    what: str
    times: int
    last: datetime


def looks(client: Client, now: datetime) -> list[Look]:
    """Who of the centre read what of the record in the last six years, for the person themselves, the latest first.

    It lacks what an official's statement keeps off their list for now, as `accounted` does (V-07).
    """
    since = now.replace(year=now.year - ACCOUNTED_YEARS, day=min(now.day, 28))
    read = accesses(client).filter(
        agency_id=client.agency_id, at__gte=since, action__startswith="read ", staff__isnull=False
    )
    if withheld(now).filter(client=client).exists():
        read = read.exclude(action__startswith="read legal")
    groups = read.order_by().values_list("staff", "staff__display_name", "staff__role", "action", "rule")
    found: dict[tuple[UUID, str], Look] = {}
    for staff, who, role, action, rule, times, last in groups.annotate(times=Count("id"), last=Max("at")):
        what = part_read(action, rule)  # several pages are one part in plain words
        if (same := found.get((staff, what))) is not None:
            times, last = times + same.times, max(last, same.last)
        found[staff, what] = Look(who=who, role=str(Role(role).label), what=what, times=times, last=last)
    return sorted(found.values(), key=lambda look: look.last, reverse=True)


def to_whom(disclosure: Disclosure) -> str:
    """The recipient's name; of somebody who is not in the directory as far as the reader may open it."""
    if disclosure.recipient is not None:
        return disclosure.recipient.name
    if disclosure.recipient_name is None:
        return ""
    try:
        place = f"disclosure:{disclosure.pk}:recipient"
        return vault.open_sealed(disclosure.client, place, disclosure.recipient_name)
    except SealBroken:
        return ""


def recent_accesses(by: Staff) -> QuerySet[AuditRecord]:
    """The newest accesses at the asker's agency."""
    return AuditRecord.objects.filter(agency_id=by.agency_id).select_related("staff")
