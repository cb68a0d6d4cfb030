"""Who works there: six agencies in nine counties, four sites, and trainings of which some lapse.

The same for every seed, so that only people's lives differ between two synthetic centres. All names are invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import count

from .ids import uuid7
from .parameters import Parameters
from .rows import AgencyRow, StaffRow

COUNTIES_OF_SITE: Mapping[str, tuple[str, ...]] = {
    "Hattiesburg": ("Forrest", "Lamar", "Marion"),
    "Laurel": ("Jones",),
    "Gulfport": ("Harrison", "Jackson", "Stone"),
    "Picayune": ("Pearl River", "Hancock"),
}
SITE_OF_COUNTY = {county: site for site, counties in COUNTIES_OF_SITE.items() for county in counties}
MAIN_SITE = "Hattiesburg"
SERVICES: Mapping[str, tuple[str, ...]] = {
    "centre": ("mental_health", "case_management", "safety_planning", "peer_support"),
    "hospital": ("medical", "forensic_exam", "dental", "substance_use"),
    "shelter": ("shelter", "transitional_housing", "food_clothing"),
    "law_enforcement": ("criminal_justice_advocacy", "compensation_claim"),
    "legal_aid": ("civil_legal", "immigration_legal", "record_clearing"),
    "social_services": ("benefits", "id_documents", "transport", "child_care"),
}
_AGENCIES = (
    ("centre", "Longleaf Community Mental Health Centre", ("en", "es")),
    ("hospital", "Tallow Creek Hospital", ("en", "es", "vi")),
    ("shelter", "Heron House", ("en", "es")),
    ("law_enforcement", "Pine and Coast Victim Unit", ("en", "es")),
    ("legal_aid", "Gulf Pines Legal Aid", ("en", "es", "vi")),
    ("social_services", "Nine Counties Social Services", ("en", "es")),
)
_STAFF_AT_SITE = {
    "Hattiesburg": {"screener": 2, "clinician": 2, "therapist": 3, "case_manager": 3},
    "Laurel": {"screener": 1, "clinician": 1, "therapist": 2, "case_manager": 1},
    "Gulfport": {"screener": 2, "clinician": 2, "therapist": 3, "case_manager": 3},
    "Picayune": {"screener": 1, "clinician": 1, "therapist": 1, "case_manager": 1},
}
_LEADERS = ("privacy_officer", "program_director", "evaluator")
_PARTNER_STAFF = 2
SCREENING_COURSES = ("soar_basic", "private_conversation")
_COURSES: Mapping[str, tuple[str, ...]] = {
    "screener": ("soar_basic", "private_conversation", "reporting_duty"),
    "clinician": ("soar_basic", "private_conversation", "suicide_risk", "privacy_consent", "reporting_duty"),
    "therapist": ("soar_basic", "trauma_care", "suicide_risk", "privacy_consent"),
    "case_manager": ("soar_basic", "suicide_risk", "privacy_consent", "reporting_duty"),
}
_TRAINING_DAYS = (
    (-34, 318),  # trained before go-live, renewed in time
    (-27, 322),
    (-205, 262),  # an early course that lapsed for three months before it was renewed
    (-20, 330),
    (-12, 341),
    (-251,),  # an early course, never renewed
    (-33, 325),
    (61,),  # began after go-live
)
"""Days from go-live on which a member of staff was trained, by turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of staff with the moments at which each course was taken."""

    id: str
    role: str
    site: str
    agency: str
    trained: Mapping[str, tuple[tuple[int, int], ...]]
    """For each course, when it was taken and when that lapses."""

    def is_trained(self, course: str, second: int) -> bool:
        """Whether the course was taken and has not lapsed at this second."""
        return any(taken <= second < lapses for taken, lapses in self.trained.get(course, ()))


@dataclass(frozen=True)
class Staffing:
    """Agencies and their people."""

    agencies: tuple[AgencyRow, ...]
    members: tuple[Member, ...]

    @cached_property
    def agency_of_kind(self) -> Mapping[str, str]:
        return {agency.kind: agency.agency for agency in self.agencies}

    @cached_property
    def at(self) -> Mapping[tuple[str, str], tuple[Member, ...]]:
        """Members by site and role; partners by agency and role."""
        groups: dict[tuple[str, str], tuple[Member, ...]] = {}
        for member in self.members:
            place = member.agency if member.role == "partner" else member.site
            groups[place, member.role] = (*groups.get((place, member.role), ()), member)
        return groups

    @cached_property
    def screeners(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.role in ("screener", "clinician"))

    @cached_property
    def leaders(self) -> Mapping[str, Member]:
        return {member.role: member for member in self.members if member.role in _LEADERS}

    def rows(self) -> tuple[StaffRow, ...]:
        """One row a training, or a row without date."""
        return tuple(
            StaffRow(member.id, member.role, member.site, member.agency, trained_on, course)
            for member in self.members
            for course, trained_on in _trainings(member)
        )


def staff_the_centre(parameters: Parameters) -> Staffing:
    """The agencies and staff of these two years."""
    start, numbers = int(parameters.start.timestamp()), count(1)
    counties = tuple(sorted(parameters.people.counties))
    agencies = tuple(
        AgencyRow(_fixed_id(start, next(numbers)), name, kind, counties, SERVICES[kind], languages)
        for kind, name, languages in _AGENCIES
    )
    centre = agencies[0].agency
    turns, members = count(), []
    for site, posts in _STAFF_AT_SITE.items():
        for role, number in posts.items():
            for _ in range(number):
                turn, id = next(turns), _fixed_id(start, next(numbers))
                trained = {
                    course: _taken(parameters, course, turn + place) for place, course in enumerate(_COURSES[role])
                }
                members.append(Member(id=id, role=role, site=site, agency=centre, trained=trained))
    for role in _LEADERS:
        members.append(_untrained(_fixed_id(start, next(numbers)), role, MAIN_SITE, centre))
    for agency in agencies[1:]:
        for _ in range(_PARTNER_STAFF):
            members.append(_untrained(_fixed_id(start, next(numbers)), "partner", agency.name, agency.agency))
    return Staffing(agencies=agencies, members=tuple(members))


def _taken(parameters: Parameters, course: str, turn: int) -> tuple[tuple[int, int], ...]:
    """When a course was taken and lapses, by the turn of who takes it; only what the data cut lets us know."""
    valid = 86_400 * parameters.training.valid_days[course]
    mornings = (
        parameters.go_live + timedelta(days=day, hours=15) for day in _TRAINING_DAYS[turn % len(_TRAINING_DAYS)]
    )
    return tuple((int(at.timestamp()), int(at.timestamp()) + valid) for at in mornings if at < parameters.cut)


def _untrained(id: str, role: str, site: str, agency: str) -> Member:
    return Member(id=id, role=role, site=site, agency=agency, trained={})


def _trainings(member: Member) -> list[tuple[str | None, date | None]]:
    epoch = date(1970, 1, 1)
    trainings: list[tuple[str | None, date | None]] = [
        (course, epoch + timedelta(days=second // 86_400))
        for course, taken in member.trained.items()
        for second, _ in taken
    ]
    return trainings or [(None, None)]


def _fixed_id(start: int, number: int) -> str:
    """An id that tells nothing but its number."""
    return uuid7(start, number, number * 0x9E3779B97F4A7C15)
