"""Who must not see a record, whatever their role: whom the person bars, and all outside the team of a hidden one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import OfClient, Staff


class Barring(OfClient):
    """Somebody who works here or at a partner and must never see this record, whatever their role: the person says so.

    Never updated: that it is lifted is a row of its own. The person who is barred sees neither.
    """

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    barred_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("barred_at",)
        indexes = [models.Index(fields=["staff", "client"], name="barring_by_staff")]


class BarringLift(OfClient):
    """The person changed their mind about somebody."""

    barring = models.OneToOneField(Barring, on_delete=models.PROTECT, related_name="lift")
    lifted_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Concealment(OfClient):
    """Nobody outside the care team learns that there is such a record: not by search, list, count or late step.

    Never updated: that it is lifted is a row of its own; to keep it after a review, it is lifted and set anew.
    """

    class Reason(models.TextChoices):
        STAFF = "staff", _("They work here or with us")
        KNOWN = "known", _("Many people know them")
        SOUGHT = "sought", _("Somebody may look for them")
        ASKED = "asked", _("They asked for it")

    reason = models.CharField(max_length=8, choices=Reason)
    concealed_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    review_on = models.DateField()

    class Meta:
        ordering = ("-concealed_at",)


class ConcealmentLift(OfClient):
    """The record is found again like any other."""

    concealment = models.OneToOneField(Concealment, on_delete=models.PROTECT, related_name="lift")
    lifted_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
