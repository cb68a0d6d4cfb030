"""Consent for each partner, referrals under it, their replies, withdrawals, and contact with the police."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .case import Case, days_after
from .delay import DAY, MINUTE, Delay
from .ids import uuid7
from .journal import day, moment
from .parameters import Partner
from .rows import GrantRow, ReferralRow
from .staffing import SERVICES

#: Referrals go out under permissions to arrange help together, whoever gets them.
_PURPOSE = "coordination"
_ALWAYS = ("existence", "contact", "referral")
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "hospital": ("identity", "clinical"),
    "shelter": ("identity",),
    "legal_aid": ("identity", "case"),
    "social_services": ("identity",),
    "law_enforcement": ("identity", "case"),
}
_MOST_PARTNERS = 4
_GIVE_UP_DAYS = 12
_REASONS = ("full", "not_eligible", "no_interpreter", "too_far", "no_transport")


@dataclass(slots=True)
class Permission:
    """One grant while it may still change."""

    kind: str
    recipient: str
    classes: tuple[str, ...]
    since: int
    last_day: int
    id: str
    withdrawn_at: int | None = None

    @property
    def ends_at(self) -> int:
        """The first second at which it no longer holds."""
        return self.withdrawn_at if self.withdrawn_at is not None else (self.last_day // DAY + 1) * DAY


@dataclass(slots=True)
class Coordinated:
    """What coordination leaves behind in tables of its own."""

    grants: list[GrantRow] = field(default_factory=list)
    referrals: list[ReferralRow] = field(default_factory=list)


def coordinate(case: Case, needs_at: int | None) -> Coordinated:
    """Talk about consent, send what was agreed to, hear back, close."""
    coordinated = Coordinated()
    opened = min((at for at in (needs_at, *case.positives) if at is not None), default=None)
    if opened is not None:
        _talk(case, coordinated, opened, needs_at)
    if case.positives and not case.person.is_minor:
        _police(case, min(case.positives), [row.valid_from for row in coordinated.grants])
    return coordinated


def _talk(case: Case, coordinated: Coordinated, opened: int, needs_at: int | None) -> None:
    manager, language = case.team.case_manager, {"language": case.person.language}
    talk = case.step("consent", opened, manager)
    if talk.is_declined:
        case.add("consent.declined", talk.at, manager, {"recipient": _agency(case, _partners(case)[0])})
    if not talk.is_done:
        return
    case.add("consent.discussed", talk.at, manager, language)
    if case.chance.happens(case.parameters.retention.research_declined):
        case.add("research.declined", talk.at + 2 * MINUTE, manager)
    permissions = [
        permission
        for place, kind in enumerate(_partners(case), start=1)
        if (permission := _ask(case, coordinated, kind, case.allowed(talk.at + 4 * place * MINUTE))) is not None
    ]
    ended = []
    for permission in permissions:
        if case.chance.happens(case.parameters.partners.sent_if_granted[case.era]):
            from_at = permission.since if needs_at is None else max(permission.since, needs_at)
            delay = Delay(same_visit=0.35, minutes=30, days=case.parameters.partners.send_days[case.era])
            failed_at = _refer(case, coordinated, permission, case.chance.after(from_at, delay))
            if failed_at is not None:
                ended.append(failed_at)
    if ended:
        _try_next(case, coordinated, permissions, min(ended))


def _try_next(case: Case, coordinated: Coordinated, permissions: list[Permission], opened: int) -> None:
    """After a refusal, another referral under a permission that still holds."""
    following = case.step("next_referral", opened, case.team.case_manager)
    if following.is_declined:
        case.add("needs.declined", following.at, case.team.case_manager)
    elif following.is_done:
        holding = [one for one in permissions if one.since < following.at < one.ends_at]
        if holding:
            _refer(case, coordinated, case.chance.one_of(tuple(holding)), following.at)


def _partners(case: Case) -> list[str]:
    """The kinds of partner whose help the person needs, the most pressing first."""
    chance = case.chance
    wanted = min(1 + chance.poisson(case.parameters.partners.needs_mean), _MOST_PARTNERS)
    kinds: list[str] = []
    while len(kinds) < wanted:
        kind = chance.pick(case.odds.partners)
        if kind not in kinds:
            kinds.append(kind)
    return kinds


def _agency(case: Case, kind: str) -> str:
    return case.staffing.agency_of_kind[kind]


def _ask(case: Case, coordinated: Coordinated, kind: str, at: int) -> Permission | None:
    """Whether this partner may know: the permission, if it was given."""
    chance, partners, manager = case.chance, case.parameters.partners, case.team.case_manager
    case.count(f"asked_consent_{kind}")
    if not chance.happens(partners.by_kind[kind].granted):
        case.add("consent.declined", at, manager, {"recipient": _agency(case, kind)})
        return None
    case.count(f"granted_{kind}")
    permission = _grant(case, kind, at)
    if permission is None:
        return None
    granted = [permission]
    if permission.withdrawn_at is None and chance.happens(partners.consent_renewed):
        again = _grant(case, kind, case.allowed(permission.last_day - 2 * DAY))
        granted += [again] if again else []
    coordinated.grants.extend(_grant_row(case, one) for one in granted if one.since < case.journal.cut)
    return permission


def _grant(case: Case, kind: str, at: int) -> Permission | None:
    """Consent given to one recipient, and perhaps taken back; None if the case ended before."""
    chance, partners, manager = case.chance, case.parameters.partners, case.team.case_manager
    classes = (*_ALWAYS, *(name for name in _OPTIONAL[kind] if chance.happens(0.8)))
    days = partners.police_consent_days if kind == "law_enforcement" else partners.consent_days
    last_day = days_after(at, chance.one_of(days))
    permission = Permission(kind, _agency(case, kind), classes, at, last_day, _id(case, at))
    entry = case.add(
        "consent.granted",
        at,
        manager,
        {
            "recipient": permission.recipient,
            "classes": list(classes),
            "purpose": _PURPOSE,
            "until": day(last_day).isoformat(),
        },
    )
    if entry is None:
        return None
    taken_back = at + int(chance.exponential(partners.withdrawal_mean_days) * 24 * 60) * MINUTE
    if taken_back < min(permission.ends_at, case.closes_at):
        permission.withdrawn_at = taken_back
        case.count("withdrew_consent")
        case.add("consent.withdrawn", taken_back, manager, {"recipient": permission.recipient})
    return permission


def _refer(case: Case, coordinated: Coordinated, permission: Permission, at: int) -> int | None:
    """One referral from sending to its end, as the record shows it at the data cut; when it failed, if it did."""
    chance, partners, manager, cut = case.chance, case.parameters.partners, case.team.case_manager, case.journal.cut
    if at >= permission.ends_at:
        return None
    partner = partners.by_kind[permission.kind]
    referral, service = _id(case, at), chance.one_of(SERVICES[permission.kind])
    urgency = "urgent" if chance.happens(partners.urgent) else "other"
    sent = {"to": permission.recipient, "service": service, "urgency": urgency}
    if case.add("referral.sent", at, manager, sent, referral) is None:
        return None
    case.count("referred")
    course = _Course(case, referral, permission)
    _answer(course, partner, at)
    if at < cut:
        coordinated.referrals.append(
            ReferralRow(
                referral,
                case.person.code,
                permission.recipient,
                service,
                urgency,
                moment(at),
                None if course.replied_at is None else moment(course.replied_at),
                course.status,
                course.outcome,
            )
        )
    return course.failed_at


@dataclass(slots=True)
class _Course:
    """Where a referral stands, as far as the data show."""

    case: Case
    subject: str
    permission: Permission
    status: str = "sent"
    replied_at: int | None = None
    outcome: str | None = None
    has_ended: bool = False
    failed_at: int | None = None

    def note(self, kind: str, at: int, by_partner: bool, data: Mapping[str, object] | None = None) -> bool:
        """Write a step of the referral down; it ends at once when consent is withdrawn. False if it went no further."""
        case, withdrawn = self.case, self.permission.withdrawn_at
        if self.has_ended:
            return False
        if withdrawn is not None and at >= withdrawn:
            if case.add("referral.withdrawn", withdrawn + 5 * MINUTE, case.team.case_manager, None, self.subject):
                self._show("withdrawn", withdrawn + 5 * MINUTE)
            self.has_ended = True
            return False
        partner = case.staffing.at[self.permission.recipient, "partner"]
        actor = case.chance.one_of(partner) if by_partner else case.team.case_manager
        if case.add(f"referral.{kind}", at, actor, data, self.subject) is None:
            return False
        self._show(kind, at)
        if kind == "declined" or (kind == "closed" and data and data["outcome"] == "not_linked"):
            self.failed_at = at if self.failed_at is None else self.failed_at
        self.has_ended = kind == "closed"
        return True

    def _show(self, status: str, at: int) -> None:
        if at < self.case.journal.cut:
            self.status = status
            if self.replied_at is None and status in ("accepted", "waitlisted", "declined"):
                self.replied_at = at

    def close(self, linked: bool, at: int, by_partner: bool) -> None:
        outcome = "linked" if linked else "not_linked"
        if self.note("closed", at, by_partner, {"outcome": outcome}):
            if linked:
                self.case.is_linked = True
                self.case.count("linked")
            if at < self.case.journal.cut:
                self.outcome = outcome


def _answer(course: _Course, partner: Partner, sent_at: int) -> None:
    case, chance, partners = course.case, course.case.chance, course.case.parameters.partners
    slower = 1.0 if case.era else partners.reply_factor_before
    linked = partner.linked * (1.0 if case.era else partners.linked_factor_before)
    at = chance.after(sent_at, Delay(same_visit=0.3, minutes=120, days=partner.reply_days * slower))
    drawn = chance.uniform()
    if drawn < partner.accepted:
        answer = "accepted"
    elif drawn < partner.accepted + partner.waitlisted:
        answer = "waitlisted"
    elif drawn < partner.accepted + partner.waitlisted + partner.declined:
        answer = "declined"
    else:
        answer = "no_reply"
    case.count(f"referral_{answer}")
    if answer == "no_reply":
        if chance.happens(0.7):
            course.close(False, days_after(sent_at, _GIVE_UP_DAYS + chance.exponential(4)), by_partner=False)
        elif course.permission.withdrawn_at is not None:
            course.close(False, course.permission.withdrawn_at, by_partner=False)
        return
    if not course.note(answer, at, True, {"reason": chance.one_of(_REASONS)} if answer == "declined" else None):
        return
    if answer == "waitlisted":
        if not chance.happens(0.5):
            course.close(False, days_after(at, 25 + chance.exponential(15)), by_partner=False)
            return
        at = days_after(at, 8 + chance.exponential(12))
        if not course.note("accepted", at, True):
            return
    close_at = chance.after(at, Delay(days=partner.close_days * slower))
    if answer == "declined":
        course.close(False, days_after(at, 1 + chance.between(0, 4)), by_partner=False)
    elif chance.happens(0.93):
        course.close(chance.happens(linked), close_at, by_partner=chance.happens(0.4))


def _police(case: Case, opened: int, granted_at: list[datetime]) -> None:
    """The person's own choice whether the police hear of it; without any permission to share, it counts as no."""
    choice, manager = case.step("law_enforcement", opened, case.team.case_manager), case.team.case_manager
    if choice.is_done and any(at <= moment(choice.at) for at in granted_at):
        case.add("law_enforcement.contacted", choice.at, manager, {"basis": "consent"})
    elif choice.is_done or choice.is_declined:
        case.add("law_enforcement.declined", choice.at, manager)


def _grant_row(case: Case, permission: Permission) -> GrantRow:
    withdrawn = permission.withdrawn_at
    return GrantRow(
        permission.id,
        case.person.code,
        permission.recipient,
        permission.classes,
        _PURPOSE,
        moment(permission.since),
        day(permission.last_day),
        None if withdrawn is None or withdrawn >= case.journal.cut else moment(withdrawn),
    )


def _id(case: Case, at: int) -> str:
    return uuid7(at, 0xFFF, case.chance.bits())
