"""From the first indicator to a result: notice, speak in private, explain, educate, screen, verify."""

from .case import Case, days_after
from .delay import HOUR, MINUTE
from .staffing import Member

_SIGNS = (
    "speaks_for",
    "no_private_talk",
    "watched_closely",
    "rehearsed_story",
    "no_address",
    "lives_at_work",
    "driven_everywhere",
    "moved_often",
    "long_hours",
    "unsafe_work",
    "untreated_injury",
    "marks_or_brand",
    "fear_and_startle",
    "papers_held",
    "phone_controlled",
    "status_worry",
    "no_money_of_own",
    "growing_debt",
    "unstable_home",
)
_YOUTH_SIGNS = ("older_partner", "runs_away", "unexplained_gifts")
_DISCLOSURES = ("says_forced_work", "says_forced_sex", "says_not_free")
_NEW_INDICATOR = 0.06
_SAME_VISIT = 12 * HOUR
_MODES = ("interview", "interview", "interview", "self", "read_aloud")


def register(case: Case) -> None:
    """The first visit: the person is registered, and information is offered to everyone."""
    person, screener = case.person, case.team.screener
    registered = case.add(
        "client.registered",
        person.arrived,
        screener,
        {
            "age_at_contact": person.age,
            "is_minor": person.is_minor,
            "language": person.language,
            "county": person.county,
            "source": person.source,
        },
    )
    case.count("registered")
    if person.experienced:
        case.count("experienced")
    _educate(case, "education", person.arrived)
    if registered and case.chance.happens(case.parameters.recording.corrected):
        others = tuple(county for county in case.parameters.people.counties if county != person.county)
        case.journal.correct(registered, {**registered.data, "county": case.chance.one_of(others)})


def identify(case: Case) -> None:
    """The first round: an indicator is noticed or not, and what follows from it."""
    chance, screening = case.chance, case.parameters.screening
    noticed = screening.noticed_if_experienced if case.person.experienced else screening.noticed_if_not
    if chance.happens(noticed[case.era]):
        at = chance.after(case.person.arrived, case.parameters.asking.indicator_delay)
        case.count("noticed")
        _notice(case, at)
        _talk(case, at, is_first=True)


def look_again(case: Case) -> None:
    """Later in the case: the repeat of a screening that found nothing, and sometimes a new indicator."""
    chance = case.chance
    if case.to_screen_again is not None:
        _screen_again(case, case.to_screen_again)
    if chance.happens(_NEW_INDICATOR):
        at = days_after(case.person.arrived, 20 + chance.exponential(110))
        if at < case.closes_at:
            _notice(case, at)
            _talk(case, at, is_first=False)


def _notice(case: Case, at: int) -> None:
    chance, screening, experienced = case.chance, case.parameters.screening, case.person.experienced
    signs = _SIGNS + (_YOUTH_SIGNS if case.person.is_minor else ())
    number = min(1 + chance.poisson(1.9 if experienced else 0.5), 7)
    indicators = chance.some_of(signs, number)
    if experienced and chance.happens(0.12):
        indicators.append(chance.one_of(_DISCLOSURES))
    suspected = chance.happens(screening.suspected_if_experienced if experienced else screening.suspected_if_not)
    suspected = suspected or indicators[-1] in _DISCLOSURES
    danger = suspected and chance.happens(screening.danger_if_experienced if experienced else screening.danger_if_not)
    case.add(
        "indicator.observed",
        at,
        case.team.screener,
        {"indicators": indicators, "count": len(indicators), "suspected": suspected, "danger_now": danger},
    )
    if suspected:
        case.count("suspected")
        case.suspicions.append(at)
    if danger:
        case.count("in_danger")
        case.alarms.append(at)


def _talk(case: Case, noticed_at: int, *, is_first: bool) -> None:
    person, chance, asking = case.person, case.chance, case.parameters.asking
    clinician = case.team.clinician
    drawn, at = chance.uniform(), chance.after(noticed_at, asking.delay[case.era])
    held = asking.probability(person.months)
    if held <= drawn < held + asking.declined:
        case.add("conversation.declined", at, clinician)
    if drawn >= held:
        return
    _speak_alone(case, at)
    if is_first:
        case.count("asked")
    explained = case.step("confidentiality", at, clinician)
    if not explained.is_done:
        return
    case.add("confidentiality.explained", explained.at, clinician, {"language": person.language})
    factor = case.parameters.screening.other_language_factor[case.era] if person.language != "en" else 1.0
    screened = case.step("screening", explained.at, case.team.screener, factor=factor)
    if is_first and not screened.is_done:
        case.count("screening_declined" if screened.is_declined else "not_screened_after_talk")
    if screened.is_declined:
        case.add("screening.declined", screened.at, case.screener(screened.at))
        _educate(case, "education_after_screening", screened.at)
    if screened.is_done:
        _screen(case, screened.at, at, is_first=is_first)


def _speak_alone(case: Case, at: int) -> None:
    language, chance = case.person.language, case.chance
    interpreter = "none" if language == "en" else "professional" if chance.happens(0.6) else "phone"
    data = {"companion": chance.happens(0.31), "interpreter": interpreter, "language": language}
    case.add("conversation.private", at, case.team.clinician, data)


def _prepare(case: Case, at: int) -> None:
    """On another day than the first talk, privacy and its limits come anew before any question."""
    begun = at - case.chance.between(5, 20) * MINUTE
    _speak_alone(case, begun)
    case.add("confidentiality.explained", begun + 2 * MINUTE, case.team.clinician, {"language": case.person.language})


def _educate(case: Case, step: str, opened: int) -> None:
    clinician = case.team.clinician
    offered = case.step(step, opened, clinician)
    if offered.is_done:
        case.add("education.offered", offered.at, clinician, {"language": case.person.language})
    elif offered.is_declined:
        case.add("education.declined", offered.at, clinician)


def _screen(case: Case, at: int, spoken_at: int, *, is_first: bool) -> None:
    if at > spoken_at + _SAME_VISIT:
        _prepare(case, at)
    result = _conversation(case, at, case.screener(at))
    if is_first:
        case.count("screened")
        status = "experienced" if case.person.experienced else "not_experienced"
        case.count(f"first_{result}_{status}")
    step = "full_assessment_positive" if result == "positive" else "full_assessment_negative"
    verified = case.step(step, at, case.team.clinician)
    if verified.is_done:
        _verify(case, verified.at)
    if result != "positive" and is_first:
        case.to_screen_again = at


def _conversation(case: Case, at: int, screener: Member) -> str:
    """One screening conversation and its result, right as often as the declared accuracy says."""
    chance, screening = case.chance, case.parameters.screening
    if chance.happens(screening.inconclusive):
        result, declined = "inconclusive", chance.between(3, 6)
    else:
        declined = min(chance.poisson(0.4), 2)
        says_positive = screening.sensitivity if case.person.experienced else 1 - screening.specificity
        result = "positive" if chance.happens(says_positive) else "negative"
    data = {
        "tool": screening.tool,
        "version": screening.version,
        "result": result,
        "mode": chance.one_of(_MODES),
        "language": case.person.language,
        "answered": screening.questions - declined,
        "declined": declined,
    }
    entry = case.add("screening.completed", at, screener, data)
    if entry and chance.happens(case.parameters.recording.corrected):
        wrong = "negative" if result != "negative" else "inconclusive"
        case.journal.correct(entry, {**data, "result": wrong})
    if result == "positive":
        case.find_positive(at)
    else:
        _educate(case, "education_after_screening", at)
    return result


def _verify(case: Case, at: int) -> None:
    """The long assessment, which is always right, as in a study with a reference standard."""
    result = "positive" if case.person.experienced else "negative"
    case.count(f"verified_{result}")
    _prepare(case, at)
    case.add(
        "screening.completed",
        at,
        case.screener(at, case.team.clinician),
        {
            "tool": case.parameters.screening.reference_tool,
            "version": "1",
            "result": result,
            "mode": "interview",
            "language": case.person.language,
            "answered": 30,
            "declined": 0,
        },
    )
    if result == "positive":
        case.find_positive(at)
    else:
        _educate(case, "education_after_screening", at)


def _screen_again(case: Case, screened_at: int) -> None:
    """The repeat after 90 days that a negative or inconclusive result asks for."""
    screener = case.screener(days_after(screened_at, 90))
    again = case.step("rescreening", days_after(screened_at, 90), screener)
    if again.is_declined:
        case.add("screening.declined", again.at, screener)
        _educate(case, "education_after_screening", again.at)
    elif again.is_done:
        _prepare(case, again.at)
        _conversation(case, again.at, screener)
