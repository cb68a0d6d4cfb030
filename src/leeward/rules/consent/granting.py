"""Before a yes is recorded: what it needs, and whether it may be given at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from .model import (
    NAMED_BY_EVERY_GRANT,
    Authorisation,
    DataClass,
    Law,
    Outcome,
    Purpose,
    Reason,
    ReasonCode,
    RecipientKind,
    Regime,
    Representation,
    Row,
    Ruling,
)
from .reasons import because, lacking
from .ruling import rule
from .signing import unsigned


class Method(StrEnum):
    """How the person said yes."""

    SIGNED = "signed"
    SPOKEN = "spoken"
    TABLET = "tablet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What sharing one class needs. `authorisation` is set when a permission is needed; `row` None means no row: no."""

    data_class: DataClass
    outcome: Outcome | None
    row: Row | None
    rows: tuple[Row, ...]
    authorisation: Authorisation | None
    reason: Reason

    @property
    def is_grantable(self) -> bool:
        return self.outcome is Outcome.NEEDS_AUTHORISATION

    @property
    def is_forbidden(self) -> bool:
        return self.outcome is None or self.outcome is Outcome.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A yes about to be recorded. `reason` explains a long one; `signer_may_control` flags who signs for the person.

    `age` is a minor's, in whole years; None is somebody of age. `representation` is that of who signs with them, as it
    stands `at` the moment of signing in `zone`.
    """

    classes: frozenset[DataClass]
    regimes: frozenset[Regime]
    recipient_kind: RecipientKind
    purpose: Purpose
    first_day: date
    last_day: date
    elements: frozenset[str]
    reason: str = ""
    signer_may_control: bool = False
    age: int | None = None
    representation: Representation | None = None
    at: datetime | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantVerdict:
    permitted: bool
    reasons: tuple[Reason, ...]
    requirements: tuple[Requirement, ...]


def required_consent(
    law: Law,
    classes: Iterable[DataClass],
    regimes: frozenset[Regime],
    recipient_kind: RecipientKind,
    purpose: Purpose,
) -> tuple[Requirement, ...]:
    """For each class, what the strictest row asks for."""
    return tuple(
        _requirement(data_class, rule(law, data_class, regimes, recipient_kind, purpose))
        for data_class in sorted(set(classes))
    )


def may_grant(law: Law, proposal: Proposal) -> GrantVerdict:
    """Whether the permission may be recorded. A yes to something that the law forbids is refused, not stored."""
    requirements = required_consent(law, proposal.classes, proposal.regimes, proposal.recipient_kind, proposal.purpose)
    reasons = [
        *_form(law, proposal),
        *(requirement.reason for requirement in requirements if requirement.is_forbidden),
        *_terms(law, proposal, requirements),
        *_signatures(law, proposal),
    ]
    return GrantVerdict(permitted=not reasons, reasons=tuple(reasons), requirements=requirements)


def elements_of(law: Law, form: str, method: Method, language: str) -> frozenset[str]:
    """What a permission carries, from the version of its form, the language it was read in, and how it was given.

    A form that is unknown, or not approved in that language, carries nothing: nobody can have understood it (C-04).
    """
    if law.lacks_wording(form, language):
        return frozenset()
    by_method: Mapping[Method, frozenset[str]] = {
        Method.SIGNED: frozenset({"written", "signed"}),
        Method.TABLET: frozenset({"written", "signed"}),
        Method.SPOKEN: frozenset(),
    }
    return law.forms[form] | by_method[method]


def _requirement(data_class: DataClass, ruling: Ruling) -> Requirement:
    return Requirement(
        data_class=data_class,
        outcome=ruling.outcome,
        row=ruling.row,
        rows=ruling.rows,
        authorisation=ruling.authorisation,
        reason=ruling.standing.reasons[-1],
    )


def _form(law: Law, proposal: Proposal) -> list[Reason]:
    reasons: list[Reason] = []
    if not proposal.classes:
        reasons.append(because(ReasonCode.NOTHING_NAMED))
    if proposal.signer_may_control:
        reasons.append(because(ReasonCode.SIGNER_MAY_CONTROL))
    if proposal.last_day < proposal.first_day:
        reasons.append(because(ReasonCode.ENDS_BEFORE_START))
    if _days(proposal) > law.reason_above_days and not proposal.reason.strip():
        reasons.append(because(ReasonCode.NEEDS_REASON, days=law.reason_above_days))
    return reasons


def _terms(law: Law, proposal: Proposal, requirements: tuple[Requirement, ...]) -> list[Reason]:
    needed = [one.authorisation for one in requirements if one.is_grantable and one.authorisation is not None]
    if not needed:
        return []
    reasons: list[Reason] = []
    longest = min(authorisation.longest_days for authorisation in needed)
    if _days(proposal) > longest:
        reasons.append(because(ReasonCode.TOO_LONG, days=longest))
    required = frozenset[str]().union(*(authorisation.elements for authorisation in needed))
    if missing := required - proposal.elements - NAMED_BY_EVERY_GRANT:
        reasons.append(lacking(missing, law.elements))
    return reasons


def _signatures(law: Law, proposal: Proposal) -> list[Reason]:
    """What the signatures lack, each thing once."""
    at = proposal.at or datetime.combine(proposal.first_day, time.min, tzinfo=UTC)
    lacked = {
        code: None
        for data_class in sorted(proposal.classes)
        if (
            code := unsigned(
                law,
                age=proposal.age,
                representation=proposal.representation,
                data_class=data_class,
                regimes=proposal.regimes,
                recipient_kind=proposal.recipient_kind,
                purpose=proposal.purpose,
                at=at,
                zone=proposal.zone,
            )
        )
    }
    return [because(code) for code in lacked]


def _days(proposal: Proposal) -> int:
    return (proposal.last_day - proposal.first_day).days
