"""Records that nobody outside their care team may learn of: of colleagues, of whom many know, of whom somebody seeks.

Outside the team the answer is the one for somebody unknown: in searches, lists, counts, late steps and the look before
a record is opened. The privacy officer keeps the case code, to oversee; partners keep what the survivor allowed them.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import Client, Staff

from .models import Concealment, ConcealmentLift

#: Nothing stays hidden for longer than this before somebody asks whether it still must be.
LONGEST = timedelta(days=366)


@transaction.atomic
def conceal(*, by: Staff, client: Client, reason: str, review_on: date, now: datetime) -> Concealment:
    """Hide the record from everybody outside its care team. One that is hidden already gets the new reason and day.

    Raises PeopleError for a day that is past or more than a year away.
    """
    today = timezone.localdate(now)
    if not today < review_on <= today + LONGEST:
        raise PeopleError(
            _("Choose a day within the next year."), _("On that day somebody asks if it is still needed.")
        )
    for standing in hidden(client):
        show(by=by, concealment=standing, now=now)
    row = Concealment(
        agency_id=client.agency_id, client=client, reason=reason, concealed_at=now, recorded_by=by, review_on=review_on
    )
    row.save(force_insert=True)
    return row


@transaction.atomic
def show(*, by: Staff, concealment: Concealment, now: datetime) -> bool:
    """The record is found again like any other. A second call changes nothing and returns False."""
    if ConcealmentLift.objects.filter(concealment=concealment).exists():
        return False
    ConcealmentLift(
        agency_id=concealment.agency_id,
        client_id=concealment.client_id,
        concealment=concealment,
        lifted_at=now,
        recorded_by=by,
    ).save(force_insert=True)
    return True


def hidden(client: Client) -> QuerySet[Concealment]:
    """Why and since when the record is hidden; nothing when it is not."""
    return Concealment.objects.filter(client=client, lift__isnull=True).select_related("recorded_by")


def overseen(by: Staff) -> QuerySet[Concealment]:
    """Every hidden record of the agency, the first to review first: for the privacy officer."""
    standing = Concealment.objects.filter(agency_id=by.agency_id, lift__isnull=True)
    return standing.select_related("client", "recorded_by").order_by("review_on")
