"""Forms about who may sign with a minor."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .models import ControllerFlagLift, DataClass, Proof, Relation
from .queries import ASKED

#: So that nobody is somebody's parent, and nothing is proved, by a list's first line.
NOT_YET = ("", _("Choose one"))


class AddPerson(forms.Form):
    """Somebody around the person."""

    name = forms.CharField(label=_("Name"), max_length=120)
    relation = forms.ChoiceField(label=_("Who they are to the person"), choices=[NOT_YET, *Relation.choices])


class Propose(forms.Form):
    """What the privacy officer decides by: how the relation is proved, about what they would sign, until when."""

    proof = forms.ChoiceField(label=_("How it is proved"), choices=[NOT_YET, *Proof.choices])
    classes = forms.MultipleChoiceField(
        label=_("What they may sign about"),
        choices=[(name.value, name.label) for name in ASKED if name != DataClass.EXISTENCE],
        widget=forms.CheckboxSelectMultiple,
    )
    last_day = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("At the latest the last day before the person is of age."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["classes"].initial = [DataClass.IDENTITY, DataClass.CONTACT, DataClass.REFERRAL]


class LiftFlag(forms.Form):
    """Why somebody is no longer thought to be behind it. A choice, no text: such words must not lie about."""

    reason = forms.ChoiceField(label=_("Why this is taken back"), choices=[NOT_YET, *ControllerFlagLift.Reason.choices])


class Keep(forms.Form):
    """A hold, or its review."""

    why = forms.CharField(
        label=_("Why the record must be kept"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    review_on = forms.DateField(
        label=_("Look at it again on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Within 180 days."),
    )

    def __init__(self, *args: Any, first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not first:
            del self.fields["why"]
        self.fields["review_on"].initial = timezone.localdate() + timedelta(days=90)
