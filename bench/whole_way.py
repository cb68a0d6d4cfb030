"""The whole way: a centre is simulated, written, read, and counted as for the report. For the measurement `coverage`.

What is declared is true. What follows from several declared things at once (who stays, which step is done in time, who
is screened) is a plain share of a large centre of the same kind, followed until everything has run its course.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from estimands import USUAL, Findings, Found, World
from measure import KEPT

from leeward import catalogue, definitions
from leeward.evidence.accuracy import Screened, ScreeningAccuracy, accuracy
from leeward.evidence.choices import Limits
from leeward.evidence.equity import by_group
from leeward.evidence.errors import NotEnough
from leeward.evidence.intervals import Estimate, wilson
from leeward.evidence.suppression import Ledger
from leeward.learn.fidelity import Following
from leeward.learn.fidelity import fidelity as counted
from leeward.learn.results import Results, ResultsData, ResultsSettings, compute
from leeward.learn.results.accuracy import screening_accuracy
from leeward.learn.results.cases import Era, Population, population, roll
from leeward.learn.results.course import courses
from leeward.learn.results.fidelity import judging
from leeward.learn.results.flow import FlowCells, Stage, flow
from leeward.learn.results.retention import retention
from leeward.learn.tables import read_folder
from leeward.rules.instruments import Instrument
from leeward.rules.protocol import Protocol, parse
from leeward.simulation import Parameters, simulate, write_centre

PEOPLE = 600
_LARGE, _SEED, _FOLLOWED = 16_000, 1_000_003, 400
"""People of the large centre, its seed, and the days that it is followed beyond the last of them coming."""
STEPS = ("offer-information", "talk-alone", "screening", "safety-now", "talk-about-sharing", "full-needs",
         "first-ptsd-measure", "next-ptsd-measure", "referral-reply-urgent", "referral-reply")  # fmt: skip
STAYS = (30, 60, 90)


@cache
def _protocol() -> Protocol:
    name = "human-trafficking-response"
    return parse(definitions.read("protocol", name), name=name, schema=definitions.schema("protocol"))


@cache
def _instruments() -> Mapping[str, Instrument]:
    return {name: catalogue.instrument(name) for name in ("pcl-5", "phq-9", "gad-7")}


@contextmanager
def centre(parameters: Parameters, *, people: int, seed: int) -> Iterator[ResultsData]:
    """The tables of a centre, as they are read from its files."""
    with TemporaryDirectory() as folder:
        write_centre(parameters, clients=people, seed=seed, out=Path(folder))
        yield read_folder(Path(folder))


def once(seed: int) -> Findings:
    """One centre of 600 people."""
    parameters = Parameters()
    with centre(parameters, people=PEOPLE, seed=seed) as data:
        return _found(data, parameters, truth())


def _found(data: ResultsData, parameters: Parameters, true: Truth) -> Findings:
    settings, ledger = ResultsSettings(), Ledger()
    people = population(data, roll(data, settings, parameters.cut), parameters.cut)
    ledger.count("people", len(people.cases))
    ways = flow(people, settings, ledger)
    found: dict[str, Found | None] = {}
    found |= _screening(screening_accuracy(people, settings, ledger).counted, parameters, true)
    found |= _effects(people, data, parameters)
    for step, (met, due) in _steps(people, data).items():
        found[f"done in time: {step}"] = Found.of(wilson(met, due) if due else None, true.steps[step])
    stay = next(each for each in retention(people, settings, ledger).groups if each.era is Era.SINCE)
    for days in STAYS:
        found[f"still coming after {days} days"] = Found.of(stay.curve().at(days), true.stays[days])
    found["asked: women against all others"] = Found.of(_women(data, ways), 0.0)
    return found


def _screening(screened: Screened, parameters: Parameters, true: Truth) -> Findings:
    """Nothing where no negative was assessed."""
    try:
        told: ScreeningAccuracy | None = accuracy(screened, limits=Limits.RECOVERED)
    except NotEnough:
        told = None
    screening = parameters.screening
    return {
        "sensitivity of the screening": Found.of(told and told.sensitivity, screening.sensitivity),
        "specificity of the screening": Found.of(told and told.specificity, screening.specificity),
        "affected, of those screened": Found.of(told and told.prevalence, true.affected),
    }


def _effects(people: Population, data: ResultsData, parameters: Parameters) -> Findings:
    """The trend is that of the time before go-live only where the data know both times."""
    declared = (parameters.symptoms.pcl5, parameters.symptoms.phq9, parameters.symptoms.gad7)
    found: dict[str, Found | None] = {}
    for each, symptom in zip(courses(people, data, _instruments()).fitted, declared, strict=True):
        effects = each.model.effects if each.model and len(each.eras) > 1 else {}
        found[f"{each.instrument.short_name}, the whole way: how much more a month since go-live"] = Found.of(
            effects.get("months_since"), symptom.protocol_slope
        )
    return found


def _steps(people: Population, data: ResultsData) -> dict[str, tuple[int, int]]:
    """Of each step, openings done in time and openings due."""
    followed = [Following(_protocol(), list(data.clients["client"]))]
    since = [case.client for case in people.of(Era.SINCE)]
    with judging(data, followed, catalogue.competence(), since, people.now, zone="UTC") as judged:
        rows = judged().grid.by_step
    return {step: (rows[step,].counts["met"].openings, rows[step,].counts["due"].openings) for step in STEPS}


def _women(data: ResultsData, ways: FlowCells) -> Estimate:
    """Whom staff talk to alone has nothing to do with gender."""
    women = set(data.clients.loc[data.clients["gender"] == "woman", "client"])
    noticed, asked = (ways.at[Era.SINCE][stage] for stage in (Stage.NOTICED, Stage.ASKED))
    groups = {"women": women, "others": set(data.clients["client"]) - women}
    return by_group({name: (len(asked & who), len(noticed & who)) for name, who in groups.items()}).against_others[
        "women"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What follows from the declared parameters together."""

    affected: float
    steps: Mapping[str, float]
    stays: Mapping[int, float]


@cache
def truth() -> Truth:
    """Kept in `var/bench/`, because it takes a minute; made anew when parameters or protocol are others."""
    named = repr((Parameters(), _LARGE, _SEED, _FOLLOWED, STEPS, STAYS)) + definitions.read(
        "protocol", _protocol().name
    )
    file = KEPT / f"coverage-truth-{sha256(named.encode()).hexdigest()[:16]}.json"
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        return Truth(
            affected=kept["affected"],
            steps=kept["steps"],
            stays={int(day): share for day, share in kept["stays"].items()},
        )
    found = Truth(affected=_affected(), steps=_done_in_time(), stays=_stays())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
    return found


def _followed() -> Parameters:
    """The same centre since go-live; the data end when nothing is open any more."""
    usual = Parameters()
    return replace(
        usual, days_before=1, days_after=usual.days_after + _FOLLOWED,
        data_cut=usual.data_cut + timedelta(days=_FOLLOWED),
    )  # fmt: skip


def _done_in_time() -> dict[str, float]:
    """Of the openings in the year that the small centres tell of, as they ended. Those of later months stay out: they
    are of cases that are longer, and staff have other courses by then."""
    followed, last = _followed(), f"{Parameters().data_cut:%Y-%m}"
    with centre(followed, people=_LARGE, seed=_SEED) as whole:
        data = _only(whole, set(whole.clients.loc[whole.clients["first_contact_at"] < Parameters().cut, "client"]))
        people = population(data, roll(data, ResultsSettings(), followed.cut), followed.cut)
        rows = counted(
            data.for_counting(), _protocol(), catalogue.competence(), by=("step", "month"), now=followed.cut,
            only=[case.client for case in people.of(Era.SINCE)],
        ).rows  # fmt: skip
    found = {}
    for step in STEPS:
        early = [row.counts for row in rows if row.group[0] == step and row.group[1] <= last]
        found[step] = sum(row["met"].openings for row in early) / sum(row["due"].openings for row in early)
    return found


def _only(data: ResultsData, kept: Collection[str]) -> ResultsData:
    def of(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["client"].isin(kept)]

    return replace(data, clients=of(data.clients), events=of(data.events), scores=of(data.scores))


def _stays() -> dict[int, float]:
    """Of people whose sessions nothing ends but their own wish, who came longer than so many days."""
    usual = Parameters()
    endless = replace(_followed(), retention=replace(usual.retention, sessions=10_000, other_ends_mean_days=1e9))
    with centre(endless, people=_LARGE, seed=_SEED) as data:
        kept = set(data.clients.loc[data.clients["first_contact_at"] < usual.cut, "client"])
        events = data.events[(data.events["kind"] == "session.attended") & data.events["client"].isin(kept)]
        at = events.groupby("client")["occurred_at"]
        days = ((at.max() - at.min()).dt.total_seconds() / 86_400).to_numpy()
    return {each: float((days > each).mean()) for each in STAYS}


def _affected() -> float:
    """Of those with a conclusive first screening who did not decline that their data are used."""
    made = simulate(Parameters(), clients=_LARGE, seed=_SEED)
    replaced = {event.supersedes for event in made.events}
    counting = [event for event in made.events if event.id not in replaced]
    declined = {event.client for event in counting if event.kind == "research.declined"}
    screened = {
        event.client
        for event in counting
        if event.kind == "screening.completed"
        and event.data["tool"] == made.parameters.screening.tool
        and event.data["result"] in ("positive", "negative")
    } - declined
    return float(np.mean([person.experienced for person in made.people if person.code in screened]))


def published(seed: int) -> Results:
    """The results of the same centre as they leave it, small numbers hidden."""
    parameters = Parameters()
    with centre(parameters, people=PEOPLE, seed=seed) as data:
        return compute(
            data, _protocol(), _instruments(), catalogue.competence(), parameters.cut, ResultsSettings()
        )  # fmt: skip


def differing(seed: int) -> tuple[int, int]:
    """How many of the replication's estimates the published results show, and how many of these say something else."""
    found, told = once(seed), published(seed)
    shown: dict[str, object] = {
        "sensitivity of the screening": told.accuracy.sensitivity,
        "specificity of the screening": told.accuracy.specificity,
    }
    shown |= {
        f"{each.title}, the whole way: how much more a month since go-live": each.a_month_more_since
        for each in told.courses
    }
    shown |= {f"done in time: {each.step}": each.met.estimate for each in told.steps}
    shown |= {
        f"still coming after {each.days} days": each.share
        for stay in told.retention
        if stay.era == Era.SINCE.value
        for each in stay.stays
    }
    pairs = [(found[name], each) for name, each in shown.items() if name in found and isinstance(each, Estimate)]
    off = [
        each for mine, each in pairs
        if mine is None or (mine.value, mine.low, mine.high) != (each.value, each.low, each.high)
    ]  # fmt: skip
    return len(pairs), len(off)


WORLD = World(
    f"{PEOPLE} people in two years, files written and read",
    "leeward simulate → learn.results",
    once,
    dict.fromkeys(
        (
            "sensitivity of the screening",
            "specificity of the screening",
            "affected, of those screened",
            *(f"{name}, the whole way: how much more a month since go-live" for name in ("PCL-5", "PHQ-9", "GAD-7")),
            *(f"done in time: {step}" for step in STEPS),
            *(f"still coming after {days} days" for days in STAYS),
            "asked: women against all others",
        ),
        USUAL,
    ),
    is_dear=True,
)
