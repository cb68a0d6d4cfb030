"""Your sign-in: what you sign in with, on which devices you are signed in, and ending that."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leeward.protect import audit, factors, step_up
from leeward.protect.gate import AskedRequest, signed_in
from leeward.protect.middleware import be
from leeward.protect.models import Account, CodeApp, Passkey, Session
from leeward.protect.sessions import token_digest

from .asked import identifier
from .second_factor import NO_FIT, AppCodeForm, NewPassword, PasskeyName, add_app, add_passkey, offer


class ChangePassword(NewPassword):
    password = forms.CharField(
        label=gettext_lazy("Your password now"),
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Write your password.")},
    )
    field_order = ("password", "new_password", "again_password")


@signed_in
@require_safe
def your_sign_in(request: AskedRequest) -> HttpResponse:
    """Passkeys, app, recovery codes, password, and every device on which the asker is signed in."""
    now = timezone.now()
    account = _account(request)
    here = token_digest(request.session.session_key or "")
    context = {
        "email": account.email,
        "passkeys": [(row, row.counts_from > now) for row in account.passkeys.all()],
        "app": CodeApp.objects.filter(account=account).first(),
        "codes": factors.held(account).recovery_codes,
        "sessions": [(row, bytes(row.token_digest) == here) for row in _sessions(request)],
    }
    return render(request, "web/your_sign_in.html", context)


@sensitive_post_parameters()
@signed_in
@step_up.confirmed
@require_http_methods(["GET", "POST"])
def new_passkey(request: AskedRequest) -> HttpResponse:
    account = _account(request)
    form = PasskeyName(request.POST or None)
    if request.method == "POST":
        trusted = settings.DEMO or step_up.is_proved(request, now=timezone.now())
        if add_passkey(request, account, form, trusted=trusted):
            audit.saw(by=request.staff, action="changed sign-in.passkey")
            return _done(_("The passkey works from now on.") if trusted else _later(), request)
    context = offer(request, account) | {"form": form, "failed": NO_FIT if request.method == "POST" else ""}
    return render(request, "web/new_passkey.html", context, status=422 if request.method == "POST" else 200)


@sensitive_post_parameters()
@signed_in
@step_up.confirmed
@require_http_methods(["GET", "POST"])
def new_app(request: AskedRequest) -> HttpResponse:
    account = _account(request)
    form = AppCodeForm(request.POST or None)
    if request.method == "POST" and add_app(request, account, form):
        audit.saw(by=request.staff, action="changed sign-in.app")
        return _done(_("The app works from now on."), request)
    context = offer(request, account) | {"form": form}
    return render(request, "web/new_app.html", context, status=422 if form.errors else 200)


@signed_in
@step_up.confirmed
@require_http_methods(["GET", "POST"])
def new_codes(request: AskedRequest) -> HttpResponse:
    """Eight fresh recovery codes; the old ones end."""
    if request.method == "GET":
        return render(request, "web/new_codes.html")
    audit.saw(by=request.staff, action="changed sign-in.recovery-codes")
    codes = factors.new_recovery_codes(_account(request), now=timezone.now())
    return render(request, "web/recovery_codes.html", {"codes": codes, "first": False})


@sensitive_post_parameters()
@signed_in
@step_up.confirmed
@require_http_methods(["GET", "POST"])
def new_password(request: AskedRequest) -> HttpResponse:
    """Another password. It ends every other session."""
    account = _account(request)
    form = ChangePassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if authenticate(request, username=account.email, password=form.cleaned_data["password"]):
            account.set_password(form.cleaned_data["new_password"])
            account.save(update_fields=["password"])
            request.user = account
            update_session_auth_hash(request, account)
            request.session.save()
            be(request.session.session_key or "")
            _others(request).delete()
            audit.saw(by=request.staff, action="changed sign-in.password")
            return _done(_("Your password is changed. On other devices you are signed out."), request)
        form.add_error("password", _("This is not your password."))
    return render(request, "web/new_password.html", {"form": form}, status=422 if form.errors else 200)


@signed_in
@step_up.confirmed
@require_http_methods(["GET", "POST"])
def remove(request: AskedRequest) -> HttpResponse:
    """Remove a passkey or the app, as long as something is left to sign in with."""
    account = _account(request)
    which = request.POST.get("which", request.GET.get("which", ""))
    rows = CodeApp.objects.filter(account=account) if which == "app" else Passkey.objects.filter(account=account)
    if which != "app":
        rows = rows.filter(pk=identifier(which))
    if not rows.exists():
        raise Http404
    held = factors.held(account)
    last = held.passkeys + held.code_app == 1 and not settings.DEMO
    if request.method == "POST" and not last:
        rows.delete()
        audit.saw(by=request.staff, action="changed sign-in.removed")
        return _done(_("It is removed. Nobody signs in with it any more."), request)
    name = _("The app that shows codes") if which == "app" else Passkey.objects.get(pk=which).name
    return render(request, "web/remove_factor.html", {"which": which, "name": name, "last": last})


@signed_in
@require_POST
def end_session(request: AskedRequest) -> HttpResponse:
    """End one of the asker's own sessions, or all but this one."""
    if "others" in request.POST:
        _others(request).delete()
        return _done(_("On all other devices you are signed out."), request)
    ended, _rows = _sessions(request).filter(id=identifier(request.POST.get("session", ""))).delete()
    if not ended:
        raise Http404
    return _done(_("You are signed out there."), request)


def _account(request: AskedRequest) -> Account:
    return Account.objects.get(staff_id=request.staff.pk)


def _sessions(request: AskedRequest) -> "QuerySet[Session]":
    now = timezone.now()
    live = Session.objects.filter(staff_id=request.staff.pk, ends_at__gt=now, idle_until__gt=now)
    return live.order_by("-created_at")


def _others(request: AskedRequest) -> "QuerySet[Session]":
    here = token_digest(request.session.session_key or "")
    return Session.objects.filter(staff_id=request.staff.pk).exclude(token_digest=here)


def _later() -> str:
    return _("You can sign in with the passkey from now on. In 24 hours it counts everywhere.")


def _done(words: str, request: AskedRequest) -> HttpResponseRedirect:
    messages.success(request, words)
    return redirect("your_sign_in")
