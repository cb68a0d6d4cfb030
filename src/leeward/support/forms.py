"""Forms of support: the safety plan, what somebody needs, and how they may be reached."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leeward.people.models import ContactRule as Said
from leeward.people.services import GROUPS, WORDS
from leeward.rules.contact import AnsweredBy, Channel, ContactRule

from .actions import Talk
from .models import Copy, Scope
from .sections import SECTIONS

LONGEST: Final = 5000
_TOO_LONG: Final = {"max_length": _("This is too long. Use at most %(limit_value)d letters.")}


class SafetyPlanForm(forms.Form):
    """Each part may stay empty. Whether a copy is safe is asked every time: it changes with the day."""

    required_note = False

    written_after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, version: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["written_after"].initial = version
        for section in SECTIONS:
            self.fields[section.code] = forms.CharField(
                label=str(section.title),
                help_text=str(section.help),
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 3}),
                error_messages=_TOO_LONG,
            )
        self.fields["copy"] = forms.ChoiceField(
            label=_("Is a copy on paper safe for them?"),
            help_text=_("Think of who could find it. If you are not sure, keep it here only."),
            choices=Copy.choices,
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose whether a copy is safe.")},
        )

    @property
    def sections(self) -> dict[str, str]:
        return {section.code: self.cleaned_data[section.code] for section in SECTIONS}


_ORDER: Final = (
    ("first", _("What comes first for them?")),
    ("second", _("And next?")),
    ("third", _("And then?")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One need on the page."""

    code: str
    words: Promise
    is_chosen: bool
    is_urgent: bool


class NeedsForm(forms.Form):
    """Needs by group, which of them can't wait, and what comes first for the survivor."""

    required_note = False

    scope = forms.ChoiceField(
        label=_("What did you talk about?"), choices=Scope.choices, widget=forms.RadioSelect, initial=Scope.URGENT
    )
    words = forms.CharField(
        label=_("In their own words, if they want to add something"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages=_TOO_LONG,
    )

    chosen = forms.MultipleChoiceField(label=_("Needs"), choices=list(WORDS.items()), required=False)
    urgent = forms.MultipleChoiceField(label=_("Can't wait"), choices=list(WORDS.items()), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in _ORDER:
            choices = [("", _("No answer")), *WORDS.items()]
            self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False)

    def groups(self) -> list[tuple[Promise, list[Row]]]:
        """Every need by group, with what is marked."""
        chosen, urgent = self._marked("chosen"), self._marked("urgent")
        return [
            (group.title, [Row(code, words, code in chosen, code in urgent) for code, words in group.needs])
            for group in GROUPS
        ]

    def order(self) -> list[forms.BoundField]:
        return [self[name] for name, _label in _ORDER]

    @property
    def talk(self) -> Talk:
        said = self.cleaned_data
        return Talk(
            scope=Scope(said["scope"]),
            chosen=frozenset(said["chosen"]),
            urgent=frozenset(said["urgent"]),
            first=tuple(said[name] for name, _label in _ORDER if said[name]),
            words=said["words"],
        )

    def _marked(self, name: str) -> set[str]:
        value = self[name].value() or []
        return {value} if isinstance(value, str) else set(value)


DAYS: Final = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)


class Reaching(forms.Form):
    """How the person may be reached. What is left open means: not by machine."""

    required_note = False

    channel = forms.ChoiceField(
        label=_("The safe way to reach them"),
        choices=[
            (Channel.ADVOCATE, _("Through their advocate")),
            (Channel.IN_PERSON, _("In person, at the next visit")),
            (Channel.CALL, _("Phone call")),
            (Channel.TEXT, _("Text message")),
            (Channel.NOBODY, _("Do not contact")),
        ],
        widget=forms.RadioSelect,
    )
    answered_by = forms.ChoiceField(
        label=_("Who may read or answer"),
        choices=[
            (AnsweredBy.ONLY_THEM, _("Only they")),
            (AnsweredBy.OTHERS, _("Others too, or they are not sure")),
        ],
        widget=forms.RadioSelect,
    )
    asks_code_word = forms.BooleanField(label=_("A code word must be said first"), required=False)
    days = forms.TypedMultipleChoiceField(
        label=_("Safe days"), choices=DAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    opens = forms.TimeField(label=_("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    closes = forms.TimeField(label=_("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    last_day = forms.DateField(
        label=_("Ask again after"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("After this day nothing is sent before they are asked again."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if (opens is None) != (closes is None) or (opens is not None and closes is not None and opens >= closes):
            self.add_error("closes", _("Write both hours, the earlier one first."))
        return cleaned

    @property
    def rule(self) -> ContactRule:
        said = self.cleaned_data
        return ContactRule(
            channel=Channel(said["channel"]),
            answered_by=AnsweredBy(said["answered_by"]),
            asks_code_word=said["asks_code_word"],
            days=frozenset(said["days"]),
            opens=said["opens"],
            closes=said["closes"],
            last_day=said["last_day"],
        )

    @staticmethod
    def typed(rule: Said | None) -> dict[str, Any]:
        """What they said last, as the form's first values."""
        if rule is None:
            return {}
        names = ("channel", "answered_by", "asks_code_word", "days", "opens", "closes", "last_day")
        return {name: getattr(rule, name) for name in names}
