"""What left the centre as a file about many people: to whom, what for, until when, by whom. No client in it."""

from uuid import uuid4

from django.db import models

from leeward.people.models import Agency, Staff


class Export(models.Model):
    """One export. While it is open it opens to the privacy officer who asked for it what the survivors' permissions
    cover for its recipient and purpose (`ctx.my_exports`), and nothing else; when it is done it is only a record.

    `number` stands in the file, on each line of it, and in each person's list of what was shared.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    number = models.CharField(max_length=12, unique=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20)
    #: Until this day the recipient may use it.
    last_day = models.DateField()
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    people = models.PositiveIntegerField(null=True)
    #: SHA-256 of its table, empty while it runs and when it was broken off.
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-asked_at",)
