"""What the web role can not do, whatever SQL it is made to run."""

from datetime import datetime

import pytest
from django.db import Error, connection, connections, transaction

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
