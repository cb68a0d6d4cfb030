"""The permission form: one recipient, what, why, until when."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from leeward.rules.consent import Requirement

from .models import DataClass, Method, Purpose

DEFAULT_DAYS = 30


class Permission(forms.Form):
    """Yes to sharing. Only what the law lets a survivor share with this recipient can be ticked."""

    classes = forms.MultipleChoiceField(label=_("What they may know"), widget=forms.CheckboxSelectMultiple)
    purpose = forms.ChoiceField(label=_("What it is for"), choices=Purpose.choices, widget=forms.RadioSelect)
    last_day = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("After this day they see nothing. You can take it back before."),
    )
    long_reason = forms.CharField(
        label=_("If longer than 90 days: why"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    method = forms.ChoiceField(label=_("How the yes was given"), choices=Method.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language we explained it in"), choices=settings.LANGUAGES)
    understood = forms.BooleanField(
        label=_("They told us in their own words who will see what"),
        error_messages={"required": _("Ask them to say it in their own words, then tick this.")},
    )

    def __init__(self, *args: Any, requirements: Mapping[str, Requirement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        classes = self.fields["classes"]
        assert isinstance(classes, forms.MultipleChoiceField)  # noqa: S101
        classes.choices = [
            (name, DataClass(name).label)
            for name, requirement in requirements.items()
            if requirement.is_grantable and name != DataClass.EXISTENCE
        ]
        today = timezone.localdate()
        self.fields["last_day"].initial = today + timedelta(days=DEFAULT_DAYS)
        self.fields["language"].initial = (get_language() or "en").split("-")[0]
        self.fields["method"].initial = Method.TABLET
        self.fields["purpose"].initial = Purpose.COORDINATION

    def clean_last_day(self) -> Any:
        day = self.cleaned_data["last_day"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed. Choose today or later."))
        return day
