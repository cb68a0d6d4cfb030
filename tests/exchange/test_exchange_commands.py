"""`leeward exchange`: files out and in, what was not said on standard error, refusals in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leeward import definitions
from leeward.exchange.errors import PlanDefinitionError
from leeward.platform.commands import exchange
from leeward.rules.protocol import parse

from ..rules.protocol.written import SHIPPED, shipped

run = CliRunner().invoke
EXPORT = ["export", "plan-definition"]
IMPORT = ["import", "plan-definition"]


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    file = tmp_path / "protocol.yaml"
    file.write_text(definitions.read("protocol", SHIPPED), encoding="utf-8")
    return file


def test_a_protocol_goes_out_to_a_file_and_comes_back(definition: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out.json", tmp_path / "again.yaml"
    told = run(exchange.app, [*EXPORT, str(definition), "--out", str(out)])
    assert told.exit_code == 0
    assert "safety-now: how long after it is due it still counts as on time" in told.stderr
    assert json.loads(out.read_text(encoding="utf-8"))["resourceType"] == "PlanDefinition"
    told = run(exchange.app, [*IMPORT, str(out), "--out", str(again)])
    assert (told.exit_code, told.stderr) == (0, "")
    text = again.read_text(encoding="utf-8")
    assert parse(text, name="again.yaml", schema=definitions.schema("protocol")) == shipped()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["again.yaml", "out.json", "protocol.yaml"]


def test_without_a_file_to_write_it_is_printed_and_can_be_piped(definition: Path) -> None:
    printed = run(exchange.app, [*EXPORT, "-"], input=definition.read_text(encoding="utf-8"))
    assert printed.exit_code == 0
    back = run(exchange.app, [*IMPORT, "-"], input="\ufeff" + printed.stdout)
    assert parse(back.stdout, name="back", schema=definitions.schema("protocol")) == shipped()


def test_what_must_be_completed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "foreign.json"
    file.write_text(json.dumps({"resourceType": "PlanDefinition", "action": [{"title": "T"}]}))
    told = run(exchange.app, [*IMPORT, str(file)])
    assert told.exit_code == 0
    assert "  t: which event finishes it is not said: complete `done`" in told.stderr
    assert told.stdout.startswith("# To be looked at before use:")


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff", b"[]", b'{"resourceType": "Questionnaire"}'])
def test_a_bad_file_is_refused_and_nothing_is_written(tmp_path: Path, content: bytes) -> None:
    file, out = tmp_path / "bad.json", tmp_path / "out.yaml"
    file.write_bytes(content)
    told = run(exchange.app, [*IMPORT, str(file), "--out", str(out)])
    assert isinstance(told.exception, PlanDefinitionError)
    assert told.exception.hint
    assert not out.exists()


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LARGEST", 10)
    file = tmp_path / "large.json"
    file.write_text(" " * 11)
    assert "larger" in str(run(exchange.app, [*IMPORT, str(file)]).exception)


def test_a_place_that_can_not_be_written_is_one_sentence(definition: Path, tmp_path: Path) -> None:
    told = run(exchange.app, [*EXPORT, str(definition), "--out", str(tmp_path / "none" / "out.json")])
    assert isinstance(told.exception, PlanDefinitionError)


def test_each_command_shows_an_example() -> None:
    for command in (EXPORT, IMPORT):
        assert "Example: leeward exchange" in run(exchange.app, [*command, "--help"]).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([*IMPORT, "none.json"], 1, "leeward: none.json can't be read"),
        ([*EXPORT, "none.yaml"], 1, "leeward: none.yaml can't be read"),
        ([*EXPORT, "broken.yaml"], 1, "broken.yaml, line 1"),
        (EXPORT, 2, "Missing argument"),
    ],
)
def test_refusals_are_one_line_with_their_exit_code(tmp_path: Path, arguments: list[str], code: int, says: str) -> None:
    (tmp_path / "broken.yaml").write_text("protocol: x\n")
    command = [sys.executable, "-m", "leeward.platform.cli", "exchange", *arguments]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=os.environ
    )
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
