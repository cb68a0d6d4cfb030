"""The pages on which a program director changes the protocol, and another one brings it into force."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from leeward.people import pathway
from leeward.people.errors import NoSuchVersion, PeopleError
from leeward.people.models import Role
from leeward.protect import drafts as kept
from leeward.protect.gate import AskedRequest, for_roles
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import Protocol, Stage, Step
from leeward.rules.protocol.difference import difference

from . import step_form, versions
from .models import Decision

READERS = (Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
REFUSED = 422


@for_roles(*READERS)
@require_http_methods(["GET", "POST"])
def protocol_versions(request: AskedRequest) -> HttpResponse:
    """Every version, what is being drafted, and the way to start a draft."""
    name = settings.LEEWARD_PROTOCOL
    if request.method == "POST":
        draft = versions.start(by=request.staff, name=name, now=timezone.now())
        return redirect("protocol_draft", draft.row.pk)
    context = {
        "published": versions.history(request.staff, name),
        "drafts": versions.drafts(request.staff),
        "may_write": request.staff.role == Role.PROGRAM_DIRECTOR,
    }
    return render(request, "learn/protocol_versions.html", context)


@for_roles(*READERS)
@require_safe
def protocol_version(request: AskedRequest, version: str) -> HttpResponse:
    """One version: what it changed, who brought it into force, and its text."""
    name = settings.LEEWARD_PROTOCOL
    history = versions.history(request.staff, name)
    place = next((place for place, each in enumerate(history) if each.protocol.version == version), None)
    if place is None:
        raise Http404
    before = history[place + 1].protocol if place + 1 < len(history) else None
    context = {
        "published": history[place],
        "before": before,
        "changes": _said(before, history[place].protocol) if before else [],
        "text": versions.text_of(request.staff.agency_id, name, version),
    }
    return render(request, "learn/protocol_version.html", context)


class ReasonForm(forms.Form):
    """Why a draft goes back, or why it comes into force."""

    required_note = False

    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say it in a sentence.")},
    )


@for_roles(*READERS)
@require_http_methods(["GET", "POST"])
def protocol_draft(request: AskedRequest, draft: UUID) -> HttpResponse:
    """A draft: whether it is sound, what it changes, its steps, and what may be done with it."""
    found = _draft(request, draft)
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if _decided(request, found, form):
                return redirect("protocol_draft", found.row.pk)
        except PeopleError as refused:
            problem = refused
        found = _draft(request, draft)
    base, now = _base(found), _looked_at(found)
    is_writer = request.staff.pk in found.writers
    context = {
        "draft": found,
        "draft_key": str(found.row.pk),
        "base": base,
        "new": now.protocol,
        "mistakes": now.mistakes,
        "objections": versions.objections(found) if now.protocol else (),
        "changes": _said(base, now.protocol) if base and now.protocol else [],
        "stages": _stages(now.protocol),
        "form": form,
        "problem": problem,
        "is_director": request.staff.role == Role.PROGRAM_DIRECTOR,
        "may_write": request.staff.role == Role.PROGRAM_DIRECTOR and found.is_writable,
        "may_decide": request.staff.role == Role.PROGRAM_DIRECTOR and found.state is Decision.SENT and not is_writer,
        "waits_for_another": found.state is Decision.SENT and is_writer,
        "decisions": found.row.decisions.select_related("decided_by").order_by("-decided_at"),
    }
    return render(request, "learn/protocol_draft.html", context, status=REFUSED if problem or form.errors else 200)


def _decided(request: AskedRequest, draft: versions.Draft, form: ReasonForm) -> bool:
    """Do what the button says; False if a reason is missing."""
    now, by = timezone.now(), request.staff
    simple: dict[str, Callable[[], object]] = {
        "send": lambda: versions.send(by=by, draft=draft, now=now),
        "drop": lambda: versions.drop(by=by, draft=draft, now=now),
    }
    chosen = request.POST.get("decide", "")
    if chosen in simple:
        simple[chosen]()
        return True
    if not form.is_valid():
        return False
    why = form.cleaned_data["reason"]
    if chosen == "publish":
        versions.publish(by=by, draft=draft, why=why, now=now)
    else:
        versions.give_back(by=by, draft=draft, reason=why, now=now)
    return True


@for_roles(Role.PROGRAM_DIRECTOR)
@require_http_methods(["GET", "POST"])
def protocol_draft_step(request: AskedRequest, draft: UUID, step: str) -> HttpResponse:
    """The common changes of one step, as a form."""
    found = _draft(request, draft)
    protocol = _looked_at(found).protocol
    if protocol is None:  # a broken text has no steps to show: it is mended where its lines are
        return redirect("protocol_draft_text", found.row.pk)
    one = next((each for each in protocol.steps if each.id == step), None)
    if one is None:
        raise Http404
    over = {"over": found.newest.number}
    form = step_form.StepForm(request.POST or None, initial=step_form.initial(one) | kept.initial(request) | over)
    overtaken: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        text = step_form.apply(found.newest.text, one, form.cleaned_data)
        try:
            number = form.cleaned_data["over"]
            versions.save(by=request.staff, draft=found, text=text, over=number, now=timezone.now())
            return redirect(f"{reverse('protocol_draft', args=[found.row.pk])}#{one.id}")
        except PeopleError as refused:
            overtaken = refused
            form = step_form.StepForm({**request.POST.dict(), **over})
    context = {"draft": found, "step": one, "form": form, "problem": overtaken, "fits": step_form.fits(one)}
    return render(
        request, "learn/protocol_draft_step.html", context, status=REFUSED if overtaken or form.errors else 200
    )


class TextForm(forms.Form):
    """The whole definition."""

    required_note = False

    over = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    text = forms.CharField(
        label=_("The definition"),
        strip=False,
        max_length=400_000,
        widget=forms.Textarea(
            attrs={"rows": 30, "spellcheck": "false", "class": "code-text", "wrap": "off", "lang": "en"}
        ),
    )


@for_roles(Role.PROGRAM_DIRECTOR)
@require_http_methods(["GET", "POST"])
def protocol_draft_text(request: AskedRequest, draft: UUID) -> HttpResponse:
    """The whole text of a draft. It is kept also when it is broken; its mistakes are told by line."""
    found = _draft(request, draft)
    problem: PeopleError | None = None
    first = {"text": found.newest.text, "over": found.newest.number}
    form = TextForm(request.POST or None, initial=first | kept.initial(request) | {"over": found.newest.number})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"].replace("\r\n", "\n")
        try:
            over = form.cleaned_data["over"]
            versions.save(by=request.staff, draft=found, text=text, over=over, now=timezone.now())
            sound = not _looked_at(_draft(request, draft)).mistakes
            return redirect("protocol_draft" if sound else "protocol_draft_text", found.row.pk)
        except PeopleError as refused:
            problem = refused
            form = TextForm({**request.POST.dict(), "over": found.newest.number})
    context = {
        "draft": found,
        "form": form,
        "problem": problem,
        "theirs": problem.theirs if isinstance(problem, versions.Overtaken) else None,
        "mistakes": _looked_at(found).mistakes,
    }
    wrong = problem or form.errors
    return render(request, "learn/protocol_draft_text.html", context, status=REFUSED if wrong else 200)


@dataclass(frozen=True, slots=True)
class _Looked:
    protocol: Protocol | None
    mistakes: tuple[DefinitionError, ...]


def _looked_at(draft: versions.Draft) -> _Looked:
    try:
        return _Looked(versions.checked(draft).protocol, ())
    except DefinitionError as error:
        return _Looked(None, tuple(error.every))


def _draft(request: AskedRequest, draft: UUID) -> versions.Draft:
    found = versions.draft_of(request.staff, draft)
    if found is None:
        raise Http404
    return found


def _base(draft: versions.Draft) -> Protocol | None:
    try:
        return pathway.version(draft.row.agency_id, draft.row.name, draft.row.base_version)
    except NoSuchVersion:
        return None


def _said(old: Protocol, new: Protocol) -> list[str]:
    language = get_language() or "en"
    return [change.say(language) for change in difference(old, new)]


def _stages(protocol: Protocol | None) -> list[tuple[Stage, list[Step]]]:
    if protocol is None:
        return []
    return [
        (stage, steps)
        for stage in protocol.stages
        if (steps := [step for step in protocol.steps if step.stage == stage.id])
    ]
