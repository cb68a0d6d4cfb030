"""What may happen to training: a leader records that somebody completed a course."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from leeward.people.models import Completion, Staff


@transaction.atomic
def complete(
    *, by: Staff, colleague: Staff, course: str, on: date, hours: Decimal | None = None, before: int | None = None,
    after: int | None = None,
) -> Completion:  # fmt: skip
    """Record a completed course. The same course on the same day is recorded once."""
    present = Completion.objects.filter(staff=colleague, course=course, completed_on=on).first()
    if present is not None:
        return present
    done = Completion(
        agency_id=colleague.agency_id,
        staff=colleague,
        course=course,
        completed_on=on,
        hours=hours,
        score_before=before,
        score_after=after,
        recorded_by=by,
    )
    done.save(force_insert=True)
    return done
