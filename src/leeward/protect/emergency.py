"""Opening one record in an emergency, by somebody outside its care team (break-glass; threat model A-02).

One client, a typed reason, some minutes, only to read. It ends by itself, by the database's clock. The privacy officer
is told at once; somebody else says within 72 hours whether it was needed, or the program director hears of it. HIPAA
asks for such a procedure (45 CFR 164.312(a)(2)(ii)); how long and by whom is the house's rule.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leeward.people import opening, vault
from leeward.people.actions import searchable
from leeward.people.codes import read_code
from leeward.people.errors import PeopleError, SealBroken
from leeward.people.keyring import keyring
from leeward.people.models import Client, Role, Staff

from .holding import end_looks
from .models import AuditRecord, BreakGlass, BreakGlassEnd, BreakGlassReview, BreakGlassText

#: What the audit record names as the rule by which a page opened.
RULE = "emergency"
REVIEW_WITHIN = timedelta(hours=72)


class NotOpened(PeopleError):
    """There is no such record, or this person may not open it: nobody learns which."""

    def __init__(self) -> None:
        super().__init__(
            _("No record could be opened with this."),
            _("Check the case code, or the whole name and the year of birth. Else call the privacy officer."),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Who must be opened, and why. `typed` is a case code, or exactly the name that goes with `birth_year`."""

    typed: str
    birth_year: str
    reason: str
    minutes: int


@transaction.atomic
def break_glass(*, by: Staff, emergency: Emergency) -> BreakGlass:
    """Open the record for `by`, to read, for some minutes. Raises NotOpened.

    The database refuses whoever has not just proved that it is them (`step_up`).
    """
    value = searchable({"given_name": emergency.typed, "birth_year": emergency.birth_year}).get("person")
    digests = vault.digests("person", value) if value else []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT glass, client FROM ctx.break_glass(%s, %s::bytea[], %s)",
            [read_code(emergency.typed) or "", digests, emergency.minutes],
        )
        row = cursor.fetchone()
        if row is None:
            raise NotOpened()
        broken = BreakGlass(pk=row[0], client_id=row[1], agency_id=by.agency_id)
        why = _sealed(broken, BreakGlassText.About.REASON, emergency.reason)
        cursor.execute("SELECT ctx.give_reason(%s, %s, %s)", [broken.pk, bytes(why.wrapped), why.site_key_version])
    return BreakGlass.objects.select_related("client").get(pk=broken.pk, staff=by)


@transaction.atomic
def end(*, by: Staff, glass: BreakGlass, now: datetime) -> bool:
    """Close it before its time. Only whoever opened it, or the privacy officer; a second call returns False."""
    if glass.ends_at <= now or BreakGlassEnd.objects.filter(glass=glass).exists():
        return False
    end_looks(glass.staff_id)
    BreakGlassEnd(agency_id=glass.agency_id, client_id=glass.client_id, glass=glass, ended_at=now, ended_by=by).save(
        force_insert=True
    )
    return True


@transaction.atomic
def review(*, by: Staff, glass: BreakGlass, verdict: str, found: str, now: datetime) -> BreakGlassReview:
    """Say whether it was needed, and what follows. What is still open closes by it.

    Raises PeopleError for whoever opened it themselves, and when it was reviewed before.
    """
    if by.pk == glass.staff_id:
        raise PeopleError(_("You opened this record yourself."), _("Somebody else must review it."))
    if BreakGlassReview.objects.filter(glass=glass).exists():
        raise PeopleError(_("This was reviewed before."))
    end(by=by, glass=glass, now=now)
    reviewed = BreakGlassReview(
        agency_id=glass.agency_id,
        client_id=glass.client_id,
        glass=glass,
        reviewed_at=now,
        reviewed_by=by,
        verdict=verdict,
    )
    reviewed.save(force_insert=True)
    if found:
        _sealed(glass, BreakGlassText.About.REVIEW, found).save(force_insert=True)
    return reviewed


def running(by: Staff, now: datetime) -> list[BreakGlass]:
    """What `by` has open in an emergency at this moment, the first to end first."""
    if not by.gives_care:
        return []
    mine = BreakGlass.objects.filter(staff=by, ends_at__gt=now, end__isnull=True)
    # Not those of which they are on the team by now: that is no emergency any more.
    with connection.cursor() as cursor:
        found = list(mine.select_related("client").order_by("ends_at"))
        if not found:
            return []
        cursor.execute("SELECT ctx.broken_glass()")
        opened = {row[0] for row in cursor.fetchall()}
    return [glass for glass in found if glass.client_id in opened]


def of_client(client: Client) -> QuerySet[BreakGlass]:
    """Every time the record was opened in an emergency, newest first."""
    return BreakGlass.objects.filter(client=client).select_related("staff", "end", "review__reviewed_by")


def to_review(by: Staff) -> QuerySet[BreakGlass]:
    """What a privacy officer has to review, the oldest first: never what they opened themselves in another role."""
    if by.role != Role.PRIVACY_OFFICER:
        return BreakGlass.objects.none()
    waiting = BreakGlass.objects.filter(agency_id=by.agency_id, review__isnull=True).exclude(staff=by)
    return waiting.select_related("client", "staff", "end").order_by("opened_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreviewed:
    """An opening that nobody has reviewed in time: who did it and when, not whose record it was."""

    opened_by: Staff
    opened_at: datetime
    review_due: datetime


def unreviewed(by: Staff) -> list[Unreviewed]:
    """What should have been reviewed by now, the oldest first: for the program director, never what they opened."""
    if by.role != Role.PROGRAM_DIRECTOR:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT staff, opened_at FROM ctx.late_reviews() ORDER BY opened_at")
        rows = cursor.fetchall()
    staff = Staff.objects.in_bulk({opened_by for opened_by, _at in rows})
    return [
        Unreviewed(opened_by=staff[opened_by], opened_at=at, review_due=at + REVIEW_WITHIN) for opened_by, at in rows
    ]


def read_meanwhile(glass: BreakGlass) -> QuerySet[AuditRecord]:
    """What whoever opened it read of the record while it was open, oldest first."""
    records = AuditRecord.objects.filter(client_id=glass.client_id, staff_id=glass.staff_id, rule=RULE)
    return records.filter(at__gte=glass.opened_at, at__lte=glass.ends_at).order_by("id")


def review_due(glass: BreakGlass) -> datetime:
    """Until when somebody else must have looked at it."""
    return glass.opened_at + REVIEW_WITHIN


def over_at(glass: BreakGlass) -> datetime:
    """When it closes, or closed."""
    early: BreakGlassEnd | None = getattr(glass, "end", None)
    return min(early.ended_at, glass.ends_at) if early else glass.ends_at


def texts(glasses: Collection[BreakGlass]) -> Mapping[UUID, Mapping[str, str]]:
    """The words of each, by its id and what they are about. Raises SealBroken, VaultClosed."""
    opening.require()
    found: dict[UUID, dict[str, str]] = {}
    for row in BreakGlassText.objects.filter(glass__in=[glass.pk for glass in glasses]):
        try:
            words = keyring().unwrap(row.site_key_version, bytes(row.wrapped), row.binding).decode()
        except SealBroken:
            words = ""  # altered, or of a site key that is gone: the fact stays, and who
        found.setdefault(row.glass_id, {})[row.about] = words
    return found


def _sealed(glass: BreakGlass, about: str, words: str) -> BreakGlassText:
    ring = keyring()
    row = BreakGlassText(agency_id=glass.agency_id, client_id=glass.client_id, glass=glass, about=about)
    row.site_key_version = ring.current
    row.wrapped = ring.wrap(ring.current, words.encode(), row.binding)
    return row
