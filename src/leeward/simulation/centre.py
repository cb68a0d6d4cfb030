"""The synthetic centre: lives, one after another, in the order in which people came.

Each person's stream is seeded by the centre's seed and the person's number, so the result doesn't depend on how the
work is cut into chunks, and cost is linear in people.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter

import numpy as np

from .aftercare import follow_up
from .case import Case, Counts, Odds, Tally, Team
from .chance import Chance
from .coordination import coordinate
from .delay import DAY, MINUTE, OFFICE_DAY, OPENING
from .errors import SimulationError
from .identification import identify, look_again, register
from .journal import Journal
from .measures import Symptomatology
from .parameters import Parameters
from .person import Person, Population
from .rows import AgencyRow, ClientRow, EventRow, GrantRow, ItemRow, ReferralRow, ScoreRow, StaffRow
from .staffing import Staffing, staff_the_centre
from .support import answer_alerts, find_needs, keep_safe, number_safety_plans, plan_care, suffer_incidents
from .treatment import ask_about_ties, treat

CHUNK = 1_000
MOST_CLIENTS = 10_000_000
_ARRIVALS, _LIFE = 0, 1


@dataclass(slots=True)
class Chunk:
    """Some consecutive people with everything the centre knows of them, and what only the simulation knows."""

    people: list[Person] = field(default_factory=list)
    clients: list[ClientRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    scores: list[ScoreRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    referrals: list[ReferralRow] = field(default_factory=list)
    grants: list[GrantRow] = field(default_factory=list)
    tally: Tally = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counter)

    def take(self, other: "Chunk") -> None:
        """Add what another chunk holds."""
        self.people += other.people
        self.clients += other.clients
        self.events += other.events
        self.scores += other.scores
        self.items += other.items
        self.referrals += other.referrals
        self.grants += other.grants
        self.tally.update(other.tally)
        self.counts.update(other.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A whole synthetic centre in memory: its tables, and the truth behind them."""

    parameters: Parameters
    seed: int
    agencies: tuple[AgencyRow, ...]
    staff: tuple[StaffRow, ...]
    people: tuple[Person, ...]
    clients: tuple[ClientRow, ...]
    events: tuple[EventRow, ...]
    scores: tuple[ScoreRow, ...]
    items: tuple[ItemRow, ...]
    referrals: tuple[ReferralRow, ...]
    grants: tuple[GrantRow, ...]
    tally: Tally
    counts: Counts


def simulate(parameters: Parameters, *, clients: int, seed: int) -> Centre:
    """A centre with so many people, the same for the same seed. Raises SimulationError."""
    staffing, whole = staff_the_centre(parameters), Chunk()
    for chunk in chunks(parameters, clients=clients, seed=seed):
        whole.take(chunk)
    return Centre(
        parameters=parameters,
        seed=seed,
        agencies=staffing.agencies,
        staff=staffing.rows(),
        people=tuple(whole.people),
        clients=tuple(whole.clients),
        events=tuple(whole.events),
        scores=tuple(whole.scores),
        items=tuple(whole.items),
        referrals=tuple(whole.referrals),
        grants=tuple(whole.grants),
        tally=whole.tally,
        counts=whole.counts,
    )


def chunks(parameters: Parameters, *, clients: int, seed: int, size: int = CHUNK) -> Iterator[Chunk]:
    """The same centre in pieces of `size` people, for work in bounded memory. Raises SimulationError."""
    check(clients=clients, seed=seed)
    return _chunks(parameters, clients, seed, size)


def check(*, clients: int, seed: int) -> None:
    """Raises SimulationError if no centre can be made of these numbers."""
    if not 1 <= clients <= MOST_CLIENTS:
        raise SimulationError(
            f"A centre can't have {clients:,} clients.", hint=f"Ask for 1 to {MOST_CLIENTS:,}: --clients 400"
        )
    if not 0 <= seed < 2**63:
        raise SimulationError(f"{seed} can't be a seed.", hint="Use a whole number from 0: --seed 7")


def _chunks(parameters: Parameters, clients: int, seed: int, size: int) -> Iterator[Chunk]:
    staffing, odds = staff_the_centre(parameters), Odds(parameters)
    population, symptomatology = Population(parameters, seed), Symptomatology(parameters.symptoms)
    arrivals = arrival_times(parameters, clients=clients, seed=seed)
    for first in range(0, clients, size):
        chunk = Chunk()
        for index, arrived in enumerate(arrivals[first : first + size], start=first):
            chance = Chance(seed, _LIFE, index)
            person = population.person(index, arrived, chance)
            _live(person, parameters, odds, staffing, symptomatology, chance, chunk)
        yield chunk


def arrival_times(parameters: Parameters, *, clients: int, seed: int) -> list[int]:
    """When people come, in order: a Poisson process, given how many come, on working days in office hours."""
    days = parameters.days_before + parameters.days_after
    workdays = [day for day in range(days) if (parameters.start + timedelta(days=day)).weekday() < 5]
    generator = Chance(seed, _ARRIVALS).generator
    places = np.sort(generator.random(clients) * len(workdays))
    start = int(parameters.start.timestamp())
    return [
        start + workdays[int(place)] * DAY + OPENING + int(place % 1 * OFFICE_DAY / MINUTE) * MINUTE
        for place in places.tolist()
    ]


def _live(
    person: Person,
    parameters: Parameters,
    odds: Odds,
    staffing: Staffing,
    symptomatology: Symptomatology,
    chance: Chance,
    chunk: Chunk,
) -> None:
    """One person's two years, as far as they were written down by the data cut."""
    case = Case(
        person=person,
        parameters=parameters,
        odds=odds,
        staffing=staffing,
        chance=chance,
        journal=Journal(
            client=person.code,
            chance=chance,
            recording=parameters.recording,
            era=person.era,
            cut=int(parameters.cut.timestamp()),
        ),
        team=_team(person, staffing, chance),
        tally=chunk.tally,
        counts=chunk.counts,
    )
    register(case)
    identify(case)
    treated = treat(case, symptomatology)
    closes_at, case.closes_at = case.closes_at, case.closes_at - DAY
    look_again(case)
    suffer_incidents(case)
    case.closes_at = closes_at
    keep_safe(case)
    needs_at = find_needs(case)
    coordinated = coordinate(case, needs_at)
    plan_care(case, treated)
    answer_alerts(case)
    number_safety_plans(case)
    follow_up(case)
    ask_about_ties(case, symptomatology, treated)
    chunk.people.append(person)
    chunk.clients.append(person.row(parameters))
    chunk.events += case.journal.rows()
    chunk.scores += sorted(treated.scores)
    chunk.items += sorted(treated.items, key=attrgetter("instrument", "taken_at"))
    chunk.referrals += coordinated.referrals
    chunk.grants += coordinated.grants


def _team(person: Person, staffing: Staffing, chance: Chance) -> Team:
    at = staffing.at
    return Team(
        *(chance.one_of(at[person.site, role]) for role in ("screener", "clinician", "therapist", "case_manager"))
    )
