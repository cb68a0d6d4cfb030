"""Forms of a legal request."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency
from leeward.protect.models import StatementForm
from leeward.protect.words import named
from leeward.rules import consent as rules

from .models import Telling, Way

LINES = {"rows": 3}


class HandIn(forms.Form):
    """What came in. Nothing is looked up: whoever fills it in need not know whether anybody comes here."""

    kind = forms.ChoiceField(label=_("What it is"), widget=forms.RadioSelect)
    way = forms.ChoiceField(label=_("How it came"), choices=Way.choices, widget=forms.RadioSelect, initial=Way.DESK)
    asker = forms.CharField(label=_("Who asks: name and badge number"), max_length=200)
    organisation = forms.CharField(label=_("Office they say they come from"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone number they gave"), max_length=60, required=False)
    about = forms.CharField(label=_("About whom, in their words"), max_length=300)
    papers = forms.CharField(
        label=_("What they hold or said"), max_length=2000, required=False, widget=forms.Textarea(attrs=LINES)
    )
    wanted_by = forms.CharField(label=_("Day or time they named"), max_length=120, required=False)

    def __init__(self, *args: Any, process: rules.Process, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        choices = [(kind.name, kind.title.in_(language)) for kind in process.kinds.values()]
        self.fields["kind"] = forms.ChoiceField(label=_("What it is"), choices=choices, widget=forms.RadioSelect)


class Look(forms.Form):
    name = forms.CharField(label=_("Full name on the papers"), max_length=240, required=False)
    birth_year = forms.CharField(label=_("Year of birth, if known"), max_length=4, required=False)
    person_phone = forms.CharField(label=_("Phone number, if known"), max_length=40, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("name") and not cleaned.get("person_phone"):
            self.add_error("name", _("Enter a name or a phone number."))
        return cleaned


class Office(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An office of the directory, with the number that is called."""

    def label_from_instance(self, obj: Agency) -> str:
        return f"{obj.name} · {obj.phone}"


class CallBack(forms.Form):
    agency = Office(label=_("Office in the directory"), queryset=Agency.objects.none())
    spoke_with = forms.CharField(label=_("Whom you spoke with"), max_length=200)
    is_theirs = forms.ChoiceField(
        label=_("Is the request theirs?"),
        choices=[("yes", _("Yes, they sent it")), ("no", _("No, or they do not know it"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, offices: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["agency"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = offices


class Counsel(forms.Form):
    papers = forms.MultipleChoiceField(
        label=_("What the papers carry"), required=False, widget=forms.CheckboxSelectMultiple
    )
    classes = forms.MultipleChoiceField(
        label=_("What may be given"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: nothing is given."),
    )
    counsel = forms.CharField(label=_("Counsel's name"), max_length=200)
    words = forms.CharField(label=_("What counsel said, and why"), max_length=2000, widget=forms.Textarea(attrs=LINES))

    def __init__(self, *args: Any, process: rules.Process, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        papers, classes = self.fields["papers"], self.fields["classes"]
        assert isinstance(papers, forms.MultipleChoiceField)  # noqa: S101
        assert isinstance(classes, forms.MultipleChoiceField)  # noqa: S101
        papers.choices = [(name, process.elements[name].in_(language)) for name in rules.elements_asked(process, kind)]
        could = frozenset[rules.DataClass]().union(*(row.classes for row in process.gives if kind in row.kinds))
        classes.choices = [(one.value, named(one.value)) for one in rules.DataClass if one in could]


class Statement(forms.Form):
    """An official's statement that the person must not be told before a day."""

    official = forms.ModelChoiceField(label=_("Office that made the statement"), queryset=Agency.objects.none())
    form = forms.ChoiceField(label=_("How it was made"), choices=StatementForm.choices, widget=forms.RadioSelect)
    stated_on = forms.DateField(label=_("Day on the statement"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(
        label=_("Last day of silence"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("It must end.")
    )
    statement = forms.CharField(label=_("What it says"), max_length=2000, widget=forms.Textarea(attrs=LINES))

    def __init__(self, *args: Any, offices: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["official"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = offices


class Choose(forms.Form):
    """What goes, item by item. Nothing is ticked beforehand."""

    items = forms.MultipleChoiceField(label=_("What goes into the answer"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["items"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
        field.choices = list(choices)


class Tell(forms.Form):
    how = forms.ChoiceField(label=_("What happened"), choices=Telling.choices, widget=forms.RadioSelect)
