"""Who may sign with a minor: proposed by the care team, decided by the privacy officer. By default nobody.

A guardian may be the one behind it all (34 USC 12291(b)(2)(B)(ii): never the abuser of the minor, or of the other
parent; 45 CFR 164.502(g)(5)). So nobody stands by being a parent, and a flag ends everything at once.
"""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from leeward.people import vault
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Role, Staff

from . import actions, flags
from .models import (
    ControllerFlag,
    Grant,
    KnownPerson,
    Representation,
    RepresentationDecision,
    RepresentationEnd,
)
from .of_age import signing_age


def known_people(client: Client) -> list[tuple[KnownPerson, str]]:
    """The people around the client whom the team has written down, each with their name."""
    people = list(KnownPerson.objects.filter(client=client).prefetch_related("flags__lifts__decision"))
    return [(person, vault.open_sealed(client, f"known_person:{person.pk}:name", person.name)) for person in people]


def standing(client: Client, now: datetime) -> QuerySet[Representation]:
    """Who may sign with the client at `now`."""
    return flags.unflagged(
        Representation.objects.filter(
            client=client,
            decision__allowed=True,
            decision__decided_at__lte=now,
            ends_at__gt=now,
            end__isnull=True,
        ).select_related("person", "decision")
    )


def waiting(now: datetime) -> QuerySet[Representation]:
    """What nobody has decided about yet, of the asker's agency."""
    return flags.unflagged(
        Representation.objects.filter(Q(decision__isnull=True) & Q(end__isnull=True), ends_at__gt=now).select_related(
            "client", "person", "proposed_by"
        )
    )


@transaction.atomic
def add_person(*, by: Staff, client: Client, name: str, relation: str, now: datetime) -> KnownPerson:
    """Write down somebody around the client. Who is there already under this name stays who they are, flag included."""
    for person, known_as in known_people(client):
        if vault.canonical(known_as) == vault.canonical(name):
            return person
    person = KnownPerson(agency_id=client.agency_id, client=client, relation=relation, added_at=now, recorded_by=by)
    person.name = vault.seal(client, f"known_person:{person.pk}:name", name)
    person.save(force_insert=True)
    return person


@transaction.atomic
def propose(
    *, by: Staff, client: Client, person: KnownPerson, proof: str, classes: Collection[str], last_day: date,
    now: datetime,
) -> Representation:  # fmt: skip
    """Ask the privacy officer whether this person may sign with the minor.

    Raises PeopleError for a person who may be behind it all, for a client who is of age, whose year of birth is not
    known, or who comes of age before `last_day`.
    """
    if flags.standing(person).exists():
        raise PeopleError(_("This person can’t be proposed."), _("Choose somebody else, or ask the privacy officer."))
    last_as_minor = signing_age(client, timezone.localdate(now)).last_day_as_minor
    if last_as_minor is None:
        raise PeopleError(_("The year of birth is not known."), _("Enter it first: nobody signs for a person of age."))
    if last_day > last_as_minor:
        raise PeopleError(
            _("The person comes of age before that day."),
            _("Choose %(day)s or earlier.") % {"day": date_format(last_as_minor)},
        )
    proposed = Representation(
        agency_id=client.agency_id,
        client=client,
        person=person,
        proof=proof,
        data_classes=sorted(classes),
        last_day=last_day,
        ends_at=actions.end_of(last_day),
        proposed_at=now,
        proposed_by=by,
    )
    proposed.save(force_insert=True)
    return proposed


@transaction.atomic
def decide(*, by: Staff, proposed: Representation, allowed: bool, now: datetime) -> bool:
    """The privacy officer's yes or no; the database takes it from nobody else, nor from who proposed it (G-01).

    Raises PeopleError for others. A second decision changes nothing and returns False.
    """
    if by.role != Role.PRIVACY_OFFICER or by.pk == proposed.proposed_by_id:
        raise PeopleError(_("Only the privacy officer decides this."))
    if RepresentationDecision.objects.filter(representation=proposed).exists():
        return False
    RepresentationDecision(
        agency_id=proposed.agency_id,
        client_id=proposed.client_id,
        representation=proposed,
        allowed=allowed,
        decided_at=now,
        decided_by=by,
    ).save(force_insert=True)
    return True


@transaction.atomic
def end(*, by: Staff, ended: Representation, now: datetime) -> bool:
    """From now on this person signs nothing, and what was given with their signature is taken back. Again: False."""
    if RepresentationEnd.objects.filter(representation=ended).exists():
        return False
    RepresentationEnd(
        agency_id=ended.agency_id, client_id=ended.client_id, representation=ended, ended_at=now, recorded_by=by
    ).save(force_insert=True)
    signed = Grant.objects.filter(talk__representation=ended, ends_at__gt=now, withdrawal__isnull=True)
    for given in signed.select_related("client"):
        actions.withdraw(by=by, given=given, now=now)
    return True


@transaction.atomic
def flag(*, by: Staff, person: KnownPerson, now: datetime) -> bool:
    """This person may be the one who controls the client: whatever they could sign is over at once (G-02).

    No event says so: events can be shared. A second call changes nothing and returns False.
    """
    if flags.standing(person).exists():
        return False
    ControllerFlag(
        agency_id=person.agency_id, client_id=person.client_id, person=person, flagged_at=now, recorded_by=by
    ).save(force_insert=True)
    for one in Representation.objects.filter(person=person, end__isnull=True):
        end(by=by, ended=one, now=now)
    return True
