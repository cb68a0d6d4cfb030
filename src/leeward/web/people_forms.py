"""Forms about people: find, register, correct, record. Limits are generous and say what to do."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leeward.people.actions import OLDEST
from leeward.people.kinds import CLOSING_REASONS, FIELD_WORDS, VALUE_WORDS
from leeward.people.models import ContactWay, Language, Staff
from leeward.rules.protocol.vocabulary import KINDS

COUNTIES = (
    "Covington", "Forrest", "George", "Greene", "Hancock", "Harrison", "Jackson", "Jefferson Davis", "Jones",
    "Lamar", "Lawrence", "Marion", "Pearl River", "Perry", "Stone", "Walthall", "Wayne",
)  # fmt: skip
NAME = 120
ABOUT = (
    ("help", _("The help as a whole")),
    ("respect", _("How we treated them")),
    ("safety", _("How safe they feel")),
    ("partner", _("A partner agency")),
)


class FindPerson(forms.Form):
    """Search before create. Sent by POST, so that no name stands in an address or a log."""

    typed = forms.CharField(
        label=_("Name, phone number or case code"),
        max_length=2 * NAME,
        help_text=_("Exact spelling counts; capital letters and accents do not."),
        error_messages={"max_length": _("This is too long for a name. Use at most 240 letters.")},
    )
    birth_year = forms.IntegerField(label=_("Year of birth, if known"), required=False)

    def clean_birth_year(self) -> int | None:
        return _plausible_year(self.cleaned_data["birth_year"])


class Person(forms.Form):
    """Who somebody is and how to reach them safely. Every field but the language may stay empty."""

    given_name = forms.CharField(label=_("First name, or what they want to be called"), max_length=NAME, required=False)
    family_name = forms.CharField(label=_("Last name"), max_length=NAME, required=False)
    birth_year = forms.IntegerField(
        label=_("Year of birth"),
        required=False,
        help_text=_("Only the year. Leave it empty if they do not want to say."),
    )
    language = forms.ChoiceField(label=_("Language they want to speak"), choices=Language.choices)
    county = forms.ChoiceField(
        label=_("County"), required=False, choices=[("", _("Not said")), *((c, c) for c in COUNTIES)]
    )
    contact_method = forms.ChoiceField(
        label=_("Safest way to reach them"),
        choices=ContactWay.choices,
        initial=ContactWay.NONE,
    )
    phone = forms.CharField(label=_("Phone number"), max_length=40, required=False)
    contact_hours = forms.CharField(
        label=_("Safe hours"),
        max_length=120,
        required=False,
        help_text=_("For example: weekdays 9 to 11 in the morning"),
    )
    contact_notes = forms.CharField(
        label=_("Anything else about reaching them"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: do not leave a message"),
    )
    code_word = forms.CharField(
        label=_("Code word"),
        max_length=60,
        required=False,
        help_text=_("A word they can say when somebody is listening."),
    )

    def clean_birth_year(self) -> int | None:
        return _plausible_year(self.cleaned_data["birth_year"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("contact_method") in {"call", "text"} and not cleaned.get("phone"):
            self.add_error("phone", _("Write the number, or choose another way to reach them."))
        return cleaned


class NewPerson(Person):
    source = forms.ChoiceField(
        label=_("How they came to us"),
        choices=[
            ("self", _("By themselves")),
            ("staff", _("A colleague here noticed")),
            ("partner", _("A partner agency")),
            ("hotline", _("A hotline")),
            ("other", _("Another way")),
        ],
    )
    field_order = ("given_name", "family_name", "birth_year", "language", "county", "source")


class ColleagueField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A colleague with their role, so that the right one is chosen."""

    def label_from_instance(self, obj: Staff) -> str:
        return f"{obj.display_name} · {obj.get_role_display()}"


class AddColleague(forms.Form):
    """Choose among the colleagues who may join the team."""

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["colleague"] = ColleagueField(label=_("Colleague"), queryset=choices, empty_label=None)


class BarPerson(forms.Form):
    """Choose the person who must never see a record."""

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bar"] = ColleagueField(label=_("Person"), queryset=choices, empty_label=None)


class RecordEvent(forms.Form):
    """The plain form of an event, made from the vocabulary's fields of its kind."""

    happened_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["happened_at"].initial = timezone.localtime()
        for name, named in KINDS[kind].fields.items():
            self.fields[f"data_{name}"] = _field(kind, name, str(named.type), named.one_of)

    def clean_happened_at(self) -> datetime:
        happened: datetime = self.cleaned_data["happened_at"]
        if happened > timezone.now() + timedelta(minutes=2):
            raise forms.ValidationError(_("This time is in the future. Enter when it happened."))
        if happened.year < timezone.now().year - 5:
            raise forms.ValidationError(_("This is more than five years ago. Please check the date."))
        return happened

    def data_of_event(self) -> dict[str, object]:
        """The event's own data, typed as the vocabulary wants it."""
        return {
            name.removeprefix("data_"): _typed(value)
            for name, value in self.cleaned_data.items()
            if name.startswith("data_") and value not in (None, "")
        }


def _typed(value: object) -> object:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


def _field(kind: str, name: str, of_type: str, one_of: tuple[str | int, ...]) -> forms.Field:
    label = str(FIELD_WORDS.get(name, name))
    if kind == "case.closed" and name == "reason":
        return forms.ChoiceField(label=label, choices=[(r, VALUE_WORDS[r]) for r in CLOSING_REASONS])
    if kind == "rating.given" and name == "about":  # a list, so that no name is typed into the timeline
        return forms.ChoiceField(label=label, choices=ABOUT)
    if one_of and all(isinstance(value, int) for value in one_of):
        return forms.TypedChoiceField(label=label, coerce=int, choices=[(str(v), str(v)) for v in one_of])
    if one_of:
        return forms.ChoiceField(label=label, choices=[(str(v), VALUE_WORDS.get(str(v), str(v))) for v in one_of])
    if of_type == "boolean":
        return forms.ChoiceField(label=label, choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect)
    if of_type == "integer":
        return forms.IntegerField(label=label, min_value=0, max_value=999)
    return forms.CharField(label=label, max_length=200, required=False)


def _plausible_year(year: int | None) -> int | None:
    if year is None:
        return None
    this_year = timezone.localdate().year
    if year > this_year:
        raise forms.ValidationError(_("This year is in the future. Enter a year such as 1998."))
    if year < this_year - OLDEST:
        raise forms.ValidationError(
            _("This would make the person older than %(age)s. Enter four digits, such as 1998."), params={"age": OLDEST}
        )
    return year
