"""`leeward protocol fidelity` counts, hides what is small, or says in one sentence why it can't."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from leeward import definitions
from leeward.evidence.errors import ThresholdTooLow
from leeward.evidence.protection import Sum, audit
from leeward.evidence.threshold import Threshold
from leeward.learn.fidelity import MEASURES, FidelityError
from leeward.learn.fidelity.cleared import PARTS, SUMS
from leeward.learn.fidelity.counts import DERIVED
from leeward.learn.replay import ReplayError
from leeward.platform.commands.protocol import app
from leeward.rules.errors import RuleError
from leeward.simulation import Parameters, write_centre

from ..rules.protocol.written import SHIPPED
from .hand_made import SMALL, HandMade

run = CliRunner().invoke
FILE = str(definitions.path("protocol", SHIPPED))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=200, seed=11, out=folder)
    return folder


def asked(centre: Path, *options: str) -> list[dict[str, Any]]:
    done = run(app, ["fidelity", FILE, "--data", str(centre), "--json", *options])
    assert done.exit_code == 0, done.output
    rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    return rows


def test_it_prints_a_table_and_hides_what_is_small(centre: Path) -> None:
    done = run(app, ["fidelity", FILE, "--data", str(centre)])
    assert done.exit_code == 0, done.output
    head, columns, *lines = done.stdout.splitlines()
    assert head.startswith("human-trafficking-response 1.0.0 as of ")
    assert columns.split()[:4] == ["step", "opened", "due", "met"]
    assert lines[0].startswith("talk-alone")
    assert "hidden" in done.stdout
    assert done.stderr.startswith("Note: some of these people came before the protocol began")


@pytest.mark.parametrize("by", ["step", "stage", "role", "site", "month", "role,site"])
def test_no_count_from_1_to_10_is_printed_nor_can_be_worked_out_within_its_row(centre: Path, by: str) -> None:
    """The auditor asks for every hidden cell what values it could have, given all that its row prints."""
    rows = zip(asked(centre, "--by", by), asked(centre, "--by", by, "--unsuppressed"), strict=True)
    for shown, truth in rows:
        for name in MEASURES:
            for cell in (name, f"{name}_people"):
                assert shown[cell] in ({"suppressed": True}, truth[cell])
                assert isinstance(shown[cell], dict) or not 0 < shown[cell] < 11, (shown, cell)
        values = {name: truth[name] for name in MEASURES}
        values |= {"missed": values["late"] + values["overdue"], "done": values["met"] + values["late"]}
        values |= {"other": values["opened"] - values["due"]}
        values |= {rest: values[whole] - values[part] for whole, choices in PARTS.items() for part, rest in choices}
        sums = [Sum(total, parts) for total, parts in SUMS.items()]
        sums += [Sum(whole, parts) for whole, choices in PARTS.items() for parts in choices]
        hidden = [name for name in MEASURES if isinstance(shown[name], dict)]
        derived = [name for name in DERIVED if values[name]]  # zeros are known: the protocol tells them
        assert audit(values, hidden, sums, Threshold(), unprinted=derived) == {}, shown


def test_shares_and_times_rest_on_counts_that_are_shown(centre: Path) -> None:
    rows = asked(centre, "--by", "step")
    for row in rows:
        if isinstance(row["met"], dict) or isinstance(row["due"], dict):
            assert row["met_share"] == row["days_lost"] == {"suppressed": True}
        if isinstance(row["opened"], dict):
            assert row["median_days"] == {"suppressed": True}
    assert any(isinstance(row["median_days"].get("estimate"), float) for row in rows if row["median_days"])


def test_small_numbers_are_shown_only_when_asked_for_and_with_a_warning(centre: Path) -> None:
    done = run(app, ["fidelity", FILE, "--data", str(centre), "--unsuppressed"])
    assert done.exit_code == 0
    assert "hidden" not in done.stdout
    assert done.stderr.startswith("Warning: small numbers are shown.")


def test_a_lower_threshold_is_refused(centre: Path) -> None:
    assert isinstance(
        run(app, ["fidelity", FILE, "--data", str(centre), "--threshold", "5"]).exception, ThresholdTooLow
    )


def test_a_higher_threshold_hides_more(centre: Path) -> None:
    few, many = asked(centre), asked(centre, "--threshold", "40")
    assert json.dumps(many).count("suppressed") > json.dumps(few).count("suppressed")


def test_it_writes_the_same_table_as_a_file(centre: Path, tmp_path: Path) -> None:
    out = tmp_path / "months.csv"
    done = run(app, ["fidelity", FILE, "--data", str(centre), "--by", "month,role", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert f"Wrote {out}." in done.stdout
    head, *rows = list(csv.reader(out.read_text(encoding="utf-8").splitlines()))
    assert head[:4] == ["role", "month", "opened", "opened_people"]
    assert all(len(row) == len(head) for row in rows)
    numbers = [int(cell) for row in rows for cell in row[2 : 2 + 2 * len(MEASURES)] if cell != "hidden"]
    assert not [number for number in numbers if 0 < number < 11]
    assert [file.name for file in tmp_path.iterdir()] == ["months.csv"]


def test_the_people_of_the_results_are_fewer(centre: Path) -> None:
    options = ("--by", "", "--unsuppressed")
    (everybody,), (counted,) = asked(centre, *options), asked(centre, *options, "--only-results")
    assert 0 < counted["opened_people"] < everybody["opened_people"] == 200


def test_it_counts_as_of_an_earlier_moment(centre: Path) -> None:
    early = asked(centre, "--by", "month", "--now", "2025-06-01T00:00Z")
    assert max(row["month"] for row in early) <= "2025-05"


# Bad input


def refused(*arguments: str) -> RuleError:
    done = run(app, ["fidelity", *arguments])
    assert done.exit_code == 1
    assert isinstance(done.exception, RuleError), done.output
    assert done.exception.hint
    return done.exception


def test_an_unknown_dimension_is_refused_with_the_nearest_one(centre: Path) -> None:
    error = refused(FILE, "--data", str(centre), "--by", "step,moth")
    assert isinstance(error, FidelityError)
    assert str(error) == "Nothing can be counted by `moth`."
    assert error.hint == "Did you mean `month`?"


def test_a_zone_that_does_not_exist_is_refused(centre: Path) -> None:
    assert "Nowhere/Land" in str(refused(FILE, "--data", str(centre), "--zone", "Nowhere/Land"))


@pytest.mark.parametrize("now", ["yesterday", "2026-01-01"])
def test_a_moment_needs_a_zone(centre: Path, now: str) -> None:
    assert run(app, ["fidelity", FILE, "--data", str(centre), "--now", now]).exit_code == 2


def test_a_table_is_written_to_csv_only(centre: Path) -> None:
    assert run(app, ["fidelity", FILE, "--data", str(centre), "--out", "table.xlsx"]).exit_code == 2


def test_a_broken_definition_is_told_with_its_line(centre: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(SMALL.replace("after: needs.assessed", "after: needs.asessed"), encoding="utf-8")
    done = run(app, ["fidelity", str(broken), "--data", str(centre)])
    assert done.exit_code == 1
    assert "broken.yaml, line" in done.stderr


def small(tmp_path: Path) -> tuple[Path, Path]:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    made = HandMade().client("A").agency("home", "centre").trained("sam", None, None)
    return file, made.event("A", "indicator.observed", "2026-03-01 15:00").write(tmp_path / "data")


def test_an_empty_centre_is_refused(tmp_path: Path) -> None:
    file, folder = small(tmp_path)
    events = pq.read_table(folder / "events.parquet")
    pq.write_table(events.slice(0, 0), folder / "events.parquet")
    assert isinstance(refused(str(file), "--data", str(folder)), ReplayError)


@pytest.mark.parametrize("table", ["events", "clients", "staff", "agencies"])
def test_a_missing_table_is_named(tmp_path: Path, table: str) -> None:
    file, folder = small(tmp_path)
    (folder / f"{table}.parquet").unlink()
    assert f"{table}.parquet" in str(refused(str(file), "--data", str(folder)))


@pytest.mark.parametrize(
    ("table", "column"), [("events", "actor"), ("clients", "site"), ("staff", "trained_on"), ("agencies", "kind")]
)
def test_a_missing_column_is_named(tmp_path: Path, table: str, column: str) -> None:
    file, folder = small(tmp_path)
    frame = pq.read_table(folder / f"{table}.parquet")
    pq.write_table(frame.drop_columns([column]), folder / f"{table}.parquet")
    error = refused(str(file), "--data", str(folder))
    assert str(error) == f"The table {table} lacks {column}."


def test_a_table_of_another_shape_is_refused(tmp_path: Path) -> None:
    file, folder = small(tmp_path)
    pq.write_table(
        pa.table({"staff": ["sam"], "trained_on": ["a while ago"], "course": ["soar_basic"]}), folder / "staff.parquet"
    )
    assert "can't be counted" in str(refused(str(file), "--data", str(folder)))
    (folder / "clients.parquet").write_text("client,site\n", encoding="utf-8")
    assert "clients.parquet" in str(refused(str(file), "--data", str(folder)))


def test_a_client_with_two_rows_would_count_double_and_is_refused(tmp_path: Path) -> None:
    file, folder = small(tmp_path)
    HandMade().client("A", "A").agency("home", "centre").trained("sam", None, None).event(
        "A", "indicator.observed", "2026-03-01 15:00"
    ).write(folder)
    assert "clients has two rows" in str(refused(str(file), "--data", str(folder)))


def test_a_client_without_a_site_is_counted_under_no_site(tmp_path: Path) -> None:
    file, folder = small(tmp_path)
    HandMade().client("A", site=None).agency("home", "centre").trained("sam", None, None).event(
        "A", "indicator.observed", "2026-03-01 15:00"
    ).event("B", "indicator.observed", "2026-03-01 15:00").write(folder)
    done = run(app, ["fidelity", str(file), "--data", str(folder), "--by", "site", "--json", "--unsuppressed"])
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["site"], row["opened"]) == ("", 2)


def test_x02_a_site_that_a_spreadsheet_would_evaluate_is_text(tmp_path: Path) -> None:
    file, folder = small(tmp_path)
    HandMade().client("A", site="\u200b=1+1").agency("home", "centre").trained("sam", None, None).event(
        "A", "indicator.observed", "2026-03-01 15:00"
    ).write(folder)
    out = tmp_path / "sites.csv"
    done = run(app, ["fidelity", str(file), "--data", str(folder), "--by", "site", "--unsuppressed", "--out", str(out)])
    assert done.exit_code == 0, done.output
    (_head, site) = csv.reader(out.read_text(encoding="utf-8").splitlines())
    assert site[0] == "'\u200b=1+1"
