"""Pages of permission and of looking back: what may be shared, with whom, and who has seen what."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from leeward.people.models import CARE_ROLES, Agency, Client, Role

from . import actions, audit, concealment, emergency, queries, representatives
from .gate import AskedRequest, for_roles, open_client
from .models import BreakGlass, DataClass, Grant, Restriction
from .of_age import signing_age
from .outbox import queries as outbox

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
        "open_talks": queries.open_talks(client),
        "ask_anew": _ask_anew(client, grants, now),
        "on": _allowed_on(request, client, now),
        "partners": queries.partners().exclude(pk__in=[one.recipient_id for one in never if one.recipient_id]),
    }
    return render(request, "protect/permissions.html", context)


def _ask_anew(client: Client, grants: QuerySet[Grant], now: datetime) -> list[Agency]:
    """Agencies whose permission somebody signed along while the person was a minor, now that they are of age (G-04)."""
    age = signing_age(client, timezone.localdate(now))
    if age.minors_age(says_of_age=None) is not None:
        return []
    since = {one.recipient_id for one in grants if one.talk.age is None}
    signed = [one for one in grants if one.talk.representation_id is not None and one.recipient_id not in since]
    return list({one.recipient_id: one.recipient for one in signed}.values())


def _allowed_on(request: AskedRequest, client: Client, now: datetime) -> dict[str, Any]:
    """What was allowed at the end of a day that was asked for (C-07); nothing if none was."""
    day = parse_date(request.GET.get("on", "")) if request.GET.get("on") else None
    if day is None:
        return {}
    at = min(actions.end_of(day) - timedelta(microseconds=1), now)
    return {
        "day": day,
        "allowed": [
            {"recipient": recipient, "classes": [DataClass(name).label for name in classes]}
            for recipient, classes in queries.allowed_at(client, at)
        ],
    }


def shown(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant,
        "classes": [DataClass(name).label for name in grant.data_classes],
        "withdrawn_at": getattr(getattr(grant, "withdrawal", None), "withdrawn_at", None),
    }


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
        "to_decide": [
            {"representation": one, "classes": [DataClass(name).label for name in one.data_classes]}
            for one in representatives.waiting(now)
        ],
        "ending": [shown(one) for one in ending[:PAGE]],
        "page": Paginator(queries.recent_accesses(request.staff), PAGE).get_page(request.GET.get("page")),
        "codes": dict(Client.objects.values_list("pk", "code")[:1000]),
    }
    return render(request, "protect/privacy.html", context)
