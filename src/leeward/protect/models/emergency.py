"""One record opened in an emergency: why, until when, and what the review found."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import OfClient, Staff

#: No site may let a record stand open in an emergency for longer: a rule of the house, not of a statute.
MOST_MINUTES = timedelta(minutes=60)


class BreakGlass(OfClient):
    """Somebody outside the care team opened a record in an emergency: one client, for some minutes, told at once.

    Never updated: that it was closed early and that it was reviewed are rows of their own.
    """

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("-opened_at",)
        indexes = [models.Index(fields=["staff", "-ends_at"], name="break_glass_by_staff")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("opened_at"))
                & models.Q(ends_at__lte=models.F("opened_at") + MOST_MINUTES),
                name="break_glass_is_short",
            )
        ]


class BreakGlassEnd(OfClient):
    """It was closed before its time, by the person who read or by the privacy officer."""

    glass = models.OneToOneField(BreakGlass, on_delete=models.PROTECT, related_name="end")
    ended_at = models.DateTimeField()
    ended_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Verdict(models.TextChoices):
    NEEDED = "needed", _("It was needed")
    NOT_NEEDED = "not_needed", _("It was not needed")


class BreakGlassReview(OfClient):
    """Somebody else looked at it afterwards and says whether it was needed."""

    glass = models.OneToOneField(BreakGlass, on_delete=models.PROTECT, related_name="review")
    reviewed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12, choices=Verdict)


class BreakGlassText(OfClient):
    """Why it was opened, or what the review found, in somebody's words: wrapped by the site key, as data keys are.

    So the words are in no main backup, are wrapped anew with every new site key, and end with the person's erasure.
    """

    class About(models.TextChoices):
        REASON = "reason"
        REVIEW = "review"

    glass = models.ForeignKey(BreakGlass, on_delete=models.PROTECT, related_name="texts")
    about = models.CharField(max_length=8, choices=About)
    wrapped = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["glass", "about"], name="one_text_a_part")]

    @property
    def binding(self) -> bytes:
        """What the wrapped words are bound to, beside the version of the site key."""
        return f"{self.client_id}|break-glass|{self.glass_id}|{self.about}".encode()
