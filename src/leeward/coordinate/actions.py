"""What may happen to a referral: sent, answered, closed with an outcome, or called back."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from leeward.people import timeline, vault
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, Client, PartnerCode, Staff
from leeward.protect import actions as protect
from leeward.protect import audit
from leeward.protect import queries as permissions
from leeward.protect.decision import records_of
from leeward.protect.errors import NoticeMissing, NotPermitted
from leeward.protect.holding import hold_standing
from leeward.protect.models import Grant, Purpose
from leeward.protect.notices import Carried
from leeward.protect.outbox import actions as outbox
from leeward.protect.outbox.kinds import REMINDER

from . import queries
from .errors import NoPermission, NotOpen
from .models import OPEN, ListKey, Referral, Status
from .queries import Slice

#: What every referral shows: the request itself. Name and contact go along only as far as they were granted.
NEEDED = frozenset({"referral"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a partner is asked for, in words that the survivor agreed to."""

    to: Agency
    service: str
    urgency: str
    message: str
    comes_along: bool


@transaction.atomic
def send(*, by: Staff, client: Client, need: Need, now: datetime) -> Referral:
    """Send a referral. Raises NoPermission, with the law's rows, if no active grant covers it (C-01)."""
    given = permissions.covering(client=client, recipient=need.to, classes=set(NEEDED), now=now)
    if given is None:
        rules = permissions.requirements(holder=client.agency, recipient=need.to, purpose=Purpose.COORDINATION)
        raise NoPermission(tuple(row.id for name in NEEDED if (row := rules[name].row) is not None))
    referral = Referral(
        agency_id=client.agency_id,
        client=client,
        to_agency=need.to,
        service=need.service,
        urgency=need.urgency,
        comes_along=need.comes_along,
        grant=given,
        sent_at=now,
        sent_by=by,
    )
    referral.message = vault.seal(client, f"referral:{referral.pk}:message", need.message)
    referral.save(force_insert=True)
    if not PartnerCode.objects.filter(client=client, partner=need.to).exists():
        PartnerCode(agency_id=client.agency_id, client=client, partner=need.to).save(force_insert=True)
    timeline.append(
        "referral.sent",
        client=client,
        by=by,
        now=now,
        subject=referral.pk,
        data={"to": need.to.kind, "service": need.service, "urgency": need.urgency},
    )
    return referral


@transaction.atomic
def answer(*, by: Staff, referral: Referral, status: str, reason: str, now: datetime) -> None:
    """The partner accepts, puts on a waiting list, or turns down with a reason. Raises NotOpen after the end."""
    _hold_open(referral)
    if status == Status.DECLINED and not reason.strip():
        raise PeopleError("A reason is missing.")
    referral.status = Status(status)
    referral.replied_at = now
    if reason.strip():
        referral.reply = vault.seal(referral.somebody, f"referral:{referral.pk}:reply", reason)
    referral.save(update_fields=["status", "replied_at", "reply"])
    # The reason may name the person, so the event says only that there is one.
    data = {"reason": "given"} if status == Status.DECLINED else {}
    timeline.append(f"referral.{status}", client=referral.somebody, by=by, now=now, subject=referral.pk, data=data)


@transaction.atomic
def close(*, by: Staff, referral: Referral, outcome: str, now: datetime) -> None:
    """Say how it ended: in touch with the service or not. Either side may. Raises NotOpen."""
    _hold_open(referral)
    referral.status, referral.outcome, referral.closed_at = Status.CLOSED, outcome, now
    referral.save(update_fields=["status", "outcome", "closed_at"])
    client = referral.somebody if by.is_partner else referral.client
    timeline.append("referral.closed", client=client, by=by, now=now, subject=referral.pk, data={"outcome": outcome})


@transaction.atomic
def call_back(*, by: Staff, referral: Referral, now: datetime) -> None:
    """The survivor or the centre changed their mind. Raises NotOpen."""
    _hold_open(referral)
    referral.status, referral.closed_at = Status.WITHDRAWN, now
    referral.save(update_fields=["status", "closed_at"])
    timeline.append("referral.withdrawn", client=referral.client, by=by, now=now, subject=referral.pk)


def go_on_under(given: Grant, earlier: Sequence[Grant]) -> None:
    """Open referrals under one of the earlier permissions go on under the one that follows it, if it allows any.
    What has ended does not come back, nor does what lost its permission before."""
    if set(given.data_classes) >= NEEDED:
        Referral.objects.filter(grant__in=earlier, status__in=OPEN).update(grant=given)


@transaction.atomic
def remind(*, by: Staff, referral: Referral, now: datetime) -> bool:
    """Remind the partner that an answer is owed, at most once a day. Raises NotOpen when none is."""
    if referral.status not in (Status.SENT, Status.WAITLISTED):
        raise NotOpen()
    return outbox.queue(
        by=by,
        client=referral.client,
        kind=REMINDER,
        once=f"{REMINDER.code}:{referral.pk}:{now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()}",
        to=referral.to_agency,
        given=referral.grant,
        subject=referral.pk,
        now=now,
    )


@transaction.atomic
def open_as_partner(*, by: Staff, referral: Referral, now: datetime, exit_name: str = "referral") -> Slice:
    """What the partner may see now, noted on the survivor's list before they see it (T3).

    Raises NotPermitted or NoticeMissing, and notes nothing, when a copy may not leave (C-06), and TakenBack when the
    permission goes at this very moment.
    """
    hold_standing([referral.grant_id])
    shown = queries.slice_for(referral, now)
    copy = _copy(referral, shown.carried, shown.classes, shown.fields)
    protect.disclose(by=by, copies=[copy], exit_name=exit_name, now=now)
    return shown


@transaction.atomic
def open_inbox(*, by: Staff, listed: Sequence[Referral], now: datetime) -> list[tuple[Referral, Carried]]:
    """Those of the listed referrals that may be shown now, each with what goes along; noted on each survivor's list."""
    records = records_of(*{referral.client_id: referral.somebody for referral in listed}.values())
    shown: list[tuple[Referral, Carried]] = []
    for referral in listed:
        with suppress(NotPermitted, NoticeMissing):
            carried = queries.carried_with(referral, now, records)
            if carried.classes >= queries.LISTED_CLASSES:
                shown.append((referral, carried))
    copies = [_copy(referral, carried, queries.LISTED_CLASSES, frozenset()) for referral, carried in shown]
    protect.disclose(by=by, copies=copies, exit_name="inbox", now=now)
    return shown


def _hold_open(referral: Referral) -> None:
    """Hold it until the transaction ends, so that two answers don't meet. Raises NotOpen if it has ended since."""
    still = Referral.objects.select_for_update(of=("self",)).filter(pk=referral.pk, status__in=OPEN)
    if still.values_list("pk", flat=True).first() is None:
        raise NotOpen()


def _copy(referral: Referral, carried: Carried, classes: frozenset[str], fields: frozenset[str]) -> protect.Copy:
    return protect.Copy(
        client=referral.somebody,
        recipient=referral.to_agency,
        given=referral.grant,
        carried=carried,
        classes=classes,
        fields=fields | queries.LISTED,
    )


@transaction.atomic
def register_key(*, by: Staff, public_key: str, now: datetime) -> ListKey:
    """From now on what the agency downloads opens with this key; the database asks for a fresh proof of who it is."""
    key = ListKey(agency_id=by.agency_id, public_key=public_key, registered_at=now, registered_by=by)
    key.save(force_insert=True)
    audit.saw(by=by, action="changed coordinate.list_key", subject=key.short)
    return key
