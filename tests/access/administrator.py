"""What the administrator sees and does inside the running transaction of the web role.

What a test writes is rolled back, so no other connection can see it. A function of the administrator's, made for the
run and dropped after it, looks past row security from inside.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

MAKE = """
CREATE SCHEMA IF NOT EXISTS only_tests;
CREATE OR REPLACE FUNCTION only_tests.run(sql text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN EXECUTE sql; END $$;
CREATE OR REPLACE FUNCTION only_tests.rows(sql text) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS
  $$ DECLARE found jsonb; BEGIN
    EXECUTE 'SELECT coalesce(jsonb_agg(x), ''[]'') FROM (' || sql || ') x' INTO found; RETURN found; END $$;
GRANT USAGE ON SCHEMA only_tests TO leeward_web;
"""


@contextmanager
def administrator() -> Iterator[None]:
    """The functions stand for as long as this lasts."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(MAKE)
    try:
        yield
    finally:
        with connections["admin"].cursor() as cursor:
            cursor.execute("DROP SCHEMA only_tests CASCADE")


def as_administrator(sql: str) -> None:
    """Run SQL past row security and rights, in the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT only_tests.run(%s)", [sql])


def rows(sql: str) -> list[dict[str, Any]]:
    """Every row of a query past row security, with what the running transaction has written."""
    import json

    with connection.cursor() as cursor:
        cursor.execute("SELECT only_tests.rows(%s)", [sql])
        found = cursor.fetchone()[0]
    listed: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
    return listed


# What changed

#: Kept about looks, sessions and drafts, and tasks that are derived anew while somebody reads: no change of a record.
BOOKKEEPING = {
    "protect_auditrecord", "protect_submission", "protect_session", "protect_draft", "people_task",
    "people_staleplan", "axes_accessattempt", "axes_accesslog", "axes_accessfailurelog",
}  # fmt: skip


def writes() -> dict[str, int]:
    """Rows that the running transactions have written so far, by table; also those that a savepoint took back."""
    counted: dict[str, int] = {}
    for alias in ("default", "signin"):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
                " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
            )
            counted |= {str(name): counted.get(str(name), 0) + int(number) for name, number in cursor.fetchall()}
    return counted


def written_since(before: dict[str, int], *, also_bookkeeping: bool = False) -> set[str]:
    """Tables that got, lost or changed a row since."""
    now = writes()
    touched = {name for name, number in now.items() if number != before.get(name, 0)}
    return touched if also_bookkeeping else touched - BOOKKEEPING


def state() -> dict[str, str]:
    """A digest of every table that is no bookkeeping, with what the running transactions have written."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'")
        names = [str(row[0]) for row in cursor.fetchall() if not str(row[0]).startswith(("axes_", "procrastinate_"))]
    signed_in = ("protect_account", "protect_passkey", "protect_codeapp", "protect_onetimecode")
    for name in sorted(set(names) - BOOKKEEPING):
        sql = f"SELECT count(*) AS n, md5(string_agg(t::text, '|' ORDER BY t::text)) AS d FROM \"{name}\" t"
        if name in signed_in:
            with connections["signin"].cursor() as cursor:
                cursor.execute(sql)
                found[name] = str(cursor.fetchone())
        else:
            found[name] = str(rows(sql))
    return found
