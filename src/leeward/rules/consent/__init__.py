"""Consent as a rule: what the law asks, what the person granted, and the decision that follows."""

from .book import GrantBook
from .by_regime import OutcomeUnderRegime, outcomes_by_regime
from .decide import decide
from .granting import (
    GrantVerdict,
    Method,
    Proposal,
    Requirement,
    elements_of,
    may_grant,
    required_consent,
)
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
    Ruling,
    Status,
)
from .parse import MET_BY_A_NOTICE, parse_law
from .ruling import rule

__all__ = [
    "MET_BY_A_NOTICE",
    "NAMED_BY_EVERY_GRANT",
    "Authorisation",
    "DataClass",
    "Decision",
    "Grant",
    "GrantBook",
    "GrantVerdict",
    "Grants",
    "Law",
    "Method",
    "Obligation",
    "Outcome",
    "OutcomeUnderRegime",
    "Proposal",
    "Purpose",
    "Reason",
    "ReasonCode",
    "RecipientKind",
    "Regime",
    "Request",
    "Requirement",
    "Restriction",
    "Row",
    "Ruling",
    "Status",
    "decide",
    "elements_of",
    "may_grant",
    "outcomes_by_regime",
    "parse_law",
    "required_consent",
    "rule",
]
