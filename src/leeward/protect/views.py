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
from django.views.decorators.http import require_http_methods, require_POST

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Agency, Client, Role

from . import actions, audit, concealment, emergency, flags, holds, queries, representatives, sealing
from .forms import Keep
from .gate import AskedRequest, for_roles, open_client
from .models import BreakGlass, DataClass, Grant, Hold, PendingErasure, Restriction
from .odd_reading import reviews
from .of_age import signing_age
from .outbox import queries as outbox
from .words import aim, named, told

PAGE = 25
#: So much of what left stands on the page with the looks; the sheet for the person sums up everything.
NEWEST = 100


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
        {"disclosure": one, "to": queries.to_whom(one), "classes": [DataClass(name).label for name in one.data_classes]}
        for one in queries.disclosures(client)[:NEWEST]
    ]
    context = {
        "client": client,
        "page": page,
        "left": left,
        "newest": NEWEST if queries.disclosures(client).count() > NEWEST else 0,
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


@for_roles(*CARE_ROLES, Role.PRIVACY_OFFICER)
def shared(request: AskedRequest, code: str) -> HttpResponse:
    """What was shared and who looked, for the person themselves: in plain words, to print if that is safe."""
    client = open_client(request, code, reading="protect.shared")
    now = timezone.now()
    left = queries.summed_up(queries.accounted(now, client=client, for_the_person=True))
    lines = [{"line": one, "classes": [told(name) for name in one.classes if told(name)]} for one in left]
    context = {"client": client, "lines": lines, "today": now, "years": queries.ACCOUNTED_YEARS}
    context["looks"] = queries.looks(client, now)
    return render(request, "protect/shared.html", context)


@for_roles(Role.PRIVACY_OFFICER)
def disclosures(request: AskedRequest) -> HttpResponse:
    """Everything that left in six years: what, to whom, when, why, under which rule, permission or legal process."""
    now = timezone.now()
    page = Paginator(queries.accounted(now, for_the_person=False), PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    audit.listed(by=request.staff, action="read protect.disclosures", client_ids={one.client_id for one in rows})
    kept_off = {one.process: one.ends_at for one in queries.withheld(now)}
    shown = [
        {
            "one": one,
            "to": queries.to_whom(one),
            "classes": [named(name) for name in one.data_classes],
            "why": aim(one.purpose),
            "kept_off": kept_off.get(one.process) if one.process else None,
        }
        for one in rows
    ]
    return render(request, "protect/disclosures.html", {"page": page, "rows": shown})


@for_roles(Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def legal_hold(request: AskedRequest, code: str) -> HttpResponse:
    """Keep a record from being erased, look at the hold again, or lift it."""
    client = open_client(request, code, reading="legal.hold")
    now = timezone.now()
    standing = Hold.objects.filter(client=client, lifted_at=None).select_related("began_by").first()
    form = Keep(request.POST or None, first=standing is None)
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if "lift" in request.POST and standing is not None:
                holds.lift(by=request.staff, hold=standing, now=now)
                return redirect("legal_hold", client.code)
            if form.is_valid():
                day = form.cleaned_data["review_on"]
                if standing is not None:
                    holds.review(by=request.staff, hold=standing, review_on=day, now=now)
                else:
                    why = form.cleaned_data["why"]
                    holds.place(by=request.staff, client=client, why=why, review_on=day, process=None, now=now)
                return redirect("legal_hold", client.code)
        except PeopleError as refused:
            problem = refused
    context = {
        "client": client,
        "form": form,
        "problem": problem,
        "hold": standing,
        "why": sealing.words_of(standing).get("why", "") if standing is not None else "",
        "overdue": standing is not None and standing.review_on < timezone.localdate(),
        "past": Hold.objects.filter(client=client, lifted_at__isnull=False).select_related("began_by", "lifted_by"),
        "waiting": PendingErasure.objects.filter(client=client, done_at=None).exists(),
    }
    return render(request, "protect/legal_hold.html", context, status=422 if problem or form.errors else 200)


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
    page = Paginator(queries.recent_accesses(request.staff), PAGE).get_page(request.GET.get("page"))
    shown_now = {record.client_id for record in page if record.client_id}
    waiting = list(emergency.to_review(request.staff))
    words = emergency.texts(waiting)
    context = {
        "silent": list(outbox.unconfirmed(request.staff, now=now)[:PAGE]),
        "opened": [_opened(one) | {"why": words.get(one.pk, {}).get("reason", "")} for one in waiting],
        "odd": list(reviews.waiting(request.staff)[:PAGE]),
        "hidden": [
            {"row": one, "is_due": one.review_on <= timezone.localdate()} for one in concealment.overseen(request.staff)
        ],
        "to_decide": [
            {"representation": one, "classes": [DataClass(name).label for name in one.data_classes]}
            for one in representatives.waiting(now)
        ],
        "to_lift": list(flags.waiting()),
        "ending": [shown(one) for one in ending[:PAGE]],
        "page": page,
        "holds": Hold.objects.filter(lifted_at=None).select_related("client").order_by("review_on")[:PAGE],
        "today": timezone.localdate(),
        "codes": dict(Client.objects.filter(pk__in=shown_now).values_list("pk", "code")),
    }
    return render(request, "protect/privacy.html", context)
