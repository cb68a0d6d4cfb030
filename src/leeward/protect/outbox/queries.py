"""What may be read of the outbox: always what the database lets the asker see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from leeward.people.models import Client, ContactRule, PartnerCode, Staff

from .kinds import REMINDER, WITHDRAWN
from .models import Message, Notice, State


def messages_of(client: Client) -> QuerySet[Message]:
    """Everything that was put into the outbox about the client, newest first."""
    return Message.objects.filter(client=client).select_related("recipient", "queued_by", "told__told_by")


def contact_rule(client: Client) -> ContactRule | None:
    """How they may be reached, as they said it last, if nothing has changed since."""
    return ContactRule.objects.filter(client=client, ended_at__isnull=True).first()


def to_pass_on() -> QuerySet[Message]:
    """Messages that the asker's care teams are to pass on, face to face, oldest first."""
    handed = Message.objects.filter(recipient__isnull=True, state=State.SENT, told__isnull=True)
    return handed.select_related("client").order_by("decided_at", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message, and what the partner's inbox says of it: nothing before it was sent."""

    message: Message
    notice: Notice | None

    @property
    def is_confirmed(self) -> bool:
        return self.notice is not None and self.notice.confirmed_at is not None


def asked(messages: Iterable[Message]) -> list[Asked]:
    """The same messages, in the same order, with what became of them at the partner."""
    shown = list(messages)
    sent = Notice.objects.filter(pk__in=[one.pk for one in shown]).select_related("confirmed_by").in_bulk()
    return [Asked(message=one, notice=sent.get(one.pk)) for one in shown]


def unconfirmed(by: Staff, *, now: datetime) -> QuerySet[Message]:
    """Withdrawals that a recipient has been silent about for as many days as the site allows, oldest first."""
    since = now - timedelta(days=settings.LEEWARD_CONFIRM_DAYS)
    return (
        Message.objects.filter(
            agency_id=by.agency_id, kind=WITHDRAWN.code, queued_at__lte=since, state__in=(State.WAITING, State.SENT)
        )
        .exclude(pk__in=Notice.objects.filter(confirmed_at__isnull=False).values("message_id"))
        .select_related("recipient", "client")
        .order_by("queued_at", "id")
    )


def to_confirm(partner: Staff) -> QuerySet[Notice]:
    """What the asker's agency was told is withdrawn and has not confirmed, oldest first."""
    return Notice.objects.filter(
        recipient_id=partner.agency_id, kind=WITHDRAWN.code, confirmed_at__isnull=True
    ).order_by("sent_at")


def reminders(partner: Staff) -> QuerySet[Notice]:
    """Reminders about people whose permission is still there."""
    return Notice.objects.filter(
        recipient_id=partner.agency_id,
        kind=REMINDER.code,
        confirmed_at__isnull=True,
        partner_code__in=PartnerCode.objects.filter(partner_id=partner.agency_id).values("code"),
    )
