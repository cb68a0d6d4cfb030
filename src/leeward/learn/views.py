"""The page of results: the newest ones, and asking for new ones when it is time, or early on purpose."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles

from . import asking, groups, queries
from .asking import MAY_ASK
from .report import presented
from .results import ResultsError


@for_roles(Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def results(request: AskedRequest) -> HttpResponse:
    """Show the newest results; POST asks for new ones."""
    refusal: ResultsError | None = None
    if request.method == "POST" and (refusal := asked(request)) is None:
        return redirect("results")
    snapshot = queries.newest(request.staff)
    context = {
        "report": presented(snapshot.document) if snapshot else None,
        "choices": groups.choices(snapshot.document) if snapshot else [],
        "group": groups.chosen(snapshot.document, request.GET.get("show", "")) if snapshot else None,
        "new": asking.standing(request.staff),
        "refusal": refusal,
    }
    return render(request, "learn/results.html", context, status=422 if refusal else 200)


def asked(request: AskedRequest) -> ResultsError | None:
    """Ask for new results of the asker's agency, where the asker may. Why not, if it is too soon."""
    if request.staff.role not in MAY_ASK:
        return None
    try:
        asking.ask(by=request.staff, early=request.POST.get("early") == "yes", now=timezone.now())
    except ResultsError as error:
        return error
    return None
