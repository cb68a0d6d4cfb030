"""Looking at odd reading afterwards: the privacy officer, and never at their own."""

from datetime import datetime

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import Role, Staff
from leeward.protect.models import AuditRecord, OddReading, OddReadingReview


def waiting(by: Staff) -> QuerySet[OddReading]:
    """What nobody has looked at since it was last added to, the oldest first: never what `by` read themselves."""
    if by.role != Role.PRIVACY_OFFICER:
        return OddReading.objects.none()
    of_others = OddReading.objects.filter(~Q(staff=by), agency_id=by.agency_id).select_related("staff")
    seen = of_others.annotate(seen=Coalesce(Max("reviews__looks"), 0))
    return seen.filter(looks__gt=F("seen")).order_by("day", "pk")


def what_was_read(odd: OddReading) -> QuerySet[AuditRecord]:
    """The records of the audit that it is about, oldest first."""
    return AuditRecord.objects.filter(pk__in=odd.records).order_by("pk")


def review(*, by: Staff, odd: OddReading, verdict: str, now: datetime) -> OddReadingReview:
    """Say whether it was part of their work. Raises PeopleError for one's own reading and where nothing is new."""
    if odd.staff_id == by.pk:
        raise PeopleError(_("You read this yourself."), _("Somebody else must look at it."))
    if not waiting(by).filter(pk=odd.pk).exists():
        raise PeopleError(_("This was reviewed before."))
    done = OddReadingReview(
        agency_id=odd.agency_id, odd=odd, looks=odd.looks, verdict=verdict, reviewed_at=now, reviewed_by=by
    )
    done.save(force_insert=True)
    return done
