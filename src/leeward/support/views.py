"""Pages of support: the safety plan, what somebody needs, and the help that they may claim."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES
from leeward.protect import audit, drafts
from leeward.protect.gate import AskedRequest, for_roles, open_client

from . import actions, queries
from .benefits import RELIEFS
from .forms import NeedsForm, SafetyPlanForm
from .models import Copy

REFUSED = 422


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def safety_plan(request: AskedRequest, code: str) -> HttpResponse:
    """The plan as it stands. A post records that they do not want one."""
    client = open_client(request, code, reading="support.safety_plan", fields=("sections", *queries.CONTACT_FIELDS))
    if request.method == "POST" and "decline" in request.POST:
        actions.decline_safety_plan(by=request.staff, client=client, now=timezone.now())
        return redirect("client", client.code)
    plan = queries.newest_plan(client)
    context = {
        "client": client,
        "plan": plan,
        "written": queries.written(client, plan),
        "contact": queries.safe_contact(client),
        "may_be_printed": plan is not None and plan.copy == Copy.PRINTED,
        "older": range((plan.version if plan else 0) - 1, 0, -1),
        "saved": request.GET.get("done") == "saved",
    }
    return render(request, "support/safety_plan.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def safety_plan_form(request: AskedRequest, code: str) -> HttpResponse:
    """Write the plan, or change it: each time a version of its own."""
    client = open_client(request, code, reading="support.safety_plan", fields=("sections",))
    plan = queries.newest_plan(client)
    version = plan.version if plan else 0
    problem: PeopleError | None = None
    if request.method == "POST":
        form = SafetyPlanForm(request.POST, version=version)
        if form.is_valid():
            try:
                actions.save_safety_plan(
                    by=request.staff,
                    client=client,
                    sections=form.sections,
                    copy=Copy(form.cleaned_data["copy"]),
                    written_after=form.cleaned_data["written_after"],
                    now=timezone.now(),
                )
                return redirect(f"{reverse('safety_plan', args=[client.code])}?done=saved")
            except PeopleError as refused:
                problem = refused
                form = SafetyPlanForm({**request.POST.dict(), "written_after": version}, version=version)
    else:
        before: dict[str, str | list[str]] = {**queries.sections_of(client, plan)}
        form = SafetyPlanForm(initial=before | drafts.initial(request), version=version)
    context = {"client": client, "plan": plan, "form": form, "problem": problem}
    return render(request, "support/safety_plan_form.html", context, status=REFUSED if problem or form.errors else 200)


@for_roles(*CARE_ROLES)
@require_safe
def safety_plan_version(request: AskedRequest, code: str, version: int) -> HttpResponse:
    """An earlier version of the plan, to read."""
    client = open_client(request, code, reading="support.safety_plan", fields=("sections",))
    plan = queries.plan_version(client, version)
    if plan is None:
        raise Http404
    context = {"client": client, "plan": plan, "written": queries.written(client, plan)}
    return render(request, "support/safety_plan_version.html", context)


@for_roles(*CARE_ROLES)
@require_safe
def safety_plan_print(request: AskedRequest, code: str) -> HttpResponse:
    """The plan for paper, behind a cover that tells nothing. There is no such page while a copy is dangerous."""
    client = open_client(request, code, reading="support.safety_plan_print", fields=("sections",))
    plan = queries.may_be_printed(client)
    if plan is None:
        raise Http404
    audit.saw(by=request.staff, action="printed support.safety_plan", client_id=client.pk, subject=f"v{plan.version}")
    return render(request, "support/safety_plan_print.html", {"written": queries.written(client, plan)})


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def needs(request: AskedRequest, code: str) -> HttpResponse:
    """What they need, in their order; what can't wait first."""
    client = open_client(request, code, reading="support.needs", fields=("needs", "words"))
    latest = queries.latest_needs(client)
    problem: PeopleError | None = None
    form = NeedsForm(
        request.POST if request.method == "POST" and "decline" not in request.POST else None,
        initial=_as_typed(latest) | drafts.initial(request),
    )
    if request.method == "POST":
        try:
            if "decline" in request.POST:
                actions.decline_needs(by=request.staff, client=client, now=timezone.now())
                return redirect("client", client.code)
            if form.is_valid():
                actions.assess_needs(by=request.staff, client=client, talk=form.talk, now=timezone.now())
                return redirect(f"{reverse('needs', args=[client.code])}?done=saved")
        except PeopleError as refused:
            problem = refused
    context = {
        "client": client,
        "latest": latest,
        "form": form,
        "problem": problem,
        "saved": request.GET.get("done") == "saved",
    }
    return render(request, "support/needs.html", context, status=REFUSED if problem or form.errors else 200)


@for_roles(*CARE_ROLES)
@require_safe
def benefits(request: AskedRequest, code: str) -> HttpResponse:
    """Help that the law offers, with what to know before asking for it."""
    client = open_client(request, code, reading="support.benefits")
    return render(request, "support/benefits.html", {"client": client, "reliefs": RELIEFS})


def _as_typed(latest: queries.Assessed | None) -> dict[str, str | list[str]]:
    """What was said last, as the form's first values: needs change by degrees."""
    if latest is None:
        return {}
    return {
        "chosen": list(latest.assessment.needs),
        "urgent": list(latest.assessment.urgent),
        "words": latest.words,
    }
