"""The database decides as `rules.consent.decide` does: random laws, permissions, withdrawals and restrictions, each
partner, class and purpose. 10,000 worlds of a person and a partner in a run, ten times as many in `make test-full`."""

import os
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connections, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward.people.models import Agency, Client
from leeward.protect.law import lay_out
from leeward.protect.models import (
    ConsentTalk,
    ControllerFlag,
    ControllerFlagLift,
    ControllerFlagLiftDecision,
    Grant,
    KnownPerson,
    Representation,
    RepresentationDecision,
    RepresentationEnd,
    Restriction,
    RestrictionLift,
    Withdrawal,
)
from leeward.protect.sessions import token_digest
from leeward.rules import consent as rules
from leeward.rules.consent import DataClass, Law, Method, Outcome, Purpose, RecipientKind, Regime

from ..cast import Cast
from ..rules.consent.random_laws import WORDS, random_laws

FULL = "LEEWARD_FULL" in os.environ
LAWS = 200 if FULL else 20
PEOPLE = 100
PARTNERS = ("hospital", "shelter", "law_enforcement", "legal_aid", "social_services")
FORMS = {"none": frozenset[str](), "told": frozenset({"explained"})}
LANGUAGES = {"none": frozenset({"en"}), "told": frozenset({"en", "es"})}
ZONE = "America/Chicago"
#: Without it most random laws are silent, and silence is no.
OPEN = rules.Row(
    id="open", regimes=frozenset(Regime), classes=frozenset(DataClass), recipients=frozenset(RecipientKind),
    purposes=frozenset(Purpose), outcome=Outcome.PERMITTED, duty=None, authorisation=None, obligations=(),
    citation="a source", status=rules.Status.POLICY, checked=date(2026, 10, 9), text=WORDS,
)  # fmt: skip
#: And where a random law lets no minor agree alone, nothing of it would be compared.
ALONE = rules.Alone(
    id="alone", regimes=None, recipients=frozenset(RecipientKind), purposes=frozenset(Purpose), from_age=13,
    citation="a source", status=rules.Status.POLICY, checked=date(2026, 10, 9), text=WORDS,
)  # fmt: skip
OPENED: Counter[str] = Counter()
#: How many permissions that somebody signed along opened something, and how many of minors alone.
SIGNED: Counter[str] = Counter()


@pytest.fixture(scope="module")
def people(cast: Cast) -> list[UUID]:
    """Ids of people who are written into each world, and taken away with it."""
    return [UUID(int=0xC0FFEE00 + number) for number in range(PEOPLE)]


@settings(max_examples=LAWS, deadline=None)
@given(law=random_laws(), regime=st.sampled_from(Regime), seed=st.integers(0, 2**32))
def test_t1_c01_c04_c08_g01_g02_g03_g04_row_security_and_decide_agree(
    cast: Cast, people: list[UUID], law: Law, regime: Regime, seed: int
) -> None:
    alone = (*law.alone, ALONE) if seed % 2 else law.alone
    law = replace(law, forms=FORMS, languages=LANGUAGES, rows=(*law.rows, OPEN), alone=alone)
    with transaction.atomic(using="admin"):
        with connections["admin"].cursor() as cursor:
            cursor.execute("UPDATE people_agency SET regime = %s WHERE id = %s", [regime, cast.centre.pk])
            lay_out(cursor, law)
        now = datetime.now(UTC)
        records = _written(cast, people, random.Random(seed), now)
        for partner in PARTNERS:
            agency = cast.agencies[partner]
            expected = _by_python(agency, records, law, regime, now)
            assert _by_database(cast.tokens[partner], people) == expected, partner
            OPENED[partner] += len(expected)
            by_id = {each.id: each for each in records if isinstance(each, rules.Grant)}
            opened = {grant for *_, grant in _grants_of(cast.tokens[partner], people)}
            SIGNED["along"] += sum(by_id[grant].representation is not None for grant in opened)
            SIGNED["alone"] += sum(
                by_id[grant].representation is None and by_id[grant].age is not None for grant in opened
            )
        transaction.set_rollback(True, using="admin")


def test_those_worlds_opened_something_to_everybody() -> None:
    assert all(OPENED[partner] > 50 for partner in PARTNERS), OPENED
    assert SIGNED["along"] > 5, SIGNED
    assert SIGNED["alone"] > 5, SIGNED


def _by_database(token: str, people: list[UUID]) -> set[tuple[str, str, str]]:
    """What a session of each purpose opens."""
    return {found[:3] for found in _grants_of(token, people)}


def _grants_of(token: str, people: list[UUID]) -> set[tuple[str, str, str, str]]:
    """Client, class, purpose and grant that are open to the partner in a session of that purpose, of these people."""
    found: set[tuple[str, str, str, str]] = set()
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT ctx.enter(%s)", [token])
        for purpose in Purpose:
            cursor.execute(
                "UPDATE protect_session SET purpose = %s WHERE token_digest = %s", [purpose, token_digest(token)]
            )
            cursor.execute(
                "SELECT DISTINCT client_id::text, data_class, %s, grant_id::text FROM ctx.my_grants()"
                " WHERE client_id = ANY (%s)",
                [purpose.value, people],
            )
            found |= set(cursor.fetchall())
    return found


def _by_python(
    agency: Agency, records: rules.Grants, law: Law, regime: Regime, now: datetime
) -> set[tuple[str, str, str]]:
    """What `decide` permits. What the law permits without a grant opens no record: there it must be covered too."""
    asks = replace(law, rows=tuple(_asking(row) for row in law.rows))
    by_client: dict[str, list[rules.Grant | rules.Restriction]] = {}
    for record in records:
        by_client.setdefault(record.client, []).append(record)
    found: set[tuple[str, str, str]] = set()
    for client, theirs in by_client.items():
        for data_class in DataClass:
            for purpose in {Purpose.LEGAL} | {each.purpose for each in theirs if isinstance(each, rules.Grant)}:
                request = rules.Request(
                    client=client,
                    data_class=data_class,
                    regimes=frozenset({regime}),
                    recipient=str(agency.pk),
                    recipient_kind=RecipientKind(agency.kind),
                    purpose=purpose,
                    at=now,
                    zone=ZONE,
                )
                if rules.decide(request, theirs, asks).permitted:
                    assert rules.decide(request, theirs, law).permitted
                    found.add((client, data_class.value, purpose.value))
    return found


def _asking(row: rules.Row) -> rules.Row:
    if row.outcome is not Outcome.PERMITTED:
        return row
    nothing = rules.Authorisation(kinds=("any",), elements=frozenset(), default_days=1, longest_days=365)
    return replace(row, outcome=Outcome.NEEDS_AUTHORISATION, authorisation=nothing)


def _written(
    cast: Cast, people: list[UUID], chance: random.Random, now: datetime
) -> list[rules.Grant | rules.Restriction]:
    """Random records, in the database and as the rules read them."""
    staff = cast.staff["case_manager"]
    common = {"agency_id": cast.centre.pk, "recorded_by_id": staff.pk}
    rows: dict[type, list[object]] = {
        model: []
        for model in (
            Client, KnownPerson, ControllerFlag, ControllerFlagLift, ControllerFlagLiftDecision, Representation,
            RepresentationDecision, RepresentationEnd, ConsentTalk, Grant, Withdrawal, Restriction, RestrictionLift,
        )
    }  # fmt: skip
    known: list[rules.Grant | rules.Restriction] = []
    for person in people:
        rows[Client].append(
            Client(
                id=person, agency_id=cast.centre.pk, code=f"T{person.int % 10**9}", created_by_id=staff.pk,
                created_at=now, protocol="human-trafficking-response", protocol_version="1.0.0", is_synthetic=True,
            )
        )  # fmt: skip
        for _ in range(chance.randrange(4)):
            _grant(cast, person, chance, now, common, rows, known)
        for _ in range(chance.choice((0, 0, 0, 1, 2))):
            _restriction(cast, person, chance, now, common, rows, known)
    for model, made in rows.items():
        model._default_manager.using("admin").bulk_create(made)  # type: ignore[attr-defined]
    return known


def _grant(cast, person, chance, now, common, rows, known) -> None:  # type: ignore[no-untyped-def]
    recipient = cast.agencies[chance.choice(PARTNERS)]
    classes = chance.sample(list(DataClass), chance.randrange(5))
    purpose, method, form = chance.choice(list(Purpose)), chance.choice(list(Method)), chance.choice(list(FORMS))
    starts = now + timedelta(days=chance.choice((-30, -1, -1, -1, 1)))
    last_day = (now + timedelta(days=chance.choice((-3, 5, 30, 90)))).date()
    language = chance.choice(("en", "en", "en", "en", "es"))
    carried = FORMS[form] | ({"written", "signed"} if method is not Method.SPOKEN else set())
    elements = carried if language in LANGUAGES[form] else set()
    signer, signer_known = _signer(cast, person, chance, now, common, rows) if chance.random() < 0.25 else (None, None)
    age = chance.choice((None, None, None, None, 13, 16))
    talk = ConsentTalk(
        client_id=person, recipient=recipient, purpose=purpose.value, asked=[each.value for each in classes],
        allowed=[each.value for each in classes], outcome="granted", language=language, form_version=form,
        interpreter="none", explained_by_id=staff_of(cast), able=True, age=age, representation=signer, held_at=starts,
        **common,
    )  # fmt: skip
    rows[ConsentTalk].append(talk)
    row = Grant(
        talk=talk, client_id=person, recipient=recipient, data_classes=[each.value for each in classes],
        purpose=purpose.value, starts_at=starts, last_day=last_day, granted_at=starts, method=method.value,
        language=language, form_version=form,
        ends_at=datetime.combine(last_day + timedelta(days=1), datetime.min.time(), tzinfo=UTC) + timedelta(hours=6),
        **common,
    )  # fmt: skip
    rows[Grant].append(row)
    if withdrawn := chance.random() < 0.2:
        rows[Withdrawal].append(Withdrawal(client_id=person, grant=row, withdrawn_at=now, **common))
    known.append(
        rules.Grant(
            id=str(row.pk), client=str(person), recipient=str(recipient.pk), classes=frozenset(classes),
            purpose=purpose, starts_at=starts, last_day=last_day, elements=frozenset(elements), withdrawn=withdrawn,
            age=age, representation=signer_known,
        )
    )  # fmt: skip


def staff_of(cast: Cast) -> UUID:
    return cast.staff["case_manager"].pk


def _signer(cast, person, chance, now, common, rows):  # type: ignore[no-untyped-def]
    """Somebody who may sign along, or no longer, or not yet, or about something else, as rows and for the rules."""
    around = KnownPerson(client_id=person, name=b"x", relation="parent", added_at=now, **common)
    rows[KnownPerson].append(around)
    classes = chance.sample(list(DataClass), chance.randrange(11))
    decided = now + timedelta(days=chance.choice((-9, -9, -9, 1)))
    last_day = (now + timedelta(days=chance.choice((-3, 5, 30, 90)))).date()
    of_centre = {"client_id": person, "agency_id": cast.centre.pk}
    row = Representation(
        person=around, proof="court_order", data_classes=[each.value for each in classes], last_day=last_day,
        ends_at=datetime.combine(last_day + timedelta(days=1), datetime.min.time(), tzinfo=UTC) + timedelta(hours=6),
        proposed_at=(proposed := now + timedelta(days=chance.choice((-10, -5)))), proposed_by_id=staff_of(cast),
        **of_centre,
    )  # fmt: skip
    rows[Representation].append(row)
    answer = chance.choice((True, True, True, True, False, None))
    if answer is not None:
        rows[RepresentationDecision].append(
            RepresentationDecision(
                representation=row, allowed=answer, decided_at=decided, **of_centre,
                decided_by=cast.staff["privacy_officer"],
            )
        )  # fmt: skip
    if ended := chance.random() < 0.15:
        rows[RepresentationEnd].append(RepresentationEnd(representation=row, client_id=person, ended_at=now, **common))
    flagged = False
    for _ in range(chance.choice((0, 0, 0, 0, 1, 1, 2))):
        flagged |= _flag_ends(cast, person, chance, around, proposed, rows, common)
    known = rules.Representation(
        id=str(row.pk), classes=frozenset(classes), starts_at=decided, last_day=last_day,
        ended=not answer or ended or flagged,
    )  # fmt: skip
    return row, known


def _flag_ends(cast, person, chance, around, proposed, rows, common):  # type: ignore[no-untyped-def]
    """A flag that stands, or was lifted on some day: is what was proposed over by it?"""
    of_centre = {"client_id": person, "agency_id": cast.centre.pk}
    flag = ControllerFlag(person=around, client_id=person, flagged_at=proposed, **common)
    rows[ControllerFlag].append(flag)
    said = chance.choice((None, False, True, True, True))
    if said is None:
        return True
    decided = proposed + timedelta(days=chance.choice((-2, 0, 2)))
    asked = ControllerFlagLift(flag=flag, reason="slip", asked_at=decided, asked_by_id=staff_of(cast), **of_centre)
    rows[ControllerFlagLift].append(asked)
    rows[ControllerFlagLiftDecision].append(
        ControllerFlagLiftDecision(
            lift=asked, lifted=said, decided_at=decided, decided_by=cast.staff["privacy_officer"], **of_centre
        )
    )
    return not said or decided > proposed


def _restriction(cast, person, chance, now, common, rows, known) -> None:  # type: ignore[no-untyped-def]
    recipient = cast.agencies[chance.choice(PARTNERS)] if chance.random() < 0.7 else None
    classes = frozenset(chance.sample(list(DataClass), 3)) if chance.random() < 0.5 else None
    purpose = chance.choice(list(Purpose)) if chance.random() < 0.3 else None
    starts = now + timedelta(days=chance.choice((-2, -1, 1)))
    row = Restriction(
        client_id=person, recipient=recipient, data_classes=sorted(classes) if classes else None,
        purpose=purpose.value if purpose else "", starts_at=starts, **common,
    )  # fmt: skip
    rows[Restriction].append(row)
    if lifted := chance.random() < 0.3:
        rows[RestrictionLift].append(RestrictionLift(client_id=person, restriction=row, lifted_at=now, **common))
    known.append(
        rules.Restriction(
            id=str(row.pk), client=str(person), recipient=str(recipient.pk) if recipient else None, classes=classes,
            purpose=purpose, starts_at=starts, lifted=lifted,
        )
    )  # fmt: skip
