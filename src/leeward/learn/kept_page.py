"""The page on how the steps are kept: where most is lost, and the fixed tables to choose among."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles

from . import asking, kept, queries
from .reading import Part
from .results import ResultsError
from .views import asked


class ChoiceForm(forms.Form):
    """Which steps, and by what they are counted."""

    required_note = False

    by = forms.ChoiceField(label=_("Counted by"), required=False, choices=list(kept.BY.items()), initial="stage")

    def __init__(self, asked: Any, document: Part) -> None:
        super().__init__(asked)
        of = forms.ChoiceField(
            label=_("Which steps"), required=False, choices=kept.choices_of(document), initial=kept.EVERYTHING
        )
        self.fields = {"of": of, **self.fields}

    @property
    def choice(self) -> kept.Choice:
        """What was chosen; everything by stage where nothing was, or what there is not."""
        found = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return kept.Choice(found.get("of") or kept.EVERYTHING, found.get("by") or "stage")


@for_roles(Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def protocol_fidelity(request: AskedRequest) -> HttpResponse:
    """How the steps are kept, by the newest results; POST asks for new ones."""
    refusal: ResultsError | None = None
    if request.method == "POST" and (refusal := asked(request)) is None:
        return redirect("protocol_fidelity")
    snapshot = queries.newest(request.staff)
    document = Part(snapshot.document if snapshot else None)
    has_tables = not document["kept"].is_absent
    form = ChoiceForm(request.GET or None, document)
    context = {
        "snapshot": snapshot if has_tables else None,
        "form": form,
        "shown": kept.shown(document, form.choice) if has_tables else None,
        "new": asking.standing(request.staff),
        "refusal": refusal,
    }
    return render(request, "learn/protocol_fidelity.html", context, status=422 if refusal else 200)
