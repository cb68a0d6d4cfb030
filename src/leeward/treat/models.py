"""Filled measures and service plans. What the survivor said is sealed; totals are not, so that change can be seen."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import OfClient, Staff


class Mode(models.TextChoices):
    SELF = "self", _("They fill it in themselves")
    READ_ALOUD = "read_aloud", _("Somebody reads it aloud")


class Wording(models.TextChoices):
    OWN = "own", _("Our own wording")
    OFFICIAL = "official", _("Official wording")


class Measure(OfClient):
    """One filling of one instrument. Never edited: a correction is a new row that names the one it corrects."""

    instrument = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    wording = models.CharField(max_length=10, choices=Wording)
    language = models.CharField(max_length=8)
    mode = models.CharField(max_length=12, choices=Mode)
    answers = models.BinaryField()
    total = models.PositiveSmallIntegerField(null=True)
    band = models.CharField(max_length=40, blank=True)
    subscores = models.JSONField(default=dict)
    prorated = models.BooleanField(default=False)
    alert = models.BooleanField(default=False)
    answered = models.PositiveSmallIntegerField()
    declined = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="correction")

    class Meta:
        ordering = ("taken_at", "id")
        indexes = [models.Index(fields=["client", "instrument", "taken_at"], name="measure_series")]

    @property
    def answers_place(self) -> str:
        """What the seal of the answers is bound to."""
        return f"treat_measure:{self.pk}:answers"


class ServicePlan(OfClient):
    """One agreed or reviewed version of what the survivor wants to reach, in their own words."""

    version = models.PositiveSmallIntegerField()
    goals = models.BinaryField()
    agreed_at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-version",)
        constraints = [models.UniqueConstraint(fields=["client", "version"], name="service_plan_version")]

    @property
    def goals_place(self) -> str:
        """What the seal of the goals is bound to."""
        return f"treat_serviceplan:{self.pk}:goals"
