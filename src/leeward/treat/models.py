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


class PrivateNote(OfClient):
    """One note of a therapist for themselves (45 CFR 164.501, psychotherapy notes). Never edited, never shared."""

    author = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("-written_at", "-id")
        indexes = [models.Index(fields=["client", "author", "-written_at"], name="private_note_of_author")]

    @property
    def place(self) -> str:
        """What the seal of the text is bound to."""
        return f"treat_privatenote:{self.author_id}:{self.pk}"


class NoteKey(OfClient):
    """The key of one author's notes about one client, for one reader: the author, or after a release their successor.

    It is sealed to the reader's own key, and that is wrapped by the site key. Of several, the newest counts: an author
    who lost their passphrase gets it anew.
    """

    author = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    wrapped = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "-id")
        indexes = [models.Index(fields=["reader", "client"], name="note_key_of_reader")]

    @property
    def binding(self) -> bytes:
        """What the wrapped key is bound to, beside the version of the site key."""
        return f"{self.client_id}|note-key|{self.author_id}|{self.reader_id}".encode()


class NoteShare(OfClient):
    """Half of such a key, for one keeper. Two halves make the key, one alone says nothing; nobody keeps both.

    The first halves are for privacy officers, the second for program directors. When notes are released, a privacy
    officer hands their half to the director who confirms.
    """

    FIRST, SECOND = 1, 2

    author = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    keeper = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    half = models.PositiveSmallIntegerField()
    #: Halves of one split fit together. Whoever becomes a keeper, or gets another key, means a new split for all.
    split = models.UUIDField()
    sealed_to = models.BinaryField()
    wrapped = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "-id")
        indexes = [models.Index(fields=["keeper", "client"], name="note_share_of_keeper")]

    @property
    def binding(self) -> bytes:
        """What the wrapped half is bound to, beside the version of the site key."""
        return f"{self.client_id}|note-share|{self.author_id}|{self.keeper_id}|{self.half}".encode()


class Ground(models.TextChoices):
    AUTHORISED = "authorised", _("The person signed an authorisation for it")
    COURT = "court", _("A court ordered it")
    LOST = "lost", _("The author lost their passphrase")


class NoteRelease(OfClient):
    """A privacy officer asks that a successor may read the notes of somebody who left. A director must confirm it."""

    author = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    successor = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmer = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=12, choices=Ground)

    class Meta:
        ordering = ("asked_at",)
        constraints = [
            models.CheckConstraint(condition=~models.Q(asked_by=models.F("confirmer")), name="two_people_release_notes")
        ]


class NoteReleaseDone(OfClient):
    """The second person confirmed it: the successor has the key."""

    release = models.OneToOneField(NoteRelease, on_delete=models.PROTECT, related_name="done")
    confirmed_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()


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
