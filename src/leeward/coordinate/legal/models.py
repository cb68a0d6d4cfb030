"""A legal request, what was done about it, whom it is about, and that the person must be told.

Nothing is edited: each step is a row. No client stands in a request or a step; the match does, for the privacy officer.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.codes import new_code
from leeward.people.models import Agency, OfClient, Staff, new_id
from leeward.protect.models import Disclosure, SiteSealed


class Way(models.TextChoices):
    DESK = "desk", _("At the desk")
    PHONE = "phone", _("By phone")
    PAPER = "paper", _("By mail or fax")


class Done(models.TextChoices):
    """What was done about a request."""

    LOOKED = "looked", _("Looked whether we know the person")
    CALLED_BACK = "called_back", _("Phoned back")
    COUNSEL = "counsel", _("Counsel decided")
    ANSWERED = "answered", _("Replied")


class LegalRequest(SiteSealed):
    """What somebody from outside demands. Who asks, about whom and with what is sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    kind = models.CharField(max_length=20)
    way = models.CharField(max_length=10, choices=Way)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    handed_in_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("due_at",)


class LegalStep(SiteSealed):
    """One thing that was done about a request."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(LegalRequest, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=Done)
    at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    #: Of a call-back: who was called, at which number of the directory, and whether they sent the request.
    called = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40, blank=True)
    is_theirs = models.BooleanField(null=True)
    #: Of counsel's decision: what the papers carry, and which classes may go (none: nothing is given).
    papers = ArrayField(models.CharField(max_length=40), default=list)
    classes = ArrayField(models.CharField(max_length=20), default=list)

    class Meta:
        ordering = ("at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=models.Q(kind="answered"), name="a_request_is_answered_once"
            )
        ]


class LegalMatch(OfClient):
    """Whom a request is about, if they are known here."""

    request = models.OneToOneField(LegalRequest, on_delete=models.PROTECT, related_name="match")
    matched_at = models.DateTimeField()
    matched_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Telling(models.TextChoices):
    TOLD = "told", _("They were told, in a safe way, and the safety plan was looked at")
    NOT_SAFE = "not_safe", _("Telling them is not safe now; the safety plan was looked at")


class LegalNotice(OfClient):
    """The care team must tell the person what a legal request took, and look at their safety with them (L-03)."""

    process = models.UUIDField()
    disclosure = models.OneToOneField(Disclosure, on_delete=models.PROTECT, related_name="notice")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=10, choices=Telling, blank=True)

    class Meta:
        ordering = ("due_at",)
