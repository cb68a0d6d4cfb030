"""What the decision table says before anybody has said yes or no.

The strictest row wins; no row means no; a law of the holder that is silent means no.
"""

from __future__ import annotations

from .model import (
    NAMED_BY_EVERY_GRANT,
    Authorisation,
    DataClass,
    Decision,
    Law,
    Obligation,
    Outcome,
    Purpose,
    Reason,
    ReasonCode,
    RecipientKind,
    Regime,
    Row,
    Ruling,
)
from .reasons import REGIMES, because

_CODES = {
    Outcome.NEVER: ReasonCode.NEVER,
    Outcome.REQUIRED_BY_LAW: ReasonCode.REQUIRED_BY_LAW,
    Outcome.NEEDS_AUTHORISATION: ReasonCode.NO_GRANT,
    Outcome.PERMITTED: ReasonCode.PERMITTED,
}


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
    if duty not in law.duties:
        duty = None
    question = (data_class, regimes, recipient_kind, purpose, duty)
    ruling = law.rulings.get(question)
    if ruling is None:
        ruling = law.rulings[question] = _found(law, data_class, regimes, recipient_kind, purpose, duty)
    return ruling


def _found(
    law: Law,
    data_class: DataClass,
    regimes: frozenset[Regime],
    recipient_kind: RecipientKind,
    purpose: Purpose,
    duty: str | None,
) -> Ruling:
    matching = tuple(
        row
        for row in law.cells.get((data_class, recipient_kind, purpose), ())
        if (row.regimes is None or row.regimes & regimes)
        and (row.outcome is not Outcome.REQUIRED_BY_LAW or (duty is not None and row.duty == duty))
    )
    if any(row.outcome is Outcome.NEVER for row in matching):
        return _by_rows(law, _strictest(matching))
    if not regimes or not matching:
        return _silent(because(ReasonCode.NO_ROW))
    for regime in sorted(regimes):
        if not any(row.regimes is not None and regime in row.regimes for row in matching):
            return _silent(because(ReasonCode.REGIME_SILENT, regime=REGIMES[regime]))
    return _by_rows(law, _strictest(matching))


def _strictest(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows of the strictest outcome; the shortest and most demanding first, so that one answer names one row."""
    outcome = max(row.outcome for row in rows)

    def demanding(row: Row) -> tuple[int, int, str]:
        authorisation = row.authorisation
        return (authorisation.longest_days, -len(authorisation.elements), row.id) if authorisation else (0, 0, row.id)

    return tuple(sorted((row for row in rows if row.outcome is outcome), key=demanding))


def _by_rows(law: Law, rows: tuple[Row, ...]) -> Ruling:
    row = rows[0]
    authorisation = _combined(rows)
    obligations = tuple(
        Obligation(code=code, text=law.obligations[code], notice=law.notices.get(code))
        for code in dict.fromkeys(code for row in rows for code in row.obligations)
    )
    said = Reason(code=_CODES[row.outcome], text=row.text, about=row.id)
    permitted = row.outcome in (Outcome.PERMITTED, Outcome.REQUIRED_BY_LAW)
    return Ruling(
        row=row,
        rows=rows,
        authorisation=authorisation,
        required=authorisation.elements - NAMED_BY_EVERY_GRANT if authorisation else frozenset(),
        obligations=obligations,
        standing=Decision(
            permitted=permitted,
            outcome=row.outcome,
            row=row,
            grant=None,
            reasons=(because(ReasonCode.NO_GRANT), said) if row.outcome is Outcome.NEEDS_AUTHORISATION else (said,),
            obligations=obligations if permitted else (),
        ),
    )


def _silent(reason: Reason) -> Ruling:
    return Ruling(
        row=None,
        rows=(),
        authorisation=None,
        required=frozenset(),
        obligations=(),
        standing=Decision(permitted=False, outcome=None, row=None, grant=None, reasons=(reason,), obligations=()),
    )


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
