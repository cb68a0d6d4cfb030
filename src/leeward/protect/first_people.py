"""The first two people of a centre, made by whoever runs the server: before them there is nobody who could agree."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import LEADING_ROLES, Agency, AgencyKind, Regime, Role, Staff

from . import factors
from .models import Account

ADMIN = "admin"


class AlreadyBegun(PeopleError):
    """Two leaders work here: they make the accounts."""


def begin(
    *, centre: str, director: tuple[str, str], privacy_officer: tuple[str, str], now: datetime
) -> dict[str, tuple[str, str]]:
    """Make both accounts, and the centre if there is none; returns two invitation codes for each e-mail.

    `director` and `privacy_officer` are name and e-mail. Raises AlreadyBegun once two leaders work here, and
    PeopleError when both are one person.
    """
    if Staff.objects.using(ADMIN).filter(role__in=LEADING_ROLES, is_active=True).count() >= 2:
        raise AlreadyBegun(_("Two leaders work here already."), _("They make accounts on the page Staff."))
    if director[1].lower() == privacy_officer[1].lower() or settings.DEMO:
        raise PeopleError(_("This needs two people."), _("Give two different e-mail addresses."))
    accounts = []
    with transaction.atomic(using=ADMIN):
        house = Agency.objects.using(ADMIN).filter(kind=AgencyKind.CENTRE).first()
        if house is None:
            house = Agency.objects.using(ADMIN).create(
                name=centre, kind=AgencyKind.CENTRE, regime=Regime.HIPAA, verified_on=now.date()
            )
        for role, (name, email) in ((Role.PROGRAM_DIRECTOR, director), (Role.PRIVACY_OFFICER, privacy_officer)):
            person = Staff.objects.using(ADMIN).create(agency=house, display_name=name, role=role, languages=["en"])
            account = Account(email=email.lower(), staff_id=person.pk)
            account.set_unusable_password()
            account.save(using=ADMIN)
            accounts.append(account)
    return {
        account.email: (
            factors.invite(account, given_by=uuid4(), now=now),
            factors.invite(account, given_by=uuid4(), now=now),
        )
        for account in accounts
    }
