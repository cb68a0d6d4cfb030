"""The decision about one client, one recipient and one class, with its reasons: what the database enforces, told."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from leeward import catalogue
from leeward.people.models import Agency, Client
from leeward.rules import consent as rules

from .models import Grant, Restriction

Records = Sequence[rules.Grant | rules.Restriction]


def records_of(*clients: Client) -> list[rules.Grant | rules.Restriction]:
    """Every permission and restriction of these clients that the asker may see, as the rules read them."""
    law = catalogue.law(settings.LEEWARD_LAW)
    return [
        *(_grant(row, law) for row in Grant.objects.filter(client__in=clients).select_related("withdrawal")),
        *(_restriction(row) for row in Restriction.objects.filter(client__in=clients).select_related("lift")),
    ]


def decided(
    *,
    client: Client,
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
