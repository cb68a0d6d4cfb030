"""Safety plans, sealed and kept in every version, and what a survivor needs, in the survivor's order."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import OfClient, Staff


class Copy(models.TextChoices):
    """Whether the survivor takes a copy: one that is found can put them in danger."""

    PRINTED = "printed", _("A printed copy is safe for them")
    SYSTEM_ONLY = "system_only", _("No copy: keep it here only")


class Scope(models.TextChoices):
    URGENT = "urgent", _("What can't wait")
    FULL = "full", _("Everything they need")


class SafetyPlan(OfClient):
    """One version of the plan in the survivor's own words. A change is a new version; older ones stay."""

    version = models.PositiveSmallIntegerField()
    sections = models.BinaryField()
    copy = models.CharField(max_length=12, choices=Copy)
    saved_at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-version",)
        constraints = [models.UniqueConstraint(fields=["client", "version"], name="safety_plan_version")]

    @property
    def sections_place(self) -> str:
        """What the seal of the words is bound to."""
        return f"support_safetyplan:{self.pk}:sections"


class NeedsAssessment(OfClient):
    """What the survivor needs, first things first, as they put it. `urgent` are those that can't wait."""

    scope = models.CharField(max_length=10, choices=Scope)
    needs = ArrayField(models.CharField(max_length=40))
    urgent = ArrayField(models.CharField(max_length=40), default=list)
    words = models.BinaryField(null=True)
    assessed_at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-assessed_at", "-id")
        indexes = [models.Index(fields=["client", "-assessed_at"], name="needs_of_client")]

    @property
    def words_place(self) -> str:
        """What the seal of the words is bound to."""
        return f"support_needsassessment:{self.pk}:words"
