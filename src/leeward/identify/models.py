"""What was noticed, and the safety talk with its answers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leeward.people.models import OfClient, Staff


class Observation(OfClient):
    """Signs that a member of staff noticed. Codes are of the indicators definition; the note is sealed."""

    codes = ArrayField(models.CharField(max_length=40))
    definition_version = models.CharField(max_length=20)
    suspected = models.BooleanField()
    danger_now = models.BooleanField()
    note = models.BinaryField(null=True)
    observed_at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-observed_at",)


class Screening(OfClient):
    """One safety talk: tool, version, language, mode, who held it and since when they were trained for it (R2)."""

    tool = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    mode = models.CharField(max_length=20)
    audience = models.CharField(max_length=10)
    screener = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    training_until = models.DateField(null=True)
    answers = models.BinaryField()
    result = models.CharField(max_length=20)
    reason = models.CharField(max_length=40)
    danger_now = models.BooleanField()
    answered = models.PositiveSmallIntegerField()
    declined = models.PositiveSmallIntegerField()
    held_at = models.DateTimeField()

    class Meta:
        ordering = ("-held_at",)
