"""Whoever runs SQL in somebody's session gets no further than that person: not around the door, not by asking the
gate's own functions, and not by ending or numbering what is somebody else's."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction

from leeward.people.models import Client
from leeward.protect import actions as protect
from leeward.protect import concealment, representatives
from leeward.protect.middleware import be
from leeward.protect.models import Concealment

from ..cast import Cast
from ..people.committed import register
from ..protect.test_permissions import wish
from .world import PARTNER, build

EVERYBODY = (
    "screener",
    "other_screener",
    "privacy_officer",
    "program_director",
    "evaluator",
    PARTNER,
    "hospital",
    None,
)


def asked(sql: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def refused(sql: str, *values: object) -> str:
    """What the database says to it; fails if it takes it."""
    with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


# The door


def test_c02_a_token_that_did_not_come_in_by_the_door_is_nobody(world: Cast, now: datetime) -> None:
    """Whoever did not enter holds no look that could be ended."""
    client = build(world, now, state="active", data_class="referral")
    for who in ("case_manager", PARTNER):
        world.act_as(who)
        assert asked("SELECT ctx.staff() IS NOT NULL") == [(True,)]
        (mark,) = asked("SELECT current_setting('leeward.entered')")[0]
        world.act_as(None)
        asked("SELECT set_config('leeward.token', %s, true)", world.tokens[who])
        assert asked("SELECT ctx.staff()") == [(None,)]
        assert not Client.objects.filter(pk=client.pk).exists()
        asked("SELECT set_config('leeward.entered', %s, true)", f"{mark}0")
        assert asked("SELECT ctx.staff()") == [(None,)]
    world.act_as("hospital")
    asked("SELECT set_config('leeward.token', %s, true)", world.tokens["case_manager"])
    assert asked("SELECT ctx.staff()") == [(None,)], "the mark is of the token that came in"


def test_c02_a_mark_is_of_no_use_in_the_next_transaction(cast: Cast) -> None:
    with transaction.atomic():
        be(cast.tokens[PARTNER])
        kept = asked("SELECT current_setting('leeward.token'), current_setting('leeward.entered')")[0]
    with transaction.atomic():
        asked("SELECT set_config('leeward.token', %s, true), set_config('leeward.entered', %s, true)", *kept)
        assert asked("SELECT ctx.staff()") == [(None,)]
    assert "permission denied" in refused("SELECT secret FROM ctx.entering")


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_c02_nobody_reads_by_a_snapshot_that_is_older_than_the_statement(cast: Cast, level: str) -> None:
    with transaction.atomic():
        connection.cursor().execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        be(cast.tokens[PARTNER])
        assert asked("SELECT ctx.staff()") == [(None,)]


# The gate's own functions


def test_a03_the_gate_tells_nobody_who_bars_them_or_is_hidden(world: Cast, now: datetime) -> None:
    client, hidden = (register(world, now) for _ in range(2))
    by = world.act_as("case_manager")
    for who in ("other_screener", "hospital", "evaluator"):
        protect.bar(by=by, client=client, person=world.staff[who], now=now)
    hide(world, hidden, now)
    for who in ("other_screener", "hospital", "evaluator", "program_director", None):
        world.act_as(who)
        assert asked("SELECT * FROM ctx.barred()") == [], who
    for who in EVERYBODY:
        world.act_as(who)
        assert "permission denied" in refused("SELECT * FROM ctx.kept_from()"), who


def test_a03_a_partner_whom_the_person_bars_is_told_of_no_permission(world: Cast, now: datetime) -> None:
    client = build(world, now, state="active", data_class="referral")
    world.act_as(PARTNER)
    assert asked("SELECT count(*) FROM ctx.my_grants()") > [(0,)]
    by = world.act_as("case_manager")
    protect.bar(by=by, client=client, person=world.staff[PARTNER], now=now)
    world.act_as(PARTNER)
    assert asked("SELECT * FROM ctx.my_grants()") == []
    assert asked("SELECT * FROM ctx.opened_to(%s, ctx.agency(), ctx.purpose())", client.pk) == []


def test_l03_the_gate_lists_no_request_that_is_kept_from_somebody(world: Cast) -> None:
    for who in EVERYBODY:
        world.act_as(who)
        assert "does not exist" in refused("SELECT * FROM ctx.withheld()")
        assert asked("SELECT ctx.is_withheld(%s), ctx.is_withheld_work(1)", uuid4()) == [(False, False)]


# What ends something


def hide(world: Cast, client: Client, now: datetime) -> Concealment:
    by, day = world.act_as("case_manager"), (now + timedelta(days=9)).date()
    return concealment.conceal(by=by, client=client, reason="asked", review_on=day, now=now)


def ends(world: Cast, now: datetime) -> list[tuple[str, str, object, str]]:
    """Table, column, the row of one client that it would end, and by which column the asker says that it was them."""
    client = register(world, now - timedelta(days=1))
    by = world.act_as("case_manager")
    barring = protect.bar(by=by, client=client, person=world.staff["other_screener"], now=now)
    hidden = hide(world, client, now)
    no = protect.restrict(by=by, client=client, recipient=world.agencies["hospital"], now=now)
    given = protect.grant(by=by, client=client, wish=wish(world), now=now)
    aunt = representatives.add_person(by=by, client=client, name="Aunt", relation="relative", now=now)
    return [
        ("protect_withdrawal", "grant_id, withdrawn_at", given.pk, "recorded_by_id"),
        ("protect_restrictionlift", "restriction_id, lifted_at", no.pk, "recorded_by_id"),
        ("protect_barringlift", "barring_id, lifted_at", barring.pk, "recorded_by_id"),
        ("protect_concealmentlift", "concealment_id, lifted_at", hidden.pk, "recorded_by_id"),
        ("protect_controllerflag", "person_id, flagged_at", aunt.pk, "recorded_by_id"),
    ]


def test_a03_c08_nobody_ends_what_is_another_persons(world: Cast, now: datetime) -> None:
    """A lift or a withdrawal under the name of one's own client ends nothing of somebody else's."""
    theirs = ends(world, now)
    mine = register(world, now)
    by = world.act_as("case_manager")
    for table, columns, row, asker in theirs:
        sql = (
            f"INSERT INTO {table} (id, agency_id, client_id, {asker}, {columns})"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, now())"
        )
        assert "row-level security" in refused(sql, mine.agency_id, mine.pk, by.pk, row), table
        client = asked(f"SELECT client_id FROM {named(table)} WHERE id = %s", row)[0][0]
        with connection.cursor() as cursor:
            cursor.execute(sql, [mine.agency_id, client, by.pk, row])  # of their own person they may


def named(table: str) -> str:
    return {"protect_withdrawal": "protect_grant", "protect_controllerflag": "protect_knownperson"}.get(
        table, table.removesuffix("lift")
    )


# The audit record's numbers


def test_u01_nobody_chooses_the_number_of_an_audit_record(world: Cast, now: datetime) -> None:
    """Numbers used up in advance stop every look that must be noted; one among the sealed breaks the chain."""
    for who in ("screener", "privacy_officer", PARTNER):
        by = world.act_as(who)
        row = "at, staff_id, agency_id, client_id, action, subject, fields, rule"
        values = "clock_timestamp(), %s, %s, NULL, 'read web.home', '', '{}', ''"
        for number in (10**9, -7):
            told = refused(
                f"INSERT INTO protect_auditrecord (id, {row}) VALUES ({number}, {values})", by.pk, by.agency_id
            )
            assert "permission denied" in told
        assert "permission denied" in refused("SELECT nextval('protect_auditrecord_id_seq')")
        assert "permission denied" in refused("SELECT setval('protect_auditrecord_id_seq', 1)")
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO protect_auditrecord ({row}) VALUES ({values})", [by.pk, by.agency_id])
