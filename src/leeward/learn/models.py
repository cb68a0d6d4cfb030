"""Computed results, kept as they were published: cleared of small cells, never edited, the newest one shown."""

from django.db import models

from leeward.people.models import Agency, new_id


class ResultsSnapshot(models.Model):
    """The results of one agency as of one data cut. `document` holds only what may be shown to anybody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    computed_at = models.DateTimeField()
    data_cut = models.DateTimeField()
    n_clients = models.PositiveIntegerField(null=True)
    """None if so few people came that their number may not be shown."""
    protocol_version = models.CharField(max_length=20)
    document = models.JSONField()

    class Meta:
        ordering = ("-computed_at",)
        indexes = [models.Index(fields=["agency", "-computed_at"], name="results_newest")]
