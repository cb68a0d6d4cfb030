"""A warm referral to a partner: what is asked, under which permission, what came back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.codes import new_code
from leeward.people.models import Agency, OfClient, Staff, new_id
from leeward.people.services import WORDS
from leeward.protect.models import Grant

from .legal.models import LegalMatch, LegalNotice, LegalRequest, LegalStep

__all__ = ["LegalMatch", "LegalNotice", "LegalRequest", "LegalStep", "ListKey", "Referral"]


class Urgency(models.TextChoices):
    URGENT = "urgent", _("Urgent: answer within 24 hours")
    OTHER = "other", _("Answer within 72 hours")


class Status(models.TextChoices):
    SENT = "sent", _("Sent, waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    WAITLISTED = "waitlisted", _("On a waiting list")
    DECLINED = "declined", _("Turned down")
    CLOSED = "closed", _("Finished")
    WITHDRAWN = "withdrawn", _("Called back")


class Result(models.TextChoices):
    LINKED = "linked", _("In touch with the service")
    NOT_LINKED = "not_linked", _("Not in touch with the service")


OPEN = (Status.SENT, Status.ACCEPTED, Status.WAITLISTED)


class Referral(OfClient):
    """What was asked of a partner. `reference` is the only name of it that leaves."""

    reference = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    to_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    service = models.CharField(max_length=40, choices=list(WORDS.items()))
    urgency = models.CharField(max_length=10, choices=Urgency)
    status = models.CharField(max_length=12, choices=Status, default=Status.SENT)
    comes_along = models.BooleanField(default=False)
    message = models.BinaryField()
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    replied_at = models.DateTimeField(null=True)
    reply = models.BinaryField(null=True)
    outcome = models.CharField(max_length=12, choices=Result, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-sent_at",)
        indexes = [
            models.Index(fields=["to_agency", "-sent_at"], name="referral_inbox"),
            models.Index(fields=["client", "-sent_at"], name="referral_of_client"),
        ]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class ListKey(models.Model):
    """The age public key with which an agency opens what it downloads. Never updated: its newest one counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    public_key = models.CharField(max_length=100)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-registered_at",)
        indexes = [models.Index(fields=["agency", "-registered_at"], name="newest_list_key")]

    @property
    def short(self) -> str:
        """Enough of it to compare by eye."""
        return f"{self.public_key[:10]}…{self.public_key[-6:]}"
