"""One decision: may this recipient have this class of this client's data, for this purpose, now?

The strictest row wins; no row means no; a law of the holder that is silent means no; a restriction beats a grant. The
same meaning is enforced in the database by row security.
"""

from __future__ import annotations

from collections.abc import Iterable

from .model import (
    NAMED_BY_EVERY_GRANT,
    Authorisation,
    DataClass,
    Decision,
    Grant,
    Grants,
    Law,
    Obligation,
    Outcome,
    Purpose,
    Reason,
    ReasonCode,
    RecipientKind,
    Regime,
    Request,
    Restriction,
    Row,
)
from .reasons import REGIMES, because, lacking


def decide(request: Request, grants: Grants, law: Law) -> Decision:
    """Decide a request on the grants and restrictions known at `request.at`."""
    ruling = rule(law, request.data_class, request.regimes, request.recipient_kind, request.purpose, duty=request.duty)
    if ruling.outcome is None:
        return Decision(permitted=False, outcome=None, row=None, grant=None, reasons=(ruling.silence,), obligations=())
    if ruling.outcome is Outcome.NEVER:
        return _refusal(ruling, (_said(ruling, ReasonCode.NEVER),))
    if ruling.outcome is Outcome.REQUIRED_BY_LAW:
        return _permission(ruling, law, None, _said(ruling, ReasonCode.REQUIRED_BY_LAW))
    records = tuple(record for record in grants if record.client == request.client)
    for record in records:
        if isinstance(record, Restriction) and _restricts(record, request):
            return _refusal(ruling, (because(ReasonCode.RESTRICTED, about=record.id),))
    if ruling.outcome is Outcome.PERMITTED:
        return _permission(ruling, law, None, _said(ruling, ReasonCode.PERMITTED))
    yes = tuple(record for record in records if isinstance(record, Grant))
    return _by_grant(request, yes, ruling, law)


class Ruling:
    """What the table says: the deciding row, and all rows as strict, which bind together."""

    __slots__ = ("authorisation", "row", "rows", "silence")

    def __init__(self, rows: tuple[Row, ...], silence: Reason) -> None:
        self.rows = rows
        self.silence = silence
        self.row = rows[0] if rows else None
        self.authorisation = _combined(rows)

    @property
    def outcome(self) -> Outcome | None:
        return self.row.outcome if self.row else None


def rule(
    law: Law,
    data_class: DataClass,
    regimes: frozenset[Regime],
    recipient_kind: RecipientKind,
    purpose: Purpose,
    *,
    duty: str | None = None,
) -> Ruling:
    """The strictest rows that match. A regime that no row names leaves no rows: silence is no."""
    matching = tuple(
        row
        for row in law.cells.get((data_class, recipient_kind, purpose), ())
        if (row.regimes is None or row.regimes & regimes)
        and (row.outcome is not Outcome.REQUIRED_BY_LAW or (duty is not None and row.duty == duty))
    )
    if any(row.outcome is Outcome.NEVER for row in matching):
        return Ruling(_strictest(matching), because(ReasonCode.NO_ROW))
    if not regimes or not matching:
        return Ruling((), because(ReasonCode.NO_ROW))
    for regime in sorted(regimes):
        if not any(row.regimes is not None and regime in row.regimes for row in matching):
            return Ruling((), because(ReasonCode.REGIME_SILENT, regime=REGIMES[regime]))
    return Ruling(_strictest(matching), because(ReasonCode.NO_ROW))


def _strictest(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows of the strictest outcome; the shortest and most demanding first, so that one answer names one row."""
    outcome = max(row.outcome for row in rows)

    def demanding(row: Row) -> tuple[int, int, str]:
        authorisation = row.authorisation
        return (authorisation.longest_days, -len(authorisation.elements), row.id) if authorisation else (0, 0, row.id)

    return tuple(sorted((row for row in rows if row.outcome is outcome), key=demanding))


def _combined(rows: tuple[Row, ...]) -> Authorisation | None:
    """What satisfies every row at once."""
    needed = tuple(row.authorisation for row in rows if row.authorisation is not None)
    if not needed:
        return None
    longest = min(authorisation.longest_days for authorisation in needed)
    return Authorisation(
        kinds=tuple(kind for authorisation in needed for kind in authorisation.kinds),
        elements=frozenset[str]().union(*(authorisation.elements for authorisation in needed)),
        default_days=min(longest, *(authorisation.default_days for authorisation in needed)),
        longest_days=longest,
    )


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


def _by_grant(request: Request, grants: tuple[Grant, ...], ruling: Ruling, law: Law) -> Decision:
    near = tuple(grant for grant in grants if grant.recipient == request.recipient and grant.covers(request.data_class))
    required = ruling.authorisation.elements if ruling.authorisation else frozenset[str]()
    faults = {grant.id: _fault(grant, request, required, law) for grant in near}
    good = [grant for grant in near if faults[grant.id] is None]
    if good:
        best = max(good, key=lambda grant: (grant.last_day, grant.id))
        return _permission(ruling, law, best, because(ReasonCode.COVERED, about=best.id))
    told = tuple(fault for fault in faults.values() if fault is not None)
    return _refusal(ruling, (*(told or (because(ReasonCode.NO_GRANT),)), _said(ruling, ReasonCode.NO_GRANT)))


def _fault(grant: Grant, request: Request, required: frozenset[str], law: Law) -> Reason | None:
    """Why this grant does not count, or None if it does."""
    if grant.withdrawn:
        return because(ReasonCode.WITHDRAWN, about=grant.id)
    if grant.purpose is not request.purpose:
        return because(ReasonCode.OTHER_PURPOSE, about=grant.id)
    if request.at < grant.starts_at:
        return because(ReasonCode.NOT_STARTED, about=grant.id)
    if request.at >= grant.ends_at(request.zone):
        return because(ReasonCode.ENDED, about=grant.id)
    if missing := required - grant.elements - NAMED_BY_EVERY_GRANT:
        return lacking(missing, law.elements, about=grant.id)
    return None


def _said(ruling: Ruling, code: ReasonCode) -> Reason:
    assert ruling.row is not None  # noqa: S101
    return Reason(code=code, text=ruling.row.text, about=ruling.row.id)


def _refusal(ruling: Ruling, reasons: tuple[Reason, ...]) -> Decision:
    return Decision(
        permitted=False, outcome=ruling.outcome, row=ruling.row, grant=None, reasons=reasons, obligations=()
    )


def _permission(ruling: Ruling, law: Law, grant: Grant | None, reason: Reason) -> Decision:
    return Decision(
        permitted=True,
        outcome=ruling.outcome,
        row=ruling.row,
        grant=grant,
        reasons=(reason,),
        obligations=_obligations(ruling.rows, law),
    )


def _obligations(rows: Iterable[Row], law: Law) -> tuple[Obligation, ...]:
    codes = dict.fromkeys(code for row in rows for code in row.obligations)
    return tuple(Obligation(code=code, text=law.obligations[code]) for code in codes)
