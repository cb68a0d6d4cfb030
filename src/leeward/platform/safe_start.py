"""What must hold before a centre's pages are served or its jobs run (O-01, O-04).

The demonstration holds nobody's data, so less is asked of it; what it may never have is the key of a real centre.
"""

import stat
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core import checks
from django.db import connections, transaction

from leeward import catalogue
from leeward.home import ROLES, home, role_password
from leeward.people.errors import PeopleError
from leeward.people.keyring import FileKeyring, keyring
from leeward.protect.law import is_laid_out
from leeward.protect.policies import other_functions, other_policies, tables_with_a_client
from leeward.web.context import LEAVE_KEYS

from . import server_holes
from .database import BACKUP_ROLE, is_embedded
from .finding import Finding

#: Of Django's own warnings for a deployment, those that ask for what a centre decides about its whole domain; and one
#: that knows Django's check of forms by its name only, where ours is built on it and asked for by itself.
NOT_OURS = {"security.W005", "security.W021", "security.W003"}
OWN_FORMS = "leeward.web.own_forms.OwnForms"
SHORTEST_PASSWORD = 16
#: What the demonstration leaves in its folder, and whom it makes up.
LEFT_BY_DEMONSTRATION = ("demo-centre.json", "demo-accounts.json")
MADE_UP = "%@centre.example"
DEMONSTRATION, PRODUCTION = "demonstration", "production"


class UnsafeStart(Exception):
    """Something would put people's records at risk. `hint` says each thing and how to mend it."""

    def __init__(self, wrong: list[Finding]) -> None:
        super().__init__("This installation is not safe to start.")
        self.hint = " ".join(f"({number}) {one.what}: NO. {one.mend}" for number, one in enumerate(wrong, 1))
        self.wrong = wrong


def require() -> None:
    """Raises UnsafeStart unless everything here holds, and django.db.Error when the database does not answer.

    Marks the installation's key as one of a demonstration or of a centre at its first start, so that it stays one.
    """
    wrong = [finding for check in CHECKS for finding in check() if not finding.ok]
    if wrong:
        raise UnsafeStart(wrong)
    ring = keyring()
    if isinstance(ring, FileKeyring):
        ring.claim(_purpose())


def config() -> Iterator[Finding]:
    """Debug, secrets, HTTPS."""
    yield Finding("Debug output is off", not settings.DEBUG, "Set DEBUG to False.")
    if settings.DEMO:
        yield Finding("This is the demonstration: no real person's data belongs here", True)
        return
    yield Finding("Pages are served over HTTPS only", settings.HTTPS, "Unset LEEWARD_HTTPS or set it to yes.")
    warned = [
        one
        for one in checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
        if one.id not in NOT_OURS
    ]
    yield Finding(
        "Secrets and settings are fit for a deployment",
        not warned,
        " ".join(f"{one.id}: {' '.join(one.msg.split())}" for one in warned),
    )
    cookies = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    yield Finding(
        "Forms are taken from our own pages only, and no other host can set our cookies",
        OWN_FORMS in settings.MIDDLEWARE
        and settings.CSRF_COOKIE_SECURE
        and all(name.startswith("__Host-") for name in cookies),
        f"Keep {OWN_FORMS} in MIDDLEWARE, and the cookies secure and named __Host-.",
    )
    yield Finding(
        "The key that leaves a page is one that pages know",
        settings.LEEWARD_LEAVE_KEY in LEAVE_KEYS,
        f"Set LEEWARD_LEAVE_KEY to one of: {', '.join(LEAVE_KEYS)}. Until then it is Shift.",
    )
    passwords = {role: role_password(role) for role in ROLES}
    weak = sorted(
        role
        for role, password in passwords.items()
        if len(password) < SHORTEST_PASSWORD or list(passwords.values()).count(password) > 1 or len(set(password)) < 6
    )
    yield Finding(
        "Each database role has a long password of its own",
        not weak,
        f"Unset LEEWARD_DATABASE_PASSWORDS, or give others to: {', '.join(weak)}. Then run leeward migrate.",
    )


def keys() -> Iterator[Finding]:
    """Files that open records or sign."""
    folder = home() / "keys"
    for path in [folder, *sorted(folder.glob("*"))]:
        if path.suffix == ".lock" or not path.exists():
            continue
        private = stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        mode = "700" if path.is_dir() else "600"
        what = "The folder of the keys" if path.is_dir() else f"Key file {path.name}"
        yield Finding(f"{what} is readable by its owner only", private, f"Run: chmod {mode} {path}")


def purpose() -> Iterator[Finding]:
    """No demonstration with a centre's key, no centre with a demonstration's key, accounts or people (O-04)."""
    try:
        ring = keyring()
        marked = ring.purpose if isinstance(ring, FileKeyring) else PRODUCTION
    except PeopleError as refused:
        yield Finding("The keyring can be used", False, f"{refused} {refused.hint}")
        return
    if settings.DEMO:
        yield Finding(
            "The demonstration has a key of its own",
            marked in {DEMONSTRATION, ""},
            "This is the key of a real centre. Unset LEEWARD_KEYRING and name an empty folder in LEEWARD_HOME.",
        )
        return
    left = [name for name in LEFT_BY_DEMONSTRATION if (home() / name).exists()]
    left += ["a key of a demonstration"] if marked == DEMONSTRATION else []
    yield Finding(
        "This folder was never a demonstration's",
        not left,
        f"Here is {', '.join(left)}. Name an empty folder in LEEWARD_HOME, then run leeward migrate.",
    )
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM protect_account WHERE email LIKE %s),"
                       " (SELECT count(*) FROM people_client WHERE is_synthetic)", [MADE_UP])  # fmt: skip
        accounts, people = cursor.fetchone()
    yield Finding(
        "No account and no person of the demonstration is here",
        not accounts and not people,
        f"{accounts} accounts and {people} people are made up. Use an empty database for a centre.",
    )


def server() -> Iterator[Finding]:
    """A server whose row security holds."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
    major = version // 10_000
    known = major in server_holes.KNOWN
    yield Finding(
        f"PostgreSQL {major} is one that Leeward knows",
        known,
        f"Use one of {', '.join(map(str, server_holes.KNOWN))}.",
    )
    if settings.DEMO:
        return
    yield Finding(
        "The database is a distribution's PostgreSQL",
        not is_embedded(),
        "Install PostgreSQL and set LEEWARD_DATABASE_URL. The embedded server is for trials.",
    )
    if not known:
        return
    holes = server_holes.open_in(version)
    yield Finding(
        f"PostgreSQL {major}.{version % 10_000} has no known hole in row security",
        not holes,
        f"Upgrade to {server_holes.first_safe(major)} or newer. "
        + " ".join(f"{hole.cve}: {hole.what} ({hole.source})." for hole in holes),
    )


def roles() -> Iterator[Finding]:
    """Each role that serves is nothing but itself: neither owner nor superuser, member of nobody."""
    for role in ROLES:
        with connections["default" if role == "web" else role].cursor() as cursor:
            cursor.execute("SELECT current_user")
            yield Finding(
                f"The {role} role can sign in", cursor.fetchone()[0] == f"leeward_{role}", "Run leeward migrate."
            )
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'leeward_') AND rolname <> %s"
            " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication) ORDER BY 1",
            [BACKUP_ROLE],
        )
        strong = [row[0] for row in cursor.fetchall()]
        yield Finding(
            "No role of Leeward is a superuser or passes row security",
            not strong,
            " ".join(
                f"As a superuser, run: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION;"
                for role in strong
            ),
        )
        cursor.execute(
            "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members"
            " WHERE starts_with(member::regrole::text, 'leeward_')"
            " AND NOT (member = 'leeward_owner'::regrole AND roleid = 'leeward_gate'::regrole)"
            " AND NOT (member::regrole::text = %s AND roleid = 'pg_read_all_data'::regrole) ORDER BY 1, 2",
            [BACKUP_ROLE],
        )
        members = cursor.fetchall()
        yield Finding(
            "No role that serves may act as another",
            not members,
            " ".join(f"As a superuser, run: REVOKE {other} FROM {role};" for role, other in members),
        )
        cursor.execute(
            "SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner <> 'leeward_owner'::regrole ORDER BY 1"
        )
        others = cursor.fetchall()
        yield Finding(
            "Every table belongs to the owner role",
            not others,
            " ".join(f"As a superuser, run: ALTER TABLE {table} OWNER TO leeward_owner;" for table, _ in others),
        )


def rows() -> Iterator[Finding]:
    """Row security is forced, something says who may see what wherever there is a client, and by the law in force."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'client_id'"
            " AND NOT a.attisdropped"
        )
        with_a_client = {row[0] for row in cursor.fetchall()} | tables_with_a_client()
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND relrowsecurity AND relforcerowsecurity"
            " AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive)"
            " AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'not_barred')"
        )
        bare = sorted(with_a_client - {row[0] for row in cursor.fetchall()})
        is_one_law = is_laid_out(cursor, catalogue.law(settings.LEEWARD_LAW))
        other = [*other_functions(cursor), *other_policies(cursor)]
    yield Finding(
        "Row security is forced on every table with a client",
        not bare,
        f"Run leeward migrate. It is missing on: {', '.join(bare)}.",
    )
    yield Finding(
        "The database decides by the law that the pages explain",
        is_one_law,
        "The law was changed since the tables were prepared, or its rows were. Run leeward migrate.",
    )
    yield Finding(
        "The gate in the database is the one of this version and of the settings",
        not other,
        "Leeward, LEEWARD_EMERGENCY_MINUTES, LEEWARD_EMERGENCY_HIDDEN, LEEWARD_REQUEST_DAYS or LEEWARD_TIME_ZONE was"
        " changed since the tables were prepared, or somebody changed these functions and policies:"
        f" {', '.join(other)}. Run leeward migrate.",
    )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (config, keys, purpose, server, roles, rows)


def _purpose() -> str:
    return DEMONSTRATION if settings.DEMO else PRODUCTION
