"""What may happen to a permission: the survivor gives it, says no, or takes it back.

Never edited: a withdrawal is a row of its own and counts from its commit; a change is a new grant (C-07).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from leeward import catalogue
from leeward.people import actions as people
from leeward.people import timeline, vault
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, CareTeamMember, Client, Staff
from leeward.rules import consent as rules

from . import audit
from .errors import NotPermitted
from .holding import hold, hold_standing
from .models import Barring, BarringLift, Disclosure, Grant, Restriction, RestrictionLift, Withdrawal
from .notices import Carried
from .outbox import actions as outbox
from .outbox.kinds import WITHDRAWN

FORM_VERSION = "release-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the survivor said yes to, as it was said."""

    recipient: Agency
    classes: frozenset[str]
    purpose: str
    last_day: date
    method: str
    language: str
    long_reason: str = ""


def proposal(wish: Wish, *, holder: Agency, today: date) -> rules.Proposal:
    """The wish as the law reads it."""
    law = catalogue.law(settings.LEEWARD_LAW)
    return rules.Proposal(
        classes=frozenset(rules.DataClass(name) for name in wish.classes),
        regimes=frozenset({rules.Regime(holder.regime)}),
        recipient_kind=rules.RecipientKind(wish.recipient.kind),
        purpose=rules.Purpose(wish.purpose),
        first_day=today,
        last_day=wish.last_day,
        elements=rules.elements_of(law, FORM_VERSION, rules.Method(wish.method)),
        reason=wish.long_reason,
    )


def end_of(last_day: date) -> datetime:
    """The first moment after a permission: 00:00 of the next day by the site's clock (C-03)."""
    return datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))


@transaction.atomic
def grant(*, by: Staff, client: Client, wish: Wish, now: datetime) -> Grant:
    """Record the survivor's yes.

    Raises NotPermitted, with the law's rows, for what may not be granted at all, and PeopleError while they want
    nothing shared with this agency: such a yes would wake when the restriction is lifted.
    """
    if Restriction.objects.filter(client=client, recipient=wish.recipient, lift__isnull=True).exists():
        raise PeopleError(
            _("They want nothing shared with this agency."), _("If they changed their mind, say so first.")
        )
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    verdict = rules.may_grant(catalogue.law(settings.LEEWARD_LAW), proposal(wish, holder=client.agency, today=today))
    if not verdict.permitted:
        raise NotPermitted(verdict.reasons)
    given = Grant(
        agency_id=client.agency_id,
        client=client,
        recipient=wish.recipient,
        data_classes=sorted(wish.classes),
        purpose=wish.purpose,
        starts_at=now,
        last_day=wish.last_day,
        ends_at=end_of(wish.last_day),
        granted_at=now,
        recorded_by=by,
        method=wish.method,
        language=wish.language,
        form_version=FORM_VERSION,
        law_row=", ".join(sorted({r.row.id for r in verdict.requirements if r.row is not None}))[:60],
    )
    if wish.long_reason:
        given.long_reason = vault.seal(client, f"grant:{given.pk}:reason", wish.long_reason)
    given.save(force_insert=True)
    timeline.append(
        "consent.granted",
        client=client,
        by=by,
        now=now,
        data={
            "recipient": str(wish.recipient.pk),
            "classes": sorted(wish.classes),
            "purpose": wish.purpose,
            "until": wish.last_day.isoformat(),
        },
    )
    return given


@transaction.atomic
def decline(*, by: Staff, client: Client, recipient: Agency, now: datetime) -> None:
    """Record the survivor's no. It is an answer: nothing else changes, and nothing is blocked by it (C-05)."""
    timeline.append("consent.declined", client=client, by=by, now=now, data={"recipient": str(recipient.pk)})


@transaction.atomic
def withdraw(*, by: Staff, given: Grant, now: datetime) -> bool:
    """Take a permission back, at once. A second call changes nothing and returns False (F-03).

    What waits under it is never sent, and every agency that has received something under it is asked to confirm.
    """
    hold(given.pk, alone=True)
    if Withdrawal.objects.filter(grant=given).exists():
        return False
    Withdrawal(
        agency_id=given.agency_id, client_id=given.client_id, grant=given, withdrawn_at=now, recorded_by=by
    ).save(force_insert=True)
    outbox.take_back(given, now=now)
    for received in Agency.objects.filter(pk__in=Disclosure.objects.filter(grant=given).values("recipient")):
        once = f"{WITHDRAWN.code}:{given.pk}:{received.pk}"
        outbox.queue(by=by, client=given.client, kind=WITHDRAWN, once=once, to=received, given=given, now=now)
    timeline.append(
        "consent.withdrawn", client=given.client, by=by, now=now, data={"recipient": str(given.recipient_id)}
    )
    return True


@transaction.atomic
def restrict(*, by: Staff, client: Client, recipient: Agency, now: datetime) -> Restriction:
    """Never share anything with this agency: beats every permission, and takes back those that hold (C-08)."""
    standing = Restriction.objects.filter(client=client, recipient=recipient, lift__isnull=True).first()
    if standing is not None:
        return standing
    no = Restriction(agency_id=client.agency_id, client=client, recipient=recipient, starts_at=now, recorded_by=by)
    no.save(force_insert=True)
    for given in Grant.objects.filter(client=client, recipient=recipient, ends_at__gt=now, withdrawal__isnull=True):
        withdraw(by=by, given=given, now=now)
    decline(by=by, client=client, recipient=recipient, now=now)
    return no


@transaction.atomic
def lift(*, by: Staff, restriction: Restriction, now: datetime) -> bool:
    """They may be asked about this agency again. No permission comes back by it. A second call returns False."""
    if RestrictionLift.objects.filter(restriction=restriction).exists():
        return False
    RestrictionLift(
        agency_id=restriction.agency_id,
        client_id=restriction.client_id,
        restriction=restriction,
        lifted_at=now,
        recorded_by=by,
    ).save(force_insert=True)
    return True


@transaction.atomic
def bar(*, by: Staff, client: Client, person: Staff, now: datetime) -> Barring:
    """This person must never see the record, whatever their role, and leaves the care team (A-03).

    Raises PeopleError if somebody would bar themselves, or nobody would stay on the team.
    """
    if person.pk == by.pk:
        raise PeopleError(_("You can't enter this about yourself."), _("Ask a colleague to do it."))
    standing = Barring.objects.filter(client=client, staff=person, lift__isnull=True).first()
    if standing is not None:
        return standing
    if CareTeamMember.objects.filter(client=client, staff=person, until__isnull=True).exists():
        people.leave_team(client=client, colleague=person, now=now)
    barred = Barring(agency_id=client.agency_id, client=client, staff=person, barred_at=now, recorded_by=by)
    barred.save(force_insert=True)
    return barred


@transaction.atomic
def unbar(*, by: Staff, barring: Barring, now: datetime) -> bool:
    """The survivor changed their mind. It puts nobody on a team. A second call returns False."""
    if BarringLift.objects.filter(barring=barring).exists():
        return False
    BarringLift(
        agency_id=barring.agency_id, client_id=barring.client_id, barring=barring, lifted_at=now, recorded_by=by
    ).save(force_insert=True)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What is about to leave: to whom, under which permission, which fields of which classes, with which notices."""

    client: Client
    recipient: Agency
    given: Grant
    carried: Carried
    #: Those of `carried.classes` of which something leaves.
    classes: frozenset[str]
    fields: frozenset[str]


@transaction.atomic
def disclose(*, by: Staff, copies: Collection[Copy], exit_name: str, now: datetime) -> list[Disclosure]:
    """Note on each survivor's list what leaves, to whom and why, before it leaves (T3).

    Raises NotPermitted if a copy holds a class for which nothing was carried, and TakenBack if a permission was taken
    back in this very moment: then nothing may leave.
    """
    hold_standing([copy.given.pk for copy in copies])
    if lacking := [copy for copy in copies if not copy.classes <= copy.carried.classes]:
        raise NotPermitted(lacking[0].carried.refusals)
    noted = Disclosure.objects.bulk_create(
        Disclosure(
            agency_id=copy.client.agency_id,
            client=copy.client,
            recipient=copy.recipient,
            recipient_staff=by if by.agency_id == copy.recipient.pk else None,
            grant=copy.given,
            basis=copy.carried.basis,
            purpose=copy.given.purpose,
            data_classes=sorted(copy.classes),
            fields=sorted(copy.fields),
            notices=sorted(notice.code for notice in copy.carried.notices),
            exit=exit_name,
            disclosed_at=now,
        )
        for copy in copies
    )
    for copy in copies:
        fields = tuple(sorted(copy.classes))
        audit.saw(
            by=by,
            action=f"disclosed {exit_name}",
            client_id=copy.client.pk,
            fields=fields,
            rule=copy.carried.basis[:80],
        )
    return noted
