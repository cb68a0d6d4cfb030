"""What follows a case that ended well, and the cases that open again."""

from .case import Case, days_after
from .delay import DAY, MINUTE
from .treatment import rate

_DAYS = (30, 90, 180, 365)


def follow_up(case: Case) -> None:
    """Contact after 30, 90, 180 and 365 days, until declined or the case opens again."""
    closed_at, manager, chance = case.closes_at, case.team.case_manager, case.chance
    case.closes_at = case.journal.cut
    reopened_at = _reopen(case, closed_at)
    if case.suspected_at is None or "closed_died" in case.known:
        return
    factor = 1.0 if "closed_goals_met" in case.known else case.parameters.retention.aftercare_if_lost
    for number in _DAYS:
        due = days_after(closed_at, number)
        if due >= min(reopened_at, case.journal.cut):
            return
        contact = case.step("aftercare", due - 2 * DAY, manager, factor=factor)
        if contact.at >= reopened_at:
            return
        if contact.is_declined:
            case.add("aftercare.declined", contact.at, manager)
            return
        if contact.is_done:
            case.count("aftercare")
            linked = case.is_linked and chance.happens(0.82)
            state = {"day": number, "safe": chance.happens(0.93), "still_linked": linked}
            case.add("aftercare.contacted", contact.at, manager, state)
            rate(case, contact.at + 6 * MINUTE, "safety")


def _reopen(case: Case, closed_at: int) -> int:
    """When the person came back, or the end of the data."""
    chance, manager, cut = case.chance, case.team.case_manager, case.journal.cut
    if "closed_died" in case.known or not chance.happens(case.parameters.retention.reopened):
        return cut
    at = days_after(closed_at, 12 + chance.exponential(80))
    if at >= cut:
        return cut
    case.count("reopened")
    case.add("case.reopened", at, manager)
    urgent = case.step("needs_urgent", at, manager)
    if urgent.is_done:
        case.add("needs.assessed", urgent.at, manager, {"scope": "urgent", "needs": ["shelter"]})
    elif urgent.is_declined:
        case.add("needs.declined", urgent.at, manager)
    return at
