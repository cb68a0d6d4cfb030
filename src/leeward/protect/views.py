"""Pages of permission and of looking back: what may be shared, with whom, and who has seen what."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Agency, Client, Role

from . import actions, audit, concealment, drafts, emergency, queries
from .forms import Permission
from .gate import AskedRequest, for_roles, open_client
from .models import BreakGlass, DataClass, Grant, Purpose, Restriction
from .outbox import queries as outbox
from .words import told

PAGE = 25


@for_roles(*CARE_ROLES)
def permissions(request: AskedRequest, code: str) -> HttpResponse:
    """Every permission of a person, those that hold first, and whom one could ask for."""
    client = open_client(request, code, reading="protect.permissions")
    now = timezone.now()
    grants = queries.grants_of(client)
    holding = list(queries.active(grants, now))
    context = {
        "client": client,
        "holding": [shown(one) for one in holding],
        "past": [shown(one) for one in grants if one not in holding],
        "never": (never := list(queries.restrictions(client))),
        "partners": queries.partners().exclude(pk__in=[one.recipient_id for one in never if one.recipient_id]),
    }
    return render(request, "protect/permissions.html", context)


def shown(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant,
        "classes": [DataClass(name).label for name in grant.data_classes],
        "withdrawn_at": getattr(getattr(grant, "withdrawal", None), "withdrawn_at", None),
    }


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def ask(request: AskedRequest, code: str, agency: UUID) -> HttpResponse:
    """The conversation about one recipient: what they would see, why, until when; yes or no."""
    client = open_client(request, code, reading="protect.ask")
    recipient = get_object_or_404(queries.partners(), pk=agency)
    if queries.restrictions(client).filter(recipient=recipient).exists():
        return redirect("permissions", client.code)  # they said never: nobody asks again
    purpose = request.POST.get("purpose") or request.GET.get("purpose") or Purpose.COORDINATION
    if purpose not in Purpose.values:
        purpose = Purpose.COORDINATION
    needed = queries.requirements(holder=client.agency, recipient=recipient, purpose=purpose)
    problem: PeopleError | None = None
    form: Permission
    if request.method == "POST":
        if "no" in request.POST:
            actions.decline(by=request.staff, client=client, recipient=recipient, now=timezone.now())
            return redirect("permissions", client.code)
        if "never" in request.POST:
            actions.restrict(by=request.staff, client=client, recipient=recipient, now=timezone.now())
            return redirect("permissions", client.code)
        form = Permission(request.POST, requirements=needed)
        if form.is_valid():
            try:
                actions.grant(by=request.staff, client=client, wish=_wish(form, recipient), now=timezone.now())
                return redirect(_way_back(request) or "permissions", client.code)
            except PeopleError as refused:
                problem = refused
    else:
        wanted = {"purpose": purpose, "classes": request.GET.getlist("classes")}
        form = Permission(initial={**wanted, **drafts.initial(request)}, requirements=needed)
    context = {
        "client": client,
        "recipient": recipient,
        "form": form,
        "problem": problem,
        "preview": [
            {"label": DataClass(name).label, "example": told(name), "class": name}
            for name, requirement in needed.items()
            if requirement.is_grantable
        ],
        "never": [
            {"label": DataClass(name).label, "why": requirement.reason.text.in_(get_language() or "en")}
            for name, requirement in needed.items()
            if requirement.is_forbidden
        ],
    }
    return render(request, "protect/ask.html", context, status=422 if problem or form.errors else 200)


def _wish(form: Permission, recipient: Agency) -> actions.Wish:
    said = form.cleaned_data
    return actions.Wish(
        recipient=recipient,
        classes=frozenset(said["classes"]),
        purpose=said["purpose"],
        last_day=said["last_day"],
        method=said["method"],
        language=said["language"],
        long_reason=said["long_reason"],
    )


def _way_back(request: AskedRequest) -> str:
    """Only to a page that asked for the permission; never to an address from outside."""
    return "referrals" if request.GET.get("back") == "referrals" else ""


@for_roles(*CARE_ROLES)
@require_POST
def lift_restriction(request: AskedRequest, code: str, restriction: UUID) -> HttpResponse:
    """They changed their mind: this agency may be talked about again."""
    client = open_client(request, code, reading="protect.permissions")
    given = get_object_or_404(Restriction, pk=restriction, client=client)
    actions.lift(by=request.staff, restriction=given, now=timezone.now())
    return redirect("permissions", client.code)


@for_roles(*CARE_ROLES, Role.PRIVACY_OFFICER)
def who_saw(request: AskedRequest, code: str) -> HttpResponse:
    """Who looked at the record, and what left: in plain words, newest first."""
    client = open_client(request, code, reading="protect.who_saw")
    page = Paginator(queries.accesses(client), PAGE).get_page(request.GET.get("page"))
    left = [
        {"disclosure": one, "classes": [DataClass(name).label for name in one.data_classes]}
        for one in queries.disclosures(client)[:100]
    ]
    context = {
        "client": client,
        "page": page,
        "left": left,
        "opened": [_opened(one) for one in emergency.of_client(client)],
    }
    return render(request, "protect/who_saw.html", context)


def _opened(glass: BreakGlass) -> dict[str, Any]:
    return {
        "glass": glass,
        "over": emergency.over_at(glass),
        "due": emergency.review_due(glass),
        "is_late": emergency.review_due(glass) < timezone.now(),
        "review": getattr(glass, "review", None),
    }


@for_roles(Role.PRIVACY_OFFICER)
def privacy(request: AskedRequest) -> HttpResponse:
    """The privacy officer's day: emergencies, hidden records, permissions that end soon, the newest looks."""
    if code := request.GET.get("code"):
        found = Client.objects.filter(code=code.strip().upper()).first()
        if found is None:
            raise Http404
        return redirect("who_saw", found.code)
    audit.saw(by=request.staff, action="read protect.privacy")
    now = timezone.now()
    ending = queries.active(Grant.objects.select_related("client", "recipient"), now).order_by("ends_at")
    waiting = list(emergency.to_review(request.staff))
    words = emergency.texts(waiting)
    context = {
        "silent": list(outbox.unconfirmed(request.staff, now=now)[:PAGE]),
        "opened": [_opened(one) | {"why": words.get(one.pk, {}).get("reason", "")} for one in waiting],
        "hidden": [
            {"row": one, "is_due": one.review_on <= timezone.localdate()} for one in concealment.overseen(request.staff)
        ],
        "ending": [shown(one) for one in ending[:PAGE]],
        "page": Paginator(queries.recent_accesses(request.staff), PAGE).get_page(request.GET.get("page")),
        "codes": dict(Client.objects.values_list("pk", "code")[:1000]),
    }
    return render(request, "protect/privacy.html", context)
