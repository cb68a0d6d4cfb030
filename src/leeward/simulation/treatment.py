"""Sessions until the course ends or the person stops coming, and the measures taken on the way."""

from dataclasses import dataclass, field
from typing import NamedTuple

from .case import NEVER_ENDS, Case, days_after
from .delay import DAY, MINUTE
from .journal import moment
from .measures import MEASURES, TIES, Course, Sitting, Symptomatology
from .parameters import DAYS_A_MONTH
from .rows import ItemRow, ScoreRow

_ITEM_IDS = tuple(f"q{number}" for number in range(1, 21))
_WEEK = 7
_LONGEST_MONTHS = 14
_LAST_MEASURE_DAYS = 14


class Ending(NamedTuple):
    """Why a case is closed, and when."""

    reason: str
    closes_at: int


@dataclass(slots=True)
class Treated:
    """What treatment leaves behind for the rest of the case."""

    started_at: int | None = None
    baseline_at: int | None = None
    course: Course | None = None
    first: list[Sitting] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    """When the measures were taken again."""
    scores: list[ScoreRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)


def treat(case: Case, symptomatology: Symptomatology) -> Treated:
    """Offer treatment, hold the sessions, take the measures, and set when the case closes."""
    chance, retention = case.chance, case.parameters.retention
    treated = Treated()
    opened = case.person.arrived + 30 * MINUTE if case.suspected_at is None else case.suspected_at
    willing = retention.accepts_otherwise if case.suspected_at is None else retention.accepts_if_suspected
    if not chance.happens(willing[case.era]):
        _end(case, _without_treatment(case, "withdrew" if case.suspected_at else "no_need"))
        return treated
    case.is_accepted = True
    case.count("accepted")
    therapist = case.team.therapist
    first = case.step("session", opened, therapist)
    if not first.is_done:
        if first.is_declined:
            case.add("treatment.declined", first.at, therapist)
        _end(case, _without_treatment(case, "lost_contact"))
        return treated
    case.count("treated")
    treated.started_at = first.at
    _hold_sessions(case, symptomatology, treated, first.at)
    return treated


def _without_treatment(case: Case, reason: str) -> Ending:
    return Ending(reason, days_after(case.latest, 32 + case.chance.exponential(22)))


def _end(case: Case, ending: Ending) -> None:
    if ending.reason == "died":
        case.add("incident.reported", ending.closes_at, case.team.case_manager, {"kind": "death"})
    case.closes_at = max(ending.closes_at, case.latest + DAY)
    case.add("case.closed", case.closes_at, case.team.case_manager, {"reason": ending.reason})
    case.count(f"closed_{ending.reason}")


def _hold_sessions(case: Case, symptomatology: Symptomatology, treated: Treated, first: int) -> None:
    """Weekly sessions; some are missed; the course ends when the planned number has been attended."""
    chance, retention, therapist = case.chance, case.parameters.retention, case.team.therapist
    other_at = first + int(chance.exponential(retention.other_ends_mean_days) * DAY)
    stops_at = _stop(case, symptomatology, treated, first, other_at)
    over_at = min(stops_at, other_at)
    attended, at, last = 0, first, first
    while at <= over_at:
        if attended and chance.happens(retention.missed):
            case.add("session.missed", at, therapist)
        else:
            attended, last = attended + 1, at
            phase = "stabilise" if attended <= 4 else "process" if attended <= 12 else "integrate"
            case.add("session.attended", at, therapist, {"number": attended, "phase": phase})
            if attended == 3:
                rate(case, at, "respect")
        if attended == retention.sessions:
            break
        at = days_after(at, _WEEK + chance.between(-1, 1))
    if attended == retention.sessions:
        case.count("treatment_completed")
        case.add("treatment.completed", last + 50 * MINUTE, therapist)
        rate(case, last + 55 * MINUTE, "usefulness")
        ending = Ending("goals_met", days_after(last, 8 + chance.exponential(8)))
    elif other_at < stops_at:
        ending = Ending(chance.pick(case.odds.other_ends), max(other_at // MINUTE * MINUTE, last + DAY))
    else:
        case.count("dropped_out")
        ending = Ending("lost_contact", days_after(last, 61 + chance.between(0, 14)))
    case.closes_at = min(ending.closes_at, last + _LAST_MEASURE_DAYS * DAY)
    _remeasure(case, symptomatology, treated, last)
    _end(case, ending)


def _stop(case: Case, symptomatology: Symptomatology, treated: Treated, first: int, other_at: int) -> int:
    """When the person would stop coming. The first measures are taken if they fall before; from then on the hazard
    depends on what they showed."""
    retention = case.parameters.retention
    shape = retention.dropout_shape
    hazard = retention.uninsured_hazard_ratio if case.person.payer == "uninsured" else 1.0
    scale = DAY * retention.dropout_scale_days[case.era] * hazard ** (-1 / shape)
    endured = case.chance.exponential(1.0)
    stops_at = first + int(scale * endured ** (1 / shape))
    case.closes_at = min(stops_at, other_at)
    _take_first(case, symptomatology, treated, first)
    case.closes_at = NEVER_ENDS
    if treated.baseline_at is None:
        return stops_at
    by_then = ((treated.baseline_at - first) / scale) ** shape
    severity = (treated.first[0].total - case.parameters.symptoms.pcl5.mean) / 10
    rest = max(endured - by_then, 0.0) / retention.severity_hazard_ratio**severity
    return first + int(scale * (by_then + rest) ** (1 / shape))


def rate(case: Case, at: int, about: str) -> None:
    if case.chance.happens(case.parameters.retention.rated):
        case.add(
            "rating.given",
            at,
            case.team.case_manager,
            {"score": case.chance.pick(case.odds.ratings[case.era]), "about": about},
        )


def _take_first(case: Case, symptomatology: Symptomatology, treated: Treated, first: int) -> None:
    chance, therapist = case.chance, case.team.therapist
    baseline = case.step("baseline", first, therapist)
    if baseline.is_declined:
        _decline(case, baseline.at)
    if not baseline.is_done:
        return
    case.count("measured")
    treated.baseline_at = baseline.at
    treated.course = symptomatology.course(chance)
    for place in range(len(MEASURES)):
        sitting = _sit(case, symptomatology, treated.course, place, [0.0])[0]
        treated.first.append(sitting)
        _write(case, treated, sitting, baseline.at + place * 4 * MINUTE, 0)


def _remeasure(case: Case, symptomatology: Symptomatology, treated: Treated, last: int) -> None:
    """Every few weeks until the last session, as far as the step is done."""
    if treated.baseline_at is None or treated.course is None:
        return
    period, therapist = case.parameters.symptoms.remeasure_days[case.era], case.team.therapist
    taken: list[int] = []
    due = days_after(treated.baseline_at, period)
    while due <= last + 10 * DAY and due < treated.baseline_at + _LONGEST_MONTHS * 30 * DAY:
        again = case.step("measures", due - 2 * DAY, therapist)
        if again.is_declined:
            _decline(case, again.at)
        if again.is_done:
            taken.append(again.at)
            due = again.at
        due = days_after(due, period)
    if not taken:
        return
    case.count("measured_again")
    treated.again = taken
    months = [(at - treated.baseline_at) / DAY / DAYS_A_MONTH for at in taken]
    for place in range(len(MEASURES)):
        sittings = _sit(case, symptomatology, treated.course, place, months)
        for occasion, (at, sitting) in enumerate(zip(taken, sittings, strict=True), start=1):
            _write(case, treated, sitting, at + place * 4 * MINUTE, occasion)


def ask_about_ties(case: Case, symptomatology: Symptomatology, treated: Treated) -> None:
    """The measure of ties on the occasions of the others, of whom there is reason to suspect; they can say no.

    It is drawn after the rest of the person's life, so that nothing else depends on whether it is asked.
    """
    if treated.baseline_at is None or treated.course is None or case.suspected_at is None:
        return
    chance, begun = case.chance, max(treated.baseline_at, case.suspected_at)
    course = symptomatology.with_ties(treated.course, chance)
    occasion, place = 0, len(MEASURES)
    for at in (treated.baseline_at, *treated.again):
        if at < begun:
            continue
        if chance.happens(case.parameters.symptoms.ties_declined):
            case.add("measure.declined", at + place * 4 * MINUTE, case.team.therapist, {"instrument": TIES.instrument})
            if not occasion:
                return
            continue
        months = (at - treated.baseline_at) / DAY / DAYS_A_MONTH
        _write(case, treated, _sit(case, symptomatology, course, place, [months])[0], at + place * 4 * MINUTE, occasion)
        occasion += 1


def _decline(case: Case, at: int) -> None:
    for measure in MEASURES:
        case.add("measure.declined", at, case.team.therapist, {"instrument": measure.instrument})


def _sit(case: Case, symptomatology: Symptomatology, course: Course, place: int, months: list[float]) -> list[Sitting]:
    return symptomatology.sittings(
        place, course, era=case.era, experienced=case.person.experienced, months=months, chance=case.chance
    )


def _write(case: Case, treated: Treated, sitting: Sitting, at: int, occasion: int) -> None:
    measure, total = sitting.measure, sitting.total
    data = {
        "instrument": measure.instrument,
        "version": measure.version,
        "total": total,
        "band": measure.band(total),
        "alert": sitting.alert_level > 0,
        "prorated": sitting.is_prorated,
    }
    entry = case.add("measure.completed", at, case.team.therapist, data)
    if entry is None or at >= case.journal.cut:
        return
    if sitting.alert_level:
        case.count("alerted")
        case.alerts.append((at, sitting.alert_level))
    if case.chance.happens(case.parameters.recording.corrected):
        wrong = total - 10 if total >= 10 else total + 10
        case.journal.correct(entry, {**data, "total": wrong, "band": measure.band(wrong)})
    taken_at = moment(at)
    treated.scores.append(
        ScoreRow(
            case.person.code,
            measure.instrument,
            taken_at,
            total,
            measure.band(total) or "",
            sitting.is_prorated,
            occasion,
        )
    )
    treated.items.extend(
        ItemRow(case.person.code, measure.instrument, taken_at, item, answer)
        for item, answer in zip(_ITEM_IDS, sitting.answers, strict=False)
    )
