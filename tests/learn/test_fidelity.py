"""How the steps are kept: counted set-based, and equal to what counting case by case gives."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path

import duckdb
import pytest
from lifelines import KaplanMeierFitter

from leeward import catalogue, definitions
from leeward.evidence.survival import kaplan_meier
from leeward.learn.fidelity import DIMENSIONS, MEASURES, count, judged
from leeward.learn.replay.cases import cases
from leeward.rules.protocol import Protocol, parse
from leeward.simulation.parameters import Parameters
from leeward.simulation.parquet import write_centre

from .counted_slowly import Judged
from .counted_slowly import judged as judged_slowly

ZONE = "America/Chicago"
GROUPINGS = tuple(chain.from_iterable(combinations(DIMENSIONS, size) for size in range(len(DIMENSIONS) + 1)))


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    name = "human-trafficking-response"
    return parse(definitions.read("protocol", name), name=name, schema=definitions.schema("protocol"))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=400, seed=7, out=folder)
    return folder


@pytest.fixture(scope="module")
def connection(centre: Path, protocol: Protocol) -> Iterator[duckdb.DuckDBPyConnection]:
    with judged(centre, protocol, catalogue.competence(), zone=ZONE) as (connection, _):
        yield connection


@pytest.fixture(scope="module")
def slowly(centre: Path, protocol: Protocol) -> list[Judged]:
    return list(judged_slowly(centre, protocol, catalogue.competence(), cases(centre).last, ZONE))


@pytest.mark.parametrize("by", GROUPINGS, ids="-".join)
def test_every_grouping_counts_what_the_plan_of_each_case_says(
    by: tuple[str, ...], connection: duckdb.DuckDBPyConnection, slowly: list[Judged]
) -> None:
    groups: dict[tuple[str, ...], list[Judged]] = defaultdict(list)
    for each in slowly:
        groups[tuple(each.where[name] for name in by)].append(each)
    rows = count(connection, by)
    assert {row.group for row in rows} == set(groups)
    for row in rows:
        for name in MEASURES:
            counted = [each for each in groups[row.group] if name in each.counted_as]
            assert row.counts[name].openings == len(counted), (row.group, name)
            assert row.counts[name].people == len({each.client for each in counted}), (row.group, name)
        assert row.days_lost == pytest.approx(sum(each.beyond for each in groups[row.group]))


@pytest.mark.parametrize("by", [(), ("step",), ("role", "site"), ("stage", "month")], ids="-".join)
def test_times_are_those_of_lifelines(
    by: tuple[str, ...], connection: duckdb.DuckDBPyConnection, slowly: list[Judged]
) -> None:
    groups: dict[tuple[str, ...], list[Judged]] = defaultdict(list)
    for each in slowly:
        groups[tuple(each.where[name] for name in by)].append(each)
    for row in count(connection, by):
        waited = [each.waited for each in groups[row.group]]
        done = [bool({"met", "late"} & each.counted_as) for each in groups[row.group]]
        curve, fitted = kaplan_meier(waited, done), KaplanMeierFitter().fit(waited, done)
        heights = fitted.survival_function_.iloc[:, 0]
        half = heights.index[heights <= 0.5 + 1e-12]  # a height of one half may be a hair above it
        assert (row.median.value if row.median else None) == (pytest.approx(half[0]) if half.size else None)
        for found, share in ((row.median, 0.5), (row.ninety, 0.9)):
            expected = curve.quantile(share)
            assert (found is None) == (expected is None)
            if found is not None and expected is not None:
                assert found.n == expected.n == len(waited)
                assert [found.value, found.low, found.high] == pytest.approx(
                    [expected.value, expected.low, expected.high]
                )
