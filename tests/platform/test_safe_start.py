"""A centre does not start on anything unsafe (O-01): each thing is really broken, and named with how to mend it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings

from leeward.people import keyring
from leeward.platform import safe_start, server_holes
from leeward.platform import settings as site
from leeward.platform.finding import Finding
from leeward.platform.migrate import migrate

from ..cast import Cast

Check = Callable[[], Iterator[Finding]]
OTHER_GATE = "The gate in the database is the one of this version and of the settings"
WRITTEN_ANEW = "DO $do$ BEGIN EXECUTE replace(pg_get_functiondef('ctx.gives_care'::regproc), {}); END $do$"


def wrong(check: Check) -> dict[str, str]:
    """What the check finds amiss, with how to mend it."""
    return {finding.what: finding.mend for finding in check() if not finding.ok}


@contextmanager
def broken(sql: str, mended: str) -> Iterator[None]:
    """The database after `sql`, as its administrator; `mended` takes it back."""
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql)
        try:
            yield
        finally:
            connection.execute(mended)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation's private folder of this test's own."""
    monkeypatch.setenv("LEEWARD_HOME", str(tmp_path))
    keyring._in_file.cache_clear()
    with override_settings(LEEWARD_ERASURE_LEDGER=tmp_path / "erasure-ledger.jsonl"):
        yield tmp_path
    keyring._in_file.cache_clear()


# --- settings ---------------------------------------------------------------------------------------------------------

SAFE = {
    "HTTPS": True, "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000, "SESSION_COOKIE_NAME": "__Host-session", "CSRF_COOKIE_NAME": "__Host-form",
}  # fmt: skip


FORMS = "Forms are taken from our own pages only, and no other host can set our cookies"


def test_o01_what_is_shipped_is_safe() -> None:
    with override_settings(**SAFE):
        assert wrong(safe_start.config) == {}


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"DEBUG": True}, "Debug output is off"),
        ({"HTTPS": False}, "Pages are served over HTTPS only"),
        ({"SECRET_KEY": "django-insecure-1234"}, "Secrets and settings are fit for a deployment"),
        ({"SECRET_KEY": "x" * 60}, "Secrets and settings are fit for a deployment"),
        ({"SESSION_COOKIE_SECURE": False}, "Secrets and settings are fit for a deployment"),
        ({"CSRF_COOKIE_SECURE": False}, FORMS),
        ({"CSRF_COOKIE_NAME": "form"}, FORMS),
        ({"SESSION_COOKIE_NAME": "session"}, FORMS),
        ({"MIDDLEWARE": [one for one in settings.MIDDLEWARE if "OwnForms" not in one]}, FORMS),
        ({"ALLOWED_HOSTS": []}, "Secrets and settings are fit for a deployment"),
        ({"LEEWARD_LEAVE_KEY": "Q"}, "The key that leaves a page is one that pages know"),
    ],
)
def test_o01_an_unsafe_setting_is_named(setting: dict[str, object], named: str) -> None:
    with override_settings(**{**SAFE, **setting}):
        found = wrong(safe_start.config)
    assert named in found
    assert len(found[named]) > 10, "how to mend it"


@pytest.mark.parametrize(
    "passwords", ['{"web": "leeward"}', '{"web": "aaaaaaaaaaaaaaaaaaaaaaaa"}', '{"web": "%(owner)s"}']
)
def test_o01_a_password_that_is_short_plain_or_shared_is_named(monkeypatch: pytest.MonkeyPatch, passwords: str) -> None:
    monkeypatch.setenv("LEEWARD_DATABASE_PASSWORDS", passwords % {"owner": safe_start.role_password("owner")})
    with override_settings(**SAFE):
        assert "web" in wrong(safe_start.config)["Each database role has a long password of its own"]


# --- keys and purpose -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["keyring.json", "django", "audit-signing.pem"])
def test_o01_a_key_that_others_may_read_is_named(folder: Path, name: str) -> None:
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    (keys / name).write_text("secret")
    (keys / name).chmod(0o600)
    assert wrong(safe_start.keys) == {}
    (keys / name).chmod(0o640)
    assert f"chmod 600 {keys / name}" in wrong(safe_start.keys)[f"Key file {name} is readable by its owner only"]
    (keys / name).chmod(0o600)
    keys.chmod(0o755)
    assert list(wrong(safe_start.keys)) == ["The folder of the keys is readable by its owner only"]


def test_o04_a_key_of_a_centre_starts_no_demonstration_wherever_it_is_copied_to(
    folder: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with override_settings(DEMO=True):
        assert wrong(safe_start.purpose) == {}, "a fresh key is nobody's yet"
    ring = keyring.keyring()
    assert isinstance(ring, keyring.FileKeyring)
    ring.claim("production")
    ring.add()
    with override_settings(DEMO=True):
        assert "real centre" in wrong(safe_start.purpose)["The demonstration has a key of its own"]
    elsewhere = tmp_path_factory.mktemp("copied")
    (folder / "keys").rename(elsewhere / "keys")
    monkeypatch.setenv("LEEWARD_HOME", str(elsewhere))
    with override_settings(DEMO=True):
        assert list(wrong(safe_start.purpose)) == ["The demonstration has a key of its own"]


def test_o04_a_key_service_of_a_centre_serves_no_demonstration() -> None:
    with override_settings(DEMO=True, LEEWARD_KEYRING=f"{__name__}:key_service"):
        assert list(wrong(safe_start.purpose)) == ["The demonstration has a key of its own"]


def key_service() -> object:
    return object()


def test_o04_a_centre_starts_with_nothing_of_a_demonstration(folder: Path, cast: Cast) -> None:
    assert wrong(safe_start.purpose) == {}
    ring = keyring.keyring()
    assert isinstance(ring, keyring.FileKeyring)
    ring.claim("demonstration")
    ring.claim("production")
    assert ring.purpose == "demonstration", "it stays what it was first"
    (folder / "demo-accounts.json").write_text("[]")
    said = wrong(safe_start.purpose)["This folder was never a demonstration's"]
    assert "demo-accounts.json, a key of a demonstration" in said


def test_o04_made_up_accounts_and_people_start_no_centre(cast: Cast, folder: Path) -> None:
    made_up = (
        "INSERT INTO protect_account (id, email, staff_id, is_active, password)"
        " VALUES (gen_random_uuid(), 'screener@centre.example', gen_random_uuid(), true, '!')"
    )
    with broken(made_up, "DELETE FROM protect_account WHERE email = 'screener@centre.example'"):
        assert "1 accounts" in wrong(safe_start.purpose)["No account and no person of the demonstration is here"]
    assert wrong(safe_start.purpose) == {}


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "mended", "check", "named"),
    [
        (
            "ALTER ROLE leeward_web SUPERUSER",
            "ALTER ROLE leeward_web NOSUPERUSER",
            safe_start.roles,
            "No role of Leeward is a superuser or passes row security",
        ),
        (
            "ALTER ROLE leeward_worker BYPASSRLS",
            "ALTER ROLE leeward_worker NOBYPASSRLS",
            safe_start.roles,
            "No role of Leeward is a superuser or passes row security",
        ),
        (
            "GRANT leeward_owner TO leeward_web",
            "REVOKE leeward_owner FROM leeward_web",
            safe_start.roles,
            "No role that serves may act as another",
        ),
        (
            "CREATE TABLE stray (id uuid); ALTER TABLE stray OWNER TO leeward_web",
            "DROP TABLE stray",
            safe_start.roles,
            "Every table belongs to the owner role",
        ),
        (
            "ALTER TABLE treat_measure NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE treat_measure FORCE ROW LEVEL SECURITY",
            safe_start.rows,
            "Row security is forced on every table with a client",
        ),
        (
            "CREATE TABLE stray (client_id uuid); ALTER TABLE stray OWNER TO leeward_owner",
            "DROP TABLE stray",
            safe_start.rows,
            "Row security is forced on every table with a client",
        ),
        (
            "ALTER POLICY not_barred ON people_event RENAME TO barred",
            "ALTER POLICY barred ON people_event RENAME TO not_barred",
            safe_start.rows,
            "Row security is forced on every table with a client",
        ),
        (
            "UPDATE protect_lawcell SET law_row = law_row || '-old'",
            "UPDATE protect_lawcell SET law_row = left(law_row, -4)",
            safe_start.rows,
            "The database decides by the law that the pages explain",
        ),
        (
            "ALTER FUNCTION ctx.known_here RENAME TO known",
            "ALTER FUNCTION ctx.known RENAME TO known_here",
            safe_start.rows,
            OTHER_GATE,
        ),
        (
            WRITTEN_ANEW.format("'SELECT', 'SELECT '"),
            WRITTEN_ANEW.format("'SELECT ', 'SELECT'"),
            safe_start.rows,
            OTHER_GATE,
        ),
        *(
            (sql, mended, safe_start.rows, OTHER_GATE)
            for sql, mended in (
                (
                    "CREATE POLICY open ON people_client FOR SELECT TO leeward_web USING (true)",
                    "DROP POLICY open ON people_client",
                ),
                ("ALTER POLICY gate ON people_client USING (false)", "ALTER POLICY gate ON people_client USING (true)"),
                (
                    "ALTER POLICY partner_select ON coordinate_referral TO PUBLIC",
                    "ALTER POLICY partner_select ON coordinate_referral TO leeward_web",
                ),
                (
                    "ALTER POLICY partner_select ON coordinate_referral RENAME TO partner_sees",
                    "ALTER POLICY partner_sees ON coordinate_referral RENAME TO partner_select",
                ),
            )
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_o01_a_database_that_would_not_hold_is_named(
    cast: Cast, sql: str, mended: str, check: Check, named: str
) -> None:
    assert wrong(check) == {}
    with broken(sql, mended):
        found = wrong(check)
        assert named in found
        assert set(found) <= {named, OTHER_GATE}
        assert "run" in found[named].lower()
    assert wrong(check) == {}


@pytest.mark.parametrize(
    "earlier",
    [
        "CREATE FUNCTION ctx.mark() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
        "CREATE FUNCTION ctx.founding(client uuid, more text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
        "DROP FUNCTION ctx.late_reviews(); CREATE FUNCTION ctx.late_reviews() RETURNS text LANGUAGE sql"
        " AS $$ SELECT 'x' $$",
        "CREATE FUNCTION ctx.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        " CREATE TRIGGER note AFTER INSERT ON people_client FOR EACH ROW EXECUTE FUNCTION ctx.note()",
    ],
    ids=["a function that there is no more", "of another call", "of another shape", "a trigger of it"],
)
def test_o01_a_migration_leaves_nothing_of_an_earlier_gate(cast: Cast, earlier: str) -> None:
    assert wrong(safe_start.rows) == {}
    try:
        with broken(earlier, "SELECT"):
            assert OTHER_GATE in wrong(safe_start.rows)
    finally:
        migrate()
    assert wrong(safe_start.rows) == {}


@pytest.mark.parametrize(
    "choice",
    [{"LEEWARD_EMERGENCY_MINUTES": 7}, {"LEEWARD_REQUEST_DAYS": 31}, {"LEEWARD_EMERGENCY_HIDDEN": ["screener"]}],
    ids=lambda choice: next(iter(choice)),
)
def test_o01_what_the_site_decides_anew_and_the_database_does_not_know_is_named(
    cast: Cast, choice: dict[str, Any]
) -> None:
    assert wrong(safe_start.rows) == {}
    with override_settings(**choice):
        found = wrong(safe_start.rows)
        assert list(found) == [OTHER_GATE]
        assert next(iter(choice)) in next(iter(found.values()))


def test_o01_a_server_with_a_hole_in_row_security_is_named_with_its_source(cast: Cast) -> None:
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
        version = connection.info.server_version
    holes = server_holes.open_in(version)
    found = [mend for what, mend in wrong(safe_start.server).items() if "no known hole" in what]
    assert bool(found) == bool(holes)
    assert all(hole.cve in found[0] and hole.source in found[0] for hole in holes)


@pytest.mark.parametrize(
    ("version", "first"),
    [
        (150_002, "CVE-2023-2455"),
        (150_019, "CVE-2026-120154"),
        (160_004, "CVE-2024-10976"),
        (180_006, "CVE-2026-120154"),
    ],
)
def test_o01_an_old_release_has_the_hole_that_was_closed_after_it(version: int, first: str) -> None:
    assert server_holes.open_in(version)[0].cve == first


@pytest.mark.parametrize("major", server_holes.KNOWN)
def test_o01_the_first_safe_release_has_no_known_hole_and_the_one_before_has(major: int) -> None:
    minor = int(server_holes.first_safe(major).split(".")[1])
    assert server_holes.open_in(major * 10_000 + minor) == ()
    assert server_holes.open_in(major * 10_000 + minor - 1)


# --- starting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("serve", "--port", "18997"), ("work", "--once"), ("work",)])
def test_o01_nothing_starts_over_plain_http_and_one_line_says_what_to_do(cast: Cast, words: tuple[str, ...]) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "leeward.platform.cli", *words],
        env={**os.environ, "LEEWARD_HTTPS": "no"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    lines = [line for line in refused.stderr.splitlines() if not line.startswith("Looking")]
    assert len(lines) == 1, refused.stderr
    assert "not safe to start" in lines[0]
    assert "LEEWARD_HTTPS" in lines[0]


def test_o01_what_is_refused_at_the_start_is_what_doctor_says(cast: Cast) -> None:
    from leeward.platform.checkup import check_everything

    with pytest.raises(safe_start.UnsafeStart) as refused:
        safe_start.require()
    said = {finding.what for finding in check_everything() if not finding.ok}
    assert {finding.what for finding in refused.value.wrong} <= said
    assert settings.DEMO is False


def test_o01_a_setting_that_a_role_gave_itself_is_named(cast: Cast) -> None:
    from leeward.platform.checkup import check_everything

    what = "Each database role begins with the settings that Leeward gave it"

    def said() -> dict[str, str]:
        return {one.what: one.mend for one in check_everything() if not one.ok and one.what == what}

    assert said() == {}
    for place in ("", f"IN DATABASE {connections['default'].settings_dict['NAME']} "):
        with connections["default"].cursor() as cursor:  # as the web role itself, which PostgreSQL lets do it
            cursor.execute(f"ALTER ROLE leeward_web {place}SET statement_timeout = '1ms'")
        try:
            assert "ALTER ROLE leeward_web RESET statement_timeout;" in said()[what]
        finally:
            with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"], autocommit=True) as connection:
                connection.execute(f"ALTER ROLE leeward_web {place}RESET statement_timeout")
        assert said() == {}


def test_k02_a_site_may_only_shorten_how_long_a_sign_in_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, counts in (("5", 5), ("10", 10), ("6000", 10)):
        monkeypatch.setenv("LEEWARD_IDLE_MINUTES", said)
        assert site._number("LEEWARD_IDLE_MINUTES", 10, most=10) == counts
    done = subprocess.run(
        [sys.executable, "-m", "leeward.platform.cli", "vault", "show"],
        env={**os.environ, "LEEWARD_IDLE_MINUTES": "6000", "LEEWARD_SESSION_HOURS": "ten"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "leeward: LEEWARD_SESSION_HOURS is no whole number from 1 on. Leave it out, and it is 12.\n"
    loosened = "from leeward.platform import settings as s; print(s.LEEWARD_IDLE_MINUTES, s.LEEWARD_PARTNER_HOURS)"
    env = {**os.environ, "LEEWARD_IDLE_MINUTES": "6000", "LEEWARD_PARTNER_HOURS": "99"}
    told = subprocess.run([sys.executable, "-c", loosened], env=env, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["10", "8"]
