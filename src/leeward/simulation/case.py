"""One person's case while it is being lived: who cares for them, what is already known, and how each step goes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from .chance import Chance, Weighted
from .delay import DAY, MINUTE
from .journal import Entry, Journal
from .parameters import Conduct, Parameters, Step
from .person import Person
from .staffing import SCREENING_COURSES, Member, Staffing

NEVER_ENDS = 1 << 60
ERAS = ("before", "after")


class State(Enum):
    """How an opened step went. Void: the case ended first."""

    DONE = "done"
    DECLINED = "declined"
    NEVER = "never"
    VOID = "void"


class Outcome(NamedTuple):
    state: State
    at: int

    @property
    def is_done(self) -> bool:
        return self.state is State.DONE

    @property
    def is_declined(self) -> bool:
        return self.state is State.DECLINED


class Team(NamedTuple):
    """The four people at the site who care for one client."""

    screener: Member
    clinician: Member
    therapist: Member
    case_manager: Member


class TallyKey(NamedTuple):
    """What is counted: how a step went in an era, by staff with or without the current course."""

    step: str
    era: str
    is_lapsed: bool
    what: str


Tally = Counter[TallyKey]
Counts = Counter[tuple[str, str]]


class Odds:
    """The parameters, ready to be drawn from."""

    def __init__(self, parameters: Parameters) -> None:
        training, retention, partners = parameters.training, parameters.retention, parameters.partners.by_kind
        self.courses = {name: step.course for name, step in parameters.steps.items()}
        self.conduct: Mapping[str, tuple[Conduct, Conduct]] = {
            name: (step.before, step.after) for name, step in parameters.steps.items()
        }
        self.lapsed: Mapping[str, Conduct] = {
            name: without_course(step, training.lapsed_done_factor, training.lapsed_delay_factor)
            for name, step in parameters.steps.items()
            if step.course is not None
        }
        self.other_ends = Weighted(retention.other_ends)
        self.ratings = (Weighted(retention.ratings_before), Weighted(retention.ratings))
        self.incidents = Weighted(parameters.harm.kinds)
        self.partners = Weighted({kind: partner.asked_for for kind, partner in partners.items()})


def without_course(step: Step, done_factor: float, delay_factor: float) -> Conduct:
    """How a step goes after go-live when who does it lacks the current course."""
    slower = replace(step.after.delay, days=step.after.delay.days * delay_factor)
    return replace(step.after, done=step.after.done * done_factor, delay=slower)


@dataclass(slots=True, kw_only=True)
class Case:
    """A person, their team, and what has happened so far."""

    person: Person
    parameters: Parameters
    odds: Odds
    staffing: Staffing
    chance: Chance
    journal: Journal
    team: Team
    tally: Tally
    counts: Counts
    closes_at: int = NEVER_ENDS
    latest: int = 0
    to_screen_again: int | None = None
    held: list[tuple[int, int]] = field(default_factory=list)
    """While the duty to report about a child is not settled, from when until when."""
    suspicions: list[int] = field(default_factory=list)
    positives: list[int] = field(default_factory=list)
    alarms: list[int] = field(default_factory=list)
    """What asks for a look at safety at once."""
    safety_plans: list[tuple[int, Member]] = field(default_factory=list)
    alerts: list[tuple[int, int]] = field(default_factory=list)
    is_accepted: bool = False
    is_linked: bool = False
    known: set[str] = field(default_factory=set)

    @property
    def era(self) -> int:
        return self.person.era

    @property
    def suspected_at(self) -> int | None:
        """Since when there is reason to suspect trafficking."""
        return min(self.suspicions, default=None)

    def find_positive(self, at: int) -> None:
        """A screening was positive, which is a reason to suspect and to look at safety."""
        self.count("positive")
        self.positives.append(at)
        self.suspicions.append(at)
        self.alarms.append(at)

    def allowed(self, at: int) -> int:
        """The first moment from `at` on at which nothing waits for a report about a child."""
        return next((until + 10 * MINUTE for since, until in self.held if since <= at <= until), at)

    def count(self, what: str) -> None:
        """Count this person once under a heading, whether or not the data show it."""
        if what not in self.known:
            self.known.add(what)
            self.counts[what, ERAS[self.era]] += 1

    def add(
        self, kind: str, at: int, actor: Member, data: Mapping[str, object] | None = None, subject: str | None = None
    ) -> Entry | None:
        """Write an event down, unless the case has ended by then."""
        if at > self.closes_at:
            return None
        self.latest = max(self.latest, at)
        return self.journal.add(kind, at, actor, data, subject)

    def step(self, name: str, opened: int, actor: Member, *, factor: float = 1.0) -> Outcome:
        """How a step goes that opens now: drawn from its conduct in this era and the training of who does it."""
        course = self.odds.courses[name]
        is_lapsed = bool(self.era and course and not actor.is_trained(course, opened))
        conduct = self.odds.lapsed[name] if is_lapsed else self.odds.conduct[name][self.era]
        drawn, at = self.chance.uniform(), self.chance.after(opened, conduct.delay)
        if drawn < conduct.declined:
            outcome = Outcome(State.DECLINED, at)
        elif drawn < conduct.declined + conduct.done * factor:
            outcome = Outcome(State.DONE, at)
        else:
            outcome = Outcome(State.NEVER, NEVER_ENDS)
        if opened >= self.closes_at:
            return Outcome(State.VOID, NEVER_ENDS)
        if outcome.state is not State.NEVER and at > self.closes_at:
            outcome = Outcome(State.VOID, NEVER_ENDS)
        self._tell(TallyKey(name, ERAS[self.era], is_lapsed, outcome.state.value), opened, outcome.at)
        return outcome

    def must(self, name: str, opened: int, actor: Member, *, before_closing: int) -> Outcome:
        """A step without which the case may not be closed since go-live: what was never done is done before closing."""
        outcome = self.step(name, opened, actor)
        if self.era and not outcome.is_done and not outcome.is_declined and self.closes_at < NEVER_ENDS:
            self.count(f"caught_{name}")
            return Outcome(State.DONE, max(self.closes_at - before_closing, opened + MINUTE))
        return outcome

    def screener(self, at: int, own: Member | None = None) -> Member:
        """Who may screen at this moment: the case's own screener, else the next colleague with the current courses."""
        own = own or self.team.screener
        if not self.era or _may_screen(own, at):
            return own
        start = self.staffing.screeners.index(own)
        everyone = self.staffing.screeners[start:] + self.staffing.screeners[:start]
        return next((member for member in everyone if _may_screen(member, at)), own)

    def _tell(self, key: TallyKey, opened: int, at: int) -> None:
        cut = self.journal.cut
        self.tally[key] += 1
        if opened < cut:
            seen = key.what if at < cut or key.what in ("never", "void") else "open"
            self.tally[key._replace(what=f"seen_{seen}")] += 1


def _may_screen(member: Member, at: int) -> bool:
    return all(member.is_trained(course, at) for course in SCREENING_COURSES)


def days_after(second: int, days: float) -> int:
    """So many whole days later, at the same time of day."""
    return second + DAY * max(0, round(days))
