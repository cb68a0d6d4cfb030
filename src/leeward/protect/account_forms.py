"""The forms by which one person asks for access and a second one agrees."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leeward.people.models import Agency, AgencyKind, Regime, Role, Staff

from .actions import end_of
from .models import Account, AccountRequest

Kind = AccountRequest.Kind
STAFF_ROLES = [(role.value, role.label) for role in Role if role != Role.PARTNER]
PARTNER_KINDS = [(kind.value, kind.label) for kind in AgencyKind if kind != AgencyKind.CENTRE]


class CallBack(forms.Form):
    """That a partner is who they say: called at their number in the directory, never at one they gave."""

    spoke_with = forms.CharField(
        label=_("For a partner: whom did you reach there?"),
        help_text=_("Call the number in the directory, not one that somebody wrote or told you."),
        max_length=120,
        required=False,
    )


class AskPerson(CallBack):
    required_note = False
    place = forms.ModelChoiceField(label=_("Where they work"), queryset=Agency.objects.none())
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Work e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(
        label=_("Role at the centre"),
        choices=[("", _("None: they work for a partner")), *STAFF_ROLES],
        required=False,
    )
    field_order = ("name", "email", "place", "role", "spoke_with")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        own = Agency.objects.filter(pk=by.agency_id)
        places = own | Agency.objects.exclude(kind=AgencyKind.CENTRE)
        self.fields["place"] = forms.ModelChoiceField(label=_("Where they work"), queryset=places)
        self.order_fields(self.field_order)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if Account.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody signs in with this address already."))
        return email

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        place = said.get("place")
        if place is None:
            return said
        if place.pk == self.by.agency_id and not said.get("role"):
            self.add_error("role", _("Choose the role."))
        if place.pk != self.by.agency_id:
            said["role"] = Role.PARTNER.value
            _needs_a_call(self, place)
        return said

    def asked(self) -> AccountRequest:
        said = self.cleaned_data
        called = said["place"].phone if said["spoke_with"] else ""
        return AccountRequest(
            kind=Kind.PERSON, place=said["place"], name=said["name"], email=said["email"], role=said["role"],
            called=called, spoke_with=said["spoke_with"],
        )  # fmt: skip


class AskRole(forms.Form):
    staff = forms.ModelChoiceField(label=_("Who"), queryset=Staff.objects.none())
    role = forms.ChoiceField(label=_("New role"), choices=[*STAFF_ROLES, (Role.PARTNER.value, Role.PARTNER.label)])

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"] = forms.ModelChoiceField(label=_("Who"), queryset=others(by))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        whom = said.get("staff")
        if whom is not None and whom.is_partner != (said.get("role") == Role.PARTNER):
            self.add_error("role", _("Partner staff stay partner staff, and the centre's stay the centre's."))
        return said

    def asked(self) -> AccountRequest:
        return AccountRequest(kind=Kind.ROLE, staff=self.cleaned_data["staff"], role=self.cleaned_data["role"])


class AskAnew(forms.Form):
    staff = forms.ModelChoiceField(label=_("Who"), queryset=Staff.objects.none())
    sure = forms.BooleanField(
        label=_("I know this person, and I saw or called them myself"),
        error_messages={"required": _("Make sure that it is really them, then tick this.")},
    )

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = others(by).filter(is_active=True)
        self.fields["staff"] = forms.ModelChoiceField(label=_("Who"), queryset=active)
        self.order_fields(("staff", "sure"))

    def asked(self) -> AccountRequest:
        return AccountRequest(kind=Kind.ANEW, staff=self.cleaned_data["staff"])


class LastDay(CallBack):
    last_day = forms.DateField(
        label=_("Last day of the agreement"),
        help_text=_("After this day their staff can't sign in."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed. Choose today or later."))
        return day

    def ends_at(self) -> datetime:
        return end_of(self.cleaned_data["last_day"])


class AskPartner(LastDay):
    name = forms.CharField(label=_("Name of the agency"), max_length=200)
    sort = forms.ChoiceField(label=_("What it is"), choices=PARTNER_KINDS)
    regime = forms.ChoiceField(label=_("Privacy law that binds it"), choices=Regime.choices)
    called = forms.CharField(
        label=_("The number that you called"),
        help_text=_("From a public directory or their own site, not from a letter or a call."),
        max_length=40,
    )
    field_order = ("name", "sort", "regime", "called", "spoke_with", "last_day")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["spoke_with"].required = True
        self.fields["spoke_with"].label = _("Whom did you reach there?")

    def asked(self) -> AccountRequest:
        said = self.cleaned_data
        return AccountRequest(
            kind=Kind.PARTNER, name=said["name"], sort=said["sort"], regime=said["regime"], called=said["called"],
            spoke_with=said["spoke_with"], agreement_ends_at=self.ends_at(),
        )  # fmt: skip


class AskAgreement(LastDay):
    required_note = False
    place = forms.ModelChoiceField(label=_("Which partner"), queryset=Agency.objects.none())
    field_order = ("place", "spoke_with", "last_day")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partners = Agency.objects.exclude(kind=AgencyKind.CENTRE)
        self.fields["place"] = forms.ModelChoiceField(label=_("Which partner"), queryset=partners)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("place") is not None:
            _needs_a_call(self, said["place"])
        return said

    def asked(self) -> AccountRequest:
        said = self.cleaned_data
        return AccountRequest(
            kind=Kind.AGREEMENT, place=said["place"], called=said["place"].phone, spoke_with=said["spoke_with"],
            agreement_ends_at=self.ends_at(),
        )  # fmt: skip


class End(forms.Form):
    staff = forms.ModelChoiceField(label=_("Who"), queryset=Staff.objects.none())

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"] = forms.ModelChoiceField(label=_("Who"), queryset=others(by).filter(is_active=True))


FORMS: dict[str, type[AskPerson] | type[AskRole] | type[AskAnew] | type[AskPartner] | type[AskAgreement]] = {
    Kind.PERSON: AskPerson, Kind.ROLE: AskRole, Kind.ANEW: AskAnew, Kind.PARTNER: AskPartner,
    Kind.AGREEMENT: AskAgreement,
}  # fmt: skip


def others(by: Staff) -> "QuerySet[Staff]":
    """Everybody at the centre and its partners, but for whoever asks."""
    partners = Agency.objects.exclude(kind=AgencyKind.CENTRE).values("pk")
    rows = Staff.objects.filter(agency_id=by.agency_id) | Staff.objects.filter(agency_id__in=partners)
    return rows.exclude(pk=by.pk)


def _needs_a_call(form: forms.Form, place: Agency) -> None:
    if not place.phone:
        form.add_error("place", _("There is no number for them in the directory. Put it there first."))
    elif not form.cleaned_data.get("spoke_with"):
        form.add_error("spoke_with", _("Call them at %(number)s first.") % {"number": place.phone})
