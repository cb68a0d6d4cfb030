"""`leeward protocol check` and `show`, as a program director uses them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leeward import definitions
from leeward.platform.commands.protocol import app

from .written import whole

WORDS = {"en": "x", "es": "x"}
ORDINARY = {"stage": "s", "title": WORDS, "role": "clinician", "basis": {"default": "x"}, "choice": WORDS}
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


def test_show_draws_the_protocol_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "picture.svg"
    result = runner.invoke(app, ["show", FILE, "--svg", str(out), "--language", "es"])
    assert result.exit_code == 0
    assert f"is drawn in {out}: 39 steps in the lanes of 7 roles" in result.stdout
    drawn = out.read_text("utf-8")
    assert drawn.startswith("<?xml")
    assert "Hablar a solas" in drawn
    assert "prefers-color-scheme: dark" in drawn
    both = runner.invoke(app, ["show", FILE, "--svg", str(out), "--json"])
    assert len(json.loads(both.stdout)["steps"]) == out.read_text("utf-8").count("data-step=") == 39


def test_a_picture_that_can_not_be_written_exits_1_with_what_to_do(tmp_path: Path) -> None:
    result = runner.invoke(app, ["show", FILE, "--svg", str(tmp_path / "none" / "picture.svg")])
    assert result.exit_code == 1
    assert "can't be written" in result.stderr
    assert "Traceback" not in result.output


@pytest.fixture
def rich(tmp_path: Path) -> str:
    """A definition that uses every feature of the language that `show` tells."""
    clock = {"within": "P1D", "done": "needs.assessed"}
    inner = {"id": "inner", "after": "start", **clock} | ORDINARY
    risk = {"id": "risk", "title": WORDS, "after": "incident.reported", "when": "x", "steps": [inner]}
    data = whole(
        office={"zone": "America/Chicago", "days": ["mon"], "hours": ["09:00-17:00"], "closed": ["2026-11-26"]},
        facts={"x": {"from": "client.registered", "field": "is_minor", "type": "boolean"}},
        steps=[
            {"id": "first", "after": "case.reopened", **clock, "clock": "office_days", "starts": ["risk"]},
            {
                "id": "joint",
                "after": {"all_of": [{"step": "first"}, {"any_of": ["referral.sent", "plan.agreed"]}]},
                **clock,
                "repeat": "P90D",
            },
            {"id": "both", **clock, "after": "case.reopened", "done": {"all_of": ["needs.assessed", "report.made"]}},
        ],
        subprotocols=[risk],
    )
    file = tmp_path / "example.yaml"
    file.write_text(json.dumps(data), "utf-8")
    return str(file)


def test_show_tells_clocks_joints_starts_and_sub_protocols(rich: str) -> None:
    text = runner.invoke(app, ["show", rich]).stdout
    for words in (
        "Office: mon, 09:00-17:00 (America/Chicago), closed on 1 days",
        "within 1 office day, clinician; after case.reopened",
        "after all of: first done; referral.sent, plan.agreed",
        "done by all of: needs.assessed; report.made",
        "again P90D after",
        "starts risk",
        "(risk), starts after incident.reported or first done, when x",
        "inner: x",
    ):
        assert words in text


def test_json_tells_the_same_in_the_language_of_definitions(rich: str) -> None:
    told = json.loads(runner.invoke(app, ["show", rich, "--json"]).stdout)
    first, joint, both, inner = told["steps"]
    assert (first["clock"], first["starts"], joint["clock"]) == ("office_days", ["risk"], None)
    assert joint["after"] == {"all_of": [{"step": "first", "is": "done"}, {"any_of": ["referral.sent", "plan.agreed"]}]}
    assert both["done"] == {"all_of": ["needs.assessed", "report.made"]}
    assert inner["subprotocol"] == "risk"
    assert inner["after"] == ["incident.reported", {"step": "first", "is": "done"}]
    assert told["subprotocols"] == [
        {"id": "risk", "title": "x", "after": ["incident.reported"], "when": "x", "steps": ["inner"]}
    ]
    assert told["office"]["closed"] == ["2026-11-26"]


def test_help_has_an_example() -> None:
    for command in ("check", "show"):
        assert "Example: leeward protocol" in runner.invoke(app, [command, "--help"]).stdout
