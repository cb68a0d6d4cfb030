"""Published tables, where they are at hand. Tests that need them say so and are skipped elsewhere."""

import csv
import os
from pathlib import Path

import pytest

from leeward.evidence.multiple_systems import Histories

TABLES = Path(os.environ.get("LEEWARD_TABLES", Path(__file__).parents[3] / "shared" / "data" / "tables"))

needs_tables = pytest.mark.skipif(
    not TABLES.is_dir(), reason="PUBLISHED TABLES ARE NOT HERE: set LEEWARD_TABLES to their folder to test against them"
)


def rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(name: str, column: str) -> list[float]:
    return [float(row[column]) for row in rows(name)]


def histories(name: str) -> Histories:
    found = rows(f"mse/{name}.csv")
    lists = [each for each in found[0] if each != "count"]
    return Histories.of(lists, {tuple(int(row[each]) for each in lists): int(row["count"]) for row in found})
