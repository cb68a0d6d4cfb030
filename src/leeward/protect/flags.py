"""Whether somebody around a client still counts as one who may be behind it all, and how a mistake is mended (G-02).

A flag is lifted by two people: the care team asks, the privacy officer agrees. Nothing that ended by it comes back: who
should sign again is proposed anew, and what was shared is asked for anew.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import Role, Staff

from .models import (
    ControllerFlag,
    ControllerFlagLift,
    ControllerFlagLiftDecision,
    KnownPerson,
    Representation,
)


def standing(person: KnownPerson) -> QuerySet[ControllerFlag]:
    """The flag that stands on this person, if one does."""
    lifted = ControllerFlagLiftDecision.objects.filter(lift__flag=OuterRef("pk"), lifted=True)
    return ControllerFlag.objects.filter(~Exists(lifted), person=person)


def unflagged(proposals: QuerySet[Representation]) -> QuerySet[Representation]:
    """Those that no flag ended. A flag ends for good what was proposed before it was lifted, as in `standing.sql`."""
    lifted = ControllerFlagLiftDecision.objects.filter(
        lift__flag=OuterRef("pk"), lifted=True, decided_at__lte=OuterRef(OuterRef("proposed_at"))
    )
    return proposals.filter(~Exists(ControllerFlag.objects.filter(~Exists(lifted), person=OuterRef("person"))))


def waiting() -> QuerySet[ControllerFlagLift]:
    """Lifts that the care teams ask for and nobody has decided about, of the asker's agency."""
    undecided = ControllerFlagLift.objects.filter(decision__isnull=True)
    return undecided.select_related("client", "flag__person", "flag__recorded_by", "asked_by")


@transaction.atomic
def ask_to_lift(*, by: Staff, flag: ControllerFlag, reason: str, now: datetime) -> ControllerFlagLift:
    """Ask the privacy officer to lift a flag. It stands until they agree; asking again returns what waits.

    Raises PeopleError for a flag that was lifted before.
    """
    if not standing(flag.person).filter(pk=flag.pk).exists():
        raise PeopleError(_("This was taken back before."))
    waits = ControllerFlagLift.objects.filter(flag=flag, decision__isnull=True).first()
    if waits is not None:
        return waits
    asked = ControllerFlagLift(
        agency_id=flag.agency_id, client_id=flag.client_id, flag=flag, reason=reason, asked_at=now, asked_by=by
    )
    asked.save(force_insert=True)
    return asked


@transaction.atomic
def decide(*, by: Staff, asked: ControllerFlagLift, lifted: bool, now: datetime) -> bool:
    """The second person's answer; the database takes it from nobody else, nor from who asked.

    Raises PeopleError for others. A second decision changes nothing and returns False.
    """
    if by.role != Role.PRIVACY_OFFICER or by.pk == asked.asked_by_id:
        raise PeopleError(_("Only the privacy officer decides this."), _("It takes two people: not who asked."))
    if ControllerFlagLiftDecision.objects.filter(lift=asked).exists():
        return False
    ControllerFlagLiftDecision(
        agency_id=asked.agency_id, client_id=asked.client_id, lift=asked, lifted=lifted, decided_at=now, decided_by=by
    ).save(force_insert=True)
    return True
