"""Who signs in, with what, in which session, and by which two people accounts come about; drafts and personal keys."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, Staff, new_id


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

    @property
    def about(self) -> str:
        """Whom it is about, or which agency."""
        if self.staff:
            return self.staff.display_name
        return self.name or (self.place.name if self.place else "")


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
