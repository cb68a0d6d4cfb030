"""The form that records a completed course."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from leeward import catalogue
from leeward.people.models import Staff

EARLIEST = date(2000, 1, 1)


class RecordTraining(forms.Form):
    colleague = forms.ModelChoiceField(label=_("Who"), queryset=Staff.objects.none())
    course = forms.ChoiceField(label=_("Course"))
    completed_on = forms.DateField(
        label=_("Completed on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    hours = forms.DecimalField(label=_("Hours"), required=False, min_value=0, max_value=999, decimal_places=1)
    score_before = forms.IntegerField(label=_("Score before, percent"), required=False, min_value=0, max_value=100)
    score_after = forms.IntegerField(label=_("Score after, percent"), required=False, min_value=0, max_value=100)

    def __init__(self, *args: Any, colleagues: QuerySet[Staff], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["colleague"] = forms.ModelChoiceField(label=_("Who"), queryset=colleagues)
        language = (get_language() or "en").split("-")[0]
        courses = catalogue.competence().courses
        choices = [(code, course.title.in_(language)) for code, course in courses.items()]
        self.fields["course"] = forms.ChoiceField(label=_("Course"), choices=choices)

    def clean_completed_on(self) -> date:
        day: date = self.cleaned_data["completed_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is in the future. Record a course when it is done."))
        if day < EARLIEST:
            raise forms.ValidationError(_("This is before the year 2000. Please check the date."))
        return day
