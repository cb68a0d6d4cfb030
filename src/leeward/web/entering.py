"""Between the right password and being signed in: the session knows the account and, for the database, is nobody.

A second factor follows: a passkey, or a code of an app. Whoever has none yet sets one up first. The demonstration may
skip it, because nobody in it is real.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from leeward.people.models import Staff
from leeward.protect import audit, drafts, factors, once, step_up
from leeward.protect.middleware import be
from leeward.protect.models import Account
from leeward.protect.passkeys import Asked, Site
from leeward.protect.sessions import SessionStore

from .context import nav
from .devices import device

#: So long somebody may look for their second factor.
PATIENCE = timedelta(minutes=10)
#: So many wrong answers, and the password is asked for again.
MOST_WRONG = 5
#: Who has a passkey and came in by the code of an app changes no sign-in with that: it may be somebody else.
HARD_TO_PHISH = {"passkey", "recovery-code", "set-up"}
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Entering:
    """Whose password was right, and where they were going."""

    account: Account
    next: str


def enter(request: HttpRequest, account: Account, *, next_url: str, now: datetime) -> HttpResponse:
    """Go on after the right password."""
    held = factors.held(account)
    if settings.DEMO and not held.is_enough:
        return finish(request, account, next_url=next_url, now=now)
    half_way(request, account, next_url=next_url, now=now)
    return HttpResponseRedirect(reverse("second_factor" if held.is_enough else "set_up"))


def half_way(request: HttpRequest, account: Account, *, next_url: str, now: datetime) -> None:
    """From now on this session knows the account, as long as its password stays the one that was right."""
    request.session.flush()
    request.session["entering"] = {
        "account": str(account.pk),
        "password": account.get_session_auth_hash(),
        "at": now.isoformat(),
        "next": next_url,
        "wrong": 0,
    }


def entering(request: HttpRequest, *, now: datetime) -> Entering | None:
    """Who is on their way in, for ten minutes. Not with a password that was changed or taken from them meanwhile."""
    known = request.session.get("entering")
    if not known or datetime.fromisoformat(known["at"]) < now - PATIENCE:
        return None
    account = Account.objects.filter(pk=known["account"], is_active=True).first()
    if account is None or not constant_time_compare(known["password"], account.get_session_auth_hash()):
        return None
    return Entering(account, known["next"])


def wrong_answer(request: HttpRequest) -> bool:
    """Count a wrong second factor. True when it was one too many: then the way in begins anew."""
    known = request.session["entering"]
    known["wrong"] += 1
    request.session["entering"] = known
    if known["wrong"] >= MOST_WRONG:
        request.session.flush()
        return True
    return False


def finish(
    request: HttpRequest,
    account: Account,
    *,
    next_url: str,
    now: datetime,
    passkey: bool = False,
    how: str = "password",
) -> HttpResponse:
    """Open the session: a new one, never the one that was there before (K-02). Whoever works here no more is told so.

    `passkey` says that a passkey was used which counts where one is asked for.
    """
    request.session.flush()
    login(request, account, backend=BACKEND)
    request.session.save()
    session = cast(SessionStore, request.session)
    be(session.token)
    staff = Staff.objects.select_related("agency").filter(pk=account.staff_id).first()
    if staff is None:
        request.session.flush()
        return HttpResponseRedirect(f"{reverse('sign_in')}?closed")
    session.begin(partner=staff.is_partner, device=device(request), now=now)
    if how in HARD_TO_PHISH or not account.passkeys.exists():
        step_up.confirm(request, now=now)
    if passkey:
        session.prove(until=now + step_up.FRESH)
    audit.saw(by=staff, action=f"signed-in {how}")
    kept_at = drafts.take_back(by=staff)
    drafts.drop_old(by=staff, now=now)
    once.drop_old(by=staff, now=now)
    return HttpResponseRedirect(kept_at or safe(request, next_url) or home(staff))


def ask_device(request: HttpRequest, asked: Asked) -> str:
    """Remember what the device is asked; returns what the page's script needs."""
    request.session["asked"] = asked.state | {"at": timezone.now().isoformat()}
    return asked.options


def asked_of_device(request: HttpRequest) -> dict[str, str] | None:
    """What the device was asked, once."""
    state: dict[str, str] | None = request.session.pop("asked", None)
    if state is None or datetime.fromisoformat(state["at"]) < timezone.now() - PATIENCE:
        return None
    return state


def site(request: HttpRequest) -> Site:
    """The site as the browser sees it. Passkeys belong to it."""
    host = request.get_host()
    return Site(host.partition(":")[0], f"{request.scheme}://{host}")


def safe(request: HttpRequest, url: str) -> str:
    """The address, if it is one of ours, else nothing."""
    hosts = {request.get_host()}
    return url if url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure()) else ""


def home(staff: Staff) -> str:
    """Where this person's day begins."""
    places = nav(staff, "")
    return places[0].url if places else settings.LOGIN_REDIRECT_URL
