"""The decision table laid out one regime at a time, for an evaluation over many rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from .model import DataClass, Law, Outcome, Purpose, RecipientKind, Regime
from .ruling import rule


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnderRegime:
    """What one regime alone leads to. `elements` are those that a grant must carry beyond what every grant names."""

    data_class: DataClass
    regime: Regime
    recipient_kind: RecipientKind
    purpose: Purpose
    outcome: Outcome
    law_row: str
    elements: frozenset[str]


def outcomes_by_regime(law: Law, *, duty: str | None = None) -> tuple[OutcomeUnderRegime, ...]:
    """A row for every data class, regime, recipient kind and purpose that the law answers.

    A holder under several regimes takes the strictest outcome of its regimes, and the elements of all rows as strict.
    If one of its regimes has no row the answer is no; `never` beats also that. A holder of no regime gets no. Evaluated
    so, the rows mean what `rule` means. `duty` names the legal duty of the request, if it has one.
    """
    laid_out: list[OutcomeUnderRegime] = []
    for data_class, regime, recipient_kind, purpose in product(DataClass, Regime, RecipientKind, Purpose):
        ruling = rule(law, data_class, frozenset({regime}), recipient_kind, purpose, duty=duty)
        if ruling.row is None:
            continue
        laid_out.append(
            OutcomeUnderRegime(
                data_class=data_class,
                regime=regime,
                recipient_kind=recipient_kind,
                purpose=purpose,
                outcome=ruling.row.outcome,
                law_row=ruling.row.id,
                elements=ruling.required,
            )
        )
    return tuple(laid_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class AloneUnderRegime:
    """From which age a minor alone may permit this, under one regime. A holder under several takes the highest age, and
    if one of its regimes has no row a minor alone may not."""

    regime: Regime
    recipient_kind: RecipientKind
    purpose: Purpose
    from_age: int


def alone_by_regime(law: Law) -> tuple[AloneUnderRegime, ...]:
    """A row for every regime, recipient kind and purpose in which the law lets a minor decide alone."""
    return tuple(
        AloneUnderRegime(regime=regime, recipient_kind=recipient_kind, purpose=purpose, from_age=from_age)
        for regime, recipient_kind, purpose in product(Regime, RecipientKind, Purpose)
        if (from_age := law.alone_from(frozenset({regime}), recipient_kind, purpose)) is not None
    )
