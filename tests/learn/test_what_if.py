"""Had another protocol been in force: equal to replaying both and comparing by hand, and no small number given away."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from leeward import definitions
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import WideLedger
from leeward.learn.fidelity import FidelityError
from leeward.learn.reading import Part
from leeward.learn.replay.cases import Cases, cases
from leeward.learn.whatif import WhatIf, what_if
from leeward.learn.whatif.sentences import sentences
from leeward.learn.whatif.shown import document, enter
from leeward.platform.commands.protocol import app
from leeward.rules.errors import RuleError
from leeward.rules.protocol import Instance, Protocol, State, parse, plan
from leeward.simulation import Parameters, write_centre

from ..rules.protocol.written import SHIPPED
from .hand_made import SMALL, HandMade, moment

run = CliRunner().invoke
ZONE = "America/Chicago"
TEXT = definitions.read("protocol", SHIPPED)
MISSED = (State.LATE, State.OVERDUE)


def read(text: str) -> Protocol:
    return parse(text, name="protocol.yaml", schema=definitions.schema("protocol"))


def changed(*pairs: tuple[str, str]) -> Protocol:
    """The shipped protocol with some of its text replaced."""
    text = TEXT
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return read(text)


A = read(TEXT)
SHORTER = changed(("within: P14D\n    role: screener", "within: P2D\n    role: screener"))
OTHERWISE = changed(
    ("when: conversation IS NULL OR conversation = 'declined'", "when: conversation IS NULL"),
    ("repeat: P90D", "repeat: P180D"),
    (
        "within: P7D\n    role: case_manager\n    done: referral.closed",
        "within: P21D\n    role: partner\n    done: referral.closed",
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=120, seed=5, out=folder)
    return folder


@pytest.fixture(scope="module")
def centre(folder: Path) -> Cases:
    return cases(folder)


@pytest.fixture(scope="module")
def otherwise(centre: Cases) -> WhatIf:
    return what_if(A, OTHERWISE, centre, zone=ZONE)


Key = tuple[str, str, str | None, datetime, int]


def by_walking(protocol: Protocol, centre: Cases) -> dict[Key, Instance]:
    """Every instance under its client, step, subject and opening, and its number among those of one moment."""
    found: dict[Key, Instance] = {}
    for client, events in centre.timelines():
        for each in plan(protocol, events, centre.last).instances:
            number = 0
            while (key := (client, each.step, each.subject, each.opened_at, number)) in found:
                number += 1
            found[key] = each
    return found


def test_a_protocol_against_itself_changes_nothing(centre: Cases) -> None:
    found = what_if(A, A, centre, zone=ZONE)
    assert not any(change.is_changed for change in found.steps)
    assert not any(week.is_changed for week in found.weeks)
    assert sum(change.a["opened"].openings for change in found.steps if change.a) > 1_000
    assert all(change.a == change.b for change in found.steps)
    assert sentences(Part(document(found, Threshold(), last_weeks=0))) == (
        "Nothing would have been asked or judged otherwise.",
    )


def test_a_shorter_clock_only_adds_late_ones(centre: Cases) -> None:
    found = what_if(A, SHORTER, centre, zone=ZONE)
    (change,) = (change for change in found.steps if change.is_changed)
    assert change.step == "screening"
    assert change.both["turned_missed"].openings > 0
    assert change.both["new"].openings == change.both["gone"].openings == change.both["turned_fine"].openings == 0
    assert change.a is not None
    assert change.b is not None
    assert change.b["missed"].openings == change.a["missed"].openings + change.both["turned_missed"].openings
    assert not any(week.is_changed for week in found.weeks)


def test_steps_are_compared_as_walking_every_case_compares_them(centre: Cases, otherwise: WhatIf) -> None:
    before, after = by_walking(A, centre), by_walking(OTHERWISE, centre)
    assert sum(change.both["gone"].openings for change in otherwise.steps) > 0
    for change in otherwise.steps:
        mine = {key: each for key, each in before.items() if key[1] == change.step}
        theirs = {key: each for key, each in after.items() if key[1] == change.step}
        kept = mine.keys() & theirs.keys()
        expected: dict[str, set[Key]] = {
            "kept": kept,
            "gone": mine.keys() - kept,
            "new": theirs.keys() - kept,
            "changed": {key for key in kept if mine[key].state is not theirs[key].state},
            "turned_missed": {k for k in kept if mine[k].state not in MISSED and theirs[k].state in MISSED},
            "turned_fine": {k for k in kept if mine[k].state in MISSED and theirs[k].state not in MISSED},
        }
        for name, keys in expected.items():
            assert change.both[name].openings == len(keys), (change.step, name)
            assert change.both[name].people == len({key[0] for key in keys}), (change.step, name)
        for side, instances in ((change.a, mine), (change.b, theirs)):
            assert side is not None
            for state in State:
                assert side[state.value].openings == sum(each.state is state for each in instances.values())


def test_weeks_of_work_are_those_of_walking_every_case(centre: Cases, otherwise: WhatIf) -> None:
    for side, protocol in (("a", A), ("b", OTHERWISE)):
        counted: dict[tuple[str, str, date], int] = defaultdict(int)
        instances = by_walking(protocol, centre)
        ends = sorted({week.monday for week in otherwise.weeks})
        for key, each in instances.items():
            role = protocol.step(key[1]).role
            opened = monday(each.opened_at)
            counted[role, "openings", opened] += 1
            closed = monday(each.closed_at) if each.closed_at else None
            if closed:
                counted[role, "closings", closed] += 1
            for week in ends:
                if opened <= week and (closed is None or closed > week):
                    counted[role, "open", week] += 1
        for week_of_work in otherwise.weeks:
            work = week_of_work.a if side == "a" else week_of_work.b
            for what in ("openings", "closings", "open"):
                expected = counted[week_of_work.role, what, week_of_work.monday]
                assert work[what].openings == expected, (side, week_of_work.role, week_of_work.monday, what)


def monday(at: datetime) -> date:
    day = at.astimezone(ZoneInfo(ZONE)).date()
    return day - timedelta(days=day.weekday())


def test_the_weeks_of_a_role_add_up_to_its_steps(otherwise: WhatIf) -> None:
    for side, protocol in (("a", A), ("b", OTHERWISE)):
        for role in {step.role for step in protocol.steps}:
            weeks = [week.a if side == "a" else week.b for week in otherwise.weeks if week.role == role]
            steps = [change.a if side == "a" else change.b for change in otherwise.steps]
            own = [
                each
                for change, each in zip(otherwise.steps, steps, strict=True)
                if protocol.step(change.step).role == role
            ]
            assert sum(week["openings"].openings for week in weeks) == sum(
                each["opened"].openings for each in own if each
            )
            assert weeks[-1]["open"].openings == sum(each["still_open"].openings for each in own if each)


def test_every_week_is_there_up_to_the_moment_of_judging(centre: Cases, otherwise: WhatIf) -> None:
    weeks = [week.monday for week in otherwise.weeks if week.role == "therapist"]
    assert weeks == [weeks[0] + timedelta(days=7 * number) for number in range(len(weeks))]
    assert weeks[-1] == monday(centre.last)


def test_a_step_that_one_protocol_lacks() -> None:
    made = HandMade().client("A")
    made.event("A", "needs.assessed", "2026-03-01 15:00", scope="full")
    events = made.frames()["events"]
    small = read(SMALL)
    without = read(SMALL[: SMALL.index("  - id: refer\n")] + SMALL[SMALL.index("  - id: police\n") :])
    gone = next(change for change in what_if(small, without, events).steps if change.step == "refer")
    assert gone.b is None
    assert gone.both["gone"].openings == 1
    new = next(change for change in what_if(without, small, events).steps if change.step == "refer")
    assert new.a is None
    assert new.both["new"].openings == 1
    made_of_it = Part(document(what_if(without, small, events), None))
    assert sentences(made_of_it) == ("“Referral” is new: opened 1 times.", "Nothing changes for 2 other steps.")


def test_a_moment_at_which_a_step_opens_twice_is_matched_in_order() -> None:
    """Opened, done and opened again at one moment: two instances, of which each has its own match."""
    made = HandMade().client("A")
    at = "2026-03-01 15:00"
    made.event("A", "indicator.observed", at).event("A", "screening.completed", at).event("A", "indicator.observed", at)
    found = what_if(read(SMALL), read(SMALL), made.frames()["events"], now=moment("2026-05-01"))
    change = next(change for change in found.steps if change.step == "screening")
    assert change.both["kept"].openings == 2
    assert not change.is_changed


def test_an_earlier_moment_knows_less(centre: Cases) -> None:
    early = what_if(A, SHORTER, centre, datetime(2026, 1, 1, tzinfo=UTC), zone=ZONE)
    assert max(week.monday for week in early.weeks) == date(2025, 12, 29)


# What is shown


@pytest.mark.parametrize("last_weeks", [0, 3])
def test_the_auditor_can_work_out_no_small_count(otherwise: WhatIf, last_weeks: int) -> None:
    ledger = WideLedger()
    raw = enter(otherwise, ledger, last_weeks)
    cleared = ledger.clear(Threshold())
    assert [cell for cell in ledger.exposed(cleared) if raw[cell] < 11] == []


def counts(value: Any) -> list[int]:
    match value:
        case dict():
            return [
                number for name, each in value.items() if name not in ("format", "threshold") for number in counts(each)
            ]
        case list():
            return [number for each in value for number in counts(each)]
        case bool():
            return []
        case int():
            return [value]
    return []


def test_a_document_holds_no_count_from_1_to_10(otherwise: WhatIf) -> None:
    shown = counts(document(otherwise, Threshold(), last_weeks=6))
    assert len([number for number in shown if number > 10]) > 50
    assert not [number for number in shown if 0 < number < 11]
    assert [number for number in counts(document(otherwise, None, last_weeks=6)) if 0 < number < 11]


def test_a_difference_of_few_is_hidden_too(centre: Cases) -> None:
    """One person fewer on one side: not both numbers are shown."""
    made = document(what_if(A, OTHERWISE, centre, zone=ZONE), Threshold(), last_weeks=0)
    for step in Part(made)["steps"]:
        before, after = step["a"]["opened"].number, step["b"]["opened"].number
        if before is not None and after is not None:
            assert before == after or abs(before - after) > 10


# The command


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    a.write_text(TEXT, encoding="utf-8")
    b.write_text(TEXT.replace("within: P14D\n    role: screener", "within: P2D\n    role: screener"), encoding="utf-8")
    return str(a), str(b)


def test_the_command_says_first_that_what_happened_is_held_fixed(files: tuple[str, str], folder: Path) -> None:
    done = run(app, ["what-if", *files, "--data", str(folder), "--unsuppressed"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[1].startswith("What happened is held fixed")
    assert lines[2].startswith("“Screening conversation” would have been late or left undone ")
    assert done.stderr.startswith("Warning: small numbers are shown.")


def test_the_command_prints_every_week_as_json(files: tuple[str, str], folder: Path) -> None:
    done = run(app, ["what-if", *files, "--data", str(folder), "--json", "--now", "2025-03-01T00:00Z"])
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    assert made["timeline_held_fixed"] is True
    assert made["sentences"]["es"][0].startswith("Lo que pasó")
    assert len(made["roles"][0]["weeks"]) > 10
    assert made["roles"][0]["weeks"][0]["week"].startswith("2024-W4")


def refused(*arguments: str) -> RuleError:
    done = run(app, ["what-if", *arguments])
    assert done.exit_code == 1
    assert isinstance(done.exception, RuleError), done.output
    return done.exception


def test_a_broken_proposal_is_told_with_its_line(files: tuple[str, str], folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(TEXT.replace("done: screening.completed", "done: screening.compleated"), encoding="utf-8")
    done = run(app, ["what-if", files[0], str(broken), "--data", str(folder)])
    assert done.exit_code == 1
    assert "broken.yaml, line" in done.stderr
    assert "Did you mean `screening.completed`?" in done.stderr


def test_data_of_another_shape_are_refused(files: tuple[str, str], tmp_path: Path) -> None:
    assert "no events.parquet" in str(refused(*files, "--data", str(tmp_path)))
    (tmp_path / "events.parquet").write_text("id,client\n", encoding="utf-8")
    assert "not a Parquet file" in str(refused(*files, "--data", str(tmp_path)))


def test_a_zone_that_does_not_exist_is_refused(files: tuple[str, str], folder: Path) -> None:
    assert isinstance(refused(*files, "--data", str(folder), "--zone", "Mars/Base"), FidelityError)


def test_a_timeline_without_events_is_refused() -> None:
    with pytest.raises(FidelityError, match="no events"):
        what_if(A, A, HandMade().frames()["events"])
