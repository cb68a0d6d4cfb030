"""Forms of a referral."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leeward.people.services import WORDS
from leeward.protect import age

from .models import Result, Status, Urgency


class Search(forms.Form):
    service = forms.ChoiceField(label=_("What is needed"), required=False)
    county = forms.ChoiceField(label=_("County"), required=False)

    def __init__(self, *args: Any, counties: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"] = forms.ChoiceField(
            label=_("What is needed"), required=False, choices=[("", _("Anything")), *WORDS.items()]
        )
        self.fields["county"] = forms.ChoiceField(
            label=_("County"), required=False, choices=[("", _("Any county")), *((c, c) for c in counties)]
        )


class Send(forms.Form):
    service = forms.ChoiceField(label=_("What is needed"))
    urgency = forms.ChoiceField(
        label=_("How soon"), choices=Urgency.choices, widget=forms.RadioSelect, initial=Urgency.OTHER
    )
    message = forms.CharField(
        label=_("Message, agreed with the person"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Write only what they want this agency to know."),
        error_messages={"max_length": _("This is too long. Use at most 4,000 letters.")},
    )
    comes_along = forms.BooleanField(label=_("The person wants to come along to the first meeting"), required=False)

    def __init__(self, *args: Any, services: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [choice for choice in WORDS.items() if choice[0] in services]
        self.fields["service"] = forms.ChoiceField(label=_("What is needed"), choices=offered or list(WORDS.items()))


class Answer(forms.Form):
    status = forms.ChoiceField(
        label=_("Your answer"),
        choices=[
            (Status.ACCEPTED, _("We accept")),
            (Status.WAITLISTED, _("We put it on our waiting list")),
            (Status.DECLINED, _("We can’t help with this")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason or message"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed if you can’t help, so that another way can be found."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("status") == Status.DECLINED and not (cleaned.get("reason") or "").strip():
            self.add_error("reason", _("Say in a few words why, so that another way can be found."))
        return cleaned


class Outcome(forms.Form):
    outcome = forms.ChoiceField(label=_("How it ended"), choices=Result.choices, widget=forms.RadioSelect)


class RegisterKey(forms.Form):
    """The key with which an agency opens its lists. A private one that was pasted in by mistake is not shown again."""

    public_key = forms.CharField(
        label=_("Your agency’s public key"),
        help_text=_("It begins with age1."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        self.was_private = data is not None and "SECRET-KEY" in data.get("public_key", "").upper()
        if data is not None and self.was_private:
            data = data.copy()
            data["public_key"] = ""
        super().__init__(data)
        self.fields["public_key"].error_messages["required"] = (
            _("This was the private key. It must stay with you. Make a new pair, and paste the public one.")
            if self.was_private
            else _("Paste the key that begins with age1.")
        )

    def clean_public_key(self) -> str:
        public_key = str(self.cleaned_data["public_key"]).strip()
        try:
            age.recipient(public_key)
        except age.NoAgeKey as error:
            raise forms.ValidationError(str(error)) from error
        return public_key
