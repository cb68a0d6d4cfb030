"""The people of the tests: six agencies, staff in every role, each with a live session."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyrage
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from leeward import catalogue
from leeward.coordinate.models import ListKey
from leeward.people.keyring import keyring
from leeward.people.models import Agency, AgencyKind, Completion, Regime, Role, Staff
from leeward.protect import age, factors
from leeward.protect.middleware import be
from leeward.protect.models import Account, CodeApp, Session
from leeward.protect.sessions import SessionStore, token_digest

PASSWORD = "quiet harbour lantern"
#: What the code app of everybody in the cast holds.
APP_SECRET = b"a secret of 20 bytes"
SERVICES = {
    AgencyKind.CENTRE: ["case_management", "mental_health"],
    AgencyKind.HOSPITAL: ["medical", "forensic_exam"],
    AgencyKind.SHELTER: ["shelter", "food_clothing"],
    AgencyKind.LAW_ENFORCEMENT: ["criminal_justice_advocacy"],
    AgencyKind.LEGAL_AID: ["civil_legal", "immigration_legal"],
    AgencyKind.SOCIAL_SERVICES: ["benefits", "transport"],
}


@dataclass
class Cast:
    """Agencies by kind, staff by role (partners by their agency's kind), and how to act as each."""

    agencies: dict[str, Agency] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    #: With this every partner opens what it downloads.
    age_key: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)

    @property
    def centre(self) -> Agency:
        return self.agencies["centre"]

    def act_as(self, who: str | None) -> Staff:
        """Make the running transaction that person's; None is nobody."""
        be(self.tokens[who] if who else "")
        return self.staff[who] if who else Staff()

    def sign_in(self, who: str) -> str:
        """A session of that person's own, fresh; returns its token."""
        return _sign_in(Account.objects.get(staff_id=self.staff[who].pk))

    def prove(self, who: str, *, minutes: int = 5) -> None:
        """As if that person had just shown their passkey again; with no minutes, as if it were long ago. Committed."""
        until = timezone.now() + timedelta(minutes=minutes)
        Session.objects.filter(token_digest=token_digest(self.tokens[who])).update(proved_until=until)

    def opened(self, parts: Iterable[bytes]) -> Iterator[str]:
        """What a partner reads of a file while it comes in, part by part, without what fills it up."""
        whole = age.pumped(lambda source, sink: pyrage.decrypt_io(source, sink, [self.age_key]), parts)
        return (re.sub(r"^ +\Z|^ *\n", "", part.decode(), flags=re.MULTILINE) for part in whole)

    def browser(self, who: str) -> Browser:
        """A signed-in test browser (no real browser: Django's test client)."""
        browser = Browser(SERVER_NAME="localhost")
        browser.cookies["session"] = self.tokens[who]
        return browser


def make_cast() -> Cast:
    """Write the cast as the administrator, committed, once a run."""
    cast = Cast()
    for kind in AgencyKind:
        cast.agencies[kind] = Agency.objects.using("admin").create(
            name=f"Test {kind.label}",
            kind=kind,
            regime=Regime.VICTIM_SERVICES if kind in {AgencyKind.SHELTER} else Regime.HIPAA,
            counties=["Forrest", "Lamar"],
            services=SERVICES[kind],
            languages=["en", "es"],
            phone="601-555-0100",
            verified_on=date(2026, 11, 1),
        )
    for role in Role:
        if role != Role.PARTNER:
            _hire(cast, role, role, cast.centre)
    _hire(cast, "other_screener", Role.SCREENER, cast.centre)
    _hire(cast, "second_director", Role.PROGRAM_DIRECTOR, cast.centre)
    for kind in AgencyKind:
        if kind != AgencyKind.CENTRE:
            _hire(cast, kind, Role.PARTNER, cast.agencies[kind])
            ListKey.objects.using("admin").create(
                agency=cast.agencies[kind], public_key=str(cast.age_key.to_public()), registered_at=timezone.now(),
                registered_by=cast.staff[kind],
            )  # fmt: skip
    return cast


def _hire(cast: Cast, who: str, role: str, agency: Agency) -> None:
    staff = Staff.objects.using("admin").create(
        agency=agency, display_name=f"Test {who}", role=role, languages=["en", "es"]
    )
    account = Account.objects.using("admin").create(
        email=f"{who}@example.org", staff_id=staff.pk, password=make_password(PASSWORD)
    )
    version = keyring().current
    sealed = keyring().wrap(version, APP_SECRET, f"code-app|{account.pk}".encode())
    CodeApp.objects.create(account=account, sealed=sealed, site_key_version=version, created_at=timezone.now())
    if agency.kind == AgencyKind.CENTRE:
        _train(staff, lapsed=who == "other_screener")
    cast.staff[who] = staff
    cast.tokens[who] = _sign_in(account)


def _train(staff: Staff, *, lapsed: bool) -> None:
    """Every course fresh; one screener's training ran out years ago."""
    day = date(2019, 1, 15) if lapsed else timezone.localdate() - timedelta(days=30)
    Completion.objects.using("admin").bulk_create(
        Completion(agency=staff.agency, staff=staff, course=course, completed_on=day)
        for course in catalogue.competence().courses
    )


def code_now(email: str) -> str:
    """What that person's code app shows now; codes they used before are forgotten, for tests are faster than people."""
    CodeApp.objects.filter(account__email=email).update(last_step=0, wrong=0)
    return factors.code_at(APP_SECRET, factors.step_of(timezone.now()))


def page_of(answer: HttpResponse) -> str:
    """The page without its forms' tokens: drawn anew for each, they may spell any short word that a test looks for."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())


def enter(me: Browser, email: str, **more: str) -> HttpResponse:
    """Sign in as people do: the password, then the code. Returns the last answer."""
    email = email if "@" in email else f"{email}@example.org"
    first = me.post("/sign-in/", {"username": email, "password": PASSWORD, **more})
    assert first.status_code == 302, first.content.decode()
    assert first["Location"] == "/sign-in/second/"
    return me.post("/sign-in/second/", {"code": code_now(email)})


def _sign_in(account: Account) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store.save()
    token = store.session_key or ""
    Session.objects.filter(token_digest=token_digest(token)).update(idle_until=timezone.now() + timedelta(hours=10))
    return token
