"""Every component on one page, for whoever builds pages. Shown in the demonstration only."""

from datetime import timedelta

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .templatetags.leeward import STATES


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("First name"), max_length=60, help_text=_("Any name they like to be called."))
    born = forms.IntegerField(
        label=_("Year of birth"), min_value=1900, widget=forms.NumberInput(attrs={"class": "short"})
    )
    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("es", "Español")])
    mood = forms.ChoiceField(
        label=_("How was your week?"),
        widget=forms.RadioSelect,
        choices=[
            ("good", _("Good")),
            ("mixed", _("Mixed")),
            ("hard", _("Hard")),
            ("skip", _("I would rather not say")),
        ],
    )
    needs = forms.MultipleChoiceField(
        label=_("What would help now?"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[("food", _("Food")), ("bed", _("A safe bed")), ("doctor", _("A doctor"))],
    )
    words = forms.CharField(label=_("In your own words"), widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label=_("We talked about this together"), help_text=_("Both of you."))


def style_guide(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = SampleForm(request.POST if request.method == "POST" else None)
    context = {
        "form": form,
        "states": list(STATES),
        "people": [("K7M-4QX", "due", now + timedelta(hours=3)), ("R2P-9GH", "late", now - timedelta(days=2))],
        "page_of_many": Paginator(range(60), 20).page(2),
        "way": [_("Talk alone"), _("Explain privacy"), _("Ask"), _("Plan")],
        "text": {"en": _("A text of a definition"), "es": "Un texto de una definición"},
        "now": now,
    }
    return render(request, "web/style_guide.html", context, status=422 if form.errors else 200)
