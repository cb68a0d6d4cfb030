"""Pages on which two people decide who may work here, and one person ends it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from leeward.people.models import LEADING_ROLES, AgencyKind, Regime, Role

from . import accounts
from .account_forms import FORMS, End
from .gate import AskedRequest, for_roles
from .models import AccountRequest
from .step_up import proved


@for_roles(*LEADING_ROLES)
@require_safe
def staff(request: AskedRequest) -> HttpResponse:
    """Who works here and at partners, what waits for a second person, and what was decided."""
    partners = accounts.partners()
    context = {
        "waiting": accounts.open_requests(timezone.now()),
        "decided": accounts.done_requests(),
        "kinds": AccountRequest.Kind.choices,
        "partners": partners,
        "people": accounts.staff_of([request.staff.agency_id, *(one.pk for one in partners)]),
    }
    return render(request, "protect/staff.html", context)


@for_roles(*LEADING_ROLES)
@proved
@require_http_methods(["GET", "POST"])
def ask(request: AskedRequest, kind: str) -> HttpResponse:
    """Ask for access of this kind. It happens when a second person agrees."""
    if kind not in FORMS:
        raise Http404
    form = FORMS[kind](request.POST or None, by=request.staff)
    if request.method == "POST" and form.is_valid():
        made = accounts.ask(by=request.staff, request=form.asked(), now=timezone.now())
        messages.success(request, _("Asked. It happens when a second leader agrees."))
        return redirect("account_request", made.pk)
    context = {"form": form, "title": AccountRequest.Kind(kind).label}
    return render(request, "protect/ask_account.html", context, status=422 if form.errors else 200)


@for_roles(*LEADING_ROLES)
@proved
@require_http_methods(["GET", "POST"])
def end(request: AskedRequest) -> HttpResponse:
    """End somebody's work here now."""
    form = End(request.POST or None, by=request.staff)
    if request.method == "POST" and form.is_valid():
        accounts.end(by=request.staff, whom=form.cleaned_data["staff"])
        messages.success(request, _("Ended. They are signed out everywhere."))
        return redirect("staff")
    return render(request, "protect/end_work.html", {"form": form}, status=422 if form.errors else 200)


@for_roles(*LEADING_ROLES)
@proved
@require_http_methods(["GET", "POST"])
def request_page(request: AskedRequest, asked: UUID) -> HttpResponse:
    """One request: the second person agrees or refuses; then each of the two hands over half of the invitation."""
    rows = AccountRequest.objects.select_related("staff", "place", "asked_by", "decision__decided_by")
    found = rows.filter(pk=asked).first()
    if found is None:
        raise Http404
    code = ""
    if request.method == "POST":
        if "code" in request.POST:
            code = accounts.my_code(by=request.staff, request=found, now=timezone.now())
        else:
            accounts.decide(by=request.staff, request=found, agreed="agree" in request.POST, now=timezone.now())
            return redirect("account_request", found.pk)
    decision = getattr(found, "decision", None)
    mine = request.staff.pk in {found.asked_by_id, found.staff_id}
    context = {
        "asked": found,
        "decision": decision,
        "role": dict(Role.choices).get(found.role, ""),
        "sort": dict(AgencyKind.choices).get(found.sort, ""),
        "regime": dict(Regime.choices).get(found.regime, ""),
        "may_decide": decision is None and not mine and found.asked_at > timezone.now() - accounts.OPEN_FOR,
        "code": code,
        "may_hand_over": decision is not None
        and request.staff.pk in {found.asked_by_id, decision.decided_by_id}
        and accounts.newcomer(found) is not None,
    }
    return render(request, "protect/account_request.html", context)
