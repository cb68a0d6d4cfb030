"""What a legal matter stops: telling the person for a while, and erasing."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, OfClient, Staff


class SiteSealed(models.Model):
    """A row whose words are sealed with the site key, because they belong to no client's record: see `sealing`."""

    sealed = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)

    class Meta:
        abstract = True


class StatementForm(models.TextChoices):
    WRITTEN = "written", _("In writing")
    ORAL = "oral", _("Only said")


class Suspension(SiteSealed, OfClient):
    """An official's dated statement that telling the person of a legal request would hinder their work, until a day.

    While it runs, what that request led to is on nobody's list but the privacy officer's (45 CFR 164.528(a)(2)).
    """

    process = models.UUIDField()
    official = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    form = models.CharField(max_length=10, choices=StatementForm)
    stated_on = models.DateField()
    ends_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-recorded_at",)


class Hold(SiteSealed, OfClient):
    """Nothing of this client may be erased or thrown away, because a legal matter needs it (L-02)."""

    process = models.UUIDField(null=True)
    began_at = models.DateTimeField()
    began_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    review_on = models.DateField()
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("review_on",)


class PendingErasure(OfClient):
    """An erasure that two people asked for and a hold stopped. It runs when no hold stands."""

    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
