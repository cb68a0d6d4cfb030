"""The second step of signing in, setting one up the first time, and proving again that it is them."""

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, password_validation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from leeward.protect import factors, passkeys, step_up
from leeward.protect.gate import AskedRequest, signed_in
from leeward.protect.models import Account, OneTimeCode

from .code_picture import picture
from .entering import Entering, ask_device, asked_of_device, entering, finish, half_way, home, safe, site, wrong_answer

StrOrPromise = str | Promise
NO_FIT = _("This did not work. Try again.")
WAIT = _("There were many wrong codes. Wait 15 minutes, or use a passkey or a recovery code.")


class CodeForm(forms.Form):
    """Six digits of an app, or a recovery code."""

    required_note = False
    code = forms.CharField(
        label=_("Code"),
        help_text=_("The 6 digits that your app shows now. Or one of your recovery codes."),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "inputmode": "text",
            }
        ),
        error_messages={"required": _("Write the code.")},
    )


class AppCodeForm(CodeForm):
    """The six digits of an app that is being added."""

    code = forms.CharField(
        label=_("The 6 digits"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Write the code.")},
    )


class PasskeyName(forms.Form):
    required_note = False
    name = forms.CharField(
        label=_("A name for it"),
        help_text=_("So that you know it in a list, such as “my phone”."),
        max_length=60,
        error_messages={"required": _("Give it a name.")},
    )


class NewPassword(forms.Form):
    """A new password, twice, by the site's rules."""

    required_note = False
    new_password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 signs. Four words that do not belong together are good."),
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write a password.")},
    )
    again_password = forms.CharField(
        label=_("The same again"),
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write the password again.")},
    )

    def clean_new_password(self) -> str:
        word: str = self.cleaned_data["new_password"]
        password_validation.validate_password(word)
        return word

    def clean(self) -> dict[str, object]:
        said = super().clean() or {}
        if "again_password" in said and said.get("new_password") not in {None, said["again_password"]}:
            self.add_error("again_password", _("The two are not the same."))
        return said


def _invitation_code(label: StrOrPromise) -> forms.CharField:
    return forms.CharField(
        label=str(label) if isinstance(label, str) else label,  # type: ignore[arg-type]
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Write the code.")},
    )


class InvitationForm(NewPassword):
    """The first time: the two codes that two people handed over, and a password of one's own."""

    one = _invitation_code(_("The first code"))
    other = _invitation_code(_("The second code"))
    field_order = ("one", "other", "new_password", "again_password")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """A passkey, a code of the app, or a recovery code."""
    now = timezone.now()
    who = entering(request, now=now)
    if who is None:
        return _from_the_start()
    held = factors.held(who.account)
    if not held.is_enough:
        return HttpResponseRedirect(reverse("set_up"))
    form = CodeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST":
        if (answer := _answered(request, who, form)) is not None:
            return answer
        if wrong_answer(request):
            return _from_the_start()
    context = {
        "form": form,
        "held": held,
        "failed": NO_FIT if request.method == "POST" and "answer" in request.POST else "",
        "options": ask_device(request, passkeys.ask(who.account, site=site(request))) if held.passkeys else "",
    }
    return render(request, "web/second_factor.html", context, status=422 if request.method == "POST" else 200)


def _answered(request: HttpRequest, who: Entering, form: CodeForm) -> HttpResponse | None:
    """The session that a right answer opens; None for a wrong one, which the form says."""
    now = timezone.now()
    if "answer" in request.POST:
        try:
            used = passkeys.check(
                who.account,
                answer=request.POST["answer"],
                state=asked_of_device(request),
                site=site(request),
                now=now,
            )
        except passkeys.WrongAnswer:
            return None
        counts = used.counts_from <= now
        return finish(request, who.account, next_url=who.next, now=now, passkey=counts, how="passkey")
    if form.is_valid():
        code = form.cleaned_data["code"]
        try:
            if factors.code_fits(who.account, code, now=now):
                return finish(request, who.account, next_url=who.next, now=now, how="code")
        except factors.TooManyCodes:
            form.add_error("code", WAIT)
        if factors.use(who.account, OneTimeCode.Kind.RECOVERY, code, now=now):
            return finish(request, who.account, next_url=reverse("your_sign_in"), now=now, how="recovery-code")
        if not form.errors:
            form.add_error("code", _("This code does not fit. Wait for the next one and try again."))
    return None


@sensitive_variables("secret")
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The first second factor: a passkey, or an app that shows codes."""
    now = timezone.now()
    who = entering(request, now=now)
    if who is None:
        return _from_the_start()
    if factors.held(who.account).is_enough:
        return HttpResponseRedirect(reverse("second_factor"))
    passkey, app = PasskeyName(request.POST or None), AppCodeForm(request.POST if "code" in request.POST else None)
    failed: StrOrPromise = ""
    if request.method == "POST":
        if "answer" in request.POST:
            if add_passkey(request, who.account, passkey, trusted=True):
                return _codes(request, who.account)
            failed = NO_FIT
        elif add_app(request, who.account, app):
            return _codes(request, who.account)
    context = offer(request, who.account) | {
        "passkey": passkey if failed else PasskeyName(),
        "app": app,
        "failed": failed,
    }
    return render(request, "web/set_up.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["POST"])
def codes_kept(request: HttpRequest) -> HttpResponse:
    """The recovery codes are on paper: somebody who has just set up their second factor is signed in."""
    now = timezone.now()
    who = entering(request, now=now)
    if who is None or not request.session.get("set_up"):
        return _from_the_start()
    counts = who.account.passkeys.filter(counts_from__lte=now).exists()
    return finish(request, who.account, next_url=who.next, now=now, passkey=counts, how="set-up")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Somebody with two invitation codes chooses a password and goes on to set up a second factor."""
    now = timezone.now()
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = factors.begin((form.cleaned_data["one"], form.cleaned_data["other"]), now=now)
        if account and account.is_active:
            account.set_password(form.cleaned_data["new_password"])
            account.save(update_fields=["password"])
            half_way(request, account, next_url="", now=now)
            return HttpResponseRedirect(reverse("set_up"))
        form.add_error("one", _("These two codes do not work together. Ask those who gave them to you for new ones."))
    return render(request, "web/invitation.html", {"form": form}, status=422 if form.errors else 200)


class Password(forms.Form):
    required_note = False
    password = forms.CharField(
        label=_("Password"),
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Write your password.")},
    )


@sensitive_post_parameters()
@signed_in
@require_http_methods(["GET", "POST"])
def prove(request: AskedRequest) -> HttpResponse:
    """Prove again that it is you, and go back to what you were about to do.

    With `code` in the address a code is enough: that is for one's own sign-in. Else it takes a passkey, or in the
    demonstration the password.
    """
    now = timezone.now()
    account = Account.objects.get(staff_id=request.staff.pk)
    place = safe(request, request.POST.get("next", request.GET.get("next", "")))
    code_will_do = "code" in request.GET and not account.passkeys.filter(counts_from__lte=now).exists()
    answered = request.method == "POST" and "answer" not in request.POST
    form, password = CodeForm(request.POST if answered else None), Password(request.POST if answered else None)
    failed: StrOrPromise = ""
    if request.method == "POST":
        if "answer" in request.POST and _is_them(request, account):
            step_up.mark(request, now=now)
            return HttpResponseRedirect(place or home(request.staff))
        if "answer" in request.POST:
            failed = NO_FIT
        elif settings.DEMO and password.is_valid():
            if authenticate(request, username=account.email, password=password.cleaned_data["password"]):
                step_up.mark(request, now=now)
                return HttpResponseRedirect(place or home(request.staff))
            password.add_error("password", _("This is not your password."))
        elif not (settings.DEMO or code_will_do):
            failed = NO_FIT
        elif code_will_do and form.is_valid():
            try:
                if factors.code_fits(account, form.cleaned_data["code"], now=now):
                    step_up.confirm(request, now=now)
                    return HttpResponseRedirect(place or home(request.staff))
                form.add_error("code", _("This code does not fit. Wait for the next one and try again."))
            except factors.TooManyCodes:
                form.add_error("code", WAIT)
    usable = account.passkeys.filter(counts_from__lte=now).exists()
    context = {
        "next": place,
        "failed": failed,
        "options": ask_device(request, passkeys.ask(account, site=site(request))) if usable else "",
        "form": form if code_will_do and not settings.DEMO else None,
        "password": password if settings.DEMO else None,
        "later": account.passkeys.filter(counts_from__gt=now).exists(),
    }
    return render(request, "web/prove.html", context, status=422 if request.method == "POST" else 200)


def offer(request: HttpRequest, account: Account) -> dict[str, object]:
    """What a page that adds a passkey or an app needs: options for the device, a secret for the app."""
    secret = bytes.fromhex(request.session.get("new_secret", "")) or factors.new_secret()
    request.session["new_secret"] = secret.hex()
    return {
        "options": ask_device(request, passkeys.ask_to_add(account, site=site(request))),
        "key": factors.as_typed(secret),
        "picture": picture(factors.link(secret, email=account.email, site=settings.LEEWARD_SITE_NAME)),
    }


def add_passkey(request: HttpRequest, account: Account, form: PasskeyName, *, trusted: bool) -> bool:
    """Keep the passkey that the device has just made. False if it does not fit."""
    if not form.is_valid():
        return False
    try:
        passkeys.add(
            account,
            name=form.cleaned_data["name"],
            answer=request.POST["answer"],
            state=asked_of_device(request),
            site=site(request),
            trusted=trusted,
            now=timezone.now(),
        )
    except passkeys.WrongAnswer:
        return False
    return True


def add_app(request: HttpRequest, account: Account, form: CodeForm) -> bool:
    """Keep the app that shows the right code now. False, with the reason in the form, if it does not."""
    secret = bytes.fromhex(request.session.get("new_secret", ""))
    if not form.is_valid():
        return False
    if not secret or not factors.add_app(account, secret, form.cleaned_data["code"], now=timezone.now()):
        form.add_error("code", _("This code does not fit. Check the time on your phone and try the next one."))
        return False
    del request.session["new_secret"]
    return True


def _codes(request: HttpRequest, account: Account) -> HttpResponse:
    request.session["set_up"] = True
    codes = factors.new_recovery_codes(account, now=timezone.now())
    return render(request, "web/recovery_codes.html", {"codes": codes, "first": True})


def _is_them(request: HttpRequest, account: Account) -> bool:
    now = timezone.now()
    state = asked_of_device(request)
    try:
        used = passkeys.check(account, answer=request.POST["answer"], state=state, site=site(request), now=now)
    except passkeys.WrongAnswer:
        return False
    return used.counts_from <= now


def _from_the_start() -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('sign_in')}?again")
