"""Coming in, going out, leaving fast, and the reader's language."""

from urllib.parse import quote

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from leeward.people.models import Staff
from leeward.protect import drafts
from leeward.protect.models import Account

from .demo_accounts import demo_accounts
from .entering import enter, home, safe


class SignInForm(forms.Form):
    """E-mail and password. A wrong pair gets one answer, whatever of it is wrong (K-03)."""

    required_note = False
    username = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Write your e-mail address.")},
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Write your password.")},
    )

    def refuse(self) -> None:
        self.add_error(None, _("This e-mail and password do not fit together. Check both and try again."))


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    asked_for = request.POST.get("next", request.GET.get("next", ""))
    if (staff := getattr(request, "staff", None)) is not None and request.method == "GET":
        return HttpResponseRedirect(safe(request, asked_for) or home(staff))
    status = 200
    form = SignInForm()
    if request.method == "POST":
        form = SignInForm(_with_demo_account(request))
        if form.is_valid():
            account = authenticate(
                request,
                username=form.cleaned_data["username"].strip().lower(),
                password=form.cleaned_data["password"],
            )
            if isinstance(account, Account):
                return enter(request, account, next_url=asked_for, now=timezone.now())
            form.refuse()
        status = 422
    context = {
        "form": form,
        "next": asked_for,
        "demo_accounts": demo_accounts(),
        "ended": "ended" in request.GET,
        "kept": "kept" in request.GET,
        "away": "away" in request.GET,
        "again": "again" in request.GET,
        "closed": "closed" in request.GET,
    }
    return render(request, "web/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session on the server and asks the browser to forget what it holds of this site."""
    request.session.flush()
    place = safe(request, request.POST.get("next", ""))
    why = f"next={quote(place)}&away" if place else "ended"  # `next` comes when a page closed by itself
    response = HttpResponseRedirect(f"{reverse('sign_in')}?{why}")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@require_safe
def stay(request: HttpRequest) -> HttpResponse:
    """Somebody is still reading: asking is enough to move the idle limit on."""
    return HttpResponse(status=401 if getattr(request, "staff", None) is None else 204)


@csrf_exempt  # leaving must work always, also from a page whose token is too old; it can harm nobody
def leave(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return gone()


@require_safe
def leaving(request: HttpRequest) -> HttpResponse:
    """What leaving fast does, and what it can't hide: in plain words, for everybody, signed in or not (V-02)."""
    return render(request, "web/leaving.html")


def gone() -> HttpResponse:
    """An empty page that goes on to an ordinary one at once.

    Not a redirect: the browser would show the old page until the other site answers, and `form-action` would stop it.
    """
    response = HttpResponse(render_to_string("web/gone.html", {"leave_to": settings.LEEWARD_LEAVE_TO}))
    response["Clear-Site-Data"] = '"cookies", "storage"'
    return response


def slowed_down(
    request: HttpRequest, original: HttpResponse | None = None, credentials: dict[str, str] | None = None
) -> HttpResponse:
    """Too many wrong passwords for one account from one place: only that place waits (K-03)."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    response = render(request, "web/slowed_down.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response


@require_POST
def keep_draft(request: HttpRequest) -> HttpResponse:
    """Keeps what is being typed on the page that the form stands on; 204 when it is kept."""
    place = request.POST.get(drafts.STANDS_ON, "")
    if not drafts.is_place(place):
        return HttpResponse(status=400)
    staff: Staff | None = getattr(request, "staff", None)
    if staff is None:
        kept = drafts.keep_for_return(request, place)
        if kept:
            del request.session  # else its cookie is deleted, and what is typed next can't be kept for the same person
        return HttpResponse(status=401 if kept else 403)
    drafts.keep(by=staff, place=place, data=request.POST)
    return HttpResponse(status=204)


def _with_demo_account(request: HttpRequest) -> dict[str, str]:
    """What was posted; in the demonstration a button stands for one person's e-mail and password."""
    chosen = request.POST.get("demo", "")
    for account in demo_accounts():
        if account["email"] == chosen:
            return {"username": account["email"], "password": account["password"]}
    return {name: request.POST.get(name, "") for name in ("username", "password")}
