"""Forms of support: the safety plan, and what somebody needs."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leeward.people.services import GROUPS, WORDS

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
