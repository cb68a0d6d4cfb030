"""Forms of noticing and of the first talks. Every question of the safety talk may stay without an answer."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from leeward import catalogue
from leeward.rules.instruments.conversation import Audience, Conversation, Reply

YES_NO = [("yes", _("Yes")), ("no", _("No"))]
LANGUAGES = [*settings.LANGUAGES, ("vi", "Tiếng Việt"), ("other", _("Another"))]
#: Why a report may not be required: listed, so that no story of the person lands in an event.
NO_REPORT = [
    ("not_a_minor", _("The person is 18 or older")),
    ("no_reasonable_cause", _("There is no reasonable cause to suspect")),
    ("already_reported", _("The same facts were reported before")),
]


def _language() -> str:
    return (get_language() or "en").split("-")[0]


class Notice(forms.Form):
    suspected = forms.ChoiceField(
        label=_("Do you have reason to worry that somebody uses this person?"), choices=YES_NO, widget=forms.RadioSelect
    )
    danger_now = forms.ChoiceField(label=_("Is there danger right now?"), choices=YES_NO, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only what you saw or heard. Kept sealed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        definition = catalogue.indicators()
        self.categories = []
        for category, indicators in definition.by_category().items():
            name = f"signs_{category}"
            self.fields[name] = forms.MultipleChoiceField(
                label=definition.categories[category].in_(_language()),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                choices=[
                    (one.code, f"{one.text.in_(_language())} ({definition.kinds[one.kind].in_(_language()).lower()})")
                    for one in indicators
                ],
            )
            self.categories.append(name)
        self.order_fields([*self.categories, "suspected", "danger_now", "note"])

    def codes(self) -> tuple[str, ...]:
        return tuple(code for name in self.categories for code in self.cleaned_data[name])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(name) for name in self.categories) and not cleaned.get("note"):
            raise forms.ValidationError(_("Tick at least one sign, or write a note."))
        return cleaned


class Alone(forms.Form):
    companion = forms.ChoiceField(
        label=_("Did somebody come along?"),
        choices=[("no", _("No, the person came alone")), ("yes", _("Yes, and that person now waits somewhere else"))],
        widget=forms.RadioSelect,
    )
    interpreter = forms.ChoiceField(
        label=_("Interpreter"),
        choices=[
            ("none", _("None needed")),
            ("professional", _("A professional interpreter in the room")),
            ("phone", _("A professional interpreter by phone")),
        ],
        widget=forms.RadioSelect,
        initial="none",
        help_text=_("Never family, a companion or a child: they may be part of what keeps the person silent."),
    )
    language = forms.ChoiceField(label=_("Language of the talk"), choices=LANGUAGES)


class SafetyTalk(forms.Form):
    """The questions of the conversation. None is marked beforehand, none is required."""

    required_note = False
    mode = forms.ChoiceField(
        label=_("How you asked"),
        choices=[("spoken", _("Said out loud")), ("screen", _("They read it on this screen"))],
        widget=forms.RadioSelect,
        initial="spoken",
    )
    language = forms.ChoiceField(label=_("Language of the talk"), choices=LANGUAGES)

    def __init__(self, conversation: Conversation, audience: Audience, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conversation = conversation
        replies = [(reply.value, conversation.replies[reply].in_(_language())) for reply in Reply]
        for number, question in enumerate(conversation.questions, start=1):
            self.fields[f"q_{question.id}"] = forms.ChoiceField(
                label=f"{number}. {question.text(audience).in_(_language())}",
                required=False,
                choices=replies,
                widget=forms.RadioSelect,
            )

    def replies(self) -> dict[str, Reply]:
        """What was answered, questions left blank apart from those declined."""
        said = self.cleaned_data
        return {
            question.id: Reply(said[f"q_{question.id}"])
            for question in self.conversation.questions
            if said.get(f"q_{question.id}")
        }


class Danger(forms.Form):
    danger = forms.ChoiceField(
        label=_("Danger right now"),
        choices=[
            ("none", _("None that they or you can see")),
            ("possible", _("Possible: somebody may come, follow or punish")),
            ("immediate", _("Immediate: somebody can hurt them now")),
        ],
        widget=forms.RadioSelect,
    )


class Risk(forms.Form):
    level = forms.ChoiceField(
        label=_("Risk of suicide"),
        choices=[
            ("none", _("None: no thought of dying")),
            ("low", _("Low: wishes to be dead, or thoughts without a way or a plan")),
            ("moderate", _("Moderate: thoughts with a way, or an attempt longer ago")),
            ("high", _("High: wants to act or has a plan, or an attempt in the last three months")),
        ],
        widget=forms.RadioSelect,
    )


class Report(forms.Form):
    to = forms.ChoiceField(
        label=_("Reported to"),
        choices=[("MDCPS", _("Child Protection Services")), ("police", _("Police")), ("MDHS", _("Human Services"))],
    )
    reference = forms.CharField(
        label=_("Reference number or confirmation code"),
        max_length=60,
        help_text=_("The office gives you one. If it has not yet, write the name of the person you spoke to."),
    )


class NoReport(forms.Form):
    reason = forms.ChoiceField(label=_("Why no report is required"), choices=NO_REPORT, widget=forms.RadioSelect)
    sign = forms.BooleanField(label=_("I sign this with my account"))
