"""The talk about sharing, the permission given in it, its end, what may never be shared, and what left."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, OfClient, Staff

from .around import Representation
from .vocabulary import DataClass, Method, Purpose


class Interpreter(models.TextChoices):
    """Never family, a companion or a child (R16, G-05): there is no such choice, here or in the database."""

    NONE = "none", _("None needed")
    PROFESSIONAL = "professional", _("A professional interpreter in the room")
    PHONE = "phone", _("A professional interpreter by phone")


class TalkOutcome(models.TextChoices):
    GRANTED = "granted", _("They said yes")
    DECLINED = "declined", _("They said no")
    LATER = "later", _("To talk about on another day")
    INTERPRETER = "interpreter", _("They want to talk with an interpreter")


class Understood(models.TextChoices):
    FIRST = "first", _("Answered right away")
    AGAIN = "again", _("Answered after we said it again")
    OWN_WORDS = "own_words", _("Said it in their own words")


class ConsentTalk(OfClient):
    """One talk about sharing with one recipient, and its end: yes, no, another day, or first an interpreter (C-04).

    `asked` are the classes that were spoken about, `allowed` those with a yes: the rest is a no. `age` is a minor's, in
    whole years; None is somebody of age. Never updated.
    """

    recipient = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True)
    asked = ArrayField(models.CharField(max_length=20, choices=DataClass), default=list)
    allowed = ArrayField(models.CharField(max_length=20, choices=DataClass), default=list)
    outcome = models.CharField(max_length=12, choices=TalkOutcome)
    language = models.CharField(max_length=8)
    form_version = models.CharField(max_length=20)
    interpreter = models.CharField(max_length=12, choices=Interpreter)
    explained_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    witness = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    able = models.BooleanField()
    understood = models.CharField(max_length=12, choices=Understood, blank=True)
    age = models.PositiveSmallIntegerField(null=True)
    representation = models.ForeignKey(Representation, null=True, on_delete=models.PROTECT, related_name="+")
    held_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-held_at",)
        indexes = [
            models.Index(fields=["client", "-held_at"], name="talk_of_client"),
            # Those that the standing permissions must look at (`standing.sql`): with a minor.
            models.Index(
                fields=["id"],
                condition=models.Q(age__isnull=False) | models.Q(representation__isnull=False),
                name="talk_with_minor",
            ),
        ]
        constraints = [
            # The database's own words for G-05 and for "able to decide now".
            models.CheckConstraint(
                condition=models.Q(interpreter__in=["none", "professional", "phone"]), name="no_family_interprets"
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome="granted") | models.Q(able=True), name="only_who_is_able_says_yes"
            ),
            models.CheckConstraint(
                condition=models.Q(allowed__contained_by=models.F("asked")), name="yes_to_what_was_asked"
            ),
            models.CheckConstraint(
                condition=models.Q(witness__isnull=True) | ~models.Q(witness=models.F("explained_by")),
                name="a_witness_is_somebody_else",
            ),
        ]


class Grant(OfClient):
    """The survivor's permission: who may have which classes of data, for what, from when until when.

    Never updated: a withdrawal is a row of its own, a change is a new grant. `talk` is the talk in which it was given.
    """

    talk = models.OneToOneField(ConsentTalk, on_delete=models.PROTECT, related_name="given")

    recipient = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    data_classes = ArrayField(models.CharField(max_length=20, choices=DataClass))
    purpose = models.CharField(max_length=20, choices=Purpose)
    starts_at = models.DateTimeField()
    last_day = models.DateField()
    ends_at = models.DateTimeField()
    granted_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=20, choices=Method)
    language = models.CharField(max_length=8)
    form_version = models.CharField(max_length=20)
    law_row = models.CharField(max_length=60, blank=True)
    long_reason = models.BinaryField(null=True)

    class Meta:
        ordering = ("-granted_at",)
        indexes = [models.Index(fields=["recipient", "client", "ends_at"], name="grant_by_recipient")]


class Withdrawal(OfClient):
    """The survivor took a grant back. It counts from the moment it is committed."""

    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Restriction(OfClient):
    """The survivor's no: it beats every permission, now and later. Nothing named is everything outside the centre.

    Never updated: that it is lifted is a row of its own.
    """

    recipient = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, related_name="+")
    data_classes = ArrayField(models.CharField(max_length=20, choices=DataClass), null=True)
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True)
    starts_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-starts_at",)


class RestrictionLift(OfClient):
    """The survivor no longer wants a restriction."""

    restriction = models.OneToOneField(Restriction, on_delete=models.PROTECT, related_name="lift")
    lifted_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


class Disclosure(OfClient):
    """What left, to whom, under which grant or law: the survivor's own list."""

    #: Null for a court or an officer who is not in the directory: then the name is sealed in `recipient_name`.
    recipient = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, related_name="+")
    recipient_staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    recipient_name = models.BinaryField(null=True)
    grant = models.ForeignKey(Grant, null=True, on_delete=models.PROTECT, related_name="+")
    #: The legal request that compelled it, if one did.
    process = models.UUIDField(null=True)
    basis = models.CharField(max_length=120)
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True)
    data_classes = ArrayField(models.CharField(max_length=20))
    #: What went, by the names of its fields: never a value.
    fields = ArrayField(models.CharField(max_length=60), default=list)
    #: The notices that went with it (C-06), by the law's names for them.
    notices = ArrayField(models.CharField(max_length=40), default=list)
    exit = models.CharField(max_length=40)
    disclosed_at = models.DateTimeField()

    class Meta:
        ordering = ("-disclosed_at",)
