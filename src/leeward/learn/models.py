"""What a centre learns and changes: computed results as they were published, drafts of its protocol, and comparisons of
two versions.

Nothing here is edited: results are computed anew, a draft gets another text, a decision another decision.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, Staff, new_id


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


class ResultsRelease(models.Model):
    """What one set of results let out, so that the next can be cleared beside it: true counts, also of what was hidden.

    The job worker, which computes results, adds one; only the reporter, which counts everything anyway, reads them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    data_cut = models.DateTimeField()
    digest = models.CharField(max_length=64)
    """Of all that decides what the results say."""
    ledgers = models.JSONField()

    class Meta:
        ordering = ("released_at",)
        indexes = [models.Index(fields=["agency", "released_at"], name="releases_in_order")]


class ResultsRequest(models.Model):
    """Somebody asks for new results; `early` says that they know how short a while ago the last ones came out."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    early = models.BooleanField()
    language = models.CharField(max_length=8)
    """In which they are told why there are none, should that happen."""

    class Meta:
        ordering = ("-asked_at",)
        indexes = [models.Index(fields=["agency", "-asked_at"], name="results_asked_newest")]


class ResultsAnswer(models.Model):
    """That the job worker computed the results, or why it could not; `trouble` and `hint` are empty if it did."""

    request = models.OneToOneField(ResultsRequest, on_delete=models.PROTECT, primary_key=True, related_name="answer")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    trouble = models.CharField(max_length=500, blank=True)
    hint = models.CharField(max_length=500, blank=True)


class ProtocolDraft(models.Model):
    """Work on the next version of a protocol. Its texts and what was decided about it are rows of their own."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    base_version = models.CharField(max_length=20)
    started_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        ordering = ("-started_at",)


class DraftText(models.Model):
    """One text of a draft, whole. Two people who save at once can't both write the same number."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    draft = models.ForeignKey(ProtocolDraft, on_delete=models.PROTECT, related_name="texts")
    number = models.PositiveIntegerField()
    text = models.TextField()
    written_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="one_text_a_number")]


class Decision(models.TextChoices):
    SENT = "sent", _("Sent for review")
    RETURNED = "returned", _("Given back")
    PUBLISHED = "published", _("Published")
    DROPPED = "dropped", _("Dropped")


class DraftDecision(models.Model):
    """What somebody decided about a draft, over which of its texts. The last one says how the draft stands."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    draft = models.ForeignKey(ProtocolDraft, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=10, choices=Decision)
    text_number = models.PositiveIntegerField()
    decided_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("decided_at", "id")


class CaseSource(models.TextChoices):
    """On whose timelines two versions are compared."""

    OURS = "ours", _("The past cases of this centre")
    MADE_UP = "made_up", _("400 made-up people, the same each time")


class Comparison(models.Model):
    """Somebody asks: had version B been in force instead of A? The texts are kept as they were when asked."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    a = models.CharField(max_length=80)
    b = models.CharField(max_length=80)
    """What A and B are called: a version, or a draft and the number of its text."""
    a_text = models.TextField()
    b_text = models.TextField()
    cases = models.CharField(max_length=10, choices=CaseSource)
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ("-asked_at",)
        indexes = [models.Index(fields=["agency", "-asked_at"], name="comparison_newest")]


class ComparisonAnswer(models.Model):
    """What the job worker found. `document` holds only what may be shown; where it is None, `trouble` says why."""

    comparison = models.OneToOneField(Comparison, on_delete=models.PROTECT, primary_key=True, related_name="answer")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    document = models.JSONField(null=True)
    trouble = models.CharField(max_length=500, blank=True)
