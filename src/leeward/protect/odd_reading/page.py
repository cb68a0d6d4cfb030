"""One person's odd reading of one day: what they opened and when; then whether it was part of their work."""

from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from leeward.people.errors import PeopleError
from leeward.people.models import Client, Role
from leeward.protect import audit
from leeward.protect.gate import AskedRequest, for_roles
from leeward.protect.models import OddReading, OddReadingReview

from . import reviews

PAGE = 25


class VerdictForm(forms.Form):
    """Was it part of their work?"""

    verdict = forms.ChoiceField(
        label=_("Was it part of their work?"), choices=OddReadingReview.Verdict.choices, widget=forms.RadioSelect
    )


@for_roles(Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def odd_reading(request: AskedRequest, odd: UUID) -> HttpResponse:
    """Look at it, and say whether it was part of their work."""
    one = get_object_or_404(OddReading.objects.select_related("staff").exclude(staff=request.staff), pk=odd)
    audit.saw(by=request.staff, action="read protect.odd_reading", subject=str(one.staff_id))
    form = VerdictForm(request.POST if request.method == "POST" else None)
    problem: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            reviews.review(by=request.staff, odd=one, now=timezone.now(), **form.cleaned_data)
            return redirect("privacy")
        except PeopleError as refused:
            problem = refused
    page = Paginator(reviews.what_was_read(one), PAGE).get_page(request.GET.get("page"))
    clients = {record.client_id for record in page if record.client_id}
    context = {
        "odd": one,
        "page": page,
        "codes": dict(Client.objects.filter(pk__in=clients).values_list("pk", "code")),
        "waits": reviews.waiting(request.staff).filter(pk=one.pk).exists(),
        "past": one.reviews.select_related("reviewed_by").order_by("reviewed_at"),
        "form": form,
        "problem": problem,
    }
    return render(request, "protect/odd_reading.html", context, status=422 if problem or form.errors else 200)
