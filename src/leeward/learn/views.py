"""The page of results: the newest ones, and computing them again when it is time, or early on purpose."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles

from . import actions, groups, queries
from .models import ResultsSnapshot
from .register import possible_from
from .report import presented
from .results import ResultsError

MAY_COMPUTE = (Role.PROGRAM_DIRECTOR, Role.EVALUATOR)


@for_roles(Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def results(request: AskedRequest) -> HttpResponse:
    """Show the newest results; POST computes them again."""
    may_compute = request.staff.role in MAY_COMPUTE
    trouble: ResultsError | None = None
    if request.method == "POST" and may_compute and (trouble := computed_anew(request)) is None:
        return redirect("results")
    snapshot = queries.newest(request.staff)
    context = {
        "report": presented(snapshot.document) if snapshot else None,
        "choices": groups.choices(snapshot.document) if snapshot else [],
        "group": groups.chosen(snapshot.document, request.GET.get("show", "")) if snapshot else None,
        "may_compute": may_compute,
        "not_before": not_before(snapshot),
        "trouble": trouble,
    }
    return render(request, "learn/results.html", context, status=422 if trouble else 200)


def computed_anew(request: AskedRequest) -> ResultsError | None:
    """Compute the results of the asker's agency; why not, if that can't be done. `early` says: knowingly."""
    try:
        actions.compute_snapshot(
            agency=request.staff.agency, now=timezone.now(), early=request.POST.get("early") == "yes"
        )
    except ResultsError as error:
        return error
    return None


def not_before(snapshot: ResultsSnapshot | None) -> datetime | None:
    """When the next results are due, while that is still to come."""
    if snapshot is None or (due := possible_from(snapshot.computed_at)) <= timezone.now():
        return None
    return due
