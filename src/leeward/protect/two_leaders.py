"""Two leaders of the centre at the server's shell, each by their own password and code: what one must not do alone.

Whoever has that shell can read the key files, so this is no wall against them. It makes an honest act one of two
people, on record under both names, and a dishonest one visible as what it is.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from leeward.people.models import Staff

from . import factors
from .accounts import NotBySamePerson
from .erasure import MAY_ERASE, USING
from .errors import NotAllowedHere
from .models import Account, OneTimeCode

#: E-mail, password, and a code of the app or a recovery code.
Given = tuple[str, str, str]


def refuse_one(by: object, confirmed_by: object) -> None:
    """Raises NotBySamePerson if both are one person's."""
    if by == confirmed_by:
        raise NotBySamePerson(_("This needs a second person."), _("Ask a colleague who leads the centre too."))


def both(first: Given, second: Given, *, now: datetime) -> tuple[Staff, Staff]:
    """Who the two are. Both must be active privacy officers or program directors of one agency.

    Raises NotBySamePerson, and NotAllowedHere for a wrong password or code as for an address that nobody has.
    """
    by, confirmed_by = _proved(first, now), _proved(second, now)
    refuse_one(by.pk, confirmed_by.pk)
    if by.agency_id != confirmed_by.agency_id:
        raise NotAllowedHere()
    return by, confirmed_by


def _proved(given: Given, now: datetime) -> Staff:
    email, password, code = given
    account = Account.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if account is None or not account.check_password(password):
        raise NotAllowedHere()
    try:
        fits = factors.code_fits(account, code, now=now)
    except factors.TooManyCodes:
        fits = False
    if not fits and not factors.use(account, OneTimeCode.Kind.RECOVERY, code, now=now):
        raise NotAllowedHere()
    staff = Staff.objects.using(USING).filter(pk=account.staff_id, is_active=True, role__in=MAY_ERASE).first()
    if staff is None:
        raise NotAllowedHere()
    return staff
