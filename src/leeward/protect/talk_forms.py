"""The forms of a talk about sharing: what the staff notes before it, what the person chooses, if it was understood."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, Language, Staff
from leeward.rules import consent as rules
from leeward.rules.consent import Law, Requirement

from .actions import FORM_VERSION, Told
from .models import DataClass, Interpreter, Method, Purpose, Representation, Understood
from .of_age import SigningAge
from .words import told

YES_NO = (("yes", _("Yes")), ("no", _("No")))
#: Nobody else signs: the person is of age, or the law lets them decide alone.
ALONE = "alone"


class Before(forms.Form):
    """For the staff, before the tablet is turned: in which language, is the person able to decide, who signs."""

    language = forms.ChoiceField(label=_("Language they want to speak"))
    interpreter = forms.ChoiceField(
        label=_("Interpreter"),
        choices=Interpreter.choices,
        widget=forms.RadioSelect,
        initial=Interpreter.NONE,
        help_text=_("Never family, a companion or a child: they may be part of what keeps the person silent."),
    )
    able = forms.ChoiceField(
        label=_("Can they decide right now?"),
        choices=[
            ("yes", _("Yes: awake, clear, calm enough, alone with us, and free to say no")),
            ("no", _("Not now: in a crisis, not sober, too tired, or under pressure")),
        ],
        widget=forms.RadioSelect,
    )
    of_age = forms.ChoiceField(label=_("Are they 18 or older?"), choices=YES_NO, widget=forms.RadioSelect)
    signer = forms.ChoiceField(label=_("Who decides with them?"), widget=forms.RadioSelect)
    explained_by = forms.ModelChoiceField(label=_("Who explains it"), queryset=Staff.objects.none(), empty_label=None)

    def __init__(
        self, *args: Any, law: Law, age: SigningAge, signers: Iterable[tuple[Representation, str]],
        colleagues: Any, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self._age, self._signers = age, {str(one.pk): one for one, _name in signers}
        approved = law.languages.get(FORM_VERSION, frozenset())
        self._approved = approved
        names = dict(Language.choices)
        known = [(code, names.get(code, code)) for code in sorted(approved)]
        others = [choice for choice in Language.choices if choice[0] not in approved]
        _choices(self, "language", [*known, *others])
        people = self.fields["explained_by"]
        assert isinstance(people, forms.ModelChoiceField)  # noqa: S101
        people.queryset = colleagues
        if not age.must_be_asked:
            del self.fields["of_age"]
        if not age.must_be_asked and age.minors_age(says_of_age=None) is None:
            del self.fields["signer"]
        else:
            alone = _("Nobody: they decide alone, where the law lets them")
            _choices(self, "signer", [(ALONE, alone), *((str(one.pk), name) for one, name in signers)])
            self.fields["signer"].initial = ALONE

    @property
    def has_wording(self) -> bool:
        """Whether there is an approved form in the language they want to speak (C-04)."""
        return self.cleaned_data["language"] in self._approved

    def told(self, *, witness: Staff | None = None, understood: str = Understood.OWN_WORDS) -> Told:
        """How the talk is held, as it was entered."""
        entered = self.cleaned_data
        says = entered.get("of_age")
        return Told(
            interpreter=entered["interpreter"],
            explained_by=entered["explained_by"],
            witness=witness,
            understood=understood,
            says_of_age=None if says is None else says == "yes",
            representation=self._signers.get(entered.get("signer", ALONE)),
        )


class Choose(forms.Form):
    """For the person: what for, yes or no to each kind of data, and until when. Nothing is marked beforehand."""

    required_note = False
    purpose = forms.ChoiceField(label=_("What is it for?"), choices=Purpose.choices, widget=forms.RadioSelect)
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty for the usual time. The next page says which day that is."),
    )
    long_reason = forms.CharField(
        label=_("If longer than 90 days: why"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self, *args: Any, requirements: Mapping[str, Mapping[str, Requirement]], longest: date | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._requirements, self._longest = requirements, longest
        self.asked: list[str] = [
            name
            for name in DataClass.values
            if name != DataClass.EXISTENCE
            and any(name in needed and needed[name].is_grantable for needed in requirements.values())
        ]
        for name in self.asked:
            self.fields[f"share_{name}"] = forms.ChoiceField(
                label=DataClass(name).label,
                help_text=told(name),
                choices=YES_NO,
                widget=forms.RadioSelect,
                error_messages={"required": _("Say yes or no to this.")},
            )
            self.fields[f"share_{name}"].across = True  # type: ignore[attr-defined]
        self.order_fields(["purpose", *(f"share_{name}" for name in self.asked), "last_day", "long_reason"])

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset(name for name in self.asked if self.cleaned_data.get(f"share_{name}") == "yes")

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed. Choose today or later."))
        return day

    def last_day_or_usual(self) -> date:
        """The day they chose, or the usual one: the shortest that the law's rows name for what has a yes."""
        if self.cleaned_data["last_day"]:
            day: date = self.cleaned_data["last_day"]
            return day
        needed = self._requirements[self.cleaned_data["purpose"]]
        days = [
            one.authorisation.default_days
            for name in self.allowed
            if (one := needed.get(name)) is not None and one.authorisation is not None
        ]
        usual = timezone.localdate() + timedelta(days=min(days, default=1))
        return min(usual, self._longest) if self._longest else usual


class Question(forms.Form):
    """One question to see whether we said it well. A wrong answer says it again; it stops nobody (C-04)."""

    required_note = False
    who_sees = forms.ChoiceField(label=_("If you say yes, who can see this?"), widget=forms.RadioSelect)
    own_words = forms.BooleanField(label=_("They said in their own words who will see what"), required=False)
    tries = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=99, initial=0)

    def __init__(self, *args: Any, recipient: Agency, tries: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers = [
            ("recipient", gettext("Only the staff of %(name)s who help with this") % {"name": recipient.name}),
            ("family", gettext("My family or the people I live with")),
            ("everybody", gettext("Everybody who asks")),
        ]
        turn = recipient.pk.int % 3
        _choices(self, "who_sees", answers[turn:] + answers[:turn])
        if tries < 2:
            del self.fields["own_words"]
        else:
            self.fields["who_sees"].required = False

    @property
    def understood(self) -> str:
        """How it was understood; nothing if it was not yet."""
        if self.cleaned_data.get("own_words"):
            return Understood.OWN_WORDS
        if self.cleaned_data["who_sees"] == "recipient":
            return Understood.AGAIN if self.cleaned_data["tries"] else Understood.FIRST
        return ""


class Decide(forms.Form):
    """How the yes is given, and who listens."""

    required_note = False
    method = forms.ChoiceField(label=_("How do you say yes?"), widget=forms.RadioSelect)
    witness = forms.ModelChoiceField(
        label=_("Witness"),
        queryset=Staff.objects.none(),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("A yes that is said out loud needs a second member of staff who hears it."),
    )

    def __init__(self, *args: Any, methods: Collection[str], witnesses: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "method", [choice for choice in Method.choices if choice[0] in methods])
        self.fields["method"].initial = Method.TABLET
        people = self.fields["witness"]
        assert isinstance(people, forms.ModelChoiceField)  # noqa: S101
        people.queryset = witnesses

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("method") == Method.SPOKEN and not cleaned.get("witness"):
            self.add_error("witness", _("Ask a colleague to listen, and choose their name."))
        return cleaned


def methods_for(law: Law, *, needed: Iterable[Requirement], language: str) -> frozenset[str]:
    """The ways of saying yes that carry what the law asks for all of these classes."""
    required = frozenset[str]().union(*(one.authorisation.elements for one in needed if one.authorisation))
    return frozenset(
        method.value
        for method in rules.Method
        if required - rules.NAMED_BY_EVERY_GRANT <= rules.elements_of(law, FORM_VERSION, method, language)
    )


def carried(forms_before: Iterable[forms.Form]) -> Iterator[tuple[str, str]]:
    """What earlier pages of the talk asked, to go along unseen."""
    for form in forms_before:
        for name in form.fields:
            for value in form.data.getlist(name) if hasattr(form.data, "getlist") else []:
                yield name, value


def _choices(form: forms.Form, name: str, choices: Iterable[tuple[str, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101
    field.choices = list(choices)
