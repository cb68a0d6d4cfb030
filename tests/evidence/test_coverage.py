"""Intervals hold a truth that is known, and the page that says how often says it of everything that is measured."""

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from scipy import stats

BENCH = Path(__file__).parents[2] / "bench"
REPLICATIONS = 200 if os.environ.get("LEEWARD_FULL") else 40
#: What takes a few milliseconds; the others run with LEEWARD_FULL alone.
QUICK = (
    "shares of 45",
    "three groups",
    "first and last",
    "three visits",
    "watched for",
    "move away",
    "people screened",
)
#: What is told beside the claim, and known to be short.
KNOWN_SHORT = ("(delta method)", "measurements of 24 months", "measurements of 48 months")


@pytest.fixture(scope="module")
def estimands() -> ModuleType:
    sys.path.insert(0, str(BENCH))
    try:
        return import_module("estimands")
    finally:
        sys.path.remove(str(BENCH))


def test_the_truth_lies_in_each_interval_as_often_as_chance_allows(estimands: ModuleType) -> None:
    """Seeds from 0 on. Bounds are the 1 in 10,000 tails of what each aims at, as some sixty are looked at."""
    off = []
    for world in estimands.WORLDS:
        if not (os.environ.get("LEEWARD_FULL") or any(each in world.about for each in QUICK)):
            continue
        held: dict[str, list[float]] = {name: [] for name in world.estimands}
        for seed in range(REPLICATIONS):
            for name, found in world.once(seed).items():
                if found is not None:
                    held[name].append(found.held)
        for name, each in held.items():
            aim, n = world.estimands[name], len(each)
            assert n > 0.9 * REPLICATIONS, name
            least = stats.binom.ppf(1e-4, n, aim.least)
            most = stats.binom.ppf(1 - 1e-4, n, aim.most)
            if not least <= sum(each) <= most and not any(known in name for known in KNOWN_SHORT):
                off.append(f"{name}: {sum(each):.0f} of {n}")
    assert not off


def test_the_page_tells_of_every_estimand_that_is_measured(estimands: ModuleType) -> None:
    sys.path.insert(0, str(BENCH))
    try:
        whole_way = import_module("whole_way")
    finally:
        sys.path.remove(str(BENCH))
    page = (BENCH.parent / "docs" / "reference" / "coverage.md").read_text(encoding="utf-8")
    told = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")} - {"estimand"}
    measured = {
        f"{name} ({aim.why})" if aim.why else name
        for world in (*estimands.WORLDS, whole_way.WORLD)
        for name, aim in world.estimands.items()
    }
    assert told == measured
