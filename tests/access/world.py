"""One client with a row in every table that carries a client, and a grant in a chosen state."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from leeward.coordinate.models import LegalMatch, LegalNotice
from leeward.people import actions as people
from leeward.people.models import Agency, Client, Escalation, Event, IdentityField, OfClient, Staff
from leeward.protect import audit, concealment, emergency, personal_keys
from leeward.protect.actions import end_of
from leeward.protect.emergency import Emergency
from leeward.protect.models import (
    Barring,
    BarringLift,
    ConsentTalk,
    ControllerFlag,
    ControllerFlagLift,
    ControllerFlagLiftDecision,
    Grant,
    Hold,
    KnownPerson,
    PendingErasure,
    Representation,
    RepresentationDecision,
    RepresentationEnd,
    Restriction,
    RestrictionLift,
    Suspension,
    Withdrawal,
)
from leeward.treat import private_notes
from leeward.treat.models import NoteKey, NoteRelease, NoteReleaseDone, NoteShare, PrivateNote

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL
from .administrator import administrator, as_administrator

CLASSES = ("existence", "identity", "contact", "location", "referral", "case", "clinical", "safety", "aggregate")
#: An event of each class that an event may have.
KIND_OF_CLASS = {
    "existence": "consent.discussed",
    "case": "confidentiality.explained",
    "clinical": "plan.reviewed",
    "safety": "safety_plan.saved",
    "aggregate": "rating.given",
}
PARTNER = "shelter"
#: Made by `_keep_private_notes`; the case manager sees none of them.
OF_NOTES = (PrivateNote, NoteKey, NoteShare, NoteRelease, NoteReleaseDone)


#: A permission that lacks nothing which the law asks of one.
AS_THE_LAW_ASKS = {"purpose": "coordination", "form_version": "release-2", "method": "tablet", "language": "en"}


#: Escalation: no page writes one (tests/access/test_late_steps.py). The others only the privacy officer or the
#: administrator writes, under conditions of their own (tests/coordinate/test_legal_requests.py).
BESIDE = (Escalation, LegalMatch, LegalNotice, Suspension, Hold, PendingErasure)


def models_of_clients() -> list[type[models.Model]]:
    """Every model that carries a client, whatever room it is in."""
    return [
        model
        for model in apps.get_models()
        if model._meta.db_table == "people_client"
        or any(field.name in {"client", "client_id"} for field in model._meta.get_fields() if field.concrete)
    ]


def build(world: Cast, now: datetime, *, state: str, data_class: str, partner: str = PARTNER) -> Client:
    """A client of the case manager's team with a row in every table and, for `partner`, a grant in `state`."""
    by = world.act_as("case_manager")
    client = people.register(by=by, arrival=ARRIVAL, now=now - timedelta(days=3))
    for colleague in ("screener", "clinician", "therapist"):
        people.join_team(by=by, client=client, colleague=world.staff[colleague], now=now)
    people.join_team(by=by, client=client, colleague=world.staff["other_screener"], now=now - timedelta(days=2))
    people.leave_team(client=client, colleague=world.staff["other_screener"], now=now - timedelta(days=1))
    grant = _grant(world, client, by, now, partner, state=state, data_class=data_class)
    _take_another_back(world, client, by, now)
    for one, kind in KIND_OF_CLASS.items():
        _fill(Event, client, by, grant, world.agencies[partner], data_class=one, kind=kind, actor_role=by.role).save(
            force_insert=True
        )
    _fill(IdentityField, client, by, grant, world.agencies[partner], field="address", data_class="location").save(
        force_insert=True
    )
    _open_in_an_emergency(world, client, now)
    _keep_private_notes(world, client, now)
    _hide_and_show(world, client, now)
    _bar_others(world, client, by)
    _somebody_may_sign(world, client, now)
    if state == "restricted":
        _lifted_elsewhere(world, client, by)
    for model in models_of_clients():
        if model in BESIDE or model in OF_NOTES:
            continue  # tests of their own: what no page writes, what legal requests hold; the others are there, unseen
        if issubclass(model, OfClient) and not model._base_manager.filter(client=client).exists():
            _fill(model, client, by, grant, world.agencies[partner]).save(force_insert=True)
    audit.saw(by=by, action="read test", client_id=client.pk)
    return client


def _grant(
    world: Cast, client: Client, by: Staff, now: datetime, partner: str, *, state: str, data_class: str
) -> Grant:
    recipient = world.agencies["hospital" if state == "none" else partner]
    grant = _given(client, by, recipient, starts_at=now - timedelta(days=1), data_classes=[data_class])
    if state in {"expired", "future"}:  # nobody else than the administrator can say that it is
        when = {"expired": "ends_at = now() - interval '1 second'", "future": "starts_at = now() + interval '1 hour'"}
        with administrator():
            as_administrator(f"UPDATE protect_grant SET {when[state]} WHERE id = '{grant.pk}'")
    if state in {"none", "withdrawn"}:
        Withdrawal(agency=client.agency, client=client, grant=grant, withdrawn_at=now, recorded_by=by).save(
            force_insert=True
        )
    barred = world.agencies[partner if state in {"restricted", "lifted"} else "legal_aid"]
    no = _fill(Restriction, client, by, None, barred, recipient=barred, purpose="")
    no.save(force_insert=True)
    if state != "restricted":
        _fill(RestrictionLift, client, by, None, world.agencies[partner], restriction=no).save(force_insert=True)
    return grant


def _given(client: Client, by: Staff, recipient: Agency, *, data_classes: list[str], **more: object) -> Grant:
    """A grant and the talk in which it was given."""
    talk = _fill(
        ConsentTalk, client, by, None, recipient, asked=data_classes, allowed=data_classes, outcome="granted",
        able=True, interpreter="none", purpose="coordination", language="en",
    )  # fmt: skip
    talk.save(force_insert=True)
    more |= AS_THE_LAW_ASKS | _for_two_days(client.created_at + timedelta(days=3))
    grant: Grant = _fill(Grant, client, by, None, recipient, talk=talk, data_classes=data_classes, **more)
    grant.save(force_insert=True)
    return grant


def _for_two_days(now: datetime) -> dict[str, object]:
    last_day = (now + timedelta(days=2)).date()
    return {"last_day": last_day, "ends_at": end_of(last_day)}


def _somebody_may_sign(world: Cast, client: Client, now: datetime) -> None:
    """So that there is a proposal, a decision, an end and a flag in every world."""
    by = world.act_as("case_manager")
    person = _fill(KnownPerson, client, by, None, client.agency)
    person.save(force_insert=True)
    proposed = _fill(
        Representation, client, by, None, client.agency, person=person, data_classes=["referral"], **_for_two_days(now)
    )
    proposed.save(force_insert=True)
    officer = world.act_as("privacy_officer")
    decision = _fill(RepresentationDecision, client, officer, None, client.agency, representation=proposed)
    decision.save(force_insert=True)
    world.act_as("case_manager")
    for model, about in ((RepresentationEnd, {"representation": proposed}), (ControllerFlag, {"person": person})):
        _fill(model, client, by, None, client.agency, **about).save(force_insert=True)
    asked = _fill(ControllerFlagLift, client, by, None, client.agency, flag=ControllerFlag.objects.get(person=person))
    asked.save(force_insert=True)
    officer = world.act_as("privacy_officer")
    _fill(ControllerFlagLiftDecision, client, officer, None, client.agency, lift=asked).save(force_insert=True)
    world.act_as("case_manager")


def _lifted_elsewhere(world: Cast, client: Client, by: Staff) -> None:
    """So that there is a lift in every world, of a restriction that is not the one in question."""
    other = _fill(Restriction, client, by, None, world.agencies["legal_aid"], recipient=world.agencies["legal_aid"])
    other.save(force_insert=True)
    _fill(RestrictionLift, client, by, None, world.agencies["legal_aid"], restriction=other).save(force_insert=True)


def _open_in_an_emergency(world: Cast, client: Client, now: datetime) -> None:
    """So that there is an emergency in every world, which is over, reviewed, and opens nothing any more."""
    world.prove("other_screener")
    needed = Emergency(typed=client.code, birth_year="", reason="a test of the matrix", minutes=5)
    glass = emergency.break_glass(by=world.act_as("other_screener"), emergency=needed)
    world.prove("other_screener", minutes=0)
    emergency.review(by=world.act_as("privacy_officer"), glass=glass, verdict="needed", found="a test", now=now)
    world.act_as("case_manager")


def _keep_private_notes(world: Cast, client: Client, now: datetime) -> None:
    """A note of the therapist's, kept in halves by two people, who released it to the therapist again."""
    keys = {
        who: personal_keys.make(by=world.act_as(who), passphrase="a test of the matrix", now=now)
        for who in ("privacy_officer", "program_director", "therapist")
    }
    author = world.act_as("therapist")
    private_notes.write(by=author, client=client, text="private", private=keys["therapist"], now=now)
    for who in ("privacy_officer", "program_director"):
        world.prove(who)
    officer, director = world.act_as("privacy_officer"), world.staff["program_director"]
    release = private_notes.ask_release(
        by=officer, client=client, author=author, successor=author, confirmer=director, ground="lost",
        private=keys["privacy_officer"], now=now,
    )  # fmt: skip
    world.act_as("program_director")
    private_notes.confirm_release(by=director, release=release, private=keys["program_director"], now=now)
    for who in ("privacy_officer", "program_director"):
        world.prove(who, minutes=0)
    world.act_as("case_manager")


def _hide_and_show(world: Cast, client: Client, now: datetime) -> None:
    """So that there is a hidden record in every world, which is not hidden any more."""
    by = world.act_as("case_manager")
    day = (now + timedelta(days=30)).date()
    row = concealment.conceal(by=by, client=client, reason="asked", review_on=day, now=now)
    concealment.show(by=by, concealment=row, now=now)


def _bar_others(world: Cast, client: Client, by: Staff) -> None:
    """So that there is a barring and a lift in every world, of people who see nothing anyway."""
    barred = [
        _fill(Barring, client, by, None, client.agency, staff=world.staff[who])
        for who in ("other_screener", "evaluator")
    ]
    for one in barred:
        one.save(force_insert=True)
    _fill(BarringLift, client, by, None, client.agency, barring=barred[1]).save(force_insert=True)


def _take_another_back(world: Cast, client: Client, by: Staff, now: datetime) -> None:
    """So that there is a withdrawal in every world, of a grant that is not the one in question."""
    other = _given(client, by, world.agencies["social_services"], data_classes=["case"])
    Withdrawal(agency=client.agency, client=client, grant=other, withdrawn_at=now, recorded_by=by).save(
        force_insert=True
    )


def _fill(model: Any, client: Client, by: Staff, grant: Grant | None, partner: Agency, **given: object) -> Any:
    """An instance with something in every field that must have something."""
    values: dict[str, object] = {}
    for field in model._meta.concrete_fields:
        if field.name in given or field.has_default() or field.null or field.primary_key:
            continue
        values[field.name] = _value(field, client, by, grant, partner)
    return model(**(values | given))


def _value(field: Any, client: Client, by: Staff, grant: Grant | None, partner: Agency) -> object:
    if isinstance(field, models.ForeignKey | models.OneToOneField):
        related = {Client: client, Staff: by, Grant: grant}
        if field.name == "to_agency":  # whom the permission names, also where it is not the partner in question
            return grant.recipient if grant else partner
        if field.related_model is Agency:
            return partner if field.name in {"partner", "recipient", "to_agency"} else client.agency
        if issubclass(field.related_model, OfClient) and field.related_model not in related:
            return field.related_model._base_manager.filter(client=client).first()
        return related[field.related_model]
    kinds: tuple[tuple[type, object], ...] = (
        (ArrayField, []),
        (models.BinaryField, b"x"),
        (models.DateTimeField, client.created_at),
        (models.DateField, date(2026, 1, 1)),
        (models.BooleanField, False),
        (models.JSONField, {}),
        (models.UUIDField, uuid4()),
        (models.IntegerField, 1),
        (models.FloatField, 1.0),
        (models.CharField, "x"),
        (models.TextField, "x"),
    )
    return next(value for kind, value in kinds if isinstance(field, kind))


def seen(table: str, client_column: str, client: Client, *, column: str = "1") -> list[object]:
    """What the present asker sees of the client in a table: plain SQL, no mapper in between."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {column} FROM "{table}" WHERE {client_column} = %s', [client.pk])
        return [row[0] for row in cursor.fetchall()]
