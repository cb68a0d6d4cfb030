"""Who is trained for what, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from leeward import catalogue
from leeward.people.models import Completion, Staff
from leeward.protect.competence import completions_of
from leeward.rules.competence import Action, Course, Verdict, lapse_days, may
from leeward.rules.competence import Completion as Completed


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A course of one person: until when it holds, None if it was never done."""

    course: Course
    lapses_on: date | None
    current: bool
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a person may do, or what would open it."""

    action: Action
    verdict: Verdict


def courses_of(completions: list[Completed], today: date) -> list[Held]:
    """Every course of the centre, as it stands for somebody with these completions."""
    definition = catalogue.competence()
    ends = lapse_days(definition, completions, today)
    return [
        Held(
            course=course,
            lapses_on=ends.get(code),
            current=code in ends and ends[code] > today,
            soon=code in ends and 0 < (ends[code] - today).days <= definition.remind_days,
        )
        for code, course in definition.courses.items()
    ]


def actions_of(staff: Staff, today: date) -> list[Opened]:
    """Every action of the person's role, open or closed, with the reason."""
    definition = catalogue.competence()
    completions = completions_of(staff)
    return [
        Opened(action=action, verdict=may(definition, completions, staff.role, code, today))
        for code, action in definition.actions.items()
        if staff.role in action.roles
    ]


def status_of(colleagues: Sequence[Staff], today: date) -> list[tuple[Staff, list[Held]]]:
    """Each colleague with every course, from one query."""
    rows = Completion.objects.filter(staff__in=colleagues).values_list("staff_id", "course", "completed_on")
    by_person: dict[object, list[Completed]] = {}
    for staff_id, course, day in rows:
        by_person.setdefault(staff_id, []).append(Completed(course, day))
    return [(colleague, courses_of(by_person.get(colleague.pk, []), today)) for colleague in colleagues]
