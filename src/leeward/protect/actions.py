"""What may happen to a permission: the survivor gives it, says no, or takes it back.

Never edited: a withdrawal is a row of its own and counts from its commit; a change is a new grant (C-07).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leeward import catalogue
from leeward.people import actions as people
from leeward.people import timeline, vault
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, CareTeamMember, Client, Staff, Whom
from leeward.rules import consent as rules

from . import audit
from .decision import representation
from .errors import NotPermitted
from .holding import end_looks, hold, hold_standing
from .models import (
    Barring,
    BarringLift,
    ConsentTalk,
    Disclosure,
    Grant,
    Interpreter,
    Representation,
    Restriction,
    RestrictionLift,
    TalkOutcome,
    Understood,
    Withdrawal,
)
from .notices import Carried
from .of_age import signing_age
from .outbox import actions as outbox
from .outbox.kinds import WITHDRAWN

#: Told of a permission and of those that held when it followed them: what stands open under them goes on under it. The
#: rooms that keep such things add themselves (`coordinate.apps`).
followed: list[Callable[[Grant, Sequence[Grant]], None]] = []
#: To be raised, here and in the law, whenever the words change that a survivor reads before a yes.
FORM_VERSION = "release-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How the talk was held (C-04). Without `explained_by` it was whoever records it.

    `says_of_age` is what the person said where their year of birth leaves it open; `representation` is of who signs
    with a minor.
    """

    interpreter: str = Interpreter.NONE
    explained_by: Staff | None = None
    witness: Staff | None = None
    understood: str = Understood.OWN_WORDS
    says_of_age: bool | None = None
    representation: Representation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the survivor said yes to, as it was said. `asked` are all classes that were spoken about."""

    recipient: Agency
    classes: frozenset[str]
    purpose: str
    last_day: date
    method: str
    language: str
    long_reason: str = ""
    asked: frozenset[str] = frozenset()
    told: Told = field(default_factory=Told)


def proposal(wish: Wish, *, client: Client, now: datetime) -> rules.Proposal:
    """The wish as the law reads it."""
    law = catalogue.law(settings.LEEWARD_LAW)
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    signer = wish.told.representation
    return rules.Proposal(
        classes=frozenset(rules.DataClass(name) for name in wish.classes),
        regimes=frozenset({rules.Regime(client.agency.regime)}),
        recipient_kind=rules.RecipientKind(wish.recipient.kind),
        purpose=rules.Purpose(wish.purpose),
        first_day=today,
        last_day=wish.last_day,
        elements=rules.elements_of(law, FORM_VERSION, rules.Method(wish.method), wish.language),
        reason=wish.long_reason,
        age=signing_age(client, today).minors_age(says_of_age=wish.told.says_of_age),
        representation=representation(signer) if signer else None,
        at=now,
        zone=settings.TIME_ZONE,
    )


def end_of(last_day: date) -> datetime:
    """The first moment after a permission: 00:00 of the next day by the site's clock (C-03)."""
    return datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))


@transaction.atomic
def grant(*, by: Staff, client: Client, wish: Wish, now: datetime) -> Grant:
    """Record the survivor's yes, and with it the no to whatever else was asked. An earlier yes to the same
    agency for the same purpose that gave more, or for longer, is taken back by it: the last word counts (C-07).

    Raises NotPermitted, with the law's rows, for what may not be granted at all, and PeopleError while they want
    nothing shared with this agency (such a yes would wake when the restriction is lifted), for a spoken yes without a
    witness, for one that somebody explained or heard whom they bar, and for one that outlasts whoever signs with a
    minor.
    """
    if Restriction.objects.filter(client=client, recipient=wish.recipient, lift__isnull=True).exists():
        raise PeopleError(
            _("They want nothing shared with this agency."), _("If they changed their mind, say so first.")
        )
    proposed = proposal(wish, client=client, now=now)
    _signed_well(wish, client)
    verdict = rules.may_grant(catalogue.law(settings.LEEWARD_LAW), proposed)
    if not verdict.permitted:
        raise NotPermitted(verdict.reasons)
    talk = _talk(by, client, wish.recipient, TalkOutcome.GRANTED, wish.told, wish.language, now)
    talk.purpose, talk.allowed, talk.asked = wish.purpose, sorted(wish.classes), sorted(wish.asked | wish.classes)
    talk.able, talk.age = True, proposed.age
    talk.save(force_insert=True)
    earlier = list(_holding(client, wish.recipient, now).filter(purpose=wish.purpose))
    given = Grant(
        agency_id=client.agency_id,
        client=client,
        talk=talk,
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
    for go_on in followed:
        go_on(given, earlier)
    for old in earlier:
        if old.ends_at > given.ends_at or not set(old.data_classes) <= set(given.data_classes):
            withdraw(by=by, given=old, now=now)
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


def _signed_well(wish: Wish, client: Client) -> None:
    told = wish.told
    with_them = [one for one in (told.explained_by, told.witness) if one is not None]
    if Barring.objects.filter(client=client, staff__in=with_them, lift__isnull=True).exists():
        raise PeopleError(_("The person does not want this colleague near their record."), _("Ask another colleague."))
    if wish.method == rules.Method.SPOKEN and told.witness is None:
        raise PeopleError(_("A spoken yes needs a witness."), _("Ask a colleague to listen, and choose their name."))
    if told.representation is not None and wish.last_day > told.representation.last_day:
        raise PeopleError(
            _("This is longer than the person who signs along may sign."), _("Choose an earlier last day.")
        )


def _holding(client: Client, recipient: Agency, now: datetime) -> QuerySet[Grant]:
    return Grant.objects.filter(client=client, recipient=recipient, ends_at__gt=now, withdrawal__isnull=True)


def _talk(
    by: Staff, client: Client, recipient: Agency, outcome: str, told: Told, language: str, now: datetime
) -> ConsentTalk:
    return ConsentTalk(
        agency_id=client.agency_id,
        client=client,
        recipient=recipient,
        outcome=outcome,
        language=language,
        form_version=FORM_VERSION,
        interpreter=told.interpreter,
        explained_by=told.explained_by or by,
        witness=told.witness,
        able=outcome == TalkOutcome.DECLINED,
        understood=told.understood if outcome == TalkOutcome.GRANTED else "",
        representation=told.representation,
        held_at=now,
        recorded_by=by,
    )


@transaction.atomic
def decline(
    *, by: Staff, client: Client, recipient: Agency, now: datetime, asked: Collection[str] = (), purpose: str = "",
    language: str = "", told: Told | None = None,
) -> ConsentTalk:  # fmt: skip
    """Record the survivor's no. It is an answer, and nothing is blocked by it (C-05); what they had allowed this agency
    ends with it. `asked` are the classes that were spoken about, none if they wanted to hear of none."""
    said = _talk(by, client, recipient, TalkOutcome.DECLINED, told or Told(), language or client.language, now)
    said.purpose, said.asked = purpose, sorted(asked)
    said.save(force_insert=True)
    for given in _holding(client, recipient, now):
        withdraw(by=by, given=given, now=now)
    timeline.append("consent.declined", client=client, by=by, now=now, data={"recipient": str(recipient.pk)})
    return said


@transaction.atomic
def put_off(
    *, by: Staff, client: Client, recipient: Agency, now: datetime, language: str, told: Told | None = None
) -> ConsentTalk:
    """The person can't decide freely now: in crisis, not sober, too tired, or under pressure. Nothing changes by it."""
    said = _talk(by, client, recipient, TalkOutcome.LATER, told or Told(), language, now)
    said.save(force_insert=True)
    return said


@transaction.atomic
def wish_for_interpreter(*, by: Staff, client: Client, recipient: Agency, language: str, now: datetime) -> ConsentTalk:
    """They want to talk in a language in which no form was approved: nothing can be granted in it (C-04)."""
    said = _talk(by, client, recipient, TalkOutcome.INTERPRETER, Told(), language, now)
    said.save(force_insert=True)
    return said


@transaction.atomic
def withdraw(*, by: Staff, given: Grant, now: datetime) -> bool:
    """Take a permission back, at once, and those whose place it took: the person was told that the newer answer counts.
    A second call changes nothing and returns False (F-03).

    What waits under it is never sent, and every agency that has received something under it is asked to confirm.
    """
    end_looks(given.recipient_id)
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
    same = _holding(given.client, given.recipient, now).filter(purpose=given.purpose)
    for earlier in same.filter(pk__lt=given.pk):  # ids are in the order of time
        withdraw(by=by, given=earlier, now=now)
    return True


@transaction.atomic
def restrict(*, by: Staff, client: Client, recipient: Agency, now: datetime) -> Restriction:
    """Never share anything with this agency: beats every permission, and takes back those that hold (C-08)."""
    standing = Restriction.objects.filter(client=client, recipient=recipient, lift__isnull=True).first()
    if standing is not None:
        return standing
    no = Restriction(agency_id=client.agency_id, client=client, recipient=recipient, starts_at=now, recorded_by=by)
    no.save(force_insert=True)
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
    end_looks(person.pk)
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

    client: Whom
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
            client_id=copy.client.pk,
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
