"""Who is around a client: who may sign with a minor, and who may be behind it all."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import OfClient, Staff

from .vocabulary import DataClass


class Relation(models.TextChoices):
    PARENT = "parent", _("Mother or father")
    GUARDIAN = "guardian", _("Guardian named by a court")
    CARE_WORKER = "care_worker", _("Child protection worker")
    RELATIVE = "relative", _("Another relative")
    SPOUSE = "spouse", _("Husband, wife or partner")
    OTHER = "other", _("Somebody else")


class Proof(models.TextChoices):
    COURT_ORDER = "court_order", _("A court order")
    BIRTH_RECORD = "birth_record", _("A birth record and a picture ID")
    AGENCY_LETTER = "agency_letter", _("A letter of the child protection office")
    SEEN_BEFORE = "seen_before", _("Papers on file from before this case")


class KnownPerson(OfClient):
    """Somebody in the client's life, with their name sealed: who may sign with a minor, or who may be behind it all."""

    name = models.BinaryField()
    relation = models.CharField(max_length=20, choices=Relation)
    added_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("added_at",)


class ControllerFlag(OfClient):
    """This person may be the one who controls the client. It ends at once what they could sign (G-02).

    Never shown to them: they have no sign-in, and what the client reads with others around says nothing of it. Never
    updated: that it was set by mistake is a row of its own, which two people make.
    """

    person = models.ForeignKey(KnownPerson, on_delete=models.PROTECT, related_name="flags")
    flagged_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("flagged_at",)

    @property
    def lifted_at(self) -> datetime | None:
        """When two people lifted it; None while it stands."""
        decisions = [lift.decision for lift in self.lifts.all() if hasattr(lift, "decision")]
        return next((one.decided_at for one in decisions if one.lifted), None)

    def ends(self, proposed_at: datetime) -> bool:
        """Whether what was proposed at that moment is over by this flag: for good, unless it was lifted before."""
        return self.lifted_at is None or self.lifted_at > proposed_at


class ControllerFlagLift(OfClient):
    """Somebody of the care team asks that a flag be lifted, and why. It happens when a second person agrees."""

    class Reason(models.TextChoices):
        SLIP = "slip", _("It was noted by mistake")
        SOMEBODY_ELSE = "somebody_else", _("Somebody else was meant")
        CLEARED = "cleared", _("We looked into it, and it is not so")

    flag = models.ForeignKey(ControllerFlag, on_delete=models.PROTECT, related_name="lifts")
    reason = models.CharField(max_length=16, choices=Reason)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("asked_at",)


class ControllerFlagLiftDecision(OfClient):
    """The privacy officer's answer. A flag that is lifted gives nothing back of what it ended."""

    lift = models.OneToOneField(ControllerFlagLift, on_delete=models.PROTECT, related_name="decision")
    lifted = models.BooleanField()
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Representation(OfClient):
    """The proposal that somebody may sign with a minor: how the relation is proved, about what, until when (G-01).

    It stands from a decision of its own by somebody else, until `last_day` or its end, whichever is first.
    """

    person = models.ForeignKey(KnownPerson, on_delete=models.PROTECT, related_name="representations")
    proof = models.CharField(max_length=20, choices=Proof)
    data_classes = ArrayField(models.CharField(max_length=20, choices=DataClass))
    last_day = models.DateField()
    ends_at = models.DateTimeField()
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("proposed_at",)


class RepresentationDecision(OfClient):
    """The privacy officer's yes or no to a representation."""

    representation = models.OneToOneField(Representation, on_delete=models.PROTECT, related_name="decision")
    allowed = models.BooleanField()
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class RepresentationEnd(OfClient):
    """A representation is over before its day. What was signed under it no longer counts."""

    representation = models.OneToOneField(Representation, on_delete=models.PROTECT, related_name="end")
    ended_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
