"""A therapist's private notes, and releasing those of somebody who left."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from leeward.people.codes import read_code
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Role, Staff
from leeward.protect import drafts, personal_keys, step_up
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.protect.personal_key_page import passphrase

from . import private_notes
from .models import Ground

LONGEST = 20_000
REFUSED = 422


class Unlock(forms.Form):
    """The passphrase, for a quarter of an hour."""

    required_note = False
    key_password = passphrase(_("Your passphrase"))


class NoteForm(forms.Form):
    """One note."""

    required_note = False
    text = forms.CharField(label=_("New note"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 8}))


class Colleague(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A member of staff by name and role."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name} · {obj.get_role_display()}"


class AskForm(forms.Form):
    """Whose notes, about whom, to whom, on what ground, and who confirms."""

    code = forms.CharField(label=_("Case code"), max_length=40)
    author = Colleague(label=_("Who wrote the notes"), queryset=Staff.objects.none())
    successor = Colleague(label=_("Who may read them from now on"), queryset=Staff.objects.none())
    confirmer = Colleague(label=_("Who confirms it"), queryset=Staff.objects.none())
    ground = forms.ChoiceField(label=_("On what ground"), choices=Ground.choices, widget=forms.RadioSelect)
    key_password = passphrase(_("Your passphrase"))

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Staff.objects.filter(agency_id=by.agency_id)
        choices = {
            "author": here.filter(role=Role.THERAPIST),
            "successor": here.filter(role=Role.THERAPIST, is_active=True),
            "confirmer": here.filter(role=Role.PROGRAM_DIRECTOR, is_active=True).exclude(pk=by.pk),
        }
        for name, queryset in choices.items():
            field = self.fields[name]
            assert isinstance(field, Colleague)  # noqa: S101
            field.queryset = queryset

    def clean_code(self) -> Client:
        code = read_code(self.cleaned_data["code"])
        client = Client.objects.filter(code=code).first() if code else None
        if client is None:
            raise forms.ValidationError(_("Nobody here has this code."))
        return client


@sensitive_post_parameters()
@for_roles(Role.THERAPIST)
@require_http_methods(["GET", "POST"])
def my_notes(request: AskedRequest, code: str) -> HttpResponse:
    """The asker's own notes about this person: unlock, read, add one, lock."""
    client = open_client(request, code, reading="treat.my_notes")
    if not personal_keys.has_key(request.staff):
        return redirect("my_key")
    now = timezone.now()
    here = redirect("my_notes", client.code)
    if "lock" in request.POST:
        personal_keys.close(request.session)  # and no redirect: that would drop what they typed and did not save
    private = personal_keys.opened(request.session, now=now)
    context: dict[str, object] = {"client": client}
    if private is None:
        if "text" in request.POST:  # the quarter of an hour ran out while they wrote
            drafts.keep(by=request.staff, place=request.path, data=request.POST)
        form = Unlock(request.POST if "key_password" in request.POST else None)
        if form.is_valid():
            try:
                private = personal_keys.unlock(by=request.staff, passphrase=form.cleaned_data["key_password"])
                personal_keys.keep_open(request.session, private, now=now)
                return render(request, "treat/my_notes.html", context | _opened(request, client, private))
            except PeopleError as refused:
                context["problem"] = refused
        context["unlock"] = form
        wrong = "problem" in context or form.errors
        return render(request, "treat/my_notes.html", context, status=REFUSED if wrong else 200)
    note = NoteForm(request.POST if "text" in request.POST else None, initial=drafts.initial(request))
    if note.is_valid():
        try:
            private_notes.write(
                by=request.staff, client=client, text=note.cleaned_data["text"], private=private, now=now
            )
            return here
        except PeopleError as refused:
            context["problem"] = refused
    context |= _opened(request, client, private, note)
    return render(
        request, "treat/my_notes.html", context, status=REFUSED if "problem" in context or note.errors else 200
    )


def _opened(request: AskedRequest, client: Client, private: bytes, form: NoteForm | None = None) -> dict[str, object]:
    kept = private_notes.keepers(client.agency_id)
    given: dict[str, object] = {
        "form": form or NoteForm(initial=drafts.find(by=request.staff, place=request.path) or {}),
        "has_keepers": all(kept.values()),
        "is_open": True,
    }
    try:
        given["notes"] = private_notes.read(by=request.staff, client=client, private=private)
    except private_notes.Unreadable as refused:
        given["problem"] = refused
    return given


@sensitive_post_parameters()
@for_roles(Role.PRIVACY_OFFICER, Role.PROGRAM_DIRECTOR)
@step_up.proved
@require_http_methods(["GET", "POST"])
def releases(request: AskedRequest) -> HttpResponse:
    """What waits for a second person; and, for a privacy officer, a form to ask."""
    asks = request.staff.role == Role.PRIVACY_OFFICER
    form = AskForm(request.POST or None, by=request.staff) if asks else None
    problem: PeopleError | None = None
    if form is not None and form.is_valid():
        said, now = form.cleaned_data, timezone.now()
        try:
            private = personal_keys.unlock(by=request.staff, passphrase=said["key_password"])
            private_notes.ask_release(
                by=request.staff, client=said["code"], author=said["author"], successor=said["successor"],
                confirmer=said["confirmer"], ground=said["ground"], private=private, now=now,
            )  # fmt: skip
            return redirect("note_releases")
        except PeopleError as refused:
            problem = refused
    context = {"form": form, "problem": problem, "waiting": private_notes.waiting(request.staff), "unlock": Unlock()}
    refused_form = problem or (form is not None and form.errors)
    return render(request, "treat/releases.html", context, status=REFUSED if refused_form else 200)


@sensitive_post_parameters()
@for_roles(Role.PROGRAM_DIRECTOR)
@step_up.proved
@require_POST
def confirm(request: AskedRequest, release: UUID) -> HttpResponse:
    """The second person confirms a release."""
    asked = get_object_or_404(private_notes.waiting(request.staff), pk=release)
    form = Unlock(request.POST)
    problem: PeopleError | None = None
    if form.is_valid():
        try:
            private = personal_keys.unlock(by=request.staff, passphrase=form.cleaned_data["key_password"])
            private_notes.confirm_release(by=request.staff, release=asked, private=private, now=timezone.now())
            return redirect("note_releases")
        except PeopleError as refused:
            problem = refused
    context = {"form": None, "problem": problem, "waiting": private_notes.waiting(request.staff), "unlock": form}
    return render(request, "treat/releases.html", context, status=REFUSED)
