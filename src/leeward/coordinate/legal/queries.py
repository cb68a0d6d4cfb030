"""What may be read of legal requests: by the privacy officer; of what must be told, by the care team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leeward import catalogue
from leeward.people import vault
from leeward.people.actions import IDENTITY_FIELDS, searchable
from leeward.people.codes import read_code
from leeward.people.models import Agency, Client, ContactWay, Event
from leeward.protect.models import Suspension
from leeward.rules import consent as rules

from .models import Done, LegalMatch, LegalNotice, LegalRequest, LegalStep

#: A field of the vault as a letter calls it.
FIELD_WORDS: dict[str, str | Promise] = {
    "given_name": _("First name"),
    "family_name": _("Last name"),
    "birth_year": _("Year of birth"),
    "contact_method": _("Safest way to reach them"),
    "phone": _("Phone"),
    "contact_hours": _("Safe hours"),
    "contact_notes": _("Note"),
    "address": _("Address"),
    "since": _("First came here"),
}
#: Never in an answer: with it somebody could pass for a friend.
NEVER_GIVEN = frozenset({"code_word"})


def process() -> rules.Process:
    """The table of legal process in force."""
    return catalogue.law(settings.LEEWARD_LAW).process


def requests() -> QuerySet[LegalRequest]:
    """Every request, those that wait for an answer first."""
    answered = LegalStep.objects.filter(request=OuterRef("pk"), kind=Done.ANSWERED)
    return (
        LegalRequest.objects.annotate(is_answered=Exists(answered))
        .select_related("handed_in_by")
        .order_by("is_answered", "due_at")
    )


def answered_among(requests: Sequence[LegalRequest]) -> set[UUID]:
    """Ids of those that were answered."""
    steps = LegalStep.objects.filter(request__in=requests, kind=Done.ANSWERED)
    return set(steps.values_list("request_id", flat=True))


def by_reference(reference: str) -> LegalRequest | None:
    code = read_code(reference)
    return requests().filter(reference=code).first() if code else None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a request stands: the last word of each kind, and whom it is about, if they are known here."""

    request: LegalRequest
    kind: rules.ProcessKind
    steps: tuple[LegalStep, ...]
    client: Client | None
    suspension: Suspension | None

    def last(self, kind: Done) -> LegalStep | None:
        return next((step for step in reversed(self.steps) if step.kind == kind), None)

    @property
    def answered(self) -> LegalStep | None:
        return self.last(Done.ANSWERED)

    @property
    def caller(self) -> Agency | None:
        """Who confirmed, at the directory's number, that the request is theirs (P-04)."""
        step = self.last(Done.CALLED_BACK)
        return step.called if step is not None and step.is_theirs else None

    @property
    def is_verified(self) -> bool:
        return self.kind.handed_to_person or self.caller is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """What counsel's last word allows."""
        step = self.last(Done.COUNSEL)
        return tuple(step.classes) if step is not None else ()

    @property
    def may_give(self) -> bool:
        return self.client is not None and self.answered is None and self.is_verified and bool(self.classes)


def state_of(request: LegalRequest, now: datetime) -> State:
    match = LegalMatch.objects.select_related("client__agency").filter(request=request).first()
    suspension = Suspension.objects.filter(process=request.pk, ends_at__gt=now).order_by("-ends_at").first()
    return State(
        request=request,
        kind=process().kinds[request.kind],
        steps=tuple(LegalStep.objects.filter(request=request).select_related("called", "by")),
        client=match.client if match else None,
        suspension=suspension,
    )


def holder(request: LegalRequest) -> frozenset[rules.Regime]:
    """The laws that the keeping agency is under."""
    return frozenset({rules.Regime(request.agency.regime)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody whom exact words fit, and the words that found them, as the index holds them."""

    client: UUID
    field: str
    digests: list[bytes]


def asked_about(request: LegalRequest, *, name: str, birth_year: str, phone: str) -> list[Found]:
    """The people of the centre whom these exact words fit, each once."""
    asked = searchable({"given_name": name, "birth_year": birth_year, "phone": phone})
    fields = ["person"] if "person" in asked else ["name", "phone"]
    found: dict[UUID, Found] = {}
    with connection.cursor() as cursor:
        for field in fields:
            if field in asked:
                digests = vault.digests(field, asked[field])
                cursor.execute("SELECT ctx.asked_about(%s, %s, %s::bytea[])", [request.pk, field, digests])
                found |= {row[0]: Found(client=row[0], field=field, digests=digests) for row in cursor.fetchall()}
    return list(found.values())


def match(request: LegalRequest, found: Found) -> None:
    """Note whom the request is about; the database does it for somebody whom the words find, and for nobody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ctx.match_asked(%s, %s, %s, %s::bytea[])", [request.pk, found.client, found.field, found.digests]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that an answer could hold. `field` is its name in the ledger."""

    id: str
    data_class: str
    field: str
    label: str | Promise
    value: str


def could_give(client: Client, classes: Sequence[str]) -> list[Item]:
    """What the answer could hold of these classes; the database shows no row of any other."""
    items: list[Item] = []
    if "existence" in classes:
        since = formats.date_format(timezone.localtime(client.created_at), "DATE_FORMAT")
        items.append(Item(id="since", data_class="existence", field="since", label=FIELD_WORDS["since"], value=since))
    if set(classes) & set(IDENTITY_FIELDS.values()):
        for name, value in sorted(vault.identity(client).items()):
            if IDENTITY_FIELDS[name] in classes and name not in NEVER_GIVEN and value:
                way = name == "contact_method" and value in ContactWay.values
                shown = str(ContactWay(value).label) if way else value
                label = FIELD_WORDS.get(name, name)
                items.append(Item(id=name, data_class=IDENTITY_FIELDS[name], field=name, label=label, value=shown))
    held = Event.objects.filter(client=client, data_class__in=set(classes) - {"existence"})
    for event in held:
        day = formats.date_format(timezone.localtime(event.occurred_at), "DATE_FORMAT")
        items.append(Item(id=str(event.pk), data_class=event.data_class, field=event.kind, label="", value=day))
    return items


def to_tell(client: Client | None = None) -> QuerySet[LegalNotice]:
    """What the asker's people must still be told, soonest due first."""
    left = LegalNotice.objects.filter(told_at=None).select_related("client", "disclosure__recipient")
    return left.filter(client=client) if client is not None else left
