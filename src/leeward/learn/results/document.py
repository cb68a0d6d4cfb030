"""The published results: only what has passed suppression has a place here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from leeward.evidence.intervals import Estimate
from leeward.evidence.suppression import Share, Shown, Suppressed
from leeward.learn.fidelity.grid import Kept
from leeward.learn.plain import Json, plain

FORMAT = 2

Value = Estimate | Suppressed | None
"""An estimate; SUPPRESSED if it rests on few people; None if the data don't reach that far."""


@dataclass(frozen=True, slots=True)
class Words:
    """A title from a definition, in both languages."""

    en: str
    es: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What makes the numbers traceable. `earlier` documents were let out before, beside which this one was cleared;
    `shown_before` counts what the last of them showed and this one hides."""

    computed_at: datetime
    data_cut: datetime
    go_live: datetime | None
    people: Shown
    left_out: Shown
    protocol: str
    protocol_version: str
    protocol_digest: str
    data_digest: str
    instruments: Mapping[str, str]
    threshold: int
    level: float
    silence_days: int
    retained_days: int
    cells: int
    hidden: int
    earlier: int
    shown_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One stage of the way: who reached it of those at the stage before, and who did not, by choice or otherwise.

    `reasons` split `other` by what the record says; a reason that nobody has is left out.
    """

    stage: str
    of_stage: str | None
    reached: Share
    lost: Shown
    declined: Shown
    other: Shown
    reasons: Mapping[str, Shown]
    too_early: Shown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    era: str
    seen: Shown
    stages: tuple[Reached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The same share of everybody who came, before go-live and since, and their difference in share points."""

    stage: str
    before: Share
    since: Share
    difference: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """One step of the protocol: how often it was opened and how that went; how long it takes, in days.

    `people` are those for whom it was opened. `untrained` is of what was done by a step that asks for training,
    `without_consent` of what was done by an event that shares; None where the data don't say who did what.
    """

    step: str
    stage: str
    role: str
    title: Words
    stage_title: Words
    clock: str
    grace: str
    opened: Shown
    people: Shown
    due: Shown
    met: Share
    late: Shown
    overdue: Shown
    declined: Shown
    void: Shown
    pending: Shown
    untrained: Share | None
    without_consent: Share | None
    median_days: Value
    ninety_percent_days: Value
    days_lost: float | Suppressed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptoms:
    """First to last score of one instrument. Where no rule says which change counts there are no classes."""

    instrument: str
    title: str
    era: str
    rule: str
    points: float | None
    cut_off: float | None
    with_score: Shown
    evaluable: Share
    not_evaluable: Shown
    classes: Mapping[str, Share]
    better: Share | None
    worse: Share | None
    mean_first: Value
    mean_last: Value
    mean_change: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Who still comes so many days after the first session."""

    days: int
    share: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    era: str
    treated: Shown
    stopped: Shown
    still_or_ended_otherwise: Shown
    stays: tuple[Stay, ...]
    median_days: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How right the first screening was, by the long assessment."""

    screened: Shown
    positive: Shown
    assessed_positive: Shown
    ppv: Value
    sensitivity: Value
    specificity: Value
    npv: Value
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Harms:
    """Serious events on record, by kind, and how many people had any."""

    events: Shown
    by_kind: Mapping[str, Shown]
    people: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Survivors' own ratings from 1 to 5: how many are a 4 or a 5."""

    era: str
    ratings: Shown
    good: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Staff in roles that need a course, and those for whom it holds on the day of the data cut."""

    course: str
    title: Words
    staff: Shown
    current: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where most could be gained. `kind` is `people` (lost on the way) or `days` (lost past the clock).

    `includes_declined` says that those who said no are too few to be told apart from the others who were lost.
    """

    kind: str
    code: str
    title: Words | None
    of_stage: str | None
    includes_declined: bool
    share: Share
    days_lost: float | None
    median_days: Value
    clock: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One period: its share, the limits of the chart there, and the rules that the point meets."""

    start: date
    period: int
    share: Share
    low: float | None
    high: float | None
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One share by period of coming. `rate_ratio` is the change of level at go-live; `slope_ratio` and `trend` are on
    the log scale, a month. `refusal` is a code that says why there is no model."""

    name: str
    months: int
    followed_days: int
    points: tuple[Point, ...]
    centre: float | Suppressed | None
    baseline: int | None
    laney: float | None
    rate_ratio: Value
    slope_ratio: Value
    trend: Value
    dispersion: float | None
    durbin_watson: float | None
    refusal: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The mean course of one measure, in points a month, from one model of all scores."""

    instrument: str
    title: str
    first: Value
    a_month: Value
    a_month_more_since: Value
    people: int | None
    scores: int | None
    within_sd: float | None
    between_sd: float | None
    compares: bool
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linkage:
    """Referrals to one kind of partner (`all` for every kind) and what became of them."""

    era: str
    kind: str
    sent: Shown
    linked: Share
    outcomes: Mapping[str, Shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """How many of those asked named it; for how many of them it was referred; for how many that ended well."""

    code: str
    named: Share
    referred: Share
    met: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyNeed:
    county: str
    seen: Shown
    assessed: Shown
    unmet: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    assessed: Shown
    by_need: tuple[Need, ...]
    unmet: Share
    by_county: tuple[CountyNeed, ...]
    closed: Shown
    reasons: Mapping[str, Shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceStage:
    """None where the whole table of this dimension is withheld."""

    stage: str
    of_stage: str
    reached: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    group: str
    seen: Shown
    stages: tuple[SliceStage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unequal:
    """Whether groups differ at a stage, by the figures that are shown, and which group is lowest."""

    dimension: str
    stage: str
    groups: int
    hidden: int
    statistic: float
    df: int
    p_value: float
    method: str
    lowest: str
    lowest_against_others: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    era: str
    dimensions: Mapping[str, tuple[Slice, ...]]
    unequal: tuple[Unequal, ...]
    cells: int
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTime:
    """A step, the share that reached help of those who had it in time and of the others, and how many more might."""

    step: str
    title: Words
    in_time: Share
    not_in_time: Share
    difference: Value
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One measure of RE-AIM. None where the data do not tell it."""

    dimension: str
    name: str
    share: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """How much of something is on record at all."""

    name: str
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """How many of the counts of one part are hidden."""

    part: str
    cells: int
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    about: About
    flows: tuple[Flow, ...]
    compared: tuple[Compared, ...]
    steps: tuple[StepFigures, ...]
    kept: Kept
    """The same openings by stage, role, site and month."""
    bottlenecks: Mapping[str, Json]
    symptoms: tuple[Symptoms, ...]
    retention: tuple[Retention, ...]
    accuracy: Accuracy
    harms: Harms
    ratings: tuple[Ratings, ...]
    training: tuple[Trained, ...]
    areas: tuple[Area, ...]
    series: tuple[Series, ...]
    courses: tuple[Course, ...]
    linkage: tuple[Linkage, ...]
    needs: Needs
    slices: Slices
    on_time: tuple[OnTime, ...]
    reaim: tuple[Aim, ...]
    known: tuple[Known, ...]
    hiding: tuple[Hiding, ...]
    warnings: tuple[str, ...]


def as_json(results: Results) -> Mapping[str, Json]:
    """The document: what is suppressed is `{"suppressed": true}`, what the data don't reach is null."""
    return {"format": FORMAT, **cast("Mapping[str, Json]", plain(results))}
