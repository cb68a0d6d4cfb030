"""An agency's list of what was shared with it: made while it is read, never kept, so that nothing outlives the right.

Each part of the list is decided when it leaves, as the person who asked (X-03). The list carries its number, its reader
and what it is for, and on every line how long it may be used and what the law says about passing it on (X-01, C-06). It
is encrypted to its reader's agency while it is made; no part of it waits for the next one.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import InternalError, OperationalError
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leeward.people.models import Staff
from leeward.protect import age, audit, chunks
from leeward.protect.age import Recipient
from leeward.protect.errors import AskerGone, NoticeMissing, NotPermitted
from leeward.protect.models import Purpose
from leeward.protect.spreadsheet import BYTE_ORDER_MARK, row

from . import actions
from .models import Referral

log = logging.getLogger(__name__)
#: So few that whoever takes a permission back never waits long for a part that is being made.
AT_ONCE = 25
#: Signs of an empty line: no spreadsheet takes more into one cell than 32,767.
LONGEST = 30_000
#: Facts of the vault in the order in which they stand.
FACTS = (
    "given_name",
    "family_name",
    "birth_year",
    "contact_method",
    "phone",
    "contact_hours",
    "contact_notes",
    "address",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One referral as it stands in the list, and where the next part begins."""

    sent_at: datetime
    id: UUID
    text: str


def lines(*, by: Staff, token: str, number: str, purpose: str, now: datetime) -> Iterator[str]:
    """The list as CSV, part by part. `number` is the list's own, `token` the session of `by`."""
    language = get_language() or "en"
    with translation.override(language):
        head = _head(by, number, purpose, now)
    yield head

    def read(last: Line | None) -> Sequence[Line]:
        with translation.override(language):
            return _next(by, number, last)

    count, whole = 0, True
    try:
        for part in chunks.in_chunks(read, by=by, token=token):
            count += sum(bool(line.text) for line in part)
            yield "".join(line.text for line in part)
    except AskerGone:
        whole = False
    except (OperationalError, InternalError) as error:  # no room to note the next look, or no database any more
        log.error("%s in list %s", type(error).__name__, number)
        whole = False
    with translation.override(language):
        foot = row(
            [_("End of the list. Lines: %(count)s") % {"count": count} if whole else _("The list stopped here.")]
        )
    yield foot


def _head(by: Staff, number: str, purpose: str, now: datetime) -> str:
    made = date_format(timezone.localtime(now), "DATETIME_FORMAT")
    mark = _(
        "Confidential. Only for %(agency)s. List %(number)s, made %(made)s by %(person)s. What it is for: %(purpose)s."
    )
    told = {
        "agency": by.agency.name,
        "number": number,
        "made": made,
        "person": by.display_name,
        "purpose": Purpose(purpose).label,
    }
    columns = (
        _("Referral"),
        _("Code"),
        _("What is needed"),
        _("State"),
        _("Sent"),
        _("Message"),
        _("First name"),
        _("Last name"),
        _("Year of birth"),
        _("Way to reach them"),
        _("Phone"),
        _("Safe hours"),
        _("Note"),
        _("Where they are"),
        _("May be used until"),
        _("Rules"),
        _("List"),
    )
    return BYTE_ORDER_MARK + row([mark % told]) + row(columns)


def _next(by: Staff, number: str, last: Line | None) -> list[Line]:
    """The next referrals that permissions cover now, newest first; each is on the person's list before it leaves."""
    found = Referral.objects.filter(to_agency_id=by.agency_id).select_related("agency", "grant", "to_agency")
    if last is not None:
        found = found.filter(Q(sent_at__lt=last.sent_at) | Q(sent_at=last.sent_at, pk__lt=last.id))
    return [_line(by, one, number) for one in found.order_by("-sent_at", "-pk")[:AT_ONCE]]


def _line(by: Staff, one: Referral, number: str) -> Line:
    """The referral, or an empty line of one of which no copy may leave."""
    try:
        seen = actions.open_as_partner(by=by, referral=one, now=timezone.now(), exit_name=f"list {number}")
    except (NotPermitted, NoticeMissing):
        return Line(sent_at=one.sent_at, id=one.pk, text="")
    cells = (
        one.reference,
        seen.partner_code,
        one.get_service_display(),
        one.get_status_display(),
        date_format(timezone.localtime(one.sent_at), "DATE_FORMAT"),
        seen.message,
        *(seen.way if fact == "contact_method" else seen.identity.get(fact, "") for fact in FACTS),
        date_format(one.grant.last_day, "DATE_FORMAT"),
        " ".join([seen.carried.scope, *seen.carried.texts]),
        number,
    )
    return Line(sent_at=one.sent_at, id=one.pk, text=row(cells))


def sealed(parts: Iterable[str], *, to: Recipient) -> Iterator[bytes]:
    """The list, encrypted to whoever opens it.

    The format encrypts blocks of 64 KiB, so a part is filled up with empty lines until all of it is in whole blocks:
    what was decided leaves at once, and nothing waits that may be taken back until then (C-02).
    """
    return age.sealed(_filled(parts), to)


def _filled(parts: Iterable[str]) -> Iterator[bytes]:
    length = 0
    for part in parts:
        text = part.encode()
        length += len(text)
        missing = age.BLOCK - (length - 1) % age.BLOCK  # one byte of the next block lets the last one go
        length += missing
        yield text + b"".join(_empty(size) for size in _lines_of(missing))


def _lines_of(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, LONGEST)
        size -= LONGEST


def _empty(size: int) -> bytes:
    return b" " * (size - 1) + b"\n"


def begun(*, by: Staff, number: str) -> None:
    """Note who asked for a list, before its first line leaves."""
    audit.saw(by=by, action="asked coordinate.list", subject=number)
