"""Replaying many cases: the same rows from every engine, and one plain sentence for what can't be replayed."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from leeward import definitions
from leeward.learn.replay import ReplayError, replay
from leeward.platform.commands.protocol import app
from leeward.simulation import Parameters, write_centre

from ..rules.protocol.written import SHIPPED, shipped

run = CliRunner()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=150, seed=3, out=folder)
    return folder


def test_the_shipped_protocol_gives_the_same_rows_on_every_engine(centre: Path, server: str) -> None:
    by_walking = replay(shipped(), centre, engine="python")
    assert by_walking.table.num_rows > 1_500
    assert replay(shipped(), centre, engine="duckdb").table.equals(by_walking.table)
    assert replay(shipped(), centre, engine="postgres", database=lambda: server).table.equals(by_walking.table)


def test_rows_can_be_judged_at_an_earlier_moment(centre: Path) -> None:
    late = replay(shipped(), centre)
    middle = pq.read_table(centre / "events.parquet")["occurred_at"].to_pylist()
    now = sorted(middle)[len(middle) // 2]
    early = replay(shipped(), centre, now=now)
    assert early.table.num_rows < late.table.num_rows
    assert max(early.table["opened_at"].to_pylist()) <= now
    assert early.table.equals(replay(shipped(), centre, engine="python", now=now).table)


def test_the_command_writes_what_it_prints(centre: Path, tmp_path: Path) -> None:
    (tmp_path / "protocol.yaml").write_text(definitions.read("protocol", SHIPPED), encoding="utf-8")
    given = ["replay", str(tmp_path / "protocol.yaml"), "--data", str(centre)]
    for out in ("rows.parquet", "rows.json", "rows.csv"):
        answer = run.invoke(app, [*given, "--out", str(tmp_path / out)])
        assert answer.exit_code == 0, answer.output
        assert "step instances" in answer.output
    printed = json.loads(run.invoke(app, [*given, "--json"]).output)
    assert printed["rows"] == json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert len(printed["rows"]) == pq.read_table(tmp_path / "rows.parquet").num_rows
    assert len((tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()) == len(printed["rows"]) + 1


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "events.parquet").unlink(), "has no events.parquet"),
        (lambda folder: (folder / "events.parquet").write_bytes(b"PAR1 no"), "not a Parquet file"),
        (lambda folder: change(folder, lambda table: table.drop(["kind"])), "lacks kind"),
        (lambda folder: change(folder, lambda table: table.slice(0, 0)), "holds no events"),
        (
            lambda folder: change(folder, lambda table: pa.concat_tables([table, table.slice(5, 1)])),
            "have the same id",
        ),
        (
            lambda folder: change(
                folder,
                lambda table: table.set_column(
                    table.schema.get_field_index("occurred_at"), "occurred_at", table["occurred_at"].cast(pa.int64())
                ),
            ),
            "times with a zone",
        ),
    ],
)
@pytest.mark.parametrize("engine", ["python", "duckdb"])
def test_what_is_no_timeline_is_refused(centre: Path, tmp_path: Path, engine: str, spoil: object, says: str) -> None:
    (tmp_path / "events.parquet").write_bytes((centre / "events.parquet").read_bytes())
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(ReplayError, match=says) as refused:
        replay(shipped(), tmp_path, engine=engine)
    assert refused.value.hint


def test_an_unknown_engine_is_refused(centre: Path) -> None:
    with pytest.raises(ReplayError, match="no engine `foo`"):
        replay(shipped(), centre, engine="foo")


def change(folder: Path, how: object) -> None:
    pq.write_table(how(pq.read_table(folder / "events.parquet")), folder / "events.parquet")  # type: ignore[operator]
