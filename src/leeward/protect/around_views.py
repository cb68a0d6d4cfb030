"""Who is around a person: who may sign with a minor, and who may be the one behind it all. For the staff alone."""

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Client, Role

from . import audit, flags, representatives
from .forms import AddPerson, LiftFlag, Propose
from .gate import AskedRequest, for_roles, open_client
from .models import ControllerFlag, ControllerFlagLift, DataClass, KnownPerson, Representation
from .of_age import signing_age


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def around(request: AskedRequest, code: str) -> HttpResponse:
    """The people around somebody; propose one to sign with a minor, end that, or say that one may be behind it."""
    client = open_client(request, code, reading="protect.around")
    now = timezone.now()
    add = AddPerson(request.POST if "name" in request.POST else None)
    propose = Propose(request.POST if "proof" in request.POST else None)
    lift = LiftFlag(request.POST if "lift" in request.POST else None)
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if _entered(request, client, add, propose, lift):
                return redirect("around", client.code)
        except PeopleError as refused:
            problem = refused
    proposals: dict[UUID, list[Representation]] = {}
    for one in Representation.objects.filter(client=client).select_related("decision", "end"):
        proposals.setdefault(one.person_id, []).append(one)
    standing = set(representatives.standing(client, now).values_list("pk", flat=True))
    context = {
        "client": client,
        "people": [
            {
                "person": person,
                "name": name,
                "flags": [_flag_shown(flag) for flag in person.flags.all()],
                "flagged": any(flag.lifted_at is None for flag in person.flags.all()),
                "proposals": [_shown(one, standing=one.pk in standing) for one in proposals.get(person.pk, [])],
            }
            for person, name in representatives.known_people(client)
        ],
        "add": add,
        "propose": propose,
        "lift": lift,
        "problem": problem,
        "age": signing_age(client, timezone.localdate(now)),
    }
    wrong = problem or add.errors or propose.errors or lift.errors
    return render(request, "protect/around.html", context, status=422 if wrong else 200)


def _shown(one: Representation, *, standing: bool) -> dict[str, object]:
    decision = getattr(one, "decision", None)
    over = hasattr(one, "end") or one.ends_at <= timezone.now()
    return {
        "representation": one,
        "classes": [DataClass(name).label for name in one.data_classes],
        "state": "standing" if standing else "over" if over else "refused" if decision else "waiting",
    }


def _flag_shown(flag: ControllerFlag) -> dict[str, object]:
    lifts = list(flag.lifts.all())
    return {
        "flag": flag,
        "lifted_at": flag.lifted_at,
        "waits": any(not hasattr(lift, "decision") for lift in lifts),
        "kept": any(hasattr(lift, "decision") and not lift.decision.lifted for lift in lifts),
    }


def _entered(request: AskedRequest, client: Client, add: AddPerson, propose: Propose, lift: LiftFlag) -> bool:
    """Do what was entered; False if a form has to be mended."""
    by, now = request.staff, timezone.now()
    if add.is_bound:
        if not add.is_valid():
            return False
        entered = add.cleaned_data
        representatives.add_person(by=by, client=client, name=entered["name"], relation=entered["relation"], now=now)
        return True
    if "end" in request.POST:
        ended = get_object_or_404(Representation, _is(request.POST["end"]), client=client)
        representatives.end(by=by, ended=ended, now=now)
        return True
    if lift.is_bound:
        flag = get_object_or_404(ControllerFlag, _is(request.POST["lift"]), client=client)
        if not lift.is_valid():
            return False
        flags.ask_to_lift(by=by, flag=flag, reason=lift.cleaned_data["reason"], now=now)
        return True
    person = get_object_or_404(KnownPerson, _is(request.POST.get("person", "")), client=client)
    if "flag" in request.POST:
        representatives.flag(by=by, person=person, now=now)
        return True
    if not propose.is_bound or not propose.is_valid():
        return False
    said = propose.cleaned_data
    representatives.propose(
        by=by, client=client, person=person, proof=said["proof"], classes=said["classes"], last_day=said["last_day"],
        now=now,
    )  # fmt: skip
    return True


def _is(posted: str) -> Q:
    """The row of that id; none where it is not one."""
    try:
        return Q(pk=UUID(posted))
    except ValueError:
        return Q(pk__in=[])


@for_roles(Role.PRIVACY_OFFICER)
@require_POST
def decide(request: AskedRequest, proposed: UUID) -> HttpResponse:
    """The privacy officer's yes or no to somebody who would sign with a minor."""
    one = get_object_or_404(Representation.objects.select_related("client"), pk=proposed)
    audit.saw(by=request.staff, action="read protect.around", client_id=one.client_id)
    representatives.decide(by=request.staff, proposed=one, allowed="allow" in request.POST, now=timezone.now())
    return redirect("privacy")


@for_roles(Role.PRIVACY_OFFICER)
@require_POST
def decide_lift(request: AskedRequest, asked: UUID) -> HttpResponse:
    """The privacy officer's yes or no to lifting a flag."""
    one = get_object_or_404(ControllerFlagLift.objects.select_related("client"), pk=asked)
    audit.saw(by=request.staff, action="read protect.around", client_id=one.client_id)
    flags.decide(by=request.staff, asked=one, lifted="lift" in request.POST, now=timezone.now())
    return redirect("privacy")
