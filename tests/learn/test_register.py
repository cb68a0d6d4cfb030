"""What was published of a folder of tables is remembered beside it, and the next results are cleared beside that."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from leeward.evidence.protection import Sum
from leeward.evidence.releases import Beside, Release, exposed_across
from leeward.evidence.suppression import Ledger
from leeward.evidence.threshold import Threshold
from leeward.learn import kept
from leeward.learn.errors import RegisterBroken
from leeward.learn.fidelity.grid import decided, entered
from leeward.learn.reading import Part
from leeward.learn.register import RegisterFile, as_json, from_json
from leeward.platform.commands.results import results

from .centres import START, Made, sign, talk, tiny_protocol
from .test_results_command import write

app = Typer()
app.command()(results)
run = CliRunner().invoke


def tables(folder: Path, made: Made) -> Path:
    folder.mkdir()
    return write(made.data(), folder)


def first() -> Made:
    return Made().people(40, sign(), talk()).people(30)


def publish(data: Path, out: Path, *more: str) -> dict[str, object]:
    done = run(app, ["--data", str(data), "--out", str(out), "--format", "json", *more])
    assert done.exit_code == 0, done.output
    document: dict[str, object] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return document


def about(document: dict[str, object], name: str) -> object:
    return document["about"][name]  # type: ignore[index]  # a document as it is stored


def test_n02_the_second_results_of_a_folder_hide_what_changed_by_few(tmp_path: Path) -> None:
    later = first().people(3, sign(), came=START + timedelta(days=20))
    before = publish(tables(tmp_path / "one", first()), tmp_path / "out")
    alone = publish(tables(tmp_path / "two", later), tmp_path / "elsewhere")
    after = publish(tmp_path / "two", tmp_path / "out")
    assert (about(before, "people"), about(before, "earlier")) == (70, 0)
    assert about(alone, "people") == 73
    assert about(after, "people") == {"suppressed": True}
    assert about(after, "earlier") == 1
    held = RegisterFile(tmp_path / "out.register.json").read()
    assert exposed_across([each.ledgers["results"] for each in held], Threshold()) == {}


def test_n02_the_same_tables_give_the_same_results_and_nothing_new(tmp_path: Path) -> None:
    data = tables(tmp_path / "one", first())
    documents = [publish(data, tmp_path / "out") for _ in range(2)]
    assert documents[0] == documents[1]
    assert len(RegisterFile(tmp_path / "out.register.json").read()) == 1


def test_the_register_is_not_in_the_folder_that_is_given_away(tmp_path: Path) -> None:
    publish(tables(tmp_path / "one", first()), tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["results.json"]
    assert stat.S_IMODE((tmp_path / "out.register.json").stat().st_mode) == 0o600


def test_the_register_may_be_kept_elsewhere(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "register.json"
    publish(tables(tmp_path / "one", first()), tmp_path / "out", "--register", str(kept))
    assert len(RegisterFile(kept).read()) == 1
    assert not (tmp_path / "out.register.json").exists()


@pytest.mark.parametrize("harm", ["cut", "changed", "emptied", "other"])
def test_a_broken_register_is_said_and_nothing_is_published(tmp_path: Path, harm: str) -> None:
    data = tables(tmp_path / "one", first())
    publish(data, tmp_path / "out")
    register = tmp_path / "out.register.json"
    text = register.read_text(encoding="utf-8")
    held = json.loads(text)
    held["releases"][0]["ledgers"]["results"]["cells"][0][1] += 1
    broken = {"cut": text[: len(text) // 2], "changed": json.dumps(held), "emptied": "", "other": "[]"}
    register.write_text(broken[harm], encoding="utf-8")
    done = run(app, ["--data", str(data), "--out", str(tmp_path / "more"), "--register", str(register)])
    assert isinstance(done.exception, RegisterBroken)
    assert "damaged" in str(done.exception)
    assert not (tmp_path / "more").exists()


def test_what_is_written_is_what_is_read() -> None:
    release = Release(
        values={"a": 5, "b": 30, "all": 35, "rest": 0},
        people={"a": 3, "b": 30, "all": 33, "rest": 0},
        sums=(Sum("all", ("a", "b")),),
        shown=frozenset({"all"}),
        hidden=frozenset({"a", "b"}),
    )
    assert from_json(json.loads(json.dumps(as_json({"results": release})))) == {"results": release}


def test_what_is_no_register_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegisterBroken):
        from_json({"results": {"cells": [["a"]], "sums": []}})
    with pytest.raises(RegisterBroken):
        RegisterFile(tmp_path).read()
    assert RegisterFile(tmp_path / "none").read() == []
    RegisterFile(tmp_path / "none").add(Beside(is_repeated=True), data_cut=START)
    assert not (tmp_path / "none").exists()


def test_n02_tables_that_nothing_can_protect_are_withheld_and_the_results_stand(tmp_path: Path) -> None:
    """A day later other things happened to the same people: so much was shown of them that the tables beside go."""
    publish(tables(tmp_path / "one", first()), tmp_path / "out")
    made = Made().people(40, sign(), talk(), (1, "screening.completed", {"result": "negative"})).people(30)
    after = publish(tables(tmp_path / "two", made), tmp_path / "out")
    assert about(after, "earlier") == 1
    assert about(after, "people") == 70
    assert kept.shown(Part(after), kept.Choice(kept.EVERYTHING, "month")) is not None


def test_n02_what_is_withheld_leaves_only_what_the_results_say_anyway() -> None:
    ledger = Ledger()
    grid = first().counted(ledger).steps.grid
    before = ledger.clear(Threshold())
    wide = entered(grid, [tiny_protocol()], before)
    known, stay = decided(grid, before)
    nothing = wide.withhold(Threshold(), known=known, stay=stay)
    assert set(nothing.shown) == {*known, *stay}
