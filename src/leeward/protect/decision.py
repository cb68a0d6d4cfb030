"""The decision about one client, one recipient and one class, with its reasons: what the database enforces, told."""

from datetime import datetime

from django.conf import settings

from leeward import catalogue
from leeward.people.models import Agency, Client
from leeward.rules import consent as rules

from .models import Grant, Restriction


def records_of(client: Client) -> list[rules.Grant | rules.Restriction]:
    """Every permission and restriction of the client that the asker may see, as the rules read them."""
    law = catalogue.law(settings.LEEWARD_LAW)
    return [
        *(_grant(row, law) for row in Grant.objects.filter(client=client).select_related("withdrawal")),
        *(_restriction(row) for row in Restriction.objects.filter(client=client).select_related("lift")),
    ]


def decided(*, client: Client, recipient: Agency, data_class: str, purpose: str, at: datetime) -> rules.Decision:
    """May the recipient have this class of the client's data for this purpose at that moment, and why."""
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
    return rules.decide(request, records_of(client), catalogue.law(settings.LEEWARD_LAW))


def _grant(row: Grant, law: rules.Law) -> rules.Grant:
    return rules.Grant(
        id=str(row.pk),
        client=str(row.client_id),
        recipient=str(row.recipient_id),
        classes=frozenset(rules.DataClass(name) for name in row.data_classes),
        purpose=rules.Purpose(row.purpose),
        starts_at=row.starts_at,
        last_day=row.last_day,
        elements=rules.elements_of(law, row.form_version, rules.Method(row.method)),
        withdrawn=hasattr(row, "withdrawal"),
    )


def _restriction(row: Restriction) -> rules.Restriction:
    classes = row.data_classes
    return rules.Restriction(
        id=str(row.pk),
        client=str(row.client_id),
        recipient=str(row.recipient_id) if row.recipient_id else None,
        classes=None if classes is None else frozenset(rules.DataClass(name) for name in classes),
        purpose=rules.Purpose(row.purpose) if row.purpose else None,
        starts_at=row.starts_at,
        lifted=hasattr(row, "lift"),
    )
