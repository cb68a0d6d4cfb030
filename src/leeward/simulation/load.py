"""Writes a synthetic centre into a database: the demonstration's people, staff, records and sign-ins.

It runs as the administrator, because it writes in everybody's name; nobody in it exists, and every client says so
(`is_synthetic`). Chunk by chunk, so that memory stays bounded.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Model

from leeward import catalogue
from leeward.coordinate.models import Referral
from leeward.identify.models import Observation, Screening
from leeward.people import vault
from leeward.people.actions import IDENTITY_FIELDS, searchable
from leeward.people.models import (
    BlindIndex,
    CareTeamMember,
    Client,
    Event,
    IdentityField,
    PartnerCode,
    Staff,
    Task,
    VaultKey,
)
from leeward.people.pathway import HORIZON, task_of
from leeward.protect.actions import FORM_VERSION, end_of
from leeward.protect.models import (
    ConsentTalk,
    Disclosure,
    Grant,
    KnownPerson,
    Representation,
    RepresentationDecision,
    Withdrawal,
)
from leeward.rules.instruments import score
from leeward.rules.protocol.definition import Protocol
from leeward.rules.protocol.events import Event as RuleEvent
from leeward.rules.protocol.plan import plan
from leeward.support.models import NeedsAssessment, SafetyPlan
from leeward.treat.models import Measure, ServicePlan

from .centre import Chunk, chunks
from .load_staff import ADMIN, Cast, SignIn, write_staff
from .load_talks import Talks
from .names import WORDS, name_of
from .parameters import Parameters
from .rows import EventRow

#: How many clients each care role's demonstration sign-in has on their team.
TEAM = 60
PLAN = {"people": "My sister. The nurse on Tuesdays.", "now": "Go next door. Call 911 from there."}
MESSAGE = "Asks for your help. Please answer us here first."
GOALS = ("Sleep through the night", "A place of my own")


@dataclass(slots=True)
class Batch:
    """Rows to write, by model, in the order in which their references allow."""

    rows: dict[type[Model], list[Model]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Model) -> None:
        self.rows[type(row)].append(row)

    def write(self) -> None:
        order: Sequence[type[Model]] = (
            Client, CareTeamMember, VaultKey, IdentityField, BlindIndex, Event, Task, PartnerCode,
            KnownPerson, Representation, RepresentationDecision, ConsentTalk, Grant, Withdrawal,
            Observation, Screening, Measure, SafetyPlan, ServicePlan, NeedsAssessment, Referral, Disclosure,
        )  # fmt: skip
        for model in order:
            model._default_manager.using(ADMIN).bulk_create(self.rows[model], batch_size=2_000)


def load_centre(
    parameters: Parameters, *, clients: int, seed: int, protocol: Protocol, now: datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> list[SignIn]:  # fmt: skip
    """Write the whole centre in one transaction and return its sign-ins. Raises SimulationError."""
    with transaction.atomic(using=ADMIN), connections[ADMIN].cursor() as cursor:
        # Made-up people need no audit rows about their making; the triggers come back at the end of the transaction.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cast = write_staff(parameters)
        done = 0
        for chunk in chunks(parameters, clients=clients, seed=seed):
            batch = Batch()
            for person in _lives(chunk, first=done):
                _write_client(batch, person, cast, protocol, now)
            batch.write()
            done += len(chunk.clients)
            progress(done)
    with connections[ADMIN].cursor() as cursor:
        cursor.execute("ANALYZE")
    return cast.accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Everything of one synthetic client, put together."""

    index: int
    row: Any
    events: list[EventRow]
    grants: list[Any]
    referrals: list[Any]
    items: dict[tuple[str, datetime], dict[str, int | None]]
    birth_year: int | None


def _lives(chunk: Chunk, *, first: int) -> Iterator[Life]:
    events, grants, referrals = defaultdict(list), defaultdict(list), defaultdict(list)
    items: dict[str, dict[tuple[str, datetime], dict[str, int | None]]] = defaultdict(lambda: defaultdict(dict))
    for event in chunk.events:
        events[event.client].append(event)
    for grant in chunk.grants:
        grants[grant.client].append(grant)
    for referral in chunk.referrals:
        referrals[referral.client].append(referral)
    for item in chunk.items:
        items[item.client][item.instrument, item.taken_at][item.item] = item.answer
    for index, row in enumerate(chunk.clients, start=first):
        registered = next((e for e in events[row.client] if e.kind == "client.registered"), None)
        age = registered.data.get("age_at_contact") if registered else None
        yield Life(
            index=index,
            row=row,
            events=events[row.client],
            grants=grants[row.client],
            referrals=referrals[row.client],
            items=items[row.client],
            birth_year=row.first_contact_at.year - age if isinstance(age, int) else None,
        )


def _write_client(batch: Batch, life: Life, cast: Cast, protocol: Protocol, now: datetime) -> None:
    registrar = cast.staff[life.events[0].actor]
    centre = registrar.agency
    client = Client(
        agency=centre,
        code=life.row.client,
        language=life.row.language if life.row.language in {"en", "es", "vi"} else "other",
        county=life.row.county,
        protocol=protocol.name,
        protocol_version=protocol.version if life.row.protocol_version else "",
        created_at=life.row.first_contact_at,
        created_by=registrar,
        is_synthetic=True,
    )
    batch.add(client)
    key, row = vault.new_data_key(client)
    batch.add(row)
    sealer = Sealer(client, key)
    _write_identity(batch, life, client, sealer)
    _write_team(batch, life, client, cast)
    _write_events(batch, life, client, cast, sealer)
    _write_grants_and_referrals(batch, life, client, cast, sealer)
    if client.protocol_version:  # who came before the protocol began has no steps to be late with
        _write_tasks(batch, life, client, protocol, now)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals under one client's key."""

    client: Client
    key: bytes

    def seal(self, place: str, text: str) -> bytes:
        return vault.seal_with(self.key, self.client.pk, place, text)


def _write_identity(batch: Batch, life: Life, client: Client, sealer: Sealer) -> None:
    given, family = name_of(life.index)
    facts = {
        "given_name": given,
        "family_name": family,
        "birth_year": str(life.birth_year or ""),
        "contact_method": "call" if life.index % 3 else "none",
        "phone": f"601-555-01{life.index % 100:02}" if life.index % 3 else "",
        "contact_hours": "weekdays 9 to 11" if life.index % 3 else "",
        "code_word": WORDS[life.index % len(WORDS)] if life.index % 4 == 0 else "",
    }
    for name, value in facts.items():
        if value:
            sealed = sealer.seal(f"identity:{name}", value)
            batch.add(IdentityField(agency=client.agency, client=client, field=name,
                                    data_class=IDENTITY_FIELDS[name], sealed=sealed))  # fmt: skip
    for name, value in searchable(facts).items():
        batch.add(vault.index_row(client, name, value))


def _write_team(batch: Batch, life: Life, client: Client, cast: Cast) -> None:
    """Whoever acted for the client, and for some clients the demonstration's own sign-ins."""
    members = {event.actor for event in life.events if cast.staff[event.actor].gives_care}
    people = [cast.staff[member] for member in sorted(members)]
    if life.index % 7 == 0 and life.index < TEAM * 7:
        people += [cast.sign_ins[role] for role in ("screener", "clinician", "therapist", "case_manager")]
    for person in dict.fromkeys(people):
        batch.add(
            CareTeamMember(agency=client.agency, client=client, staff=person, since=client.created_at,
                           added_by=client.created_by)
        )  # fmt: skip


def _write_events(batch: Batch, life: Life, client: Client, cast: Cast, sealer: Sealer) -> None:
    replaced = {event.supersedes for event in life.events if event.supersedes}
    plans = 0
    for row in life.events:
        actor = cast.staff[row.actor]
        subject = UUID(row.subject) if row.subject else None
        detail = None if row.id in replaced else _detail(row, life, client, actor, sealer, plans)
        if detail is not None:
            batch.add(detail)
            subject = subject or detail.pk
            plans += isinstance(detail, ServicePlan)
        batch.add(
            Event(
                id=UUID(row.id),
                agency=client.agency,
                client=client,
                kind=row.kind,
                occurred_at=row.occurred_at,
                recorded_at=row.recorded_at,
                actor=actor,
                actor_role=row.actor_role,
                actor_agency=cast.agencies[row.agency],
                data_class=row.data_class,
                subject=subject,
                data=dict(row.data),
                supersedes_id=UUID(row.supersedes) if row.supersedes else None,
            )
        )


def _detail(row: EventRow, life: Life, client: Client, actor: Staff, sealer: Sealer, plans: int) -> Model | None:
    """What the rooms keep beside the event."""
    agency, at, data = client.agency, row.occurred_at, cast(dict[str, Any], row.data)
    match row.kind:
        case "indicator.observed":
            return Observation(
                agency=agency, client=client, codes=list(_texts(data["indicators"])), definition_version="1",
                suspected=bool(data["suspected"]), danger_now=bool(data["danger_now"]), observed_at=at, by=actor,
            )  # fmt: skip
        case "screening.completed" if data["tool"] == catalogue.conversation().name:
            talk = Screening(
                agency=agency, client=client, tool=data["tool"], version=data["version"], language=data["language"],
                mode=data["mode"], audience="youth" if life.row.is_minor else "adult", screener=actor,
                result=data["result"], reason=_REASONS[str(data["result"])], danger_now=False,
                answered=data["answered"], declined=data["declined"], held_at=at,
            )  # fmt: skip
            talk.answers = sealer.seal(f"screening:{talk.pk}:answers", "{}")
            return talk
        case "measure.completed":
            return _measure(row, life, client, actor, sealer)
        case "safety_plan.saved":
            saved = SafetyPlan(agency=agency, client=client, version=data["version"], copy=data["copy"], saved_at=at,
                               by=actor)  # fmt: skip
            saved.sections = sealer.seal(saved.sections_place, json.dumps(PLAN))
            return saved
        case "plan.agreed" | "plan.reviewed":
            agreed = ServicePlan(agency=agency, client=client, version=plans + 1, agreed_at=at, by=actor)
            goals = [{"words": words, "next_step": "", "progress": "working"} for words in GOALS]
            agreed.goals = sealer.seal(agreed.goals_place, json.dumps(goals))
            return agreed
        case "needs.assessed":
            return NeedsAssessment(
                agency=agency, client=client, scope=data["scope"], needs=list(_texts(data["needs"])), assessed_at=at,
                by=actor,
            )  # fmt: skip
    return None


_REASONS = {"positive": "core_yes", "inconclusive": "too_much_open", "negative": "no_sign"}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _measure(row: EventRow, life: Life, client: Client, actor: Staff, sealer: Sealer) -> Measure:
    data = cast(dict[str, Any], row.data)
    instrument = catalogue.instrument(data["instrument"])
    given = life.items.get((instrument.name, row.occurred_at), {})
    answers = {item: answer for item, answer in given.items() if answer is not None}
    result = score(instrument, answers)
    measure = Measure(
        agency=client.agency, client=client, instrument=instrument.name, version=data["version"], wording="own",
        language="en", mode="self", total=data["total"], band=data.get("band") or "",
        subscores=dict(result.clusters), prorated=data["prorated"], alert=data["alert"],
        answered=len(answers), declined=0, taken_at=row.occurred_at, recorded_at=row.recorded_at, by=actor,
    )  # fmt: skip
    measure.answers = sealer.seal(measure.answers_place, json.dumps(answers))
    return measure


def _write_grants_and_referrals(batch: Batch, life: Life, client: Client, cast: Cast, sealer: Sealer) -> None:
    recorder = cast.staff[life.events[0].actor]
    given: dict[str, Grant] = {}
    talks = Talks(client=client, recorder=recorder, officer=cast.sign_ins["privacy_officer"], born=life.birth_year,
                  seal=sealer.seal, add=batch.add)  # fmt: skip
    for row in life.grants:
        talk = talks.about(row, cast.agencies[row.recipient])
        grant = Grant(
            id=UUID(row.id), agency=client.agency, client=client, talk=talk, recipient=cast.agencies[row.recipient],
            data_classes=talk.allowed, purpose=row.purpose, starts_at=row.valid_from, last_day=row.valid_until,
            ends_at=end_of(row.valid_until), granted_at=row.valid_from, recorded_by=recorder, method="tablet",
            language=talk.language, form_version=FORM_VERSION,
        )  # fmt: skip
        batch.add(grant)
        given[row.recipient] = grant
        if row.withdrawn_at:
            batch.add(Withdrawal(agency=client.agency, client=client, grant=grant, withdrawn_at=row.withdrawn_at,
                                 recorded_by=recorder))  # fmt: skip
    coded: set[str] = set()
    for row in life.referrals:
        to, under = cast.agencies[row.to_agency], given.get(row.to_agency)
        if under is None:
            continue
        referral = Referral(
            id=UUID(row.id), agency=client.agency, client=client, to_agency=to, service=row.service,
            urgency=row.urgency, status=_status(row.status), grant=under, sent_at=row.sent_at, sent_by=recorder,
            replied_at=row.replied_at, outcome=row.outcome or "",
            closed_at=row.replied_at if _status(row.status) in {"closed", "declined", "withdrawn"} else None,
        )  # fmt: skip
        referral.message = sealer.seal(f"referral:{referral.pk}:message", MESSAGE)
        batch.add(referral)
        if row.to_agency not in coded:
            coded.add(row.to_agency)
            batch.add(PartnerCode(agency=client.agency, client=client, partner=to))
        if row.replied_at:
            batch.add(
                Disclosure(agency=client.agency, client=client, recipient=to, grant=under, basis=under.law_row,
                           purpose=under.purpose, data_classes=under.data_classes, exit="referral",
                           disclosed_at=row.replied_at)
            )  # fmt: skip


def _status(status: str) -> str:
    return status if status in {"sent", "accepted", "waitlisted", "declined", "closed", "withdrawn"} else "sent"


def _write_tasks(batch: Batch, life: Life, client: Client, protocol: Protocol, now: datetime) -> None:
    events = [
        RuleEvent(
            id=row.id, kind=row.kind, occurred_at=row.occurred_at, recorded_at=row.recorded_at, subject=row.subject,
            data=row.data, supersedes=row.supersedes,
        )
        for row in life.events
    ]  # fmt: skip
    for instance in plan(protocol, events, now + HORIZON).instances:
        batch.add(task_of(client, protocol.step(instance.step), instance))
