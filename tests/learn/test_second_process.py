"""What a second process does comes out as if it had been done here, and where it can't it is done here."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from leeward import catalogue, definitions
from leeward.learn.fidelity import FidelityError, Following
from leeward.learn.fidelity.judgement import get_ready, judgement
from leeward.learn.second_process import SecondProcess
from leeward.rules.protocol import parse

from .centres import Made, sign, talk


@pytest.fixture(scope="module")
def other() -> Iterator[SecondProcess]:
    with SecondProcess(get_ready) as process:
        yield process


def number() -> int:
    return os.getpid()


def only_here() -> int:
    if multiprocessing.parent_process() is not None:
        raise FidelityError("It can't be done there.", hint="Do it here.")
    return os.getpid()


def dies_there() -> int:
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    return os.getpid()


def nowhere() -> None:
    raise FidelityError("It can't be done.", hint="Give it up.")


def test_it_is_another_process(other: SecondProcess) -> None:
    assert other.begin(number)() != os.getpid()


def test_what_fails_there_is_done_here(other: SecondProcess) -> None:
    assert other.begin(only_here)() == os.getpid()
    assert other.begin(lambda: os.getpid())() == os.getpid()  # what can't even be sent
    with pytest.raises(FidelityError, match="It can't be done") as refused:
        other.begin(nowhere)()
    assert refused.value.hint == "Give it up."


def test_when_it_dies_the_rest_is_done_here() -> None:
    with SecondProcess(get_ready) as process:
        first, second = process.begin(dies_there), process.begin(number)
        assert first() == second() == os.getpid()
        assert process.begin(number)() == os.getpid()


def test_what_waits_to_be_done_here_is_done_once_while_it_is_waited_for() -> None:
    done: list[str] = []
    with SecondProcess(get_ready, meanwhile=lambda: done.append("drawn")) as process:
        for _ in range(2):
            process.begin(time.sleep, 0.2)()
    assert done == ["drawn"]


def test_steps_are_judged_there_as_here(other: SecondProcess) -> None:
    """Asked of the pool itself: where it failed, nobody would notice but by the clock."""
    data = Made().people(40, sign(), talk()).trained(12, "screener", None, None).data()
    protocol = parse(
        definitions.read("protocol", "human-trafficking-response"), name="p", schema=definitions.schema("protocol")
    )
    people = list(data.clients["client"])
    given = (
        data.for_counting(), [Following(protocol, people)], catalogue.competence(), people,
        data.latest_moment() or datetime.now(UTC), "America/Chicago",
    )  # fmt: skip
    there, here = other._pool.submit(judgement, *given).result(), judgement(*given)
    assert there.openings.num_rows > 0
    order = [(name, "ascending") for name in there.openings.column_names]
    assert there.openings.sort_by(order).equals(here.openings.sort_by(order))
    assert there.grid == here.grid
    assert there.lost.people.tolist() == here.lost.people.tolist()
    assert there.lost.days_redrawn.tolist() == here.lost.days_redrawn.tolist()
