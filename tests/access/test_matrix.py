"""Every table with a client × everybody × every state of a permission, as the real web role.

The expectation below is written from the promise, not from the declaration that makes the policies. A table that is new
and not named here is expected to be visible to the care team alone.
"""

from datetime import datetime

import pytest
from django.db import connection

from leeward.people.errors import PeopleError
from leeward.people.models import Agency, Client, Staff
from leeward.protect import actions as protect

from ..cast import Cast
from .world import BESIDE, CLASSES, PARTNER, build, models_of_clients, seen

TEAM = ("screener", "clinician", "therapist", "case_manager")
NEVER = ("other_screener", "program_director", "evaluator", "hospital", "law_enforcement", "legal_aid", None)
PRIVACY_SEES = {
    "people_client", "people_careteammember", "people_event", "protect_grant", "protect_withdrawal",
    "protect_disclosure", "protect_auditrecord", "protect_restriction", "protect_restrictionlift",
    "protect_barring", "protect_barringlift", "protect_concealment", "protect_concealmentlift",
    "protect_breakglass", "protect_breakglassend", "protect_breakglassreview", "protect_breakglasstext",
    "protect_message",
    "protect_consenttalk", "protect_knownperson", "protect_controllerflag", "protect_controllerflaglift",
    "protect_controllerflagliftdecision",
    "protect_representation", "protect_representationdecision", "protect_representationend",
}  # fmt: skip
#: A therapist's private notes (A-04): their author; who keeps half of their key; who released them. Nobody else.
ONLY = {
    "treat_privatenote": {"therapist"},
    "treat_notekey": {"therapist"},
    "treat_noteshare": {"therapist", "privacy_officer", "program_director"},
    "treat_noterelease": {"privacy_officer", "program_director"},
    "treat_notereleasedone": {"privacy_officer", "program_director"},
}
#: With any active grant; and with a grant of the class named.
PARTNER_ALWAYS = {"people_partnercode", "protect_grant"}
PARTNER_BY_CLASS = {"coordinate_referral": {"referral"}, "treat_measure": {"clinical"}}
OPENS_THE_KEY = {"identity", "contact", "referral", "case", "clinical"}

STATES = [("active", one) for one in CLASSES if one not in {"aggregate"}] + [
    (state, "referral") for state in ("none", "expired", "future", "withdrawn", "restricted", "lifted")
]


def tables() -> list[tuple[str, str]]:
    return sorted(
        (model._meta.db_table, "id" if model._meta.db_table == "people_client" else "client_id")
        for model in models_of_clients()
        if model not in BESIDE
    )


def partner_may_see(table: str, state: str, data_class: str) -> bool:
    if state not in {"active", "lifted"}:
        return False
    if table == "people_vaultkey":
        return data_class in OPENS_THE_KEY
    if table == "people_identityfield":
        return data_class in {"identity", "contact", "location"}
    if table == "people_event":  # that somebody exists opens no event, and a safety plan's never leave
        return data_class in {"case", "clinical"}
    return table in PARTNER_ALWAYS or data_class in PARTNER_BY_CLASS.get(table, set())


@pytest.mark.parametrize(("state", "data_class"), STATES, ids=[f"{s}-{c}" for s, c in STATES])
def test_c01_c02_a01_only_whom_the_promise_names_sees_a_row(
    world: Cast, now: datetime, state: str, data_class: str
) -> None:
    client = build(world, now, state=state, data_class=data_class)
    wrong: list[str] = []
    for who in (*TEAM, *NEVER, "privacy_officer", PARTNER):
        world.act_as(who)
        for table, column in tables():
            expected = (
                who in ONLY[table]
                if table in ONLY
                else (
                    who in TEAM
                    or (who == "privacy_officer" and table in PRIVACY_SEES)
                    or (who == PARTNER and partner_may_see(table, state, data_class))
                )
            )
            if bool(seen(table, column, client)) != expected:
                wrong.append(f"{who} should {'' if expected else 'not '}see {table}")
    assert not wrong


def test_every_table_has_a_row_for_the_team_to_see(world: Cast, now: datetime) -> None:
    client = build(world, now, state="active", data_class="referral")
    world.act_as("case_manager")
    assert {table for table, column in tables() if not seen(table, column, client)} == set(ONLY)


@pytest.mark.parametrize("data_class", [one for one in CLASSES if one != "aggregate"])
def test_c01_a_partner_gets_events_and_identity_of_the_granted_class_only(
    world: Cast, now: datetime, data_class: str
) -> None:
    client = build(world, now, state="active", data_class=data_class)
    world.act_as(PARTNER)
    of_events = {data_class} & {"case", "clinical"}  # whatever a grant says, a safety plan's never leave
    assert set(seen("people_event", "client_id", client, column="data_class")) == of_events
    assert set(seen("people_identityfield", "client_id", client, column="data_class")) <= {data_class}


def test_c01_a_partner_reads_no_answer_that_was_given_to_another(world: Cast, now: datetime) -> None:
    """That somebody said yes or no to others, and how old they came, is more than that they come here."""
    client = build(world, now, state="active", data_class="referral")
    by = world.act_as("case_manager")
    protect.decline(by=by, client=client, recipient=world.agencies["law_enforcement"], now=now)
    assert "consent.declined" in seen("people_event", "client_id", client, column="kind")
    world.act_as(PARTNER)
    assert seen("people_partnercode", "client_id", client)
    assert "consent.declined" not in seen("people_event", "client_id", client, column="kind")


def test_a_privacy_officer_sees_that_events_exist_but_none_of_care(world: Cast, now: datetime) -> None:
    client = build(world, now, state="none", data_class="referral")
    world.act_as("privacy_officer")
    assert set(seen("people_event", "client_id", client, column="data_class")) == {"existence"}


def test_a07_whoever_administers_sees_nothing_of_care_and_no_identity(world: Cast, now: datetime) -> None:
    client = build(world, now, state="active", data_class="clinical")
    rooms = ("identify_", "treat_", "support_", "coordinate_referral", "people_identityfield", "people_vaultkey")
    keys = {"treat_noteshare", "treat_noterelease", "treat_notereleasedone"}  # halves of keys, and who released them
    of_care = [(table, column) for table, column in tables() if table.startswith(rooms) and table not in keys]
    assert len(of_care) > 8
    for who in ("program_director", "privacy_officer", "evaluator"):
        world.act_as(who)
        assert [table for table, column in of_care if seen(table, column, client)] == [], who


def test_a06_a_person_who_left_sees_nothing_from_the_next_statement_on(world: Cast, now: datetime) -> None:
    from leeward.people.models import Staff

    client = build(world, now, state="none", data_class="referral")
    world.act_as("therapist")
    assert Client.objects.filter(pk=client.pk).exists()
    try:
        Staff.objects.using("admin").filter(pk=world.staff["therapist"].pk).update(is_active=False)
        assert not Client.objects.filter(pk=client.pk).exists()
    finally:
        Staff.objects.using("admin").filter(pk=world.staff["therapist"].pk).update(is_active=True)
        world.tokens["therapist"] = world.sign_in("therapist")


@pytest.mark.parametrize("who", ["clinician", "privacy_officer", PARTNER])
def test_a03_whom_the_person_bars_sees_nothing_whatever_their_role(world: Cast, now: datetime, who: str) -> None:
    client = build(world, now, state="active", data_class="referral")
    world.act_as(who)
    assert any(seen(table, column, client) for table, column in tables())
    by = world.act_as("case_manager")
    no = protect.bar(by=by, client=client, person=world.staff[who], now=now)
    world.act_as(who)
    assert [table for table, column in tables() if seen(table, column, client)] == []
    by = world.act_as("case_manager")
    protect.unbar(by=by, barring=no, now=now)
    if who != "clinician":  # barring takes them off the team, and lifting puts nobody on it
        world.act_as(who)
        assert any(seen(table, column, client) for table, column in tables())


@pytest.mark.parametrize("who", ["hospital", "shelter", "law_enforcement", "legal_aid", "social_services"])
def test_a_partner_reads_the_names_of_its_own_people_and_the_centres_and_of_no_other_partners(
    world: Cast, who: str
) -> None:
    world.act_as(who)
    seen_agencies = set(Staff.objects.values_list("agency_id", flat=True))
    assert seen_agencies == {world.agencies[who].pk, world.centre.pk}
    assert Agency.objects.filter(pk__in=[agency.pk for agency in world.agencies.values()]).count() == 6
    world.act_as("case_manager")
    assert set(Staff.objects.values_list("agency_id", flat=True)) >= {one.pk for one in world.agencies.values()}


def test_a03_search_before_create_tells_a_barred_colleague_nothing(world: Cast, now: datetime) -> None:
    client = build(world, now, state="none", data_class="referral")
    field, digest = seen("people_blindindex", "client_id", client, column="ARRAY[field, encode(digest, 'hex')]")[0]
    asked = "SELECT ctx.known_here(%s, decode(%s, 'hex'))"
    for who, known in (("screener", True), ("other_screener", False)):
        world.act_as(who)
        with connection.cursor() as cursor:
            cursor.execute(asked, [field, digest])
            assert cursor.fetchone() == (known,), who


def test_a03_nobody_bars_themselves(world: Cast, now: datetime) -> None:
    client = build(world, now, state="none", data_class="referral")
    by = world.act_as("case_manager")
    with pytest.raises(PeopleError, match="about yourself"):
        protect.bar(by=by, client=client, person=by, now=now)


@pytest.mark.parametrize("data_class", ["clinical", "sud", "psychotherapy", "safety"])
def test_p06_law_enforcement_gets_no_health_data_whatever_a_grant_says(
    world: Cast, now: datetime, data_class: str
) -> None:
    client = build(world, now, state="active", data_class=data_class, partner="law_enforcement")
    world.act_as("law_enforcement")
    assert seen("people_partnercode", "client_id", client)
    assert not seen("treat_measure", "client_id", client)
    assert not seen("people_event", "client_id", client)
