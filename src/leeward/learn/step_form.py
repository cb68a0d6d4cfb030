"""The common changes of a step as a form: its clock, its owner, its ladder, its words. Nothing of YAML to be seen."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Role
from leeward.rules.durations import LONGEST, format_duration
from leeward.rules.protocol import Clock, Step
from leeward.rules.yaml_edit import put, words
from leeward.rules.yaml_source import JSON, Path, load

UNITS: Final = (
    ("minutes", _("minutes"), timedelta(minutes=1)),
    ("hours", _("hours"), timedelta(hours=1)),
    ("days", _("days"), timedelta(days=1)),
)
_UNIT_CHOICES: Final = [(name, label) for name, label, _length in UNITS]
_LENGTH_OF: Final = {name: length for name, _label, length in UNITS}
RUNGS: Final = range(1, 4)
CLOCKS: Final = (
    (Clock.ALWAYS.value, _("Always")),
    (Clock.OFFICE_HOURS.value, _("Only in office hours")),
    (Clock.OFFICE_DAYS.value, _("In whole office days")),
)


class StepForm(forms.Form):
    """A step of a draft. A length of time is a number and its unit; nothing in `repeat` or a rung means none."""

    required_note = False

    over = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    title_es = forms.CharField(label=_("Title in Spanish"), max_length=120)
    role = forms.ChoiceField(label=_("Who does it"), choices=Role.choices)
    within_amount = forms.IntegerField(
        label=_("How long they have"), min_value=0, help_text=_("0 means at once."), max_value=100_000
    )
    within_unit = forms.ChoiceField(label=_("Counted in"), choices=_UNIT_CHOICES)
    clock = forms.ChoiceField(label=_("When the time runs"), choices=CLOCKS)
    grace_amount = forms.IntegerField(
        label=_("Still on time for"),
        min_value=0,
        max_value=100_000,
        help_text=_("After it is due. 0 means no extra time."),
    )
    grace_unit = forms.ChoiceField(label=_("Counted in"), choices=_UNIT_CHOICES)
    repeat_amount = forms.IntegerField(
        label=_("Comes again after"), min_value=1, max_value=100_000, required=False, help_text=_("Empty means never.")
    )
    repeat_unit = forms.ChoiceField(label=_("Counted in"), choices=_UNIT_CHOICES)
    choice_en = forms.CharField(
        label=_("What the person is offered, in English"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    choice_es = forms.CharField(
        label=_("What the person is offered, in Spanish"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in RUNGS:
            self.fields[f"rung_{number}_role"] = forms.ChoiceField(
                label=_("Who hears"), choices=[("", _("Nobody")), *Role.choices], required=False
            )
            self.fields[f"rung_{number}_amount"] = forms.IntegerField(
                label=_("How long after it is due"), min_value=0, max_value=100_000, required=False
            )
            self.fields[f"rung_{number}_unit"] = forms.ChoiceField(label=_("Counted in"), choices=_UNIT_CHOICES)

    @property
    def ladder(self) -> list[list[forms.BoundField]]:
        """The fields of each rung, side by side."""
        return [[self[f"rung_{number}_{part}"] for part in ("role", "amount", "unit")] for number in RUNGS]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("within", "grace", "repeat", *(f"rung_{number}" for number in RUNGS)):
            if _length(found, name) > LONGEST:
                self.add_error(f"{name}_amount", _("This is longer than ten years."))
        for number in RUNGS:
            if found.get(f"rung_{number}_role") and found.get(f"rung_{number}_amount") is None:
                self.add_error(f"rung_{number}_amount", _("Say how long after it is due; 0 means at once."))
        if bool(found.get("choice_en")) != bool(found.get("choice_es")):
            missing = "choice_es" if found.get("choice_en") else "choice_en"
            self.add_error(missing, _("Say it in both languages."))
        return found


def _length(data: Mapping[str, Any], name: str) -> timedelta:
    return (data.get(f"{name}_amount") or 0) * _LENGTH_OF[data.get(f"{name}_unit") or "hours"]


def initial(step: Step) -> dict[str, object]:
    """The form's values for a step as it stands."""
    found: dict[str, object] = {
        "title_en": step.title.en,
        "title_es": step.title.es,
        "role": step.role,
        "clock": step.clock.value,
        "choice_en": step.choice.en if step.choice else "",
        "choice_es": step.choice.es if step.choice else "",
        **_amount("within", step.within),
        **_amount("grace", step.grace),
        **_amount("repeat", step.repeat),
    }
    for number in RUNGS:
        rung = step.escalate[number - 1] if number <= len(step.escalate) else None
        found |= {f"rung_{number}_role": rung.to if rung else ""}
        found |= _amount(f"rung_{number}", rung.after if rung else None)
    return found


def _amount(name: str, length: timedelta | None) -> dict[str, object]:
    """The largest unit in which the length is a whole number."""
    if length is None:
        return {f"{name}_amount": None, f"{name}_unit": "days"}
    for unit, _label, size in reversed(UNITS):
        if length and not length % size:
            return {f"{name}_amount": length // size, f"{name}_unit": unit}
    return {f"{name}_amount": length // timedelta(minutes=1), f"{name}_unit": "hours" if not length else "minutes"}


def apply(text: str, step: Step, data: Mapping[str, Any]) -> str:
    """The draft's text with what the form changes in the step. Lines that it does not change stay as they are."""
    path = place_of(load(text, name="draft").data, step.id)
    wanted: list[tuple[str, str | None, bool]] = [
        ("title", words(data["title_en"], data["title_es"]), _said(step.title.en, step.title.es, data, "title")),
        ("role", data["role"], data["role"] == step.role),
        ("within", _iso(data, "within"), _length(data, "within") == step.within),
        ("clock", None if data["clock"] == Clock.ALWAYS else data["clock"], data["clock"] == step.clock),
        ("grace", _iso(data, "grace") if _length(data, "grace") else None, _length(data, "grace") == step.grace),
        ("repeat", _repeat(data), _repeat(data) == (format_duration(step.repeat) if step.repeat else None)),
        ("escalate", _ladder(data), _rungs(data) == [(rung.after, rung.to) for rung in step.escalate]),
        ("choice", _choice(data), _choice(data) == (words(step.choice.en, step.choice.es) if step.choice else None)),
    ]
    for key, value, is_same in wanted:
        if not is_same:
            text = put(text, path, key, value, after="within" if key in ("clock", "grace") else "done")
    return text


def place_of(data: JSON, step: str) -> Path:
    """Where a step stands in a definition. Raises LookupError if it is not there."""
    match data:
        case {"steps": list() as steps, **rest}:
            for place, each in enumerate(steps):
                if isinstance(each, dict) and each.get("id") == step:
                    return ("steps", place)
            subs = rest.get("subprotocols")
            for number, sub in enumerate(subs if isinstance(subs, list) else []):
                try:
                    return ("subprotocols", number, *place_of(sub, step))
                except LookupError:
                    continue
    raise LookupError(step)


def _said(en: str, es: str, data: Mapping[str, Any], name: str) -> bool:
    return bool((data[f"{name}_en"], data[f"{name}_es"]) == (en, es))


def _iso(data: Mapping[str, Any], name: str) -> str:
    return format_duration(_length(data, name))


def _repeat(data: Mapping[str, Any]) -> str | None:
    return _iso(data, "repeat") if data.get("repeat_amount") else None


def _choice(data: Mapping[str, Any]) -> str | None:
    return words(data["choice_en"], data["choice_es"]) if data["choice_en"] else None


def _rungs(data: Mapping[str, Any]) -> list[tuple[timedelta, str]]:
    return [
        (_length(data, f"rung_{number}"), data[f"rung_{number}_role"])
        for number in RUNGS
        if data.get(f"rung_{number}_role")
    ]


def _ladder(data: Mapping[str, Any]) -> str | None:
    rungs = [f"{{after: {format_duration(after)}, to: {role}}}" for after, role in _rungs(data)]
    return f"[{', '.join(rungs)}]" if rungs else None


def fits(step: Step) -> bool:
    """Whether the form can show the step exactly; if not, only the text can change it."""
    lengths = (step.within, step.grace, step.repeat or timedelta(0), *(rung.after for rung in step.escalate))
    return len(step.escalate) <= len(RUNGS) and not any(length % timedelta(minutes=1) for length in lengths)
