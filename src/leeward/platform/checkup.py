"""What `leeward doctor` checks: each finding says what is wrong and how to mend it."""

import stat
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connections
from django.utils import timezone

from leeward import catalogue, definitions
from leeward.people import escalation, opening, pathway
from leeward.people.errors import PeopleError
from leeward.people.keyring import keyring
from leeward.protect.seal import ledger
from leeward.rules.consent import Law

from . import safe_start
from .database import BACKUP_ROLE, ROLE_SETTINGS
from .finding import Finding

#: The worker goes round every minute.
SILENCE = timedelta(minutes=5)
#: Law changes: after so long somebody reads the sources of its rows again.
CHECKED_WITHIN = timedelta(days=365)


def check_everything() -> list[Finding]:
    """Every check, in the order in which one would mend. A check that can't run is a finding itself."""
    return [
        finding
        for check in (*safe_start.CHECKS, _vault, _definitions, _backup_role, _role_settings, _worker, _audit)
        for finding in _run(check)
    ]


def _run(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Error as error:
        first = (str(error).splitlines() or ["no answer"])[0]
        yield Finding("The database answers", False, f"Start PostgreSQL or set LEEWARD_DATABASE_URL. ({first})")
    except Exception as error:
        yield Finding(f"The check of {check.__name__.strip('_')} ran", False, f"{type(error).__name__}: {error}")


def _vault() -> Iterator[Finding]:
    """Site keys that can be used, and an erasure ledger that the database has followed to its end."""
    try:
        held = ", ".join(f"{version}" for version in keyring().versions)
        yield Finding(f"The keyring can be used (versions {held}, the first is current)", True)
    except PeopleError as refused:
        yield Finding("The keyring can be used", False, f"{refused} {refused.hint}")
    path = Path(settings.LEEWARD_ERASURE_LEDGER)
    private = not path.exists() or stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    yield Finding("The erasure ledger is readable by its owner only", private, f"Run: chmod 600 {path}")
    try:
        opening.require(using="admin")
        yield Finding("The erasure ledger is here, and the database has followed it", True)
    except PeopleError as refused:
        mend = f"{refused} {refused.hint} ({path})"
        yield Finding("The erasure ledger is here, and the database has followed it", False, mend)


def _definitions() -> Iterator[Finding]:
    protocol = pathway.shipped(settings.LEEWARD_PROTOCOL)
    yield Finding(f"The protocol {protocol.name} {protocol.version} can be read", True)
    for kind in definitions.KINDS:
        yield Finding(f"There are {kind} definitions", bool(definitions.names(kind)), "Restore the definitions folder.")
    yield checked_within_a_year(catalogue.law(settings.LEEWARD_LAW), timezone.localdate())


def checked_within_a_year(law: Law, today: date) -> Finding:
    """Whether somebody has read the source of every row of the law within a year before today."""
    old = [row.id for row in law.unchecked_since(today - CHECKED_WITHIN)]
    return Finding(
        f"Every row of the law {law.name} was checked within a year",
        not old,
        f"Have counsel read the sources again, then set `checked` of: {', '.join(old)}.",
    )


def _backup_role() -> Iterator[Finding]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT rolbypassrls AND NOT rolsuper FROM pg_roles WHERE rolname = %s", [BACKUP_ROLE])
        yield Finding(
            "The backup role sees every row, so that no backup lacks anybody",
            cursor.fetchone() == (True,),
            f"As a superuser, run: ALTER ROLE {BACKUP_ROLE} NOSUPERUSER BYPASSRLS",
        )


def _role_settings() -> Iterator[Finding]:
    """A role may change what its own connections begin with; PostgreSQL lets nobody take that from it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT rolname, split_part(one, '=', 1), substr(one, strpos(one, '=') + 1)"
            " FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN unnest(s.setconfig) AS one"
            " WHERE starts_with(rolname, 'leeward_') AND s.setdatabase IN"
            " (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1, 2"
        )
        strange = [(role, name) for role, name, value in cursor.fetchall() if (role, name, value) not in ROLE_SETTINGS]
    yield Finding(
        "Each database role begins with the settings that Leeward gave it",
        not strange,
        "Ask who changed them. Then run as a superuser (with IN DATABASE where it was set for one): "
        + " ".join(f"ALTER ROLE {role} RESET {name};" for role, name in strange),
    )


def _worker() -> Iterator[Finding]:
    """A page server without a worker looks well, and nobody hears that a step is late."""
    serving = _is_serving()
    last = escalation.last_round("worker")
    if not serving and last is None:
        return  # nothing runs yet
    went = last is not None and timezone.now() - last < SILENCE
    when = f"The last time was {last:%Y-%m-%d %H:%M} UTC." if last else "It never did."
    yield Finding(
        "The job worker looks for late steps" if went or serving else "No web server runs, so no worker needs to",
        went or not serving,
        f"Keep `leeward work` running beside `leeward serve`. {when}",
    )


def _audit() -> Iterator[Finding]:
    """What is not sealed can be changed unseen, and a seal without checkpoints elsewhere can be made anew."""
    if ledger.origin() is None and not _is_serving():
        return  # nothing runs yet
    oldest = ledger.unsealed_since()
    yield Finding(
        "The audit record is sealed",
        oldest is None or timezone.now() - oldest < SILENCE,
        "Keep `leeward work` running, or run: leeward audit seal. See docs/how-to/audit.md."
        + (f" Not sealed since {oldest:%Y-%m-%d %H:%M} UTC." if oldest else ""),
    )
    if settings.DEMO:
        return
    yield Finding(
        "Checkpoints of the audit record are kept in two places or more",
        len({str(place.resolve()) for place in ledger.places()}) > 1,
        "Set LEEWARD_CHECKPOINTS to two folders or more, one of them on another machine.",
    )


def _is_serving() -> bool:
    """Whether a web server is connected to the database."""
    with connections["worker"].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s)",
            [settings.SERVING],
        )
        return bool(cursor.fetchone()[0])
