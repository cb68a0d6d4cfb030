"""Every table of protect: accounts and sessions, permission, emergencies, the audit record. One module a subject."""

from leeward.protect.export_models import Export
from leeward.protect.odd_reading.models import OddReading, OddReadingReview
from leeward.protect.once import Submission
from leeward.protect.outbox.models import Message, Notice, Told

from .accounts import (
    Account,
    AccountDecision,
    AccountManager,
    AccountRequest,
    CodeApp,
    Draft,
    OneTimeCode,
    Passkey,
    PersonalKey,
    Session,
)
from .around import (
    ControllerFlag,
    ControllerFlagLift,
    ControllerFlagLiftDecision,
    KnownPerson,
    Proof,
    Relation,
    Representation,
    RepresentationDecision,
    RepresentationEnd,
)
from .audit import AuditRecord, AuditSeal
from .emergency import MOST_MINUTES, BreakGlass, BreakGlassEnd, BreakGlassReview, BreakGlassText, Verdict
from .law import LawAlone, LawCell, LawForm
from .legal import Hold, PendingErasure, SiteSealed, StatementForm, Suspension
from .permission import (
    ConsentTalk,
    Disclosure,
    Grant,
    Interpreter,
    Restriction,
    RestrictionLift,
    TalkOutcome,
    Understood,
    Withdrawal,
)
from .sight import Barring, BarringLift, Concealment, ConcealmentLift
from .vocabulary import DataClass, Method, Purpose

__all__ = [
    "MOST_MINUTES",
    "Account",
    "AccountDecision",
    "AccountManager",
    "AccountRequest",
    "AuditRecord",
    "AuditSeal",
    "Barring",
    "BarringLift",
    "BreakGlass",
    "BreakGlassEnd",
    "BreakGlassReview",
    "BreakGlassText",
    "CodeApp",
    "Concealment",
    "ConcealmentLift",
    "ConsentTalk",
    "ControllerFlag",
    "ControllerFlagLift",
    "ControllerFlagLiftDecision",
    "DataClass",
    "Disclosure",
    "Draft",
    "Export",
    "Grant",
    "Hold",
    "Interpreter",
    "KnownPerson",
    "LawAlone",
    "LawCell",
    "LawForm",
    "Message",
    "Method",
    "Notice",
    "OddReading",
    "OddReadingReview",
    "OneTimeCode",
    "Passkey",
    "PendingErasure",
    "PersonalKey",
    "Proof",
    "Purpose",
    "Relation",
    "Representation",
    "RepresentationDecision",
    "RepresentationEnd",
    "Restriction",
    "RestrictionLift",
    "Session",
    "SiteSealed",
    "StatementForm",
    "Submission",
    "Suspension",
    "TalkOutcome",
    "Told",
    "Understood",
    "Verdict",
    "Withdrawal",
]
