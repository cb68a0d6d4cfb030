"""Messages that wait or went, what a partner was handed, and what an advocate passed on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, OfClient, Staff

from .kinds import KINDS, Kind


class State(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    REFUSED = "refused", _("Not sent")
    TAKEN_BACK = "taken_back", _("Never sent: the permission was taken back")
    CALLED_OFF = "called_off", _("Called off")


class Message(OfClient):
    """One message about one person. `once` names the act it tells of, so that telling it twice is one message.

    `recipient` is the partner's agency; without one it is for the person themselves.
    """

    kind = models.CharField(max_length=20)
    recipient = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey("protect.Grant", null=True, on_delete=models.PROTECT, related_name="messages")
    subject = models.UUIDField(null=True)
    once = models.CharField(max_length=120, unique=True)
    queued_at = models.DateTimeField()
    queued_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    not_before = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    #: Why it was not sent, or waits (`rules.contact.Why`); and how it went (`rules.contact.Channel`, or "inbox").
    why = models.CharField(max_length=20, blank=True)
    channel = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ("-queued_at", "-id")
        indexes = [
            models.Index(fields=["not_before", "id"], condition=models.Q(state="waiting"), name="message_next"),
            models.Index(fields=["client", "-queued_at"], name="message_of_client"),
            models.Index(fields=["agency", "queued_at"], condition=models.Q(kind="withdrawn"), name="message_asking"),
        ]

    @property
    def means(self) -> Kind:
        return KINDS[self.kind]


class Told(OfClient):
    """An advocate passed a message on, face to face."""

    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="told")
    told_at = models.DateTimeField()
    told_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Notice(models.Model):
    """A message in a partner's inbox. It names the person by the partner's own code and by nothing else, so that it can
    be read and confirmed when there is no permission any more."""

    #: The message's own id: handing it over twice is impossible.
    message_id = models.UUIDField(primary_key=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    partner_code = models.CharField(max_length=16)
    sent_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-sent_at",)
        indexes = [models.Index(fields=["recipient", "-sent_at"], name="notice_inbox")]

    @property
    def means(self) -> Kind:
        return KINDS[self.kind]
