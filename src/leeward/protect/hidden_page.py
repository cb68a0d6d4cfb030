"""Hiding a record from everybody outside its care team, and showing it again."""

from datetime import timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Role

from . import concealment, drafts
from .gate import AskedRequest, for_roles, open_client
from .models import Concealment

USUAL = timedelta(days=90)


class HideForm(forms.Form):
    """Why, and until when somebody asks again."""

    reason = forms.ChoiceField(label=_("Why"), choices=Concealment.Reason.choices, widget=forms.RadioSelect)
    review_on = forms.DateField(
        label=_("Ask again on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Within a year. It stays hidden until somebody shows it again."),
    )


@for_roles(*CARE_ROLES, Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def hidden(request: AskedRequest, code: str) -> HttpResponse:
    """Is the record hidden, why, since when; hide it, or show it again."""
    client = open_client(request, code, reading="protect.hidden")
    now = timezone.now()
    standing = concealment.hidden(client).first()
    first = {"review_on": timezone.localdate() + USUAL, **({"reason": standing.reason} if standing else {})}
    sent = request.method == "POST" and "show" not in request.POST
    form = HideForm(request.POST if sent else None, initial=first | drafts.initial(request))
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if not sent:
                if standing:
                    concealment.show(by=request.staff, concealment=standing, now=now)
                return redirect("hidden", client.code)
            if form.is_valid():
                concealment.conceal(by=request.staff, client=client, now=now, **form.cleaned_data)
                return redirect("hidden", client.code)
        except PeopleError as refused:
            problem = refused
    context = {"client": client, "standing": standing, "form": form, "problem": problem}
    return render(request, "protect/hidden.html", context, status=422 if problem or form.errors else 200)
