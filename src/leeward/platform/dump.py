"""The rows of the database as SQL text from `pg_dump`, counted on their way: a dump may never silently lack rows."""

import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from . import database

Counts = dict[str, int]
_COPY = re.compile(rb"COPY (?P<table>\S+) \((?P<columns>.*)\) FROM stdin;")
BLOCK = 1 << 20


class DumpFailed(Exception):
    """The dump is not what the database holds. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class CopyCounter:
    """Counts the rows of each table in a stream of SQL with COPY blocks, whatever the size of its pieces."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        self._table: str | None = None
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self._table is None:
            if line.startswith(b"COPY ") and (begun := _COPY.fullmatch(line)):
                self._table = begun["table"].decode()
                self.counts[self._table] = 0
        elif line == b"\\.":
            self._table = None
        else:
            self.counts[self._table] += 1


@contextmanager
def reading(url: str, *, role: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A read-only transaction of one moment under `role`. Raises DumpFailed if row security could hide rows from it."""
    with _connected(url) as connection:
        try:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        except psycopg.Error as error:
            raise DumpFailed(f"This login can't act as {role}.", "Run leeward migrate as an administrator.") from error
        may = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if may is None or not may[0]:
            raise DumpFailed(
                f"The role {role} can't see past row security: the backup would silently lack people.",
                f"As a superuser, run: ALTER ROLE {role} BYPASSRLS",
            )
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL row_security = off")  # rather fail than filter
        yield connection
        connection.execute("ROLLBACK")


def _connected(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    try:
        return psycopg.connect(url, connect_timeout=10, autocommit=True)
    except psycopg.OperationalError as error:
        raise database.DatabaseUnavailable(
            "The database does not answer.", "Check LEEWARD_BACKUP_URL or LEEWARD_DATABASE_URL."
        ) from error


def tables(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    """Every table with rows of its own, as `pg_dump` names it."""
    return [
        str(name)
        for (name,) in connection.execute(
            "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relpersistence <> 't'"
            " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1"
        )
    ]


def count(connection: "psycopg.Connection[tuple[object, ...]]", names: Iterable[str]) -> Counts:
    """How many rows each table has in this connection's moment."""
    found: Counts = {}
    for name in names:
        row = connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()  # noqa: S608
        found[name] = int(str(row[0])) if row else 0
    return found


def rows(
    url: str, *, role: str, snapshot: str, server: int, without: Collection[str] = (), only: Collection[str] = ()
) -> Iterator[bytes]:
    """The dump in pieces: schema and rows, without the rows of `without`; or the rows of `only` alone.

    Raises DumpFailed with what `pg_dump` said.
    """
    choice = [f"--exclude-table-data={name}" for name in without]
    if only:
        choice = ["--data-only", *(f"--table={name}" for name in only)]
    command = [
        database.program("pg_dump", server=server),
        f"--dbname={_without_password(url)}",
        f"--role={role}",
        f"--snapshot={snapshot}",
        "--no-password",
        "-B",  # Leeward has no large objects, and any role may leave one that the backup role can't read
        *choice,
    ]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=_environment(url)) as dumping,
    ):
        assert dumping.stdout is not None  # noqa: S101
        while piece := dumping.stdout.read(BLOCK):
            yield piece
        if dumping.wait():
            said.seek(0)
            raise DumpFailed("pg_dump failed: nothing was backed up.", _first_line(said))


def load(url: str, pieces: Iterable[bytes], *, server: int) -> None:
    """Run a dump in one transaction. Raises DumpFailed with what `psql` said; nothing is left then."""
    command = [
        database.program("psql", server=server),
        f"--dbname={_without_password(url)}",
        "--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1",
        "--output=/dev/null", "--file=-",
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=_environment(url)
        ) as loading,
    ):
        assert loading.stdin is not None  # noqa: S101
        try:
            for piece in pieces:
                loading.stdin.write(piece)
            loading.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            loading.kill()  # what came so far is rolled back
            raise
        if loading.wait():
            said.seek(0)
            raise DumpFailed("The backup could not be loaded: nothing was restored.", _first_line(said))


def copied(pieces: Iterable[bytes]) -> Iterator[tuple[str, tuple[str, ...], bytes]]:
    """The rows of a dump, one by one: table, columns, and the line of text that COPY reads."""
    rest, table = b"", ""
    columns: tuple[str, ...] = ()
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if not table:
                if begun := _COPY.fullmatch(line):
                    table = begun["table"].decode()
                    columns = tuple(name.strip().strip('"') for name in begun["columns"].decode().split(","))
            elif line == b"\\.":
                table = ""
            else:
                yield table, columns, line + b"\n"


def must_equal(live: Counts, dumped: Counts, *, what: str) -> None:
    """Raises DumpFailed, naming the tables, unless both have the same tables with the same number of rows."""
    wrong = sorted(name for name in live.keys() | dumped.keys() if live.get(name) != dumped.get(name))
    if wrong:
        told = "; ".join(f"{name}: {live.get(name, 'none')} and {dumped.get(name, 'none')}" for name in wrong[:5])
        raise DumpFailed(f"{what} lacks rows or has too many.", f"Rows in the database and in the copy: {told}")


def _without_password(url: str) -> str:
    return make_conninfo("", **{k: v for k, v in conninfo_to_dict(url).items() if k != "password"})


def _environment(url: str) -> dict[str, str]:
    password = conninfo_to_dict(url).get("password")
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _first_line(said: BinaryIO) -> str:
    text = said.read(4000).decode(errors="replace").strip()
    return text.splitlines()[0] if text else "It said nothing."
