"""Who must have signed: the person alone, or a minor together with somebody who was found fit to represent them.

34 USC 12291(b)(2)(B)-(C) and 28 CFR 94.115 ask for the minor and a parent or guardian who is not the abuser, or for the
minor alone where the law lets the minor have the service. Nobody represents anybody by default (G-01, G-03).
"""

from __future__ import annotations

from datetime import datetime

from .model import DataClass, Law, Purpose, ReasonCode, RecipientKind, Regime, Representation


def unsigned(
    law: Law,
    *,
    age: int | None,
    representation: Representation | None,
    data_class: DataClass,
    regimes: frozenset[Regime],
    recipient_kind: RecipientKind,
    purpose: Purpose,
    at: datetime,
    zone: str,
) -> ReasonCode | None:
    """What the signatures lack at this moment, or None. `age` is in whole years, None for somebody of age.

    Whoever signed with the minor must still stand: a permission ends with the representation under which it was given
    (G-02, G-04).
    """
    if representation is not None:
        if not representation.stands(at, zone):
            return ReasonCode.REPRESENTATION_ENDED
        return None if representation.covers(data_class) else ReasonCode.OUTSIDE_REPRESENTATION
    if age is None:
        return None
    alone = law.alone_from(regimes, recipient_kind, purpose)
    return None if alone is not None and age >= alone else ReasonCode.NEEDS_REPRESENTATIVE
