"""Steps, stages and places of one centre hold each other's people: no two of their numbers may be subtracted (N-01).

The attack knows what a reader knows of the protocol and more: who is counted in what, found case by case with `plan`.
Wherever everybody of one number is counted in another, the two must be equal, or differ by as many as may be told.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import permutations
from pathlib import Path

import pytest

from leeward import catalogue, definitions
from leeward.evidence.suppression import Ledger
from leeward.evidence.threshold import Threshold
from leeward.learn.actions import results_of
from leeward.learn.fidelity.judged import DIMENSIONS
from leeward.learn.plain import Json
from leeward.learn.results import ResultsData, ResultsSettings, as_json
from leeward.learn.results.cases import Era, population, roll
from leeward.learn.results.flow import flow
from leeward.learn.tables import read_folder
from leeward.rules.protocol import parse
from leeward.simulation import Parameters, write_centre

from .counted_slowly import judged

NAME = "human-trafficking-response"
SETTINGS = ResultsSettings()
FULL = os.environ.get("LEEWARD_FULL") == "yes"
PROTOCOL = parse(definitions.read("protocol", NAME), name=f"{NAME}.yaml", schema=definitions.schema("protocol"))
People = Mapping[str, frozenset[str]]


def who(folder: Path, tables: ResultsData, now: datetime) -> People:
    """Who is counted in what, since go-live: by step, stage, role, site and month, and on the way. Where each person
    had a step once, the number of its openings is theirs."""
    counted = roll(tables, SETTINGS, now)
    since = set(counted.since)
    found: dict[str, set[str]] = defaultdict(set)
    times: Counter[str] = Counter()
    for each in judged(folder, PROTOCOL, catalogue.competence(), now, SETTINGS.zone):
        if each.client in since:
            found["all"].add(each.client)
            for name in DIMENSIONS:
                found[f"{name}.{each.where[name]}"].add(each.client)
            times[step := each.where["step"]] += 1
            if "due" in each.counted_as:
                found[f"due.{step}"].add(each.client)
    people = population(tables, counted, now)
    ways = flow(people, SETTINGS, Ledger()).at[Era.SINCE]
    found |= {f"way.{stage.value}": set(each) for stage, each in ways.items()}
    found["treated"] = {case.client for case in people.of(Era.SINCE) if case.has("session.attended")}
    found |= {f"times.{step}": those for step in times if len(those := found[f"step.{step}"]) == times[step]}
    return {name: frozenset(each) for name, each in found.items()}


def published(document: Mapping[str, Json]) -> Iterator[tuple[str, int]]:
    """Every number of people that the document tells of these."""
    told: list[tuple[str, Json]] = []
    for step in _list(document["steps"]):
        told += [(f"step.{step['step']}", step["people"]), (f"times.{step['step']}", step["opened"])]
    kept = _dict(document["kept"])
    told.append(("all", _dict(_dict(kept["everything"])["people"]).get("opened")))
    for name, rows in _dict(kept["tables"]).items():
        told += [(f"{name}.{_row_of(row)}", _dict(row["people"]).get("opened")) for row in _list(rows)]
    told += [(f"due.{cost['step']}", cost["due_people"]) for cost in _list(_dict(document["bottlenecks"])["people"])]
    way = next(each for each in _list(document["flows"]) if each["era"] == "since")
    told.append(("way.seen", way["seen"]))
    told += [("treated", each["treated"]) for each in _list(document["retention"]) if each["era"] == "since"]
    told += [(f"way.{stage['stage']}", _dict(stage["reached"])["count"]) for stage in _list(way["stages"])]
    return ((name, number) for name, number in told if isinstance(number, int))


def _dict(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, Mapping)
    return value


def _list(value: Json) -> list[Mapping[str, Json]]:
    assert isinstance(value, list)
    return [_dict(each) for each in value]


def _row_of(row: Mapping[str, Json]) -> str:
    match row["group"]:
        case [str(group)]:
            return group
    raise AssertionError(row)


def given_away(told: Mapping[str, int], people: People, threshold: Threshold) -> list[str]:
    """What a reader finds by subtracting one published number from another that holds the same people and more."""
    return [
        f"{whole} {told[whole]} - {part} {told[part]} = {told[whole] - told[part]}"
        for whole, part in permutations(told, 2)
        if people[part] < people[whole] and threshold.is_small(told[whole] - told[part])
    ]


def shared_by_two(told: Mapping[str, int], people: People, threshold: Threshold) -> list[str]:
    """What a reader finds who knows that a stage or a role is two steps: how many had both."""
    steps = {step.id: step for step in PROTOCOL.steps}
    found = []
    for name in ("stage", "role"):
        for group in {getattr(step, name) for step in steps.values()}:
            mine = [f"step.{each}" for each, step in steps.items() if getattr(step, name) == group]
            mine = [each for each in mine if people.get(each)]
            whole = f"{name}.{group}"
            if len(mine) > 1 and whole in told and all(each in told for each in mine):
                over = sum(told[each] for each in mine) - told[whole]
                if threshold.is_small(over):
                    found.append(f"{mine} - {whole} = {over}")
    return found


@pytest.mark.parametrize("seed", range(11, 21) if FULL else (11, 13))
def test_n_01_nobody_is_found_by_subtracting_steps_and_stages(tmp_path: Path, seed: int) -> None:
    write_centre(Parameters(), clients=300, seed=seed, out=tmp_path)
    tables = read_folder(tmp_path)
    now = datetime.fromisoformat(tables.meta["data_cut"])
    people, told = who(tmp_path, tables, now), dict(published(as_json(results_of(tables, now, SETTINGS))))
    told = {name: number for name, number in told.items() if name in people}
    assert told == {name: len(people[name]) for name in told}
    assert sum(name.startswith("step.") for name in told) > 8, "so little is told that nothing is attacked"
    assert given_away(told, people, SETTINGS.threshold) == []
    assert shared_by_two(told, people, SETTINGS.threshold) == []
