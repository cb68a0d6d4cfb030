"""Opening one record in an emergency, closing it, and looking at it afterwards."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Role
from leeward.protect import audit, drafts, emergency, step_up
from leeward.protect.emergency import Emergency
from leeward.protect.gate import AskedRequest, emergencies, for_roles
from leeward.protect.models import BreakGlass, Verdict

from .people_forms import NAME

REASON = 400


class EmergencyForm(forms.Form):
    """Whom, why, and for how long."""

    typed = forms.CharField(
        label=_("Case code, or the whole name"),
        max_length=2 * NAME,
        help_text=_("A name must be spelled as it was entered, and needs the year of birth."),
    )
    birth_year = forms.IntegerField(label=_("Year of birth"), required=False)
    reason = forms.CharField(
        label=_("Why it can’t wait"),
        min_length=10,
        max_length=REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The privacy officer reads this now. The person may read it too."),
        error_messages={"min_length": _("Say it in a sentence.")},
    )
    minutes = forms.IntegerField(label=_("For how many minutes"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = settings.LEEWARD_EMERGENCY_MINUTES
        self.fields["minutes"] = forms.IntegerField(
            label=_("For how many minutes"),
            min_value=1,
            max_value=most,
            initial=most,
            help_text=_("At most %(most)s. Then it closes by itself.") % {"most": most},
        )


class ReviewForm(forms.Form):
    """Was it needed?"""

    verdict = forms.ChoiceField(label=_("Was it needed?"), choices=Verdict.choices, widget=forms.RadioSelect)
    found = forms.CharField(
        label=_("What you found, and what follows"),
        required=False,
        max_length=REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("No name and nothing of the person’s story."),
    )


@for_roles(*CARE_ROLES)
@step_up.proved
@require_http_methods(["GET", "POST"])
def open_now(request: AskedRequest) -> HttpResponse:
    """Open one record for some minutes, to read."""
    problem: PeopleError | None = None
    if request.method == "POST":
        form = EmergencyForm(request.POST)
        if form.is_valid():
            try:
                glass = emergency.break_glass(by=request.staff, emergency=_emergency(form))
                return redirect("client", glass.client.code)
            except PeopleError as refused:
                audit.saw(by=request.staff, action="refused web.emergency")
                request.found_nobody = True  # barred, hidden or unknown: the time does not tell either
                problem = refused
    else:
        form = EmergencyForm(initial=drafts.initial(request))
    context = {"form": form, "problem": problem, "running": emergencies(request)}
    return render(request, "web/emergency.html", context, status=422 if problem or form.errors else 200)


def _emergency(form: EmergencyForm) -> Emergency:
    told = form.cleaned_data
    return Emergency(
        typed=told["typed"],
        birth_year=str(told["birth_year"] or ""),
        reason=told["reason"],
        minutes=told["minutes"],
    )


@for_roles(*CARE_ROLES, Role.PRIVACY_OFFICER)
@require_POST
def close(request: AskedRequest, glass: UUID) -> HttpResponse:
    """Close it before its time."""
    now = timezone.now()
    if request.staff.role == Role.PRIVACY_OFFICER:
        emergency.end(by=request.staff, glass=get_object_or_404(BreakGlass, pk=glass), now=now)
        return redirect("privacy")
    for one in emergencies(request):
        if one.pk == glass:
            emergency.end(by=request.staff, glass=one, now=now)
    return redirect("worklist")


@for_roles(Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def review(request: AskedRequest, glass: UUID) -> HttpResponse:
    """Look at one of them: who, when, why; then say whether it was needed."""
    opened = get_object_or_404(BreakGlass.objects.select_related("client", "staff", "end"), pk=glass)
    audit.saw(by=request.staff, action="read web.emergency_review", client_id=opened.client_id, fields=("reason",))
    form = ReviewForm(request.POST or None, initial=drafts.initial(request))
    problem: PeopleError | None = None
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            emergency.review(by=request.staff, glass=opened, now=now, **form.cleaned_data)
            return redirect("privacy")
        except PeopleError as refused:
            problem = refused
    context = {
        "glass": opened,
        "code": opened.client.code,
        "words": emergency.texts([opened]).get(opened.pk, {}),
        "over": emergency.over_at(opened),
        "is_over": emergency.over_at(opened) <= now,
        "due": emergency.review_due(opened),
        "read": emergency.read_meanwhile(opened),
        "reviewed": getattr(opened, "review", None),
        "form": form,
        "problem": problem,
    }
    return render(request, "web/emergency_review.html", context, status=422 if problem or form.errors else 200)
