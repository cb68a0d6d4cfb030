"""Reading that somebody should look at, and what they found."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, Staff, new_id


class OddReading(models.Model):
    """Reading that somebody should look at: of one person, one kind, one day. Noted by the database (`ctx.notice_odd`).

    It holds no client: the audit records that it names do, for those who may read them.
    """

    class Kind(models.TextChoices):
        AFTER_HOURS = "after_hours", _("Records opened outside working hours")
        SEARCHES = "searches", _("Many searches for people within an hour")
        NO_PART = "no_part", _("Records opened by somebody with no part in the care for a long time")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    day = models.DateField()
    #: The first of the audit records, at most 500, and how many there are.
    records = ArrayField(models.BigIntegerField())
    looks = models.PositiveIntegerField()
    noticed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "kind", "day"], name="one_odd_reading_a_day")]
        indexes = [models.Index(fields=["agency", "day"], name="odd_reading_of_agency")]


class OddReadingReview(models.Model):
    """Somebody else looked at it. What is read on the same day afterwards asks for another look."""

    class Verdict(models.TextChoices):
        WORK = "work", _("It was part of their work")
        NOT_WORK = "not_work", _("It was not part of their work")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    odd = models.ForeignKey(OddReading, on_delete=models.PROTECT, related_name="reviews")
    looks = models.PositiveIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict)
    reviewed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
