"""Accounts and sessions (out of the web role's reach), grants, disclosures, the audit record, its seals, and drafts."""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, OfClient, Staff, new_id

from .export_models import Export
from .odd_reading.models import OddReading, OddReadingReview
from .once import Submission
from .outbox.models import Message, Notice, Told

__all__ = ["Export", "Message", "Notice", "OddReading", "OddReadingReview", "Submission", "Told"]

#: No site may let a record stand open in an emergency for longer: a rule of the house, not of a statute.
MOST_MINUTES = timedelta(minutes=60)


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(email__iexact=username or "")


class Account(AbstractBaseUser):
    """A sign-in. It holds the password and nothing else; the person is `Staff`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    staff_id = models.UUIDField(unique=True)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []


class Passkey(models.Model):
    """A key of the person's own device. Only its public half is here: nobody signs in with what this row holds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(unique=True)
    #: The credential as the authenticator attested it (WebAuthn, attested credential data): id and public key.
    credential = models.BinaryField()
    uses = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    #: From when it counts where a factor is asked for that can't be phished: see `factors.add_passkey`.
    counts_from = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at",)


class CodeApp(models.Model):
    """An app that shows a new code every 30 seconds (RFC 6238). Its secret is sealed with the site's key."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="code_app")
    sealed = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    #: The last step of 30 seconds whose code was used: no code is used twice.
    last_step = models.BigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)
    #: Wrong codes in a row, and when the last was. Only who knows the password can add one.
    wrong = models.PositiveSmallIntegerField(default=0)
    wrong_at = models.DateTimeField(null=True)


class OneTimeCode(models.Model):
    """A code that works once, known by its digest: to come back without a device, or to begin."""

    class Kind(models.TextChoices):
        RECOVERY = "recovery", _("Recovery code")
        INVITATION = "invitation", _("Invitation")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="one_time_codes")
    kind = models.CharField(max_length=12, choices=Kind)
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    #: Who hands an invitation over. It takes two codes, from two people.
    given_by = models.UUIDField(null=True)


class Session(models.Model):
    """One sign-in on one device, known by the digest of its token.

    `role` and `agency_id` are those of the moment of signing in, written by the database: whoever has another role
    since then is nobody in this session (`ctx.staff`).
    """

    token_digest = models.BinaryField(primary_key=True)
    #: By this the person ends it on another device. It opens nothing.
    id = models.UUIDField(unique=True, default=uuid4, editable=False)
    staff_id = models.UUIDField(null=True)
    role = models.CharField(max_length=20, blank=True)
    agency_id = models.UUIDField(null=True)
    device = models.CharField(max_length=60, blank=True)
    #: Until then this session counts as proved by a factor that can't be phished: see `step_up`.
    proved_until = models.DateTimeField(null=True)
    data = models.TextField()
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    idle_until = models.DateTimeField()
    kept = models.BinaryField(null=True)
    kept_place = models.CharField(max_length=200, blank=True)
    #: What it is for: a partner sees what was allowed for this purpose.
    purpose = models.CharField(max_length=20, blank=True, default="coordination")

    class Meta:
        indexes = [
            models.Index(fields=["ends_at"], name="session_end"),
            models.Index(fields=["staff_id"], name="session_of_staff"),
        ]


class AccountRequest(models.Model):
    """Somebody asks for what opens records to a person or a partner. It happens when a second person agrees.

    Never updated. What it does is done by the database (`ctx.carry_out`) when an `AccountDecision` agrees.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("Somebody new")
        ROLE = "role", _("Another role, or back at work")
        ANEW = "anew", _("A new start after losing password, passkey or phone")
        PARTNER = "partner", _("A new partner")
        AGREEMENT = "agreement", _("A partner's agreement goes on")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    #: Whom it is about, if they work here already.
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    #: Where a new person works, or whose agreement goes on.
    place = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=20, blank=True)
    #: A new partner's kind and regime.
    sort = models.CharField(max_length=20, blank=True)
    regime = models.CharField(max_length=20, blank=True)
    agreement_ends_at = models.DateTimeField(null=True)
    #: The number that was called to make sure of a partner: theirs in the directory. Whom they spoke with.
    called = models.CharField(max_length=40, blank=True)
    spoke_with = models.CharField(max_length=120, blank=True)
    asked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ("-asked_at",)


class AccountDecision(models.Model):
    """The second person's answer to a request. Never updated; the database refuses it from the first person."""

    request = models.OneToOneField(AccountRequest, on_delete=models.PROTECT, primary_key=True, related_name="decision")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    agreed = models.BooleanField()
    decided_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()


class PersonalKey(models.Model):
    """A pair of keys of one person, for what nobody else may open: the private half opens with their passphrase only.

    It is sealed under a key from the passphrase, and that is wrapped by the site key: a thief needs both.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    staff = models.OneToOneField(Staff, on_delete=models.PROTECT, related_name="+")
    public = models.BinaryField()
    salt = models.BinaryField()
    sealed = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)
    made_at = models.DateTimeField()


class Draft(models.Model):
    """What a person typed and has not saved yet, sealed, kept on the server for them alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=200)
    sealed = models.BinaryField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "place"], name="one_draft_a_place")]


class DataClass(models.TextChoices):
    EXISTENCE = "existence", _("That you come here")
    IDENTITY = "identity", _("Your name")
    CONTACT = "contact", _("A safe way to reach you")
    REFERRAL = "referral", _("What you need from them")
    CASE = "case", _("What happened to you")
    CLINICAL = "clinical", _("Your health care")
    LOCATION = "location", _("Where you are")
    SAFETY = "safety", _("Your safety plan")
    SUD = "sud", _("Alcohol or drug treatment")
    PSYCHOTHERAPY = "psychotherapy", _("Your therapist's private notes")


class Purpose(models.TextChoices):
    COORDINATION = "coordination", _("To arrange help together")
    TREATMENT = "treatment", _("For your health care")
    BENEFITS = "benefits", _("To get money or benefits")
    LEGAL = "legal", _("For legal help")
    PROTECTION = "protection", _("For your protection")


class Method(models.TextChoices):
    SIGNED = "signed", _("Signed on paper")
    SPOKEN = "spoken", _("Said out loud, with a witness")
    TABLET = "tablet", _("Marked on this screen")


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


class Barring(OfClient):
    """Somebody who works here or at a partner and must never see this record, whatever their role: the person says so.

    Never updated: that it is lifted is a row of its own. The person who is barred sees neither.
    """

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    barred_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("barred_at",)
        indexes = [models.Index(fields=["staff", "client"], name="barring_by_staff")]


class BarringLift(OfClient):
    """The person changed their mind about somebody."""

    barring = models.OneToOneField(Barring, on_delete=models.PROTECT, related_name="lift")
    lifted_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


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


class Concealment(OfClient):
    """Nobody outside the care team learns that there is such a record: not by search, list, count or late step.

    Never updated: that it is lifted is a row of its own; to keep it after a review, it is lifted and set anew.
    """

    class Reason(models.TextChoices):
        STAFF = "staff", _("They work here or with us")
        KNOWN = "known", _("Many people know them")
        SOUGHT = "sought", _("Somebody may look for them")
        ASKED = "asked", _("They asked for it")

    reason = models.CharField(max_length=8, choices=Reason)
    concealed_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    review_on = models.DateField()

    class Meta:
        ordering = ("-concealed_at",)


class ConcealmentLift(OfClient):
    """The record is found again like any other."""

    concealment = models.OneToOneField(Concealment, on_delete=models.PROTECT, related_name="lift")
    lifted_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")


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


class AuditRecord(models.Model):
    """Who did what to which record, when and why: field names, never values. Insert only, for everybody."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(null=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=80, blank=True)
    fields = ArrayField(models.CharField(max_length=60), default=list)
    rule = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["client_id", "-id"], name="audit_of_client"),
            BrinIndex(fields=["at"], name="audit_at", autosummarize=True),
        ]


class AuditSeal(models.Model):
    """A batch of audit records, sealed (`seal.chain.Seal`). Added by the auditor role; never changed, by nobody."""

    number = models.BigIntegerField(primary_key=True)
    ids = models.TextField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.IntegerField()
    records = models.BigIntegerField()
    root = models.BinaryField()
    previous = models.BinaryField()
    sealed_at = models.DateTimeField()
    leaves = models.BinaryField()
    head = models.BinaryField()
    key = models.CharField(max_length=16)
    signature = models.BinaryField()

    class Meta:
        ordering = ("number",)


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
