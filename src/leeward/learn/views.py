"""The page of results: the newest ones, and computing them again."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles

from . import actions, groups, queries
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
        "trouble": trouble,
    }
    return render(request, "learn/results.html", context, status=422 if trouble else 200)


def computed_anew(request: AskedRequest) -> ResultsError | None:
    """Compute the results of the asker's agency; why not, if that can't be done."""
    try:
        actions.compute_snapshot(agency=request.staff.agency, now=timezone.now())
    except ResultsError as error:
        return error
    return None
