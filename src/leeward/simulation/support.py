"""What suspicion and need set in motion: safety, the report a law asks for, needs, plans, conferences, incidents."""

from .case import Case, days_after
from .delay import DAY, HOUR, MINUTE
from .treatment import Treated

_RISK_BY_ANSWER = (("none", "low"), ("low", "low", "moderate"), ("moderate", "moderate", "high"), ("moderate", "high"))
_URGENT_NEEDS = ("food_clothing", "shelter", "medical", "transport")
_NEEDS = (
    "child_care", "id_documents", "transitional_housing", "immigration_legal", "financial", "civil_legal", "medical",
    "transport",
)  # fmt: skip
_PLAN_REVIEW_DAYS = 30
_NOT_REQUIRED = ("reported_by_other_duty_holder", "already_known_to_child_protection")
_ALARMING = ("retrafficking", "retaliation", "police_contact")
_NOT_FOR_THE_TEAM = ("complaint", "police_contact")


def suffer_incidents(case: Case) -> None:
    """Harms while the case is open, each to be reviewed."""
    chance, harm, officer = case.chance, case.parameters.harm, case.staffing.leaders["privacy_officer"]
    until = min(case.closes_at, case.journal.cut)
    yearly = harm.yearly_if_experienced if case.person.experienced else harm.yearly_otherwise
    for _ in range(chance.poisson(yearly * max(until - case.person.arrived, 0) / (365 * DAY))):
        at = case.person.arrived + int(chance.uniform() * (until - case.person.arrived) / MINUTE + 1) * MINUTE
        kind = chance.pick(case.odds.incidents)
        if case.add("incident.reported", at, case.team.case_manager, {"kind": kind}) is None:
            continue
        case.count("incident")
        if kind in _ALARMING:
            case.alarms.append(at)
        if kind == "attempt":
            case.alerts.append((at, 3))
        review = case.step("incident_review", at, officer)
        if review.is_done:
            case.add("incident.reviewed", review.at, officer)
        if kind not in _NOT_FOR_THE_TEAM:
            _confer(case, "conference_after_event", at)


def keep_safe(case: Case) -> None:
    """Look at safety after each alarm, report about a child, make a safety plan."""
    chance, clinician = case.chance, case.team.clinician
    plan_asked = case.positives[:1]
    for at in sorted(case.alarms):
        assessed = case.must("safety", at, clinician, before_closing=2 * HOUR)
        if not assessed.is_done:
            continue
        likely = (0.40, 0.85) if case.person.experienced else (0.72, 0.97)
        drawn = chance.uniform()
        danger = "none" if drawn < likely[0] else "possible" if drawn < likely[1] else "immediate"
        case.add("safety.assessed", assessed.at, clinician, {"danger": danger})
        if danger == "possible":
            plan_asked.append(assessed.at)
        if danger == "immediate":
            case.count("immediate_danger")
            _plan_safety(case, "safety_plan_today", assessed.at)
        if chance.happens(0.6):
            level = "none" if chance.happens(0.75) else "low"
            case.add("suicide_risk.assessed", assessed.at + 6 * MINUTE, clinician, {"level": level})
    if plan_asked:
        _plan_safety(case, "safety_plan", min(plan_asked))
    if case.person.is_minor:
        _report(case)


def _plan_safety(case: Case, step: str, opened: int) -> None:
    """A plan that is wanted now; the plans are numbered when all of them are known."""
    actor = case.team.case_manager if step == "safety_plan" else case.team.clinician
    plan = case.step(step, opened, actor)
    if plan.is_declined:
        case.add("safety_plan.declined", plan.at, actor)
    elif plan.is_done:
        case.safety_plans.append((plan.at, actor))


def _report(case: Case) -> None:
    """The duty opens with each suspicion until a report was made; what was forgotten is caught where the case waits."""
    chance, clinician, settled_at = case.chance, case.team.clinician, 0
    for opened in sorted(case.suspicions):
        if opened <= settled_at:
            continue
        made = case.step("report", opened, clinician)
        at = made.at
        if not made.is_done:
            if not case.era:
                return
            case.count("caught_report")
            at = min(days_after(opened, 2 + chance.exponential(5)), max(case.closes_at - 3 * HOUR, opened + MINUTE))
        settled_at = at
        case.held.append((opened, at))
        if chance.happens(0.05):
            reason = {"reason": chance.one_of(_NOT_REQUIRED)}
            case.add("report.not_required", at, clinician, reason)
            continue
        case.count("reported")
        reference = f"SYN-{chance.between(0, 9_999_999):07d}"
        case.add("report.made", at, clinician, {"to": "child_protection_services", "reference": reference})
        if chance.happens(0.5):
            told_at = at + chance.between(10, 170) * MINUTE
            case.add("law_enforcement.contacted", told_at, clinician, {"basis": "duty"})
        return


def answer_alerts(case: Case) -> None:
    """After an answer that may mean danger to oneself, the risk is assessed and planned for, at the latest before the
    case is closed."""
    chance, clinician, assessed_at = case.chance, case.team.clinician, 0
    for at, answer in sorted(case.alerts):
        if at <= assessed_at:
            continue
        assessed = case.must("suicide_risk", at, clinician, before_closing=90 * MINUTE)
        if not assessed.is_done:
            continue
        assessed_at, level = assessed.at, chance.one_of(_RISK_BY_ANSWER[answer])
        case.add("suicide_risk.assessed", assessed.at, clinician, {"level": level})
        if level in ("moderate", "high"):
            planned = case.must("crisis_plan", assessed.at, clinician, before_closing=HOUR)
            if planned.is_declined:
                case.add("safety_plan.declined", planned.at, clinician)
            elif planned.is_done:
                case.safety_plans.append((planned.at, clinician))


def number_safety_plans(case: Case) -> None:
    """Write down the safety plans as versions in the order in which they were made."""
    if case.safety_plans:
        case.count("safety_plan")
    for version, (at, actor) in enumerate(sorted(case.safety_plans, key=lambda plan: plan[0]), start=1):
        copy = "system_only" if case.chance.happens(0.45) else "printed"
        case.add("safety_plan.saved", at, actor, {"version": version, "copy": copy})


def find_needs(case: Case) -> int | None:
    """Urgent needs, then all of them. Returns when needs were first known."""
    if case.suspected_at is None and not case.is_accepted:
        return None
    opened = case.person.arrived + HOUR if case.suspected_at is None else case.suspected_at
    urgent = _assess(case, "needs_urgent", "urgent", opened)
    positive = min(case.positives, default=None)
    full = None
    if urgent is not None or positive is not None:
        full = _assess(case, "needs_full", "full", positive if urgent is None or positive is not None else urgent)
    return min((at for at in (urgent, full) if at is not None), default=None)


def _assess(case: Case, step: str, scope: str, opened: int | None) -> int | None:
    """One assessment of needs; when it was done, if it was."""
    if opened is None:
        return None
    chance, manager = case.chance, case.team.case_manager
    outcome = case.step(step, opened, manager)
    if outcome.is_declined:
        case.add("needs.declined", outcome.at, manager)
    if not outcome.is_done:
        return None
    case.count("needs_known")
    needs, most = (_URGENT_NEEDS, 2) if scope == "urgent" else (_NEEDS, 4)
    found = chance.some_of(needs, chance.between(1, most))
    data = {"scope": scope, "needs": found}
    entry = case.add("needs.assessed", outcome.at, manager, data)
    if entry and chance.happens(case.parameters.recording.corrected):
        case.journal.correct(entry, {**data, "needs": found[1:]})
    return outcome.at


def plan_care(case: Case, treated: Treated) -> None:
    """A plan agreed with the person and reviewed every 30 days, and a monthly case conference."""
    if treated.started_at is not None:
        _agree(case, treated.started_at)
    if not case.positives:
        return
    opened = min(case.positives)
    while opened < min(case.closes_at, case.journal.cut):
        reviewed = _confer(case, "conference", opened)
        if reviewed is None:
            return
        opened = reviewed


def _agree(case: Case, opened: int) -> None:
    manager, chance = case.team.case_manager, case.chance
    agreed = case.step("plan", opened, manager)
    if agreed.is_declined:
        case.add("plan.declined", agreed.at, manager)
    if not agreed.is_done:
        return
    case.count("planned")
    at = case.allowed(agreed.at)
    case.add("plan.agreed", at, manager, {"goals": 1 + min(chance.poisson(1.6), 5)})
    due = days_after(at, _PLAN_REVIEW_DAYS)
    while due < min(case.closes_at, case.journal.cut):
        review = case.step("plan_review", due - 4 * DAY, manager)
        if review.is_done:
            case.add("plan.reviewed", review.at, manager)
            due = review.at
        due = days_after(due, _PLAN_REVIEW_DAYS)


def _confer(case: Case, step: str, opened: int) -> int | None:
    """One conference; when it was held or declined, if it was."""
    director = case.staffing.leaders["program_director"]
    held = case.step(step, opened, director)
    if held.is_declined:
        case.add("conference.declined", held.at, director)
    elif held.is_done:
        case.add("conference.held", held.at, director, {"members": case.chance.between(3, 7)})
    return held.at if held.is_done or held.is_declined else None
