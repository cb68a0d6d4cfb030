"""The true parameters of the synthetic centre: what a good evaluation of its data must find again.

Every number is invented for a plausible centre; none is an estimate of a real one. `before` and `after` stand for the
practice that meets a person who registers before or after the protocol's go-live, until that person's case ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from .delay import Delay

DAYS_A_MONTH = 30.4375


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a step goes: declined by the person, done after a delay, or else never done."""

    done: float
    declined: float
    delay: Delay


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step's conduct in each era. `course` is the training whose lack makes it rarer and slower after go-live."""

    before: Conduct
    after: Conduct
    course: str | None = None


def _step(before: tuple[float, float, Delay], after: tuple[float, float, Delay], *, course: str | None = None) -> Step:
    old, new = (Conduct(done=done, declined=declined, delay=delay) for done, declined, delay in (before, after))
    return Step(before=old, after=new, course=course)


def _visit(minutes: float, same_visit: float = 1.0, days: float = 5.0) -> Delay:
    return Delay(same_visit=same_visit, minutes=minutes, days=days)


def _days(days: float, spread: float = 0.8) -> Delay:
    return Delay(days=days, spread=spread)


def _steps() -> dict[str, Step]:
    """Done, declined and delay of each step before and after, given that it was opened."""
    basic, talk, risk = "soar_basic", "private_conversation", "suicide_risk"
    consent, duty, therapy = "privacy_consent", "reporting_duty", "trauma_care"
    return {
        "confidentiality": _step((0.62, 0.0, _visit(4)), (0.97, 0.0, _visit(3)), course=talk),
        "education": _step((0.22, 0.04, _visit(20, 0.6, 20)), (0.88, 0.06, _visit(12, 0.9, 8)), course=basic),
        "education_after_screening": _step((0.25, 0.04, _visit(9)), (0.86, 0.06, _visit(5)), course=basic),
        "screening": _step((0.55, 0.20, _visit(25, 0.3, 21)), (0.84, 0.12, _visit(15, 0.65, 9)), course=talk),
        "rescreening": _step((0.03, 0.05, _days(40)), (0.42, 0.10, _days(9)), course=talk),
        "full_assessment_positive": _step((0.45, 0.0, _days(24)), (0.70, 0.0, _days(13))),
        "full_assessment_negative": _step((0.04, 0.0, _days(40)), (0.09, 0.0, _days(20))),
        "safety": _step((0.55, 0.0, _visit(45, 0.6, 4)), (0.94, 0.0, _visit(12, 0.93, 1.2)), course=risk),
        "suicide_risk": _step((0.60, 0.0, _visit(60, 0.6, 5)), (0.96, 0.0, _visit(15, 0.95, 1.2)), course=risk),
        "crisis_plan": _step((0.45, 0.05, _visit(60, 0.7, 3)), (0.90, 0.05, _visit(40, 0.93, 1.2)), course=risk),
        "safety_plan": _step((0.35, 0.12, _days(9)), (0.83, 0.11, _visit(40, 0.6, 3)), course=risk),
        "safety_plan_today": _step((0.40, 0.08, _visit(90, 0.7, 3)), (0.90, 0.07, _visit(50, 0.9, 1.2)), course=risk),
        "report": _step((0.72, 0.0, _visit(240, 0.5, 2.5)), (0.95, 0.0, _visit(24, 0.94, 1.2)), course=duty),
        "consent": _step((0.45, 0.05, _visit(30, 0.3, 12)), (0.92, 0.05, _visit(25, 0.55, 3)), course=consent),
        "needs_urgent": _step((0.50, 0.06, _days(5)), (0.90, 0.05, _visit(40, 0.5, 1.6)), course=basic),
        "needs_full": _step((0.42, 0.08, _days(26)), (0.82, 0.07, _days(9)), course=basic),
        "next_referral": _step((0.25, 0.10, _days(9)), (0.58, 0.10, _days(2))),
        "session": _step((0.62, 0.20, _days(17)), (0.80, 0.14, _days(8)), course=therapy),
        "baseline": _step((0.55, 0.08, _visit(20, 0.4, 20)), (0.90, 0.07, _visit(15, 0.7, 7)), course=basic),
        "measures": _step((0.18, 0.06, _days(12)), (0.85, 0.06, _days(2.5)), course=basic),
        "plan": _step((0.48, 0.06, _days(28)), (0.84, 0.06, _days(9)), course=basic),
        "plan_review": _step((0.25, 0.0, _days(14)), (0.74, 0.0, _days(4))),
        "law_enforcement": _step((0.10, 0.30, _days(12)), (0.20, 0.52, _days(8))),
        "conference": _step((0.15, 0.06, _days(40)), (0.72, 0.08, _days(19))),
        "conference_after_event": _step((0.15, 0.0, _days(6)), (0.76, 0.0, _days(1.7))),
        "incident_review": _step((0.60, 0.0, _days(5)), (0.93, 0.0, _days(1.4))),
        "aftercare": _step((0.22, 0.08, _days(9)), (0.72, 0.08, _days(3))),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Chance that a person with an indicator is spoken to in private: a level and a monthly trend, both of which
    change at go-live. Time in months of 30.4375 days since go-live, negative before it."""

    level: float = 0.16
    trend: float = 0.003
    level_change: float = 0.40
    slope_change: float = 0.012
    declined: float = 0.05
    indicator_delay: Delay = field(default_factory=lambda: _visit(12, 0.92, 6))
    delay: tuple[Delay, Delay] = field(default_factory=lambda: (_visit(20, 0.45, 14), _visit(12, 0.80, 5)))

    def probability(self, months: float) -> float:
        change = self.level_change + self.slope_change * months if months >= 0 else 0.0
        return min(max(self.level + self.trend * months + change, 0.0), 1.0 - self.declined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Accuracy of the first conversation, given a conclusive result, and how often staff notice and suspect."""

    tool: str = "safety-conversation"
    reference_tool: str = "full-assessment"
    version: str = "1"
    questions: int = 10
    sensitivity: float = 0.89
    specificity: float = 0.74
    inconclusive: float = 0.05
    noticed_if_experienced: tuple[float, float] = (0.62, 0.93)
    noticed_if_not: tuple[float, float] = (0.45, 0.78)
    suspected_if_experienced: float = 0.66
    suspected_if_not: float = 0.24
    danger_if_experienced: float = 0.13
    danger_if_not: float = 0.03
    other_language_factor: tuple[float, float] = (0.65, 0.94)
    """A person who doesn't speak English has the screening done this many times as often, before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One measure's latent score: mean at the first occasion, change a month, and how people differ."""

    mean: float
    experienced: float
    """Points more for a person who has experienced trafficking."""
    slope: float
    protocol_slope: float
    """Added to the monthly change for people treated under the protocol: the effect."""
    sd_intercept: float
    sd_slope: float
    sd_residual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptoms:
    pcl5: Symptom = Symptom(
        mean=44.0, experienced=5.0, slope=-1.1, protocol_slope=-1.5, sd_intercept=10.0, sd_slope=0.9, sd_residual=4.6
    )
    phq9: Symptom = Symptom(
        mean=13.4, experienced=1.2, slope=-0.30, protocol_slope=-0.40, sd_intercept=3.6, sd_slope=0.25, sd_residual=1.8
    )
    gad7: Symptom = Symptom(
        mean=11.6, experienced=0.8, slope=-0.25, protocol_slope=-0.30, sd_intercept=2.9, sd_slope=0.2, sd_residual=1.5
    )
    ties: Symptom = Symptom(
        mean=7.5, experienced=4.0, slope=-0.20, protocol_slope=-0.35, sd_intercept=3.2, sd_slope=0.2, sd_residual=1.6
    )
    """The hold that somebody who did harm still has; asked of people only once there was reason to suspect."""
    ties_with_stress: float = 0.35
    """Correlation of its intercept with that of the stress measure, and of their slopes."""
    ties_declined: float = 0.12
    """Share of occasions on which the person would rather not be asked about it."""
    between_measures: float = 0.6
    """Correlation of two measures' intercepts, and of their slopes, among stress, mood and worry."""
    intercept_slope: float = -0.15
    """Correlation of a measure's intercept with its own slope."""
    item_skipped: float = 0.025
    """Share of measures with an item that the person skips."""
    remeasure_days: tuple[int, int] = (84, 28)
    """How many days lie between two occasions, before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Weekly sessions until the course ends, the person stops coming (Weibull), or something else ends it."""

    accepts_if_suspected: tuple[float, float] = (0.58, 0.84)
    accepts_otherwise: tuple[float, float] = (0.40, 0.46)
    sessions: int = 16
    missed: float = 0.13
    dropout_shape: float = 0.9
    dropout_scale_days: tuple[float, float] = (130.0, 330.0)
    uninsured_hazard_ratio: float = 1.30
    severity_hazard_ratio: float = 1.10
    """For each 10 points of the observed first PCL-5 above its mean."""
    other_ends_mean_days: float = 1_500.0
    other_ends: Mapping[str, float] = field(
        default_factory=lambda: {"moved": 0.55, "transferred": 0.25, "incarcerated": 0.15, "died": 0.05}
    )
    reopened: float = 0.06
    aftercare_if_lost: float = 0.45
    """Aftercare is done this many times as often if the case ended any other way than with its goals met."""
    ratings: Mapping[int, float] = field(default_factory=lambda: {1: 0.03, 2: 0.06, 3: 0.16, 4: 0.37, 5: 0.38})
    ratings_before: Mapping[int, float] = field(default_factory=lambda: {1: 0.07, 2: 0.13, 3: 0.28, 4: 0.32, 5: 0.20})
    rated: float = 0.45
    research_declined: float = 0.07


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """How one kind of partner answers a referral, once it came, after go-live."""

    accepted: float
    waitlisted: float
    declined: float
    reply_days: float
    linked: float
    """Chance that an accepted referral ends with the person being served."""
    close_days: float
    asked_for: float
    """Relative frequency with which people need what it offers."""
    granted: float
    """Chance that a person who needs it agrees that it may know of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    by_kind: Mapping[str, Partner] = field(
        default_factory=lambda: {
            "hospital": Partner(
                accepted=0.86,
                waitlisted=0.05,
                declined=0.04,
                reply_days=1.0,
                linked=0.86,
                close_days=2.5,
                asked_for=0.26,
                granted=0.86,
            ),
            "shelter": Partner(
                accepted=0.62,
                waitlisted=0.20,
                declined=0.11,
                reply_days=0.8,
                linked=0.80,
                close_days=2,
                asked_for=0.28,
                granted=0.84,
            ),
            "legal_aid": Partner(
                accepted=0.66,
                waitlisted=0.16,
                declined=0.08,
                reply_days=2.4,
                linked=0.72,
                close_days=5,
                asked_for=0.18,
                granted=0.80,
            ),
            "social_services": Partner(
                accepted=0.72,
                waitlisted=0.12,
                declined=0.06,
                reply_days=2.9,
                linked=0.70,
                close_days=4.5,
                asked_for=0.22,
                granted=0.83,
            ),
            "law_enforcement": Partner(
                accepted=0.82,
                waitlisted=0.02,
                declined=0.04,
                reply_days=1.2,
                linked=0.66,
                close_days=3,
                asked_for=0.06,
                granted=0.38,
            ),
        }
    )
    needs_mean: float = 1.5
    """Mean number of partners needed beyond the first, at most three more."""
    urgent: float = 0.34
    sent_if_granted: tuple[float, float] = (0.72, 0.95)
    send_days: tuple[float, float] = (5.0, 1.0)
    reply_factor_before: float = 3.0
    """Replies take this many times as long for people registered before go-live."""
    linked_factor_before: float = 0.68
    consent_days: tuple[int, ...] = (30, 30, 30, 60, 90)
    police_consent_days: tuple[int, ...] = (15, 15, 30)
    consent_renewed: float = 0.35
    withdrawal_mean_days: float = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Incidents a year of open case, and their kinds."""

    yearly_if_experienced: float = 0.22
    yearly_otherwise: float = 0.06
    kinds: Mapping[str, float] = field(
        default_factory=lambda: {
            "police_contact": 0.20,
            "retrafficking": 0.20,
            "retaliation": 0.12,
            "hospitalisation": 0.20,
            "attempt": 0.10,
            "breach": 0.06,
            "complaint": 0.12,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How the record differs from what happened: later, and sometimes wrong until corrected."""

    late: tuple[float, float] = (0.30, 0.08)
    late_median_hours: float = 20.0
    late_spread: float = 1.0
    corrected: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Courses lapse; after go-live a step done without the current course is rarer and slower."""

    valid_days: Mapping[str, int] = field(
        default_factory=lambda: {
            "soar_basic": 730,
            "private_conversation": 365,
            "suicide_risk": 365,
            "privacy_consent": 365,
            "trauma_care": 730,
            "reporting_duty": 365,
        }
    )
    lapsed_done_factor: float = 0.80
    lapsed_delay_factor: float = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who comes, and how many of those who come by each way have experienced trafficking."""

    counties: Mapping[str, float] = field(
        default_factory=lambda: {
            "Forrest": 0.17,
            "Hancock": 0.07,
            "Harrison": 0.26,
            "Jackson": 0.11,
            "Jones": 0.12,
            "Lamar": 0.09,
            "Marion": 0.05,
            "Pearl River": 0.09,
            "Stone": 0.04,
        }
    )
    sources: Mapping[str, float] = field(
        default_factory=lambda: {
            "self": 0.18,
            "hospital": 0.21,
            "shelter": 0.13,
            "law_enforcement": 0.11,
            "school": 0.08,
            "family_or_friend": 0.07,
            "court": 0.06,
            "social_services": 0.10,
            "crisis_line": 0.06,
        }
    )
    experienced_by_source: Mapping[str, float] = field(
        default_factory=lambda: {
            "self": 0.18,
            "hospital": 0.26,
            "shelter": 0.46,
            "law_enforcement": 0.55,
            "school": 0.20,
            "family_or_friend": 0.22,
            "court": 0.24,
            "social_services": 0.28,
            "crisis_line": 0.42,
        }
    )
    minors: float = 0.22
    genders: Mapping[str, float] = field(
        default_factory=lambda: {"woman": 0.71, "man": 0.22, "transgender_or_nonbinary": 0.05, "not_said": 0.02}
    )
    race_ethnicities: Mapping[str, float] = field(
        default_factory=lambda: {
            "black": 0.38,
            "white": 0.35,
            "hispanic": 0.16,
            "asian": 0.05,
            "american_indian": 0.02,
            "more_than_one": 0.03,
            "not_said": 0.01,
        }
    )
    spanish_if_hispanic: float = 0.62
    vietnamese_if_asian: float = 0.55
    payers: Mapping[str, float] = field(
        default_factory=lambda: {
            "medicaid": 0.46,
            "uninsured": 0.31,
            "private": 0.11,
            "medicare": 0.04,
            "victim_compensation": 0.05,
            "not_known": 0.03,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The whole truth. `data_cut` is the last day of the data; go-live lies in the middle of the two years."""

    data_cut: date = date(2026, 11, 20)
    days_before: int = 365
    days_after: int = 365
    protocol_version: str = "1.0.0"
    steps: Mapping[str, Step] = field(default_factory=_steps)
    people: People = field(default_factory=People)
    asking: Asking = field(default_factory=Asking)
    screening: Screening = field(default_factory=Screening)
    symptoms: Symptoms = field(default_factory=Symptoms)
    retention: Retention = field(default_factory=Retention)
    partners: Partners = field(default_factory=Partners)
    harm: Harm = field(default_factory=Harm)
    recording: Recording = field(default_factory=Recording)
    training: Training = field(default_factory=Training)

    @property
    def cut(self) -> datetime:
        """The moment at which the data end: the end of the last day, in UTC."""
        return datetime(self.data_cut.year, self.data_cut.month, self.data_cut.day, tzinfo=UTC) + timedelta(days=1)

    @property
    def go_live(self) -> datetime:
        return self.cut - timedelta(days=self.days_after)

    @property
    def start(self) -> datetime:
        return self.go_live - timedelta(days=self.days_before)

    @property
    def prevalence(self) -> float:
        """Share of the people who come that have experienced trafficking."""
        sources, whole = self.people.sources, sum(self.people.sources.values())
        return sum(share * self.people.experienced_by_source[source] for source, share in sources.items()) / whole
