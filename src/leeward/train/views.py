"""Pages of training: what mine opens, and for leaders who is current."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from leeward.people import queries as people
from leeward.people.models import Role, Staff
from leeward.protect.competence import completions_of
from leeward.protect.gate import AskedRequest, for_roles, signed_in
from leeward.rules.wording import Text

from . import actions, queries
from .forms import RecordTraining

LEADERS = (Role.PROGRAM_DIRECTOR, Role.PRIVACY_OFFICER)
PAGE = 25


def _said(text: Text) -> str:
    return text.in_(get_language() or "en")


def _held(held: queries.Held) -> dict[str, object]:
    return {"held": held, "title": _said(held.course.title)}


@signed_in
def training(request: AskedRequest) -> HttpResponse:
    """My courses, what they open, what is closed and how to open it; for leaders also everybody's."""
    today = timezone.localdate()
    context: dict[str, object] = {
        "courses": [_held(held) for held in queries.courses_of(completions_of(request.staff), today)],
        "actions": [
            {
                "what": _said(opened.action.text),
                "verdict": opened.verdict,
                "why": " ".join(_said(reason.text) for reason in opened.verdict.reasons),
                "remedy": [_said(course.title) for course in opened.verdict.remedy],
            }
            for opened in queries.actions_of(request.staff, today)
        ],
    }
    if request.staff.role in LEADERS:
        page = Paginator(people.colleagues(request.staff), PAGE).get_page(request.GET.get("page"))
        colleagues: list[Staff] = list(page.object_list)
        context["page"] = page
        context["rows"] = [
            (colleague, [_held(held) for held in courses])
            for colleague, courses in queries.status_of(colleagues, today)
        ]
    return render(request, "train/training.html", context)


@for_roles(*LEADERS)
@require_http_methods(["GET", "POST"])
def record_training(request: AskedRequest) -> HttpResponse:
    """Record that a colleague completed a course."""
    form = RecordTraining(request.POST or None, colleagues=people.colleagues(request.staff))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        actions.complete(
            by=request.staff,
            colleague=said["colleague"],
            course=said["course"],
            on=said["completed_on"],
            hours=said["hours"],
            before=said["score_before"],
            after=said["score_after"],
        )
        return redirect("training")
    return render(request, "train/record_training.html", {"form": form}, status=422 if form.errors else 200)
