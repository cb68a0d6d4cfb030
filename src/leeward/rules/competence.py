"""Who may do what today, from the training that they completed and how long it holds."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from .errors import DefinitionError, RuleError
from .reading import Entry
from .wording import Text
from .yaml_source import Document, nearest, raise_all, validate


class ActionError(RuleError):
    """An action that no definition opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    code: str
    title: Text
    valid_months: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that only certain roles may do, with these courses in force."""

    code: str
    text: Text
    roles: frozenset[str]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Competence:
    name: str
    version: str
    remind_days: int
    courses: Mapping[str, Course]
    actions: Mapping[str, Action]


@dataclass(frozen=True, slots=True)
class Completion:
    """One course, completed on one day."""

    course: str
    on: date


class Lack(Enum):
    ROLE = "role"
    NEVER_TRAINED = "never_trained"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One reason for a no, with the day that a lapsed course stopped holding."""

    lack: Lack
    course: Course | None
    lapsed_on: date | None
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`lapses_on` is the first day on which a yes becomes a no. `remedy` lists the courses that would open the action;
    it is empty when no course would, because the role may not do it."""

    permitted: bool
    reasons: tuple[Missing, ...]
    lapses_on: date | None
    lapses_soon: bool
    remedy: tuple[Course, ...]


def may(competence: Competence, completions: Iterable[Completion], role: str, action: str, on: date) -> Verdict:
    """Whether someone in this role may do the action on this day. Raises ActionError.

    A course holds from the day it was completed until the day before it lapses. Completions after `on` don't count.
    """
    wanted = competence.actions.get(action)
    if wanted is None:
        raise ActionError(f"No training rule names the action `{action}`.", hint=nearest(action, competence.actions))
    if role not in wanted.roles:
        text = Text(
            f"Your role does not {wanted.text.en}. Ask a colleague whose role does.",
            f"Su función no incluye {wanted.text.es}. Pida ayuda a quien le corresponda.",
        )
        reason = Missing(lack=Lack.ROLE, course=None, lapsed_on=None, text=text)
        return Verdict(permitted=False, reasons=(reason,), lapses_on=None, lapses_soon=False, remedy=())
    ends = lapse_days(competence, completions, on)
    reasons = tuple(_missing(competence.courses[code], ends.get(code), on) for code in wanted.needs)
    lacking = tuple(reason for reason in reasons if reason is not None)
    if lacking:
        remedy = tuple(reason.course for reason in lacking if reason.course is not None)
        return Verdict(permitted=False, reasons=lacking, lapses_on=None, lapses_soon=False, remedy=remedy)
    lapses_on = min((ends[code] for code in wanted.needs), default=None)
    soon = lapses_on is not None and lapses_on - on <= timedelta(days=competence.remind_days)
    return Verdict(permitted=True, reasons=(), lapses_on=lapses_on, lapses_soon=soon, remedy=())


def lapse_days(competence: Competence, completions: Iterable[Completion], on: date) -> dict[str, date]:
    """Course → the first day on which its latest completion, as known on `on`, no longer holds."""
    latest: dict[str, date] = {}
    for completion in completions:
        if completion.on <= on and completion.course in competence.courses:
            latest[completion.course] = max(completion.on, latest.get(completion.course, date.min))
    return {code: _months_later(day, competence.courses[code].valid_months) for code, day in latest.items()}


def parse_competence(document: Document, schema: Mapping[str, object]) -> Competence:
    """Read the training rules. Raises DefinitionError with the line of the first mistake."""
    validate(document, schema)
    root = Entry(document)
    raise_all(_contradictions(root))
    courses = (
        Course(
            code=entry["code"].text(),
            title=entry["title"].words(),
            valid_months=entry["valid_months"].integer(),
            source=entry["source"].text(),
        )
        for entry in root["courses"].entries()
    )
    return Competence(
        name=root["competence"].text(),
        version=root["version"].text(),
        remind_days=root["remind_days"].integer(),
        courses={course.code: course for course in courses},
        actions={code: _action(code, root["actions"][code]) for code in root["actions"].named()},
    )


def _action(code: str, entry: Entry) -> Action:
    return Action(
        code=code, text=entry["text"].words(), roles=frozenset(entry["roles"].texts()), needs=entry["needs"].texts()
    )


def _missing(course: Course, lapses_on: date | None, on: date) -> Missing | None:
    if lapses_on is None:
        text = Text(f"Training needed first: {course.title.en}.", f"Primero falta la formación: {course.title.es}.")
        return Missing(lack=Lack.NEVER_TRAINED, course=course, lapsed_on=None, text=text)
    if lapses_on <= on:
        text = Text(f"Your training has lapsed: {course.title.en}.", f"Su formación venció: {course.title.es}.")
        return Missing(lack=Lack.LAPSED, course=course, lapsed_on=lapses_on, text=text)
    return None


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _contradictions(root: Entry) -> Iterator[DefinitionError]:
    courses: list[str] = []
    for entry in root["courses"].entries():
        code = entry["code"].text()
        if code in courses:
            yield entry["code"].wrong(f"`{code}` is given twice", "Give each course its own.")
        courses.append(code)
    for action in root["actions"].named():
        for need in root["actions"][action]["needs"].entries():
            if need.text() not in courses:
                yield need.wrong(f"names `{need.text()}`, which is not a course", nearest(need.text(), courses))
