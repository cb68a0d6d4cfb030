"""Agencies, staff, clients, care teams, the identity vault's rows and the timeline.

Every table that carries a client also carries its home agency, so that tables can be distributed by agency.
Access to rows is decided by the database: see `leeward.protect.access`.
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from .codes import new_code


def new_id() -> UUID:
    """A time-ordered id. It stays inside: what leaves is a random code."""
    return UUID(int=uuid7().int)


class AgencyKind(models.TextChoices):
    CENTRE = "centre", _("Community mental health centre")
    HOSPITAL = "hospital", _("Hospital")
    SHELTER = "shelter", _("Shelter")
    LAW_ENFORCEMENT = "law_enforcement", _("Law enforcement victim unit")
    LEGAL_AID = "legal_aid", _("Legal aid")
    SOCIAL_SERVICES = "social_services", _("County social services")


class Regime(models.TextChoices):
    HIPAA = "hipaa", "HIPAA"
    PART2 = "part2", "42 CFR Part 2"
    VICTIM_SERVICES = "victim_services", "VAWA/VOCA/FVPSA"
    FERPA = "ferpa", "FERPA"
    NONE = "none", _("None of these")


class Role(models.TextChoices):
    SCREENER = "screener", _("Screener")
    CLINICIAN = "clinician", _("Clinician")
    THERAPIST = "therapist", _("Therapist")
    CASE_MANAGER = "case_manager", _("Case manager")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
    PROGRAM_DIRECTOR = "program_director", _("Program director")
    EVALUATOR = "evaluator", _("Evaluator")
    PARTNER = "partner", _("Partner staff")


CARE_ROLES = (Role.SCREENER, Role.CLINICIAN, Role.THERAPIST, Role.CASE_MANAGER)
#: Roles that open no record and still hear that a step is late.
LEADING_ROLES = (Role.PROGRAM_DIRECTOR, Role.PRIVACY_OFFICER)


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    SPANISH = "es", _("Spanish")
    VIETNAMESE = "vi", _("Vietnamese")
    OTHER = "other", _("Another language")


class ContactWay(models.TextChoices):
    """How a person may be reached safely, as they said."""

    NONE = "none", _("Do not contact")
    CALL = "call", _("Phone call")
    TEXT = "text", _("Text message")
    IN_PERSON = "in_person", _("In person, at the next visit")
    ADVOCATE = "advocate", _("Through their advocate")


class Agency(models.Model):
    """The centre or a partner: also the directory entry that referrals choose from."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=AgencyKind)
    regime = models.CharField(max_length=20, choices=Regime)
    counties = ArrayField(models.CharField(max_length=40), default=list)
    services = ArrayField(models.CharField(max_length=40), default=list)
    languages = ArrayField(models.CharField(max_length=8), default=list)
    phone = models.CharField(max_length=40, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    accepts = models.CharField(max_length=300, blank=True)
    verified_on = models.DateField(null=True)
    #: When the agreement with a partner ends: from then on its staff are nobody. Null for the centre and for no end.
    agreement_ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Staff(models.Model):
    """A person who works with Leeward. Their password is elsewhere (`protect.Account`), out of the web role's reach."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="staff")
    display_name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=Role)
    languages = ArrayField(models.CharField(max_length=8), default=list)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("display_name",)

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_partner(self) -> bool:
        return self.role == Role.PARTNER

    @property
    def gives_care(self) -> bool:
        return self.role in CARE_ROLES


class Completion(models.Model):
    """A course that a member of staff completed on a day."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="completions")
    course = models.CharField(max_length=60)
    completed_on = models.DateField()
    hours = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    score_before = models.PositiveSmallIntegerField(null=True)
    score_after = models.PositiveSmallIntegerField(null=True)
    recorded_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-completed_on",)
        indexes = [models.Index(fields=["staff", "course"], name="completion_of_staff")]


class Client(models.Model):
    """A person the centre serves, known everywhere outside the vault by a random case code only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="clients")
    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    language = models.CharField(max_length=8, choices=Language, default=Language.ENGLISH)
    county = models.CharField(max_length=40, blank=True)
    protocol = models.CharField(max_length=80)
    protocol_version = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    is_synthetic = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["agency", "-created_at"], name="client_by_agency")]

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Somebody:
    """What whoever may read a row about a client knows of them by it: which one they are, and who keeps the record.

    Of `Client` itself only the keeping agency reads: not its case code, county, protocol or dates are a partner's.
    """

    pk: UUID
    agency: Agency

    @property
    def agency_id(self) -> UUID:
        return self.agency.pk


Whom = Client | Somebody


class OfClient(models.Model):
    """A row about one client, kept by one agency."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @property
    def somebody(self) -> Somebody:
        """Whom the row is about, for readers who may not read the client's own."""
        return Somebody(self.client_id, self.agency)


class CareTeamMember(OfClient):
    """Who cares for a client, from when until when. Membership opens the record."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    added_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "staff"], condition=models.Q(until__isnull=True), name="once_on_a_team"
            )
        ]
        indexes = [models.Index(fields=["staff", "client"], name="team_by_staff")]


class Event(OfClient):
    """Something that happened to a client. Append-only: a correction is a new event that supersedes."""

    kind = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    actor_role = models.CharField(max_length=20)
    actor_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    data_class = models.CharField(max_length=20)
    subject = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("occurred_at", "recorded_at", "id")
        indexes = [
            models.Index(fields=["client", "occurred_at", "recorded_at", "id"], name="event_timeline"),
            models.Index(fields=["agency", "-recorded_at"], name="event_newest"),
        ]


class Task(OfClient):
    """One step instance of a case, as the protocol last derived it from the timeline. Never edited by hand."""

    step = models.CharField(max_length=60)
    subject = models.UUIDField(null=True)
    role = models.CharField(max_length=20)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)
    #: Roles that hear of it while it is open, in the order of the ladder, and when each does.
    rung_roles = ArrayField(models.CharField(max_length=20), default=list)
    rung_times = ArrayField(models.DateTimeField(), default=list)
    #: When the next rung is reached that nobody has heard of; null when there is none.
    next_rung_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "step", "subject", "opened_at"], name="one_task_an_instance", nulls_distinct=False
            )
        ]
        indexes = [
            models.Index(fields=["agency", "due_at"], condition=models.Q(closed_at__isnull=True), name="task_worklist"),
            models.Index(fields=["client"], condition=models.Q(closed_at__isnull=True), name="task_open_of_client"),
            models.Index(
                fields=["next_rung_at"],
                condition=models.Q(closed_at__isnull=True, next_rung_at__isnull=False),
                name="task_next_rung",
            ),
        ]


class Escalation(OfClient):
    """Somebody must hear that a step is late. Raised once for each rung of the step's ladder, by the job worker."""

    #: The database deletes it with its task, and copies the task's `closed_at` (`ctx.follow_task`).
    task = models.ForeignKey(Task, on_delete=models.DO_NOTHING, related_name="escalations")
    step = models.CharField(max_length=60)
    rung = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20)
    reached_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "rung"], name="a_rung_rings_once")]
        indexes = [
            models.Index(
                fields=["agency", "role", "-reached_at", "-id"],
                condition=models.Q(closed_at__isnull=True, seen_at__isnull=True),
                name="escalation_worklist",
            ),
            models.Index(
                fields=["agency", "role", "-seen_at", "-id"],
                condition=models.Q(closed_at__isnull=True, seen_at__isnull=False),
                name="escalation_seen",
            ),
        ]


class Round(models.Model):
    """When something that goes over everything last came to its end: the job worker's look for what is late, so that
    nobody takes a silent worker for a quiet day; the turning of the site key."""

    name = models.CharField(max_length=40, primary_key=True)
    ended_at = models.DateTimeField()


class PublishedProtocol(models.Model):
    """A version of a protocol as it came into force: never changed, never deleted. Cases name the one they follow."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    version = models.CharField(max_length=20)
    text = models.TextField()
    why = models.TextField(blank=True)
    #: The draft that it was written as: whoever wrote any of it can't be the one who publishes it.
    draft = models.UUIDField(unique=True)
    author = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    published_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ("-published_at",)
        constraints = [
            models.UniqueConstraint(fields=["agency", "name", "version"], name="a_version_is_published_once"),
            models.CheckConstraint(condition=~models.Q(author=models.F("published_by")), name="two_people_publish"),
        ]


class StalePlan(OfClient):
    """A client whose tasks must be derived anew by somebody who may read the whole timeline.

    `steps` are those that the event which made the plan stale may have closed, for its `subject` if it has one: until
    the plan is derived anew, nobody is told that they are late.
    """

    since = models.DateTimeField()
    subject = models.UUIDField(null=True)
    steps = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        indexes = [models.Index(fields=["client"], name="stale_by_client")]


class VaultKey(OfClient):
    """A client's data key, wrapped by the site key. Destroying the row makes every sealed value unreadable."""

    wrapped = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client"], name="one_key_a_client")]


class IdentityField(OfClient):
    """One sealed fact that could find the person. `data_class` decides who may have the row."""

    field = models.CharField(max_length=40)
    data_class = models.CharField(max_length=20)
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "field"], name="one_value_a_field")]


class ContactRule(OfClient):
    """How a machine may reach somebody, as they said it (`rules.contact.ContactRule`). Replaced by a new row; ended, so
    that nothing is sent until they are asked again, when what the vault knows of reaching them changes."""

    channel = models.CharField(max_length=12)
    answered_by = models.CharField(max_length=12)
    asks_code_word = models.BooleanField(default=False)
    days = ArrayField(models.PositiveSmallIntegerField(), default=list)
    opens = models.TimeField(null=True)
    closes = models.TimeField(null=True)
    last_day = models.DateField(null=True)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=models.Q(ended_at__isnull=True), name="one_contact_rule"
            )
        ]


class BlindIndex(OfClient):
    """A keyed digest that finds a client by exact search without holding the value."""

    field = models.CharField(max_length=40)
    digest = models.BinaryField()
    site_key_version = models.PositiveSmallIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["agency", "field", "digest"], name="blind_search")]


class LedgerPosition(models.Model):
    """How far this database has followed the erasure ledger, which is kept outside it. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    ledger = models.CharField(max_length=32)
    public_key = models.BinaryField()
    entries = models.PositiveIntegerField()
    head = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_ledger_position")]


class PartnerCode(OfClient):
    """The code by which one partner knows a client, so that two partners can't join their lists."""

    partner = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "partner"], name="one_code_a_partner")]
