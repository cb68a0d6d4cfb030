"""The record of who did what, and its seals."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from leeward.people.models import Agency, Staff


class AuditRecord(models.Model):
    """Who did what to which record, when and why: field names, never values. Insert only, for everybody."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(null=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=80, blank=True)
    fields = ArrayField(models.CharField(max_length=60), default=list)
    rule = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["client_id", "-id"], name="audit_of_client"),
            BrinIndex(fields=["at"], name="audit_at", autosummarize=True),
        ]


class AuditSeal(models.Model):
    """A batch of audit records, sealed (`seal.chain.Seal`). Added by the auditor role; never changed, by nobody."""

    number = models.BigIntegerField(primary_key=True)
    ids = models.TextField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.IntegerField()
    records = models.BigIntegerField()
    root = models.BinaryField()
    previous = models.BinaryField()
    sealed_at = models.DateTimeField()
    leaves = models.BinaryField()
    head = models.BinaryField()
    key = models.CharField(max_length=16)
    signature = models.BinaryField()

    class Meta:
        ordering = ("number",)
