"""A legal hold: nothing of a client is erased while it stands; it is dated, reviewed and lifted (L-02)."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import Client, Staff

from . import sealing
from .models import Hold

#: A hold is looked at anew after so many days at the latest.
LONGEST_DAYS = 180


@transaction.atomic
def place(*, by: Staff, client: Client, why: str, review_on: date, process: UUID | None, now: datetime) -> Hold:
    """Keep everything of this client until the hold is lifted. Raises PeopleError for a review too late or past."""
    _soon(review_on, now)
    if not why.strip():
        raise PeopleError(_("Say why the record must be kept."))
    hold = Hold(
        agency_id=client.agency_id, client=client, process=process, began_at=now, began_by=by, review_on=review_on
    )
    sealing.seal(hold, {"why": why.strip()})
    hold.save(force_insert=True)
    return hold


@transaction.atomic
def review(*, by: Staff, hold: Hold, review_on: date, now: datetime) -> None:
    """It is still needed: look again on that day. Raises PeopleError when it was lifted, or the day is too late."""
    _soon(review_on, now)
    if hold.lifted_at is not None:
        raise PeopleError(_("This hold was lifted before."))
    hold.review_on, hold.reviewed_at, hold.reviewed_by = review_on, now, by
    hold.save(update_fields=["review_on", "reviewed_at", "reviewed_by"])


@transaction.atomic
def lift(*, by: Staff, hold: Hold, now: datetime) -> bool:
    """It is not needed any more. Erasures that waited run at the next `leeward vault erase-pending`."""
    if hold.lifted_at is not None:
        return False
    hold.lifted_at, hold.lifted_by = now, by
    hold.save(update_fields=["lifted_at", "lifted_by"])
    return True


def why_kept(client_id: UUID) -> str:
    """Why this client's record may not be erased or thrown away now; empty if it may. Asked as the administrator."""
    hold = Hold.objects.using("admin").filter(client_id=client_id, lifted_at=None).order_by("began_at").first()
    if hold is None:
        return ""
    return _("A legal hold stands since %(day)s. The erasure runs when it is lifted.") % {
        "day": hold.began_at.date().isoformat()
    }


def _soon(review_on: date, now: datetime) -> None:
    if not 0 < (review_on - now.date()).days <= LONGEST_DAYS:
        raise PeopleError(
            _("Choose a day for the next review within %(days)s days.") % {"days": LONGEST_DAYS},
            _("A hold that nobody looks at keeps a record for ever."),
        )
