"""Pages of legal requests: the desk's, the privacy officer's, and the care team's."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from leeward.people.errors import PeopleError
from leeward.people.kinds import KIND_WORDS
from leeward.people.models import CARE_ROLES, Role
from leeward.protect import audit, drafts, sealing, step_up
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.protect.queries import partners
from leeward.protect.words import named
from leeward.rules.wording import Text

from . import actions, queries
from .forms import CallBack, Choose, Counsel, HandIn, Look, Statement, Tell
from .models import LegalNotice

PAGE = 25
STAFF = tuple(role for role in Role if role != Role.PARTNER)


@for_roles(*STAFF)
@require_http_methods(["GET", "POST"])
def hand_in(request: AskedRequest) -> HttpResponse:
    """Somebody demands to know something: what to say, and where to write down what they want."""
    process = queries.process()
    form = HandIn(request.POST or None, process=process, initial=drafts.initial(request))
    if request.method == "POST" and form.is_valid():
        actions.hand_in(by=request.staff, received=actions.Received(**form.cleaned_data), now=timezone.now())
        return redirect("legal_handed_in")
    context = {"form": form, "script": _said(process.script)}
    return render(request, "coordinate/legal/hand_in.html", context, status=422 if form.errors else 200)


@for_roles(*STAFF)
def handed_in(request: AskedRequest) -> HttpResponse:
    """The same words for every request."""
    return render(request, "coordinate/legal/handed_in.html", {"script": _said(queries.process().script)})


@for_roles(Role.PRIVACY_OFFICER)
def requests(request: AskedRequest) -> HttpResponse:
    """The queue: who waits for an answer, soonest due first."""
    page = Paginator(queries.requests(), PAGE).get_page(request.GET.get("page"))
    kinds, now = queries.process().kinds, timezone.now()
    audit.saw(by=request.staff, action="read legal.requests")
    listed = list(page.object_list)
    answered = queries.answered_among(listed)
    rows = [
        {
            "one": one,
            "title": _said(kinds[one.kind].title),
            "is_answered": one.pk in answered,
            "late": one.pk not in answered and one.due_at < now,
        }
        for one in listed
    ]
    return render(request, "coordinate/legal/requests.html", {"page": page, "rows": rows})


@for_roles(Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
@step_up.proved
def one(request: AskedRequest, reference: str) -> HttpResponse:
    """One request: look, call back, write down what counsel decided, keep silence if ordered, answer."""
    state = _state(request, reference)
    table, offices = queries.process(), partners().exclude(phone="")
    data, step = request.POST or None, request.POST.get("step")
    forms: dict[str, Any] = {
        "look": Look(data if step == "look" else None),
        "call_back": CallBack(data if step == "call_back" else None, offices=offices),
        "counsel": Counsel(data if step == "counsel" else None, process=table, kind=state.request.kind),
        "silence": Statement(data if step == "silence" else None, offices=offices),
    }
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if _act(request, state, step or "", forms):
                return redirect("legal_request", state.request.reference)
        except PeopleError as refused:
            problem = refused
    language = get_language() or "en"
    context = {
        "state": state,
        "title": _said(state.kind.title),
        "words": sealing.words_of(state.request),
        "steps": [
            {"step": one, "words": sealing.words_of(one), "classes": [named(name) for name in one.classes]}
            for one in state.steps
        ],
        "allowed": [named(name) for name in state.classes],
        "rows": [
            {"row": row, "text": row.text.in_(language)} for row in table.gives if state.request.kind in row.kinds
        ],
        "problem": problem,
        **forms,
    }
    wrong = problem or any(form.is_bound and form.errors for form in forms.values())
    return render(request, "coordinate/legal/request.html", context, status=422 if wrong else 200)


def _act(request: AskedRequest, state: queries.State, step: str, forms: dict[str, Any]) -> bool:
    by, now = request.staff, timezone.now()
    form = forms.get(step)
    if step == "nothing":
        actions.answer_with_nothing(by=by, state=state, now=now)
        return True
    if form is None or not form.is_valid():
        return False
    said = form.cleaned_data
    if step == "look":
        year, phone = said["birth_year"], said["person_phone"]
        actions.look(by=by, state=state, name=said["name"], birth_year=year, phone=phone, now=now)
    elif step == "call_back":
        yes = said["is_theirs"] == "yes"
        who = said["spoke_with"]
        actions.call_back(by=by, state=state, agency=said["agency"], spoke_with=who, is_theirs=yes, now=now)
    elif step == "counsel":
        actions.counsel_decided(by=by, state=state, now=now, **said)
    else:
        words = said.pop("statement")
        actions.suspend(by=by, state=state, words=words, now=now, **said)
    return True


@for_roles(Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
@step_up.proved
def answer(request: AskedRequest, reference: str) -> HttpResponse:
    """Choose the least, see exactly what goes, and give it: the letter is shown once, to print."""
    state = _state(request, reference)
    if not state.may_give or state.client is None:
        return redirect("legal_request", state.request.reference)
    items = queries.could_give(state.client, state.classes)
    audit.saw(by=request.staff, action="read legal.answer", client_id=state.client.pk, fields=state.classes)
    choices = [(item.id, f"{_called(item)}: {item.value}") for item in items]
    form = Choose(request.POST if "items" in request.POST or "give" in request.POST else None, choices=choices)
    problem: PeopleError | None = None
    chosen: list[queries.Item] = []
    if form.is_bound and form.is_valid():
        wanted = set(form.cleaned_data["items"])
        chosen = [item for item in items if item.id in wanted]
        if "give" in request.POST:
            try:
                letter = actions.give(by=request.staff, state=state, chosen=wanted, now=timezone.now())
                return _letter(request, letter)
            except PeopleError as refused:
                problem = refused
    context = {
        "state": state,
        "form": form,
        "problem": problem,
        "chosen": [{"item": item, "label": _called(item)} for item in chosen],
        "to": sealing.words_of(state.request).get("asker", ""),
    }
    return render(
        request,
        "coordinate/legal/answer.html",
        context,
        status=422 if problem or (form.is_bound and form.errors) else 200,
    )


@for_roles(Role.PRIVACY_OFFICER)
def letter(request: AskedRequest, reference: str) -> HttpResponse:
    """The standard answer, to print: the same for a person who comes here and one who never did."""
    state = _state(request, reference)
    if state.answered is None or state.answered.classes:
        raise Http404
    return _letter(request, actions.Letter(request=state.request, day=timezone.localdate(state.answered.at)))


def _letter(request: AskedRequest, given: actions.Letter) -> HttpResponse:
    language = get_language() or "en"
    context = {
        "letter": given,
        "agency": given.request.agency,
        "to": sealing.words_of(given.request),
        "neither": _said(queries.process().neither),
        "items": [{"item": item, "label": _called(item)} for item in given.items],
        "notices": list(dict.fromkeys(n.words.in_(tongue) for n in given.notices for tongue in (language, "en"))),
        "basis": [row.citation for row in given.basis],
    }
    return render(request, "coordinate/legal/letter.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def tell(request: AskedRequest, code: str) -> HttpResponse:
    """What the person must be told, and that their safety was looked at."""
    client = open_client(request, code, reading="legal.told")
    left = list(queries.to_tell(client))
    form = Tell(request.POST or None)
    problem: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        notice = get_object_or_404(LegalNotice, pk=_uuid(request.POST.get("notice", "")), client=client)
        try:
            actions.tell(by=request.staff, notice=notice, how=form.cleaned_data["how"], now=timezone.now())
            return redirect("legal_tell", client.code)
        except PeopleError as refused:
            problem = refused
    context = {
        "client": client,
        "form": form,
        "problem": problem,
        "left": [
            {"notice": notice, "classes": [named(name) for name in notice.disclosure.data_classes]} for notice in left
        ],
        "done": LegalNotice.objects.filter(client=client, told_at__isnull=False).select_related("told_by"),
    }
    return render(request, "coordinate/legal/tell.html", context, status=422 if problem or form.errors else 200)


def _state(request: AskedRequest, reference: str) -> queries.State:
    found = queries.by_reference(reference)
    if found is None:
        raise Http404
    audit.saw(by=request.staff, action="read legal.request", subject="coordinate_legalrequest")
    return queries.state_of(found, timezone.now())


def _said(words: Text) -> str:
    return words.in_(get_language() or "en")


def _called(item: queries.Item) -> str:
    return str(item.label or KIND_WORDS.get(item.field, item.field))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
