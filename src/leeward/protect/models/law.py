"""The law in force, laid out for the database to decide by."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class LawCell(models.Model):
    """What the law in force says of one class of data under one regime, for one kind of recipient and one purpose.

    Laid out from the definition at each `leeward migrate`; only the gate reads it.
    """

    data_class = models.CharField(max_length=20)
    regime = models.CharField(max_length=20)
    recipient_kind = models.CharField(max_length=20)
    purpose = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    law_row = models.CharField(max_length=60)
    elements = ArrayField(models.CharField(max_length=40))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["data_class", "regime", "recipient_kind", "purpose"], name="one_outcome_a_cell"
            )
        ]


class LawForm(models.Model):
    """What a permission carries that was given by this form, read in this language, in this way."""

    form = models.CharField(max_length=20)
    method = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    elements = ArrayField(models.CharField(max_length=40))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "method", "language"], name="one_meaning_a_form")]


class LawAlone(models.Model):
    """From which age the law in force lets a minor alone give a permission."""

    regime = models.CharField(max_length=20)
    recipient_kind = models.CharField(max_length=20)
    purpose = models.CharField(max_length=20)
    from_age = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["regime", "recipient_kind", "purpose"], name="one_age_a_cell"),
        ]
