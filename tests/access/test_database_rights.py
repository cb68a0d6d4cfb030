"""What the web role can not do, whatever SQL it is made to run."""

from datetime import datetime

import pytest
from django.db import Error, connection, connections, transaction
from django.db.utils import ConnectionHandler

from leeward.platform import settings
from leeward.protect.policies import tables_with_a_client

from ..cast import Cast
from .world import build


def as_web(sql: str, *values: object) -> list[tuple[object, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return list(cursor.fetchall()) if cursor.description else []


def test_the_web_role_owns_nothing_and_belongs_to_nobody(world: Cast) -> None:
    assert as_web("SELECT current_user") == [("leeward_web",)]
    assert as_web("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'leeward_web'") == [(0,)]
    assert as_web("SELECT count(*) FROM pg_auth_members WHERE member = 'leeward_web'::regrole") == [(0,)]
    assert as_web(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ) == [(False, False, False, False)]


def test_row_security_is_forced_on_every_table_with_a_client(world: Cast) -> None:
    forced = {row[0] for row in as_web("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    assert tables_with_a_client() <= forced


def test_row_security_also_binds_the_owner(cast: Cast) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_client")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "sql",
    [
        "TRUNCATE people_client CASCADE",
        "DROP TABLE people_event",
        "ALTER TABLE people_event DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE theft (x int)",
        "CREATE SCHEMA theft",
        "SET ROLE leeward_owner",
        "SET SESSION AUTHORIZATION leeward_owner",
        "UPDATE people_event SET kind = 'case.closed'",
        "DELETE FROM people_event",
        "UPDATE protect_auditrecord SET action = ''",
        "DELETE FROM protect_auditrecord",
        "UPDATE protect_grant SET ends_at = now()",
        "DELETE FROM protect_grant",
        "DELETE FROM protect_withdrawal",
        "UPDATE protect_disclosure SET disclosed_at = now()",
        "DELETE FROM protect_disclosure",
        "UPDATE protect_restriction SET data_classes = '{}'",
        "DELETE FROM protect_restriction",
        "UPDATE protect_controllerflag SET flagged_at = now()",
        "DELETE FROM protect_controllerflag",
        "SELECT * FROM protect_session",
        "SELECT * FROM protect_account",
        "SELECT * FROM protect_passkey",
        "SELECT * FROM protect_codeapp",
        "SELECT * FROM protect_onetimecode",
        "UPDATE people_staff SET role = 'privacy_officer'",
        "UPDATE people_agency SET agreement_ends_at = NULL",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY people_client TO PROGRAM 'cat'",
        "CREATE OR REPLACE FUNCTION ctx.staff() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    ],
)
def test_c07_u01_the_web_role_may_not(world: Cast, sql: str) -> None:
    world.act_as("case_manager")
    with pytest.raises(Error, match=r"permission denied|must be owner|must be member|not allowed"):
        as_web(sql)


def test_an_injected_setting_with_anybodys_id_is_nobody(world: Cast, now: datetime) -> None:
    build(world, now, state="active", data_class="referral")
    for name in ("leeward.token", "leeward.staff", "role.staff"):
        as_web("SELECT set_config(%s, %s, true)", name, str(world.staff["case_manager"].pk))
    as_web("SELECT set_config('leeward.token', %s, true)", "' OR true --")
    assert as_web("SELECT count(*) FROM people_client") == [(0,)]


def test_nobody_writes_in_another_name(world: Cast, now: datetime) -> None:
    client = build(world, now, state="none", data_class="referral")
    world.act_as("case_manager")
    with pytest.raises(Error, match="row-level security"):
        as_web(
            "INSERT INTO people_event (id, agency_id, client_id, kind, occurred_at, recorded_at, actor_id, actor_role,"
            " actor_agency_id, data_class, data) VALUES (gen_random_uuid(), %s, %s, 'rating.given', now(), now(), %s,"
            " 'therapist', %s, 'aggregate', '{}')",
            world.centre.pk,
            client.pk,
            world.staff["therapist"].pk,
            world.centre.pk,
        )


def test_no_table_of_the_askers_own_stands_in_for_a_real_one(world: Cast) -> None:
    """Should somebody give the web role temporary tables: the functions that say who is asking look at ours first."""
    database = connections["admin"].settings_dict["NAME"]
    with connections["admin"].cursor() as cursor:
        cursor.execute(f'GRANT TEMPORARY ON DATABASE "{database}" TO leeward_web')
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE protect_session AS SELECT %s::uuid AS staff_id, 'case_manager' AS role,"
                " %s::uuid AS agency_id, sha256('forged') AS token_digest, 'infinity'::timestamptz AS ends_at,"
                " 'infinity'::timestamptz AS idle_until",
                [world.staff["case_manager"].pk, world.centre.pk],
            )
            cursor.execute("GRANT SELECT ON pg_temp.protect_session TO leeward_gate")
            cursor.execute("SELECT set_config('leeward.token', 'forged', true)")
            cursor.execute("SELECT ctx.staff()")
            assert cursor.fetchone() == (None,)
            transaction.set_rollback(True)
    finally:
        with connections["admin"].cursor() as cursor:
            cursor.execute(f'REVOKE TEMPORARY ON DATABASE "{database}" FROM leeward_web')


@pytest.mark.parametrize("prepares", ["yes", "no"])
def test_k02_no_other_connection_of_the_web_role_reads_a_session_token(
    world: Cast, monkeypatch: pytest.MonkeyPatch, prepares: str
) -> None:
    """Each connection of a role sees the text of the others' statements; the token must not be in it."""
    monkeypatch.setenv("LEEWARD_PREPARE", prepares)
    serving = ConnectionHandler({"default": settings._connection("web")})["default"]
    with serving.cursor() as cursor:
        cursor.execute("SELECT ctx.enter(%s)", ["a secret token"])
        (told,) = as_web("SELECT query FROM pg_stat_activity WHERE pid = %s", serving.connection.info.backend_pid)
    serving.close()
    assert told == ("SELECT ctx.enter($1)",)


@pytest.mark.parametrize("when", ["now() - interval '2 minutes'", "now() + interval '1 year'"])
def test_u01_nobody_dates_an_audit_record(world: Cast, when: str) -> None:
    """One record of next year would make every honest one after it look backdated."""
    by = world.act_as("case_manager")
    with pytest.raises(Error, match="row-level security"):
        as_web(
            "INSERT INTO protect_auditrecord (at, staff_id, agency_id, action, subject, fields, rule)"
            f" VALUES ({when}, %s, %s, 'read web.client', '', '{{}}', '')",
            by.pk,
            by.agency_id,
        )


@pytest.mark.parametrize(("whose", "where"), [("screener", "centre"), ("case_manager", "shelter")])
def test_u01_nobody_writes_an_audit_record_for_somebody_else_or_at_another_agency(
    world: Cast, whose: str, where: str
) -> None:
    world.act_as("case_manager")
    agency = world.centre if where == "centre" else world.agencies[where]
    noted = (
        "INSERT INTO protect_auditrecord (at, staff_id, agency_id, action, subject, fields, rule)"
        " VALUES (clock_timestamp(), %s, %s, 'read web.client', '', '{}', '')"
    )
    with pytest.raises(Error, match="row-level security"):
        as_web(noted, world.staff[whose].pk, agency.pk)
    own = world.staff["case_manager"]
    as_web(f"{noted} RETURNING 1", own.pk, own.agency_id)


def test_the_reporter_reads_no_sealed_column(cast: Cast) -> None:
    with connections["reporter"].cursor() as cursor:
        cursor.execute(
            "SELECT attrelid::regclass::text, attname, has_column_privilege(attrelid, attnum, 'SELECT')"
            " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE atttypid = 'bytea'::regtype AND relnamespace = 'public'::regnamespace AND attnum > 0"
        )
        sealed = {(table, column): may_read for table, column, may_read in cursor.fetchall()}
        assert {"people_identityfield", "people_vaultkey", "support_safetyplan"} <= {table for table, _ in sealed}
        assert [column for column, may_read in sealed.items() if may_read] == []
        for table in ("people_identityfield", "people_vaultkey", "people_blindindex", "support_safetyplan"):
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [table])
            assert cursor.fetchone() == (False,)
