"""Who may work here: asked for by one person, agreed to by another (P-04, I-06). Ending it takes one person only.

What was agreed to is done by the database (`ctx.carry_out`), which also refuses the same person twice: nobody makes an
account, raises a role or lets a partner in by themselves, whatever SQL they run.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import Agency, AgencyKind, Staff

from . import audit, factors
from .holding import end_looks
from .models import Account, AccountDecision, AccountRequest

#: A request that nobody answered for so long must be made anew.
OPEN_FOR = timedelta(days=7)


class NotBySamePerson(PeopleError):
    """It needs a second person."""


@transaction.atomic
def ask(*, by: Staff, request: AccountRequest, now: datetime) -> AccountRequest:
    """Ask for it. The database refuses it where `access.FAIRLY_ASKED` does: for oneself, or without a call-back."""
    request.agency, request.asked_by, request.asked_at = by.agency, by, now
    request.save(force_insert=True)
    audit.saw(by=by, action=f"asked account.{request.kind}")
    return request


def decide(*, by: Staff, request: AccountRequest, agreed: bool, now: datetime) -> None:
    """Agree, and it is done; or refuse. Raises NotBySamePerson for whoever asked, or whom it is about."""
    if by.pk in {request.asked_by_id, request.staff_id}:
        raise NotBySamePerson(_("This needs a second person."), _("Ask a colleague who leads the centre too."))
    try:
        with transaction.atomic():
            if agreed and (whose := request.staff_id or request.place_id):  # they begin anew, as what they are then
                end_looks(whose)
            AccountDecision(request=request, agency=by.agency, agreed=agreed, decided_by=by, decided_at=now).save(
                force_insert=True
            )
    except IntegrityError as clash:
        raise PeopleError(
            _("This could not be done."),
            _("Somebody may have decided it already, or the e-mail address is in use. Ask for it anew."),
        ) from clash
    if not agreed:
        audit.saw(by=by, action=f"refused account.{request.kind}")


@transaction.atomic
def end(*, by: Staff, whom: Staff) -> None:
    """End somebody's work here at once: they are signed out everywhere. One person is enough."""
    end_looks(whom.pk)
    Staff.objects.filter(pk=whom.pk).update(is_active=False)
    audit.saw(by=by, action="ended account", subject=str(whom.pk))


def open_requests(now: datetime) -> "list[AccountRequest]":
    """What waits for a second person, newest first."""
    rows = AccountRequest.objects.filter(decision__isnull=True, asked_at__gt=now - OPEN_FOR)
    return list(rows.select_related("staff", "place", "asked_by"))


def done_requests() -> "list[AccountRequest]":
    """The newest that were decided."""
    rows = AccountRequest.objects.filter(decision__isnull=False)
    return list(rows.select_related("staff", "place", "asked_by", "decision__decided_by")[:20])


def newcomer(request: AccountRequest) -> Account | None:
    """The account that waits for its person to begin, if the request was agreed to and they have not begun."""
    decision: AccountDecision | None = getattr(request, "decision", None)
    if decision is None or not decision.agreed:
        return None
    if request.kind == AccountRequest.Kind.PERSON:
        account = Account.objects.filter(email=request.email).first()
    elif request.kind == AccountRequest.Kind.ANEW and request.staff_id:
        account = Account.objects.filter(staff_id=request.staff_id).first()
    else:
        return None
    return account if account is not None and not account.has_usable_password() else None


def my_code(*, by: Staff, request: AccountRequest, now: datetime) -> str:
    """The half of the invitation that `by`, who asked or agreed, hands over. Raises NotBySamePerson for others."""
    account = newcomer(request)
    if account is None or by.pk not in {request.asked_by_id, request.decision.decided_by_id}:
        raise NotBySamePerson(_("There is no code for you to hand over."), "")
    audit.saw(by=by, action="agreed account.code", subject=str(account.staff_id))
    return factors.invite(account, given_by=by.pk, now=now)


def partners() -> "list[Agency]":
    """Partner agencies, by name."""
    return list(Agency.objects.exclude(kind=AgencyKind.CENTRE))


def staff_of(agencies: "list[UUID]") -> "list[Staff]":
    """Everybody who works or worked at these agencies."""
    return list(
        Staff.objects.filter(agency_id__in=agencies).select_related("agency").order_by("agency__name", "display_name")
    )
