"""Results of a synthetic centre contain, within their intervals, the truth that made it."""

import json
from datetime import datetime
from math import exp
from pathlib import Path

import pandas as pd
import pytest

from leeward import catalogue, definitions
from leeward.evidence.intervals import Estimate
from leeward.learn.results import Results, ResultsData, ResultsSettings, compute
from leeward.learn.results.cases import population, roll
from leeward.learn.results.course import courses
from leeward.rules.protocol import parse
from leeward.simulation import Parameters, write_centre

Truth = dict[str, dict[str, dict[str, int]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=1_600, seed=11, out=folder)
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path) -> ResultsData:
    of = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("clients", "events", "scores", "staff")}
    return ResultsData(clients=of["clients"], events=of["events"], scores=of["scores"], staff=of["staff"])


@pytest.fixture(scope="module")
def made(folder: Path, tables: ResultsData) -> tuple[Results, Truth]:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    name = "human-trafficking-response"
    results = compute(
        tables,
        parse(definitions.read("protocol", name), name=name, schema=definitions.schema("protocol")),
        {measure: catalogue.instrument(measure) for measure in ("pcl-5", "phq-9", "gad-7", "ties-8")},
        catalogue.competence(),
        datetime.fromisoformat(truth["data_cut"]),
        ResultsSettings(),
    )
    return results, truth


def _contains(estimate: object, value: float) -> bool:
    assert isinstance(estimate, Estimate)
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= value <= estimate.high


@pytest.mark.parametrize(("stage", "of"), [("noticed", "registered"), ("asked", "noticed")])
def test_reach_is_what_truly_happened(made: tuple[Results, Truth], stage: str, of: str) -> None:
    results, truth = made
    flow = next(flow for flow in results.flows if flow.era == "since")
    found = next(each for each in flow.stages if each.stage == stage)
    assert _contains(found.reached.estimate, truth["counts"][stage]["after"] / truth["counts"][of]["after"])


@pytest.mark.parametrize("days", [30, 60])
def test_retention_is_the_declared_one(made: tuple[Results, Truth], days: int) -> None:
    retention = Parameters().retention
    stay = next(stay for stay in made[0].retention if stay.era == "since")
    share = next(mark.share for mark in stay.stays if mark.days == days)
    # Three in ten are uninsured and stop 1.3 times as often. Who stops does so at the last session that was attended:
    # that lies a week before the next one at the most, or two if that one was missed.
    hazards = [
        (1 + 0.3 * (retention.uninsured_hazard_ratio - 1))
        * (each / retention.dropout_scale_days[1]) ** (retention.dropout_shape)
        for each in (days, days + 14)
    ]
    assert isinstance(share, Estimate)
    assert share.low is not None
    assert share.high is not None
    assert share.low <= exp(-hazards[0])
    assert exp(-hazards[1]) <= share.high


def test_the_predictive_value_is_the_declared_one(made: tuple[Results, Truth]) -> None:
    screening, prevalence = Parameters().screening, Parameters().prevalence
    right = screening.sensitivity * prevalence
    wrong = (1 - screening.specificity) * (1 - prevalence)
    # Who is screened is likelier to have experienced it than who comes: the truth among all is a lower bound.
    found = made[0].accuracy.ppv
    assert isinstance(found, Estimate)
    assert found.high is not None
    assert found.high > right / (right + wrong)


def test_symptoms_fall_since_go_live(made: tuple[Results, Truth]) -> None:
    for group in made[0].symptoms:
        if group.era == "since":
            assert isinstance(group.mean_change, Estimate)
            assert group.mean_change.high is not None
            assert group.mean_change.high < 0


@pytest.mark.parametrize(("instrument", "symptom"), [("pcl-5", "pcl5"), ("ties-8", "ties")])
def test_the_model_of_all_scores_finds_the_declared_effect(
    made: tuple[Results, Truth], tables: ResultsData, instrument: str, symptom: str
) -> None:
    """Fitted as the report fits it, before suppression: in a small centre few are measured twice before go-live."""
    cut = datetime.fromisoformat(str(made[1]["data_cut"]))
    people = population(tables, roll(tables, ResultsSettings(), cut), cut)
    (fitted,) = courses(people, tables, {instrument: catalogue.instrument(instrument)}).fitted
    assert fitted.model is not None
    assert _contains(fitted.model.effects["months_since"], getattr(Parameters().symptoms, symptom).protocol_slope)
