"""Turns the declaration in `access` into row security, privileges and the `ctx` functions; run after each migration.

Everything is made anew in one transaction, so what the database enforces is what the declaration says, never a residue.
"""

from hashlib import sha256
from importlib.resources import files

from django.apps import apps
from django.conf import settings
from django.db.backends.utils import CursorWrapper

from leeward.people.models import CARE_ROLES
from leeward.rules.consent import Law

from .access import NOT_BARRED, TABLES, Table, Worker
from .emergency import REVIEW_WITHIN
from .law import LAW_TABLES, lay_out
from .models import MOST_MINUTES

FUNCTIONS = (
    "staff", "agency", "role", "gives_care", "my_clients", "founding", "my_grants", "known_here", "note_write",
    "follow_task", "late_steps", "barred", "proved", "bind_session", "end_sessions", "broken_glass", "break_glass",
    "purpose", "carry_out", "opened_to", "public_keys", "my_releases", "my_exports", "asked_about", "is_withheld",
    "is_withheld_work", "of_legal_work", "enter", "end_looks", "late_reviews", "keep_referral", "give_reason",
    "match_asked",
)  # fmt: skip
#: Called by the others alone.
INNER_FUNCTIONS = ("is_of_care", "concealed", "may_open_hidden", "emergency_minutes", "kept_from")
#: What the job worker may call, and no page.
FOR_WORKER = ("message_facts", "notice_odd", "forget_requests")
#: The roles whose rights are made here, and made anew.
SERVED = "leeward_web, leeward_signin, leeward_reporter, leeward_worker, leeward_auditor, leeward_gate"
#: Reached by the sign-in role alone (and looked up by the gate).
SIGN_IN_TABLES = ("protect_account", "protect_session", "protect_passkey", "protect_codeapp", "protect_onetimecode")
#: What the gate does there: who is asking, and ending what a person may no longer do.
GATE_AT_SIGN_IN = {
    "protect_session": "SELECT, DELETE",
    "protect_account": "SELECT (staff_id, id), INSERT, UPDATE (password)",
    "protect_passkey": "SELECT (account_id), DELETE",
    "protect_codeapp": "SELECT (account_id), DELETE",
    "protect_onetimecode": "SELECT (account_id), DELETE",
}
#: Triggers that one table has: name (also of the function in `ctx`), table, when.
TRIGGERS = (
    (
        "follow_task",
        "people_task",
        "AFTER UPDATE OF closed_at ON people_task FOR EACH ROW WHEN (OLD.closed_at IS DISTINCT FROM NEW.closed_at)",
    ),
    ("keep_referral", "coordinate_referral", "BEFORE UPDATE ON coordinate_referral FOR EACH ROW"),
    ("carry_out", "protect_accountdecision", "AFTER INSERT ON protect_accountdecision FOR EACH ROW WHEN (NEW.agreed)"),
    ("bind_session", "protect_session", "BEFORE INSERT OR UPDATE ON protect_session FOR EACH ROW"),
    (
        "end_sessions",
        "people_staff",
        "AFTER UPDATE OF role, agency_id, is_active ON people_staff FOR EACH ROW"
        " WHEN ((OLD.role, OLD.agency_id, OLD.is_active) IS DISTINCT FROM (NEW.role, NEW.agency_id, NEW.is_active))",
    ),
)


class Undeclared(Exception):
    """A table carries a client and nobody declared who may reach it."""


class WrongSetting(Exception):
    """A site setting that nobody may choose."""


def install(cursor: CursorWrapper, law: Law) -> None:
    """Make every policy, privilege and function, and lay out the law that they decide by. Run as `leeward_owner`, in
    one transaction.

    Raises Undeclared if a table that carries a client is missing from the declaration.
    """
    present = set(_tables(cursor))
    if missing := tables_with_a_client() - {table.name for table in TABLES}:
        raise Undeclared(f"Declare who may reach these tables in protect/access/: {', '.join(sorted(missing))}.")
    cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {SERVED}")
    for name in present:
        cursor.execute(f'REVOKE ALL ON "{name}" FROM PUBLIC, {SERVED}')
        _drop_policies(cursor, name)
    _install_functions(cursor)
    for name in SIGN_IN_TABLES:
        cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO leeward_signin')
    for name, rights in GATE_AT_SIGN_IN.items():
        cursor.execute(f'GRANT {rights} ON "{name}" TO leeward_gate')
    for name in present:
        if name.startswith("axes_"):
            cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO leeward_signin')
    for name in LAW_TABLES:
        cursor.execute(f'GRANT SELECT ON "{name}" TO leeward_gate')
    lay_out(cursor, law)
    for table in TABLES:
        if table.name in present:
            _secure(cursor, table)
    _sign_policies(cursor)
    for name, place, when in TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {place}")
        cursor.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION ctx.{name}()")
    # Numbers are given by the tables themselves: whoever could draw them could use up those of others.
    cursor.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {SERVED}")
    cursor.execute("GRANT SELECT ON SEQUENCE protect_auditrecord_id_seq TO leeward_auditor")
    _give_the_queue_to_the_worker(cursor)


def _give_the_queue_to_the_worker(cursor: CursorWrapper) -> None:
    """The job queue's tables, sequences and functions are the worker's and nobody else's: no page starts a job yet."""
    everybody = f"PUBLIC, {SERVED}"
    cursor.execute("SELECT quote_ident(relname), relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                   " AND relkind IN ('r', 'S') AND starts_with(relname, 'procrastinate_')")  # fmt: skip
    for name, kind in cursor.fetchall():
        sort, rights = ("SEQUENCE", "USAGE") if kind == "S" else ("TABLE", "SELECT, INSERT, UPDATE, DELETE")
        cursor.execute(f"REVOKE ALL ON {sort} {name} FROM {everybody}")
        cursor.execute(f"GRANT {rights} ON {sort} {name} TO leeward_worker")
    cursor.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                   " AND starts_with(proname, 'procrastinate_')")  # fmt: skip
    for (signature,) in cursor.fetchall():
        cursor.execute(f"REVOKE ALL ON FUNCTION {signature} FROM {everybody}")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO leeward_worker")


def tables_with_a_client() -> set[str]:
    """Names of the tables that carry a client, from the models."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.db_table == "people_client"
        or any(field.name in {"client", "client_id"} for field in model._meta.get_fields() if field.concrete)
    }


def _tables(cursor: CursorWrapper) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [row[0] for row in cursor.fetchall()]


def _drop_policies(cursor: CursorWrapper, table: str) -> None:
    cursor.execute("SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = %s", [table])
    for (policy,) in cursor.fetchall():
        cursor.execute(f'DROP POLICY "{policy}" ON "{table}"')


def _secure(cursor: CursorWrapper, table: Table) -> None:
    cursor.execute(f'ALTER TABLE "{table.name}" ENABLE ROW LEVEL SECURITY')
    cursor.execute(f'ALTER TABLE "{table.name}" FORCE ROW LEVEL SECURITY')
    for name, what in _policies(table).items():
        cursor.execute(f'CREATE POLICY "{name}" ON "{table.name}" {what}')
    limited = {
        command: f"{command} ({', '.join(columns)})"
        for command, columns in (("update", table.changes), ("insert", table.adds))
        if columns
    }
    for command in sorted({command for rule in table.rules for command in rule.commands}):
        cursor.execute(f'GRANT {limited.get(command, command)} ON "{table.name}" TO leeward_web')
    cursor.execute(f'DROP TRIGGER IF EXISTS note_write ON "{table.name}"')
    if table.client and table.audited:
        cursor.execute(
            f'CREATE TRIGGER note_write AFTER INSERT OR UPDATE OR DELETE ON "{table.name}"'
            f" FOR EACH ROW EXECUTE FUNCTION ctx.note_write('{table.client}')"
        )
    if table.gate:
        cursor.execute(f'GRANT SELECT ON "{table.name}" TO leeward_gate')
    if table.gate_changes:
        cursor.execute(f'GRANT UPDATE ({", ".join(table.gate_changes)}) ON "{table.name}" TO leeward_gate')
    if table.gate_adds:
        cursor.execute(f'GRANT {limited.get("insert", "insert")} ON "{table.name}" TO leeward_gate')
    if (worker := table.worker) is not None:
        for command, columns in (("SELECT", worker.reads), ("UPDATE", worker.changes), ("INSERT", worker.adds)):
            if columns:
                cursor.execute(f'GRANT {command} ({", ".join(columns)}) ON "{table.name}" TO leeward_worker')
    for command in table.auditor:
        cursor.execute(f'GRANT {command} ON "{table.name}" TO leeward_auditor')
    if table.counted:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s AND data_type <> 'bytea'",
            [table.name],
        )
        columns = tuple(f'"{row[0]}"' for row in cursor.fetchall())
        cursor.execute(f'GRANT SELECT ({", ".join(columns)}) ON "{table.name}" TO leeward_reporter')


def _policies(table: Table) -> dict[str, str]:
    """The policies of one table by name, each as SQL says what it is."""
    found: dict[str, str] = {}
    for rule in table.rules:
        rows, check_rows = (
            text.replace("{client}", table.client or "") for text in (rule.rows, rule.check or rule.rows)
        )
        for command in rule.commands:
            using = "" if command == "insert" else f"USING ({rows})"
            check = f"WITH CHECK ({check_rows})" if command in {"insert", "update"} else ""
            found[f"{rule.name}_{command}"] = f"FOR {command} TO leeward_web {using} {check}"
    if table.client:
        rows = NOT_BARRED.replace("{client}", table.client)
        found["not_barred"] = f"AS RESTRICTIVE FOR ALL TO leeward_web USING ({rows})"
    if table.gate:
        found["gate"] = "FOR SELECT TO leeward_gate USING (true)"
    if table.gate_changes:
        found["gate_changes"] = "FOR UPDATE TO leeward_gate USING (true)"
    if table.gate_adds:
        found["gate_adds"] = "FOR INSERT TO leeward_gate WITH CHECK (true)"
    if table.worker:
        found |= _of_worker(table.worker)
    for command in table.auditor:
        rows = "WITH CHECK (true)" if command == "insert" else "USING (true)"
        found[f"auditor_{command}"] = f"FOR {command} TO leeward_auditor {rows}"
    if table.counted:
        found["counted"] = "FOR SELECT TO leeward_reporter USING (true)"
    return found


def _of_worker(worker: Worker) -> dict[str, str]:
    found: dict[str, str] = {}
    if worker.reads:
        found["worker_reads"] = f"FOR SELECT TO leeward_worker USING ({worker.rows})"
    if worker.changes:
        changed = f"USING ({worker.changing or worker.rows}) WITH CHECK ({worker.rows})"
        found["worker_changes"] = f"FOR UPDATE TO leeward_worker {changed}"
    if worker.adds:
        found["worker_adds"] = f"FOR INSERT TO leeward_worker WITH CHECK ({worker.added})"
    return found


def _sign_policies(cursor: CursorWrapper) -> None:
    """Note at each policy what it was made from and as what the database holds it."""
    made = _declared()
    for (table, name), (held, _noted) in _held(cursor).items():
        cursor.execute(f'COMMENT ON POLICY "{name}" ON "{table}" IS \'{made[table, name]} {held}\'')


def other_policies(cursor: CursorWrapper) -> list[str]:
    """The policies in the database that are not made from this version's declaration, were changed there since, or are
    missing. The two can part until the next migration. Run in a transaction."""
    made, held = _declared(), _held(cursor)
    other = {key for key, (is_now, noted) in held.items() if noted != f"{made.get(key)} {is_now}"}
    return sorted(f"{name} on {table}" for table, name in other | (made.keys() - held.keys()))


def _declared() -> dict[tuple[str, str], str]:
    """Of each declared policy by table and name, a digest of its SQL."""
    return {
        (table.name, name): sha256(what.encode()).hexdigest()
        for table in TABLES
        for name, what in _policies(table).items()
    }


def _held(cursor: CursorWrapper) -> dict[tuple[str, str], tuple[str, str]]:
    """Of each policy in the database by table and name, a digest of what it is there and what was noted at it."""
    cursor.execute("SET LOCAL search_path = pg_catalog")  # so that the texts below are the same for everybody
    cursor.execute(
        "SELECT c.relname, p.polname, encode(sha256(convert_to(concat_ws(' ', p.polcmd, p.polpermissive,"
        " ARRAY(SELECT r::regrole::text FROM unnest(p.polroles) AS r ORDER BY 1),"
        " pg_get_expr(p.polqual, p.polrelid), '|', pg_get_expr(p.polwithcheck, p.polrelid)), 'UTF8')), 'hex'),"
        " coalesce(obj_description(p.oid, 'pg_policy'), '')"
        "  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace"
    )
    found = {(table, name): (held, noted) for table, name, held, noted in cursor.fetchall()}
    cursor.execute("SET LOCAL search_path TO DEFAULT")
    return found


def _site_rules() -> dict[str, str]:
    """What the site decides, as SQL. Raises WrongSetting for what no site may decide."""
    minutes, roles = settings.LEEWARD_EMERGENCY_MINUTES, settings.LEEWARD_EMERGENCY_HIDDEN
    most = int(MOST_MINUTES.total_seconds() // 60)
    if not 1 <= minutes <= most:
        raise WrongSetting(f"LEEWARD_EMERGENCY_MINUTES is {minutes}. Choose from 1 to {most}.")
    if wrong := set(roles) - {role.value for role in CARE_ROLES}:
        raise WrongSetting(f"LEEWARD_EMERGENCY_HIDDEN names no care role: {', '.join(sorted(wrong))}.")
    return {
        "emergency_minutes": str(minutes),
        "review_hours": str(int(REVIEW_WITHIN.total_seconds() // 3600)),
        "request_days": str(settings.LEEWARD_REQUEST_DAYS),
        "emergency_hidden": f"ARRAY[{', '.join(repr(str(role)) for role in roles)}]",
    }


def _install_functions(cursor: CursorWrapper) -> None:
    # Made anew as a whole: nothing that an earlier version or anybody else left there stays, or stands in the way.
    cursor.execute("DROP SCHEMA IF EXISTS ctx CASCADE")
    cursor.execute("CREATE SCHEMA ctx")
    # The gate owns the functions, so it needs the right to create in their schema while they are made, not after.
    cursor.execute("GRANT USAGE, CREATE ON SCHEMA ctx TO leeward_gate")
    cursor.execute("GRANT USAGE ON SCHEMA ctx TO leeward_web, leeward_worker")
    cursor.execute("SET LOCAL ROLE leeward_gate")
    cursor.execute("SET LOCAL check_function_bodies = off")
    cursor.execute(_script())
    for name in FUNCTIONS + INNER_FUNCTIONS + FOR_WORKER:
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'ctx'::regnamespace AND proname = %s",
            [name],
        )
        for (signature,) in cursor.fetchall():
            cursor.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
            if name in FUNCTIONS:
                cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO leeward_web")
            if name in FOR_WORKER:
                cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO leeward_worker")
    cursor.execute("RESET ROLE")
    cursor.execute("REVOKE CREATE ON SCHEMA ctx FROM leeward_gate")


def other_functions(cursor: CursorWrapper) -> list[str]:
    """The functions of the gate that do in the database something else than this version and the settings say, or are
    missing there. The two can part until the next migration."""
    cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = to_regnamespace('ctx')")
    held, script = cursor.fetchall(), _script()
    missing = {*FUNCTIONS, *INNER_FUNCTIONS, *FOR_WORKER} - {name for name, _ in held}
    return sorted(missing | {name for name, body in held if body not in script})


def _script() -> str:
    """The gate's functions, with what the site decides."""
    script = _text("context.sql")
    for name in ("standing", "barring", "mark"):
        script = script.replace(f":{name}", _text(f"{name}.sql"))
    for name, value in _site_rules().items():
        script = script.replace(f"{{{name}}}", value)
    return script + _text("odd_reading/notice.sql")


def _text(name: str) -> str:
    return files("leeward.protect").joinpath(name).read_text(encoding="utf-8")
