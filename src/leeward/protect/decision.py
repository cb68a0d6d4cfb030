"""The decision about one client, one recipient and one class, with its reasons: what the database enforces, told."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from leeward import catalogue
from leeward.people.models import Agency, Whom
from leeward.rules import consent as rules

from .models import ConsentTalk, Grant, Representation, Restriction

#: What tells whether whoever signed with a minor still stands.
STANDING = ("decision", "end", "person")
FLAGS = "representation__person__flags__lifts__decision"

Records = Sequence[rules.Grant | rules.Restriction]


def records_of(*clients: Whom, as_of: datetime | None = None) -> list[rules.Grant | rules.Restriction]:
    """Every permission and restriction of these clients that the asker may see, as the rules read them.

    With `as_of`, as they stood at that moment: what was taken back, lifted or ended later still held then (C-07). Who
    signed with a minor only the client's own agency reads; for a partner a permission that lacks it does not exist.
    """
    law = catalogue.law(settings.LEEWARD_LAW)
    ids = [client.pk for client in clients]
    of_minors = ConsentTalk.objects.filter(client_id__in=ids).filter(
        Q(age__isnull=False) | Q(representation__isnull=False)
    )
    signed = of_minors.select_related(*(f"representation__{name}" for name in STANDING)).prefetch_related(FLAGS)
    talks = {talk.pk: talk for talk in signed}
    return [
        *(
            _grant(row, law, talks.get(row.talk_id), as_of)
            for row in Grant.objects.filter(client_id__in=ids).select_related("withdrawal")
        ),
        *(_restriction(row, as_of) for row in Restriction.objects.filter(client_id__in=ids).select_related("lift")),
    ]


def decided(
    *,
    client: Whom,
    recipient: Agency,
    data_class: str,
    purpose: str,
    at: datetime,
    records: Records | None = None,
) -> rules.Decision:
    """May the recipient have this class of the client's data for this purpose at that moment, and why.

    Whoever decides often reads the records of the clients once and gives them.
    """
    request = rules.Request(
        client=str(client.pk),
        data_class=rules.DataClass(data_class),
        regimes=frozenset({rules.Regime(client.agency.regime)}),
        recipient=str(recipient.pk),
        recipient_kind=rules.RecipientKind(recipient.kind),
        purpose=rules.Purpose(purpose),
        at=at,
        zone=settings.TIME_ZONE,
    )
    return rules.decide(
        request, records_of(client) if records is None else records, catalogue.law(settings.LEEWARD_LAW)
    )


def _by(row: object, when: str, as_of: datetime | None) -> bool:
    """Whether this row is there, and was there at that moment."""
    return row is not None and (as_of is None or getattr(row, when) <= as_of)


def _grant(row: Grant, law: rules.Law, talk: ConsentTalk | None, as_of: datetime | None) -> rules.Grant:
    return rules.Grant(
        id=str(row.pk),
        client=str(row.client_id),
        recipient=str(row.recipient_id),
        classes=frozenset(rules.DataClass(name) for name in row.data_classes),
        purpose=rules.Purpose(row.purpose),
        starts_at=row.starts_at,
        last_day=row.last_day,
        elements=rules.elements_of(law, row.form_version, rules.Method(row.method), row.language),
        withdrawn=_by(getattr(row, "withdrawal", None), "withdrawn_at", as_of),
        age=talk.age if talk else None,
        representation=representation(talk.representation, as_of=as_of) if talk and talk.representation else None,
    )


def representation(row: Representation, *, as_of: datetime | None = None) -> rules.Representation:
    """As the rules read it: without a yes of the privacy officer it has ended before it began."""
    decision = getattr(row, "decision", None)
    allowed = decision is not None and decision.allowed
    return rules.Representation(
        id=str(row.pk),
        classes=frozenset(rules.DataClass(name) for name in row.data_classes),
        starts_at=decision.decided_at if decision is not None else row.proposed_at,
        last_day=row.last_day,
        ended=not allowed
        or _by(getattr(row, "end", None), "ended_at", as_of)
        or any(_by(flag, "flagged_at", as_of) and flag.ends(row.proposed_at) for flag in row.person.flags.all()),
    )


def _restriction(row: Restriction, as_of: datetime | None) -> rules.Restriction:
    classes = row.data_classes
    return rules.Restriction(
        id=str(row.pk),
        client=str(row.client_id),
        recipient=str(row.recipient_id) if row.recipient_id else None,
        classes=None if classes is None else frozenset(rules.DataClass(name) for name in classes),
        purpose=rules.Purpose(row.purpose) if row.purpose else None,
        starts_at=row.starts_at,
        lifted=_by(getattr(row, "lift", None), "lifted_at", as_of),
    )
