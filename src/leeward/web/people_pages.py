"""Finding, registering and caring for a person: the pages that staff use all day."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from leeward.coordinate.legal.queries import to_tell
from leeward.people import actions, pathway, queries, vault
from leeward.people.actions import Arrival
from leeward.people.codes import read_code
from leeward.people.errors import PeopleError
from leeward.people.kinds import KIND_WORDS, PLAIN
from leeward.people.models import CARE_ROLES, Client, Event, Role, Staff, Task
from leeward.protect import actions as protect
from leeward.protect import audit, drafts
from leeward.protect import queries as permissions
from leeward.protect.gate import AskedRequest, for_roles, open_client, signed_in
from leeward.protect.holding import end_looks
from leeward.protect.outbox import queries as outbox
from leeward.protect.outbox.models import Message

from . import late_page
from .asked import identifier
from .pathway_page import listed, place, said
from .people_forms import AddColleague, BarPerson, FindPerson, NewPerson, Person, RecordEvent

PAGE = 25
HISTORY = 20
#: Where each role starts its day, when it is not the worklist.
HOMES: Mapping[str, str] = {
    Role.PARTNER: "partner_inbox",
    Role.PROGRAM_DIRECTOR: "results",
    Role.EVALUATOR: "results",
    Role.PRIVACY_OFFICER: "privacy",
}
#: The parts of a record, each a page of its own.
PLACES = (
    ("observe", _("Signs noticed")),
    ("first_talk", _("First talk")),
    ("screening", _("Safety talk")),
    ("safety_check", _("Safety now")),
    ("measures", _("Check-ins and scores")),
    ("sessions", _("Sessions")),
    ("service_plan", _("Service plan")),
    ("needs", _("Needs")),
    ("safety_plan", _("Safety plan")),
    ("referrals", _("Referrals")),
    ("messages", _("Messages")),
    ("permissions", _("Permissions to share")),
    ("around", _("People around them")),
    ("who_saw", _("Who saw this record")),
    ("hidden", _("Who can find this record")),
    ("legal_tell", _("What they must be told")),
)
#: Parts that only one role has.
OWN_PLACES: Mapping[str, tuple[tuple[str, str | Promise], ...]] = {
    Role.THERAPIST: (("my_notes", _("My private notes")),)
}


@signed_in
def worklist(request: AskedRequest) -> HttpResponse:
    """Today: what is late, due and coming for the asker's people."""
    if request.staff.role in HOMES:
        return redirect("late_steps" if late_page.has_news(request.staff) else HOMES[request.staff.role])
    now = timezone.now()
    pathway.refresh_stale(now)
    everyone = request.GET.get("for") == "everyone"
    tasks = queries.worklist(now=now, role=None if everyone else request.staff.role)
    page = Paginator(tasks, PAGE).get_page(request.GET.get("page"))
    clients = {task.client_id: task.client for task in page.object_list}
    names = vault.called(list(clients.values()))
    audit.listed(by=request.staff, action="read web.worklist", client_ids=clients.keys(), fields=("given_name",))
    brought, all_brought = late_page.news_for_team(request.staff) if page.number == 1 else ([], 0)
    return render(
        request,
        "web/worklist.html",
        {
            "page": page,
            "rows": [_row(task, names, now) for task in page.object_list],
            "everyone": everyone,
            "to_tell": list(to_tell()[:PAGE]) if page.number == 1 else [],
            "brought": brought,
            "all_brought": all_brought,
            "to_pass_on": outbox.to_pass_on() if page.number == 1 else [],
            "silent": _silent(request.staff, now) if page.number == 1 else [],
            "late": sum(1 for task in page.object_list if task.due_at and task.due_at < now),
        },
    )


def _silent(by: Staff, now: datetime) -> list[Message]:
    """Withdrawals that a partner has not confirmed: for the case manager to call about."""
    return list(outbox.unconfirmed(by, now=now)[:PAGE]) if by.role == Role.CASE_MANAGER else []


def _row(task: Task, names: Mapping[UUID, str], now: datetime) -> dict[str, object]:
    step = pathway.protocol_of(task.client).step(task.step)
    return {
        "task": task,
        "title": said(step.title),
        "name": names.get(task.client_id, ""),
        "url": place(step, task.client),
        "look": "late" if task.due_at and task.due_at < now else "due",
    }


def _is_there(name: str) -> bool:
    try:
        return bool(reverse(name, args=["0"]))
    except NoReverseMatch:
        return False


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def find_person(request: AskedRequest) -> HttpResponse:
    """Search before create."""
    form = FindPerson(request.POST or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        typed, year = form.cleaned_data["typed"], form.cleaned_data["birth_year"]
        if (code := read_code(typed)) and Client.objects.filter(code=code).exists():
            return redirect("client", code)
        found = queries.find_people(typed=typed, birth_year=str(year or ""))
        request.found_nobody = not found
        names = vault.called(found)
        audit.saw(by=request.staff, action="searched web.people", fields=("name", "phone"))
        audit.listed(by=request.staff, action="read web.people", client_ids=names.keys(), fields=("given_name",))
        context |= {
            "searched": True,
            "found": [{"client": client, "name": names.get(client.pk, "")} for client in found],
            "known": not found and queries.known_here(name=typed, birth_year=str(year or "")),
            "typed": typed,
            "birth_year": year,
        }
    return render(request, "web/find_person.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def new_person(request: AskedRequest) -> HttpResponse:
    """Open a record, after a search that found nobody. Opened without one, it shows what was kept, if anything was."""
    if request.method == "GET":
        kept = drafts.initial(request)
        if not kept:
            return redirect("find_person")
        return render(request, "web/new_person.html", {"form": NewPerson(initial=kept)})
    if "language" not in request.POST:
        given, _space, family = request.POST.get("typed", "").partition(" ")
        initial = {"given_name": given, "family_name": family, "birth_year": request.POST.get("birth_year", "")}
        return render(request, "web/new_person.html", {"form": NewPerson(initial=initial)})
    form = NewPerson(request.POST)
    if not form.is_valid():
        return render(request, "web/new_person.html", {"form": form}, status=422)
    client = actions.register(by=request.staff, arrival=_arrival(form), now=timezone.now())
    return redirect("client", client.code)


def _arrival(form: NewPerson) -> Arrival:
    said = form.cleaned_data
    return Arrival(
        identity=_identity(form),
        birth_year=said["birth_year"],
        language=said["language"],
        county=said["county"],
        source=said["source"],
    )


def _identity(form: Person) -> dict[str, str]:
    return {name: str(form.cleaned_data.get(name) or "") for name in actions.IDENTITY_FIELDS if name in form.fields}


@signed_in
def client_page(request: AskedRequest, code: str) -> HttpResponse:
    """One person: who they are, how to reach them safely, their pathway, what is next, their history."""
    if request.staff.role not in CARE_ROLES:
        raise Http404
    client = open_client(request, code, reading="web.client", fields=tuple(actions.IDENTITY_FIELDS))
    now = timezone.now()
    plan = pathway.plan_of(client, now)
    definition = pathway.protocol_of(client)
    identity = vault.identity(client)
    events = Event.objects.filter(client=client).select_related("actor").order_by("-occurred_at", "-id")
    return render(
        request,
        "web/client.html",
        {
            "client": client,
            "identity": identity,
            "is_minor": plan.facts.get("is_minor"),
            "plan": plan,
            "stages": listed(definition, plan, client),
            "newer": definition is not pathway.in_force(client.agency_id, client.protocol),
            "next": [
                {
                    "instance": instance,
                    "title": said(definition.step(instance.step).title),
                    "url": place(definition.step(instance.step), client),
                    "look": "late" if instance.late_after < now else "due",
                    "told": [Role(rung.to).label for rung in instance.escalations],
                }
                for instance in plan.open
            ],
            "team": queries.team_of(client),
            "history": Paginator(events, HISTORY).get_page(request.GET.get("page")),
            "kind_words": KIND_WORDS,
            "contact_method": dict(Person.base_fields["contact_method"].choices).get(  # type: ignore[attr-defined]
                identity.get("contact_method", "none"), ""
            ),
            "places": [
                {"label": label, "url": reverse(name, args=[client.code])}
                for name, label in (*PLACES, *OWN_PLACES.get(request.staff.role, ()))
                if _is_there(name)
            ],
            "recordable": [(kind, KIND_WORDS[kind]) for kind in PLAIN],
        },
    )


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def details(request: AskedRequest, code: str) -> HttpResponse:
    """Correct who somebody is and how to reach them."""
    client = open_client(request, code, reading="web.details", fields=tuple(actions.IDENTITY_FIELDS))
    if request.method == "POST":
        form = Person(request.POST)
        if form.is_valid():
            actions.correct_identity(client=client, changes=_identity(form))
            Client.objects.filter(pk=client.pk).update(
                language=form.cleaned_data["language"], county=form.cleaned_data["county"]
            )
            return redirect("client", client.code)
        return render(request, "web/details.html", {"form": form, "client": client}, status=422)
    known = {**vault.identity(client), "language": client.language, "county": client.county}
    initial = known | drafts.initial(request)
    return render(request, "web/details.html", {"form": Person(initial=initial), "client": client})


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def team(request: AskedRequest, code: str) -> HttpResponse:
    """Who cares for this person: add a colleague, or end a membership."""
    client = open_client(request, code, reading="web.team")
    barred = list(permissions.barred(client))
    others = permissions.colleagues(request.staff, client)
    form = AddColleague(
        request.POST if "colleague" in request.POST else None, choices=others.filter(role__in=CARE_ROLES)
    )
    bar = BarPerson(request.POST if "bar" in request.POST else None, choices=others.exclude(pk=request.staff.pk))
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if "leave" in request.POST:
                leaving = Staff.objects.filter(pk=identifier(request.POST["leave"])).first()
                if leaving is not None:
                    end_looks(leaving.pk)
                    actions.leave_team(client=client, colleague=leaving, now=timezone.now())
                return redirect("worklist") if leaving == request.staff else redirect("team", client.code)
            if bar.is_valid():
                protect.bar(by=request.staff, client=client, person=bar.cleaned_data["bar"], now=timezone.now())
                return redirect("team", client.code)
            if "unbar" in request.POST:
                for one in barred:
                    if str(one.pk) == request.POST["unbar"]:
                        protect.unbar(by=request.staff, barring=one, now=timezone.now())
                return redirect("team", client.code)
            if form.is_valid():
                colleague = form.cleaned_data["colleague"]
                actions.join_team(by=request.staff, client=client, colleague=colleague, now=timezone.now())
                return redirect("team", client.code)
        except PeopleError as refused:
            problem = refused
    context = {"client": client, "form": form, "team": queries.team_of(client), "problem": problem}
    context |= {"barred": barred, "bar": bar}
    return render(request, "web/team.html", context, status=422 if problem or form.errors or bar.errors else 200)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def record(request: AskedRequest, code: str, kind: str) -> HttpResponse:
    """Record an event that has no page of its own."""
    if kind not in PLAIN:
        raise Http404
    client = open_client(request, code, reading="web.record")
    form = RecordEvent(kind, request.POST or None, initial=drafts.initial(request))
    problem: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            actions.record(
                by=request.staff,
                client=client,
                kind=kind,
                at=form.cleaned_data["happened_at"],
                data=form.data_of_event(),
                now=timezone.now(),
            )
            return redirect("client", client.code)
        except PeopleError as refused:
            problem = refused
    context = {"client": client, "form": form, "kind": kind, "title": KIND_WORDS[kind], "problem": problem}
    return render(request, "web/record.html", context, status=422 if problem or form.errors else 200)


@require_POST
@signed_in
def choose_record(request: AskedRequest, code: str) -> HttpResponse:
    """From the list of things to record, to the form of the chosen one."""
    kind = request.POST.get("kind", "")
    if kind not in PLAIN:
        raise Http404
    return HttpResponseRedirect(reverse("record", args=[code, kind]))
