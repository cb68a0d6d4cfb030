"""`leeward protocol check` and `show`, as a program director uses them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leeward import definitions
from leeward.platform.commands.protocol import app

FILE = str(definitions.path("protocol", "human-trafficking-response"))
runner = CliRunner()


def test_a_sound_definition_exits_0_and_is_counted() -> None:
    result = runner.invoke(app, ["check", FILE])
    assert result.exit_code == 0
    assert "is sound: 17 stages" in result.stdout


def test_a_broken_definition_exits_1_with_the_line_and_the_way_out_on_standard_error(tmp_path: Path) -> None:
    broken = tmp_path / "mine.yaml"
    broken.write_text(Path(FILE).read_text("utf-8").replace("role: screener", "role: screner"), "utf-8")
    result = runner.invoke(app, ["check", str(broken)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "mine.yaml, line" in result.stderr
    assert "Did you mean `screener`?" in result.stderr


def test_the_result_can_be_read_by_a_program(tmp_path: Path) -> None:
    assert json.loads(runner.invoke(app, ["check", FILE, "--json"]).stdout)["sound"] is True
    broken = tmp_path / "b.yaml"
    broken.write_text("protocol: x\n", "utf-8")
    result = runner.invoke(app, ["check", str(broken), "--json"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["sound"] is False
    assert told["mistakes"][0]["line"] == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: [", b"- 1"])
def test_what_is_no_definition_is_refused_in_one_plain_sentence(tmp_path: Path, content: bytes) -> None:
    odd = tmp_path / "odd.yaml"
    odd.write_bytes(content)
    result = runner.invoke(app, ["check", str(odd)])
    assert result.exit_code == 1
    assert "odd.yaml, line" in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_file_exits_1_and_a_missing_argument_2(tmp_path: Path) -> None:
    missing = runner.invoke(app, ["check", str(tmp_path / "none.yaml")])
    assert missing.exit_code == 1
    assert "can't be read" in missing.stderr
    assert runner.invoke(app, ["check"]).exit_code == 2
    assert runner.invoke(app, ["show", FILE, "--language", "xx"]).exit_code == 2


def test_show_prints_every_step_in_both_languages() -> None:
    english, spanish = (runner.invoke(app, ["show", FILE, "--language", code]).stdout for code in ("en", "es"))
    assert "Talk alone" in english
    assert "Hablar a solas" in spanish
    steps = json.loads(runner.invoke(app, ["show", FILE, "--json"]).stdout)["steps"]
    assert all(step["id"] in english for step in steps)


def test_help_has_an_example() -> None:
    for command in ("check", "show"):
        assert "Example: leeward protocol" in runner.invoke(app, [command, "--help"]).stdout
