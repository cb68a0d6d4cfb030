"""The page on how the steps are kept: where most is lost, and the fixed tables to choose among."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles

from . import actions, kept, queries
from .reading import Part
from .results import ResultsError
from .views import MAY_COMPUTE


class ChoiceForm(forms.Form):
    """Which steps, and by what they are counted."""

    required_note = False

    of = forms.ChoiceField(label=_("Which steps"), required=False)
    by = forms.ChoiceField(label=_("Counted by"), required=False, choices=list(kept.BY.items()))

    def __init__(self, asked: object, document: Part) -> None:
        super().__init__(asked, initial={"of": kept.EVERYTHING, "by": "stage"})  # type: ignore[arg-type]
        self.fields["of"].choices = kept.choices_of(document)  # type: ignore[attr-defined]

    @property
    def choice(self) -> kept.Choice:
        """What was chosen; everything by stage where nothing was, or what there is not."""
        found = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return kept.Choice(found.get("of") or kept.EVERYTHING, found.get("by") or "stage")


@for_roles(Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def protocol_fidelity(request: AskedRequest) -> HttpResponse:
    """How the steps are kept, by the newest results; POST computes those again."""
    may_compute = request.staff.role in MAY_COMPUTE
    trouble: ResultsError | None = None
    if request.method == "POST" and may_compute:
        try:
            actions.compute_snapshot(agency=request.staff.agency, now=timezone.now())
            return redirect("protocol_fidelity")
        except ResultsError as error:
            trouble = error
    snapshot = queries.newest(request.staff)
    document = Part(snapshot.document if snapshot else None)
    has_tables = not document["kept"].is_absent
    form = ChoiceForm(request.GET or None, document)
    context = {
        "snapshot": snapshot if has_tables else None,
        "form": form,
        "shown": kept.shown(document, form.choice) if has_tables else None,
        "may_compute": may_compute,
        "trouble": trouble,
    }
    return render(request, "learn/protocol_fidelity.html", context, status=422 if trouble else 200)
