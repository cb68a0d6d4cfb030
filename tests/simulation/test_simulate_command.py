"""`leeward simulate` writes the files, and says in one sentence what is wrong when it can't."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from leeward.platform.commands.simulate import simulate
from leeward.simulation import SimulationError
from leeward.simulation.centre import check
from leeward.simulation.parquet import SCHEMAS

app = typer.Typer()
app.command()(simulate)
runner = CliRunner()


def test_it_writes_every_table_and_the_truth(tmp_path: Path) -> None:
    result = runner.invoke(app, ["--clients", "30", "--seed", "7", "--out", str(tmp_path / "new" / "centre"), "--json"])
    assert result.exit_code == 0
    written = json.loads(result.stdout)
    folder = Path(written["out"])
    assert {file.name for file in folder.iterdir()} == {*(f"{name}.parquet" for name in SCHEMAS), "truth.json"}
    for name, rows in written["rows"].items():
        table = pq.read_table(folder / f"{name}.parquet")
        assert table.num_rows == rows
        assert table.schema.equals(SCHEMAS[name])
    assert json.loads((folder / "truth.json").read_text())["clients"] == 30
    first = pq.read_table(folder / "events.parquet").to_pylist()[0]
    assert json.loads(first["data"]).keys() == {"age_at_contact", "is_minor", "language", "county", "source"}


def test_the_truth_goes_where_it_is_told(tmp_path: Path) -> None:
    truth = tmp_path / "apart" / "truth.json"
    result = runner.invoke(app, ["--clients", "3", "--out", str(tmp_path / "out"), "--truth", str(truth)])
    assert result.exit_code == 0
    assert truth.is_file()
    assert not (tmp_path / "out" / "truth.json").exists()


@pytest.mark.parametrize("clients", ["0", "-5", "20000000"])
def test_a_number_of_clients_that_makes_no_centre_is_wrong_usage(tmp_path: Path, clients: str) -> None:
    result = runner.invoke(app, ["--clients", clients, "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "can't have" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("mine")
    result = runner.invoke(app, ["--clients", "3", "--out", str(place)])
    assert result.exit_code == 1
    assert result.stderr == f"leeward: {place} is a file, not a folder. Name a folder: --out centre\n"
    assert place.read_text() == "mine"


def test_a_folder_in_place_of_the_truth_file_is_refused(tmp_path: Path) -> None:
    result = runner.invoke(app, ["--clients", "3", "--out", str(tmp_path / "out"), "--truth", str(tmp_path)])
    assert result.exit_code == 1
    assert "is a folder" in result.stderr


def test_a_place_that_cannot_be_written_is_said_plainly() -> None:
    result = runner.invoke(app, ["--clients", "3", "--out", "/proc/nowhere/centre"])
    assert result.exit_code == 1
    assert "can't be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(SimulationError, match="-1 can't be a seed") as refusal:
        check(clients=1, seed=-1)
    assert "whole number from 0" in refusal.value.hint
