"""One decision: may this recipient have this class of this client's data, for this purpose, now?

The strictest row wins; no row means no; a law of the holder that is silent means no; a restriction beats a grant. The
same meaning is enforced in the database by row security.
"""

from __future__ import annotations

from .book import GrantBook, GrantsOfPair, RestrictionsOfClient, in_order
from .model import (
    Decision,
    Grant,
    Grants,
    Law,
    Outcome,
    Reason,
    ReasonCode,
    RecipientKind,
    Request,
    Restriction,
    Ruling,
)
from .reasons import because, lacking
from .ruling import rule
from .signing import unsigned


def decide(request: Request, grants: Grants | GrantBook, law: Law) -> Decision:
    """Decide a request on the grants and restrictions known at `request.at`.

    From a GrantBook it takes the same time however many are in force; other records are looked through one by one.
    """
    ruling = rule(law, request.data_class, request.regimes, request.recipient_kind, request.purpose, duty=request.duty)
    outcome = ruling.outcome
    if outcome is not Outcome.NEEDS_AUTHORISATION and outcome is not Outcome.PERMITTED:
        return ruling.standing
    yes, no = _bearing_on(request, grants)
    for restriction in no:
        if _restricts(restriction, request):
            return _refusal(ruling, (because(ReasonCode.RESTRICTED, about=restriction.id),))
    if outcome is Outcome.PERMITTED:
        return ruling.standing
    return _by_grant(request, yes, ruling, law)


def _bearing_on(request: Request, grants: Grants | GrantBook) -> tuple[GrantsOfPair, RestrictionsOfClient]:
    client, recipient = request.client, request.recipient
    if isinstance(grants, GrantBook):
        return grants.grants(client, recipient), grants.restrictions(client)
    records = [record for record in grants if record.client == client]
    yes = (record for record in records if isinstance(record, Grant) and record.recipient == recipient)
    return in_order(yes), tuple(record for record in records if isinstance(record, Restriction))


def _restricts(restriction: Restriction, request: Request) -> bool:
    if restriction.lifted or request.at < restriction.starts_at:
        return False
    if restriction.recipient is None:
        names_recipient = request.recipient_kind is not RecipientKind.CENTRE
    else:
        names_recipient = restriction.recipient == request.recipient
    return (
        names_recipient
        and (restriction.classes is None or request.data_class in restriction.classes)
        and (restriction.purpose is None or restriction.purpose is request.purpose)
    )


def _by_grant(request: Request, grants: GrantsOfPair, ruling: Ruling, law: Law) -> Decision:
    faults: list[tuple[Grant, ReasonCode]] = []
    for grant in grants:
        if not grant.covers(request.data_class):
            continue
        fault = _fault(grant, request, ruling, law)
        if fault is None:
            return _permission(ruling, grant)
        faults.append((grant, fault))
    if not faults:
        return ruling.standing
    told = tuple(_told(grant, fault, ruling, law) for grant, fault in faults)
    return _refusal(ruling, (*told, ruling.standing.reasons[-1]))


def _fault(grant: Grant, request: Request, ruling: Ruling, law: Law) -> ReasonCode | None:
    """Why this grant does not count, or None if it does."""
    if grant.withdrawn:
        return ReasonCode.WITHDRAWN
    if grant.purpose is not request.purpose:
        return ReasonCode.OTHER_PURPOSE
    if request.at < grant.starts_at:
        return ReasonCode.NOT_STARTED
    if request.at >= grant.ends_at(request.zone):
        return ReasonCode.ENDED
    if not ruling.required <= grant.elements:
        return ReasonCode.LACKS_ELEMENTS
    return unsigned(
        law,
        age=grant.age,
        representation=grant.representation,
        data_class=request.data_class,
        regimes=request.regimes,
        recipient_kind=request.recipient_kind,
        purpose=request.purpose,
        at=request.at,
        zone=request.zone,
    )


def _told(grant: Grant, fault: ReasonCode, ruling: Ruling, law: Law) -> Reason:
    if fault is ReasonCode.LACKS_ELEMENTS:
        return lacking(ruling.required - grant.elements, law.elements, about=grant.id)
    return because(fault, about=grant.id)


def _refusal(ruling: Ruling, reasons: tuple[Reason, ...]) -> Decision:
    return Decision(
        permitted=False, outcome=ruling.outcome, row=ruling.row, grant=None, reasons=reasons, obligations=()
    )


def _permission(ruling: Ruling, grant: Grant) -> Decision:
    return Decision(
        permitted=True,
        outcome=ruling.outcome,
        row=ruling.row,
        grant=grant,
        reasons=(because(ReasonCode.COVERED, about=grant.id),),
        obligations=ruling.obligations,
    )
