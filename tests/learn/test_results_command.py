"""`leeward results` turns a folder of tables into files, or says in one sentence why it can't."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer import Typer
from typer.testing import CliRunner

from leeward.learn.errors import TablesUnreadable
from leeward.learn.results import ResultsData, ResultsError
from leeward.learn.tables import read_folder
from leeward.platform.commands.results import results

from .centres import Made, screened, sign, talk

app = Typer()
app.command()(results)
run = CliRunner().invoke


def write(data: ResultsData, folder: Path) -> Path:
    for name in ("clients", "events", "scores", "staff"):
        getattr(data, name).to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = Made().people(40, sign(), talk(), screened("negative", 3), scores=[(1, "phq-9", 18)])
    tables = tmp_path / "centre"
    tables.mkdir()
    return write(made.trained(12, "screener", None, None).data(), tables)


def test_it_writes_a_report_and_the_numbers(folder: Path, tmp_path: Path) -> None:
    done = run(app, ["--data", str(folder), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    document = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert document["about"]["people"] == 40
    assert "<h1>Preliminary results</h1>" in (tmp_path / "out" / "results.html").read_text(encoding="utf-8")


def test_it_writes_only_the_format_that_was_asked_for(folder: Path, tmp_path: Path) -> None:
    assert run(app, ["--data", str(folder), "--out", str(tmp_path / "out"), "--format", "json"]).exit_code == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["results.json"]


def test_it_prints_json_and_writes_nothing(folder: Path, tmp_path: Path) -> None:
    done = run(app, ["--data", str(folder), "--out", str(tmp_path / "out"), "--json"])
    assert json.loads(done.stdout)["about"]["protocol"] == "human-trafficking-response"
    assert not (tmp_path / "out").exists()


def test_the_same_tables_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        run(app, ["--data", str(folder), "--out", str(tmp_path / out)])
    for name in ("results.html", "results.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_threshold_below_eleven_is_refused(folder: Path, tmp_path: Path) -> None:
    done = run(app, ["--data", str(folder), "--out", str(tmp_path / "out"), "--threshold", "5"])
    assert done.exit_code != 0
    assert "never published" in str(done.exception)
    assert not (tmp_path / "out").exists(), "a refusal leaves nothing behind"


def test_an_unknown_format_is_wrong_usage(folder: Path) -> None:
    assert run(app, ["--data", str(folder), "--format", "docx"]).exit_code == 2


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TablesUnreadable, match="There is no folder"):
        read_folder(tmp_path / "nowhere")


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "scores.parquet").unlink()
    with pytest.raises(TablesUnreadable, match=r"lacks scores\.parquet"):
        read_folder(folder)


def test_a_file_that_is_no_parquet_is_named(folder: Path) -> None:
    (folder / "events.parquet").write_text("client,kind\n", encoding="utf-8")
    with pytest.raises(TablesUnreadable, match=r"events\.parquet is not a readable Parquet file"):
        read_folder(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    pd.read_parquet(folder / "events.parquet").drop(columns="kind").to_parquet(folder / "events.parquet")
    with pytest.raises(ResultsError, match="lacks the column kind"):
        read_folder(folder)


def test_the_folder_may_say_when_the_protocol_began(folder: Path) -> None:
    (folder / "truth.json").write_text('{"go_live": "2026-02-01T00:00:00+00:00", "prevalence": 0.4}', encoding="utf-8")
    meta = read_folder(folder).meta
    assert {key: meta[key] for key in meta if key != "digest"} == {"go_live": "2026-02-01T00:00:00+00:00"}
