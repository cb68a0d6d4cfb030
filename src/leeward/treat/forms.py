"""Forms of treatment: a measure made from its definition, goals, sessions."""

from datetime import date
from typing import Any, Final

from django import forms
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from leeward.rules.instruments import DECLINED, Answer, Instrument

from .goals import Goal, Progress
from .models import Mode
from .queries import PHASE_WORDS

FORM_LANGUAGES: Final = ("en", "es")
_DECLINED: Final = "declined"
LONGEST_GOAL: Final = 1000


def _day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Enter the day."), "invalid": _("Enter a day such as 2026-11-23.")},
    )


def _not_to_come(day: date) -> date:
    if day > timezone.localdate():
        raise forms.ValidationError(_("This day is in the future. Enter the day on which it happened."))
    return day


class MeasureForm(forms.Form):
    """One block a question, in the language of the form; each may be answered, declined or left blank."""

    required_note = False

    day = _day_field(_("Day it was filled in"))
    mode = forms.ChoiceField(label=_("How"), choices=Mode.choices, widget=forms.RadioSelect, initial=Mode.SELF)

    def __init__(self, *args: Any, instrument: Instrument, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        self.fields["day"].initial = timezone.localdate()
        with translation.override(language):
            extra = [(_DECLINED, gettext("Prefer not to answer")), ("", gettext("Leave blank"))]
        choices = [(str(option.value), option.text.in_(language)) for option in instrument.options]
        for place, item in enumerate(instrument.items, start=1):
            field = forms.ChoiceField(
                label=f"{place}. {item.text.in_(language)}",
                choices=[*choices, *extra],
                widget=forms.RadioSelect,
                required=False,
            )
            field.across = True  # type: ignore[attr-defined]
            self.fields[item.id] = field

    def clean_day(self) -> date:
        return _not_to_come(self.cleaned_data["day"])

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[item.id] for item in self.instrument.items]

    @property
    def answers(self) -> dict[str, Answer]:
        """What was answered, declined, or left blank (None), by item."""
        return {item.id: _answer(self.cleaned_data[item.id]) for item in self.instrument.items}


def _answer(chosen: str) -> Answer:
    if not chosen:
        return None
    return DECLINED if chosen == _DECLINED else int(chosen)


PROGRESS: Final = [
    (Progress.WORKING.value, gettext_lazy("Working on it")),
    (Progress.REACHED.value, gettext_lazy("Reached")),
    (Progress.LET_GO.value, gettext_lazy("No longer wanted")),
]


class GoalsForm(forms.Form):
    """Goals in the survivor's own words. Empty rows are left out."""

    required_note = False
    FEWEST, SPARE, MOST = 3, 2, 20

    written_after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, goals: tuple[Goal, ...] = (), version: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = min(max(self.FEWEST, len(goals) + self.SPARE), self.MOST)
        if self.is_bound:
            sent = sum(1 for name in self.data if name.startswith("words_"))
            self.rows = max(self.rows, min(sent, self.MOST))
        self.fields["written_after"].initial = version
        too_long = {"max_length": _("This is too long. Use at most %(limit_value)d letters.")}
        for row in range(1, self.rows + 1):
            goal = goals[row - 1] if row <= len(goals) else Goal(words="")
            self.fields[f"words_{row}"] = forms.CharField(
                label=gettext("Goal %(number)s, in their words") % {"number": row},
                initial=goal.words,
                max_length=LONGEST_GOAL,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
                error_messages=too_long,
            )
            self.fields[f"next_{row}"] = forms.CharField(
                label=gettext("Next step for goal %(number)s, and who does it") % {"number": row},
                initial=goal.next_step,
                max_length=LONGEST_GOAL,
                required=False,
                error_messages=too_long,
            )
            if version:
                self.fields[f"progress_{row}"] = forms.ChoiceField(
                    label=gettext("How goal %(number)s goes") % {"number": row},
                    initial=goal.progress.value,
                    choices=PROGRESS,
                    required=False,
                )

    def blocks(self) -> list[list[forms.BoundField]]:
        """The fields of each goal together."""
        names = ("words", "next", "progress")
        return [
            [self[f"{name}_{row}"] for name in names if f"{name}_{row}" in self.fields]
            for row in range(1, self.rows + 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for row in range(1, self.rows + 1):
            if cleaned.get(f"next_{row}") and not cleaned.get(f"words_{row}") and f"words_{row}" not in self.errors:
                self.add_error(f"words_{row}", gettext("Write the goal that this step is for."))
        return cleaned

    @property
    def goals(self) -> tuple[Goal, ...]:
        said = self.cleaned_data
        return tuple(
            Goal(
                words=said[f"words_{row}"],
                next_step=said[f"next_{row}"],
                progress=Progress(said.get(f"progress_{row}") or Progress.WORKING.value),
            )
            for row in range(1, self.rows + 1)
            if said[f"words_{row}"]
        )


class SessionForm(forms.Form):
    """A session that took place."""

    required_note = False

    number = forms.IntegerField(
        label=_("Session number"),
        min_value=1,
        max_value=999,
        error_messages={
            "required": _("Enter the number of the session."),
            "invalid": _("Enter a whole number."),
            "min_value": _("Sessions are counted from 1."),
            "max_value": _("Enter a number below 1,000."),
        },
    )
    day = _day_field(_("Day of the session"))
    phase = forms.ChoiceField(
        label=_("Phase"), choices=list(PHASE_WORDS.items()), widget=forms.RadioSelect, initial="stabilise"
    )

    def clean_day(self) -> date:
        return _not_to_come(self.cleaned_data["day"])


class MissedForm(forms.Form):
    """A session that was planned and did not take place."""

    required_note = False

    missed_day = _day_field(_("Day of the missed session"))

    def clean_missed_day(self) -> date:
        return _not_to_come(self.cleaned_data["missed_day"])
