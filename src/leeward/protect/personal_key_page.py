"""Making one's own key, and giving it another passphrase."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from leeward.people.errors import PeopleError
from leeward.people.models import Role

from . import audit, personal_keys, step_up
from .gate import AskedRequest, for_roles

#: Who needs one: who writes private notes, and who keeps a half of the key to them.
OWNERS = (Role.THERAPIST, Role.PRIVACY_OFFICER, Role.PROGRAM_DIRECTOR)


def passphrase(label: Any) -> forms.CharField:
    """A field for a passphrase. Its name must contain `password`, so that no draft ever keeps it; no browser keeps it
    either, because whoever holds the tablet would open the notes with it."""
    return forms.CharField(
        label=label,
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write your passphrase.")},
    )


class NewKey(forms.Form):
    """A passphrase, twice; to change one also the old, unless it is lost."""

    required_note = False
    new_password = passphrase(_("New passphrase"))
    again_password = passphrase(_("The same again"))

    def __init__(self, *args: Any, has_key: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = _(
            "At least %(number)s letters: four words that do not belong together, not your sign-in password."
        ) % {"number": personal_keys.SHORTEST}
        if has_key:
            self.fields["old_password"] = passphrase(_("Passphrase until now"))
            self.fields["old_password"].required = False
            self.fields["lost"] = forms.BooleanField(
                label=_("I have lost it: make a new key"),
                required=False,
                help_text=_("What the old key opens stays closed until two keepers release it to you."),
            )
            self.order_fields(["old_password", "lost", "new_password", "again_password"])

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("new_password") != said.get("again_password"):
            self.add_error("again_password", _("The two are not the same."))
        if "lost" in self.fields and not said.get("lost") and not said.get("old_password"):
            self.add_error("old_password", _("Write your passphrase."))
        return said


@sensitive_post_parameters()
@for_roles(*OWNERS)
@require_http_methods(["GET", "POST"])
def my_key(request: AskedRequest) -> HttpResponseBase:
    """Make the key, or change its passphrase."""
    has_key = personal_keys.has_key(request.staff)
    form = NewKey(request.POST or None, has_key=has_key)
    problem: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            if has_key and said["lost"]:
                return _in_place_of_the_lost(request, said["new_password"])
            return _open_with(request, _made(request, **said))
        except PeopleError as refused:
            problem = refused
    context = {"form": form, "has_key": has_key, "problem": problem}
    return render(request, "protect/my_key.html", context, status=422 if problem or form.errors else 200)


def _made(request: AskedRequest, *, new_password: str, old_password: str = "", **_said: object) -> bytes:
    if old_password:
        return personal_keys.change_passphrase(by=request.staff, old=old_password, new=new_password)
    return personal_keys.make(by=request.staff, passphrase=new_password, now=timezone.now())


@step_up.confirmed
def _in_place_of_the_lost(request: AskedRequest, passphrase: str) -> HttpResponse:
    """What was sealed to the earlier key stays closed, for good where nobody else holds a half: not for whoever finds a
    page open."""
    audit.saw(by=request.staff, action="changed sign-in.personal-key")
    return _open_with(request, personal_keys.make(by=request.staff, passphrase=passphrase, now=timezone.now()))


def _open_with(request: AskedRequest, private: bytes) -> HttpResponse:
    personal_keys.keep_open(request.session, private, now=timezone.now())
    return redirect("my_key")
