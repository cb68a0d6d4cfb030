"""Writes who works at a synthetic centre: agencies, staff, trainings, and a sign-in for each role."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypedDict
from uuid import UUID

from django.contrib.auth.hashers import make_password

from leeward import catalogue
from leeward.people.models import Agency, Completion, Staff
from leeward.protect.models import Account

from .names import WORDS, staff_name
from .parameters import Parameters
from .rows import AgencyRow, StaffRow
from .staffing import staff_the_centre

#: The connection of the administrator, who writes in everybody's name.
ADMIN = "admin"
REGIMES = {"centre": "hipaa", "hospital": "hipaa", "shelter": "victim_services", "social_services": "none"}
ACCEPTS = {
    "shelter": "Adults and their children, pets by arrangement. No police report needed.",
    "legal_aid": "Everybody in the nine counties, free of charge.",
}
LABELS = {
    "screener": "Screener", "clinician": "Clinician", "therapist": "Therapist", "case_manager": "Case manager",
    "privacy_officer": "Privacy officer", "program_director": "Program director", "evaluator": "Evaluator",
    "second_director": "Second program director", "lapsed": "Screener, training lapsed",
}  # fmt: skip


class SignIn(TypedDict):
    role: str
    label: str
    email: str
    password: str


@dataclass(slots=True)
class Cast:
    """Who works there, by the simulation's ids, and who signs in for each role."""

    agencies: dict[str, Agency]
    staff: dict[str, Staff]
    sign_ins: dict[str, Staff]
    accounts: list[SignIn]


def write_staff(parameters: Parameters) -> Cast:
    """Write agencies, staff, trainings and accounts; who signs in for each role is in the result."""
    staffing = staff_the_centre(parameters)
    agencies = {row.agency: _agency(row, parameters) for row in staffing.agencies}
    Agency.objects.using(ADMIN).bulk_create(agencies.values())
    rows = staffing.rows()
    staff = {}
    for number, (identity, row) in enumerate({row.staff: row for row in rows}.items()):
        staff[identity] = Staff(
            id=UUID(identity),
            agency=agencies[row.agency],
            display_name=staff_name(number),
            role=row.role,
            languages=["en", "es"] if number % 2 else ["en"],
        )
    sign_ins = _sign_ins(rows, staff, agencies)
    first = sign_ins["program_director"]
    # Nobody in the simulated lives, but it takes two to publish a version of the protocol.
    sign_ins["second_director"] = Staff(
        agency=first.agency, display_name=staff_name(len(staff)), role=first.role, languages=["en", "es"]
    )
    Staff.objects.using(ADMIN).bulk_create([*staff.values(), sign_ins["second_director"]])
    _write_trainings(rows, staff, sign_ins, today=parameters.data_cut)
    accounts = _write_accounts(sign_ins)
    return Cast(agencies=agencies, staff=staff, sign_ins=sign_ins, accounts=accounts)


def _agency(row: AgencyRow, parameters: Parameters) -> Agency:
    return Agency(
        id=UUID(row.agency),
        name=row.name,
        kind=row.kind,
        regime=REGIMES.get(row.kind, "none"),
        counties=list(row.counties),
        services=list(row.services),
        languages=list(row.languages),
        phone="601-555-0100",
        hours="Mon-Fri 8-17" if row.kind != "shelter" else "Day and night",
        accepts=ACCEPTS.get(row.kind, ""),
        verified_on=parameters.data_cut - timedelta(days=20),
    )


def _sign_ins(rows: Iterable[StaffRow], staff: dict[str, Staff], agencies: dict[str, Agency]) -> dict[str, Staff]:
    """One member of staff for each role, one partner for each agency, and a second screener whose training lapses."""
    found: dict[str, Staff] = {}
    for row in rows:
        key = row.role if row.role != "partner" else agencies[row.agency].kind
        found.setdefault(key, staff[row.staff])
        if row.role == "screener" and found["screener"] is not staff[row.staff]:
            found.setdefault("lapsed", staff[row.staff])
    return found


def _write_trainings(
    rows: Iterable[StaffRow], staff: dict[str, Staff], sign_ins: dict[str, Staff], *, today: date
) -> None:
    leader = sign_ins["program_director"]
    done = [
        Completion(
            agency=staff[row.staff].agency, staff=staff[row.staff], course=row.course, completed_on=row.trained_on,
            hours=2, recorded_by=leader,
        )
        for row in rows
        if row.course and row.trained_on and staff[row.staff] is not sign_ins["lapsed"]
    ]  # fmt: skip
    for key, person in sign_ins.items():
        if person.is_partner:
            continue
        day = today - timedelta(days=1_000 if key == "lapsed" else 40)
        done += [
            Completion(agency=person.agency, staff=person, course=course, completed_on=day, hours=2, recorded_by=leader)
            for course in catalogue.competence().courses
        ]
    Completion.objects.using(ADMIN).bulk_create(done)


def _write_accounts(sign_ins: dict[str, Staff]) -> list[SignIn]:
    password = " ".join(secrets.choice(WORDS) for _ in range(4))
    hashed = make_password(password)
    accounts: list[SignIn] = []
    for key, person in sign_ins.items():
        label = LABELS.get(key) or person.agency.name
        email = f"{key.replace('_', '-')}@centre.example"
        Account.objects.using(ADMIN).create(email=email, staff_id=person.pk, password=hashed)
        accounts.append(SignIn(role=person.role, label=label, email=email, password=password))
    return accounts
