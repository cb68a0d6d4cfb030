"""What if a step had met its clock: those who had it in time stand for what the others might have reached."""

from itertools import product
from typing import cast

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward import definitions
from leeward.evidence.protection import Sum, audit
from leeward.evidence.suppression import Count, Ledger
from leeward.evidence.threshold import Threshold
from leeward.learn.results.document import OnTime
from leeward.learn.results.on_time import Help, OnTimeCells, enter, leads_to_help, on_time, opened_cell
from leeward.rules.protocol import parse

from .centres import Made, screened, session, sign
from .hand_made import small_protocol


def told(met: int, met_helped: int, missed: int, missed_helped: int) -> tuple[OnTime, ...]:
    protocol = small_protocol()
    step = protocol.steps[0]
    ledger = Ledger()
    people = {(True, Help.SINCE): met_helped, (True, Help.NEVER): met - met_helped}
    people |= {(False, Help.SINCE): missed_helped, (False, Help.NEVER): missed - missed_helped}
    enter(ledger, step.id, people)
    return OnTimeCells({step.id: (step, protocol.stage(step.stage))}).publish(ledger.clear(Threshold()))


def test_the_gain_is_the_difference_times_those_who_missed_it() -> None:
    (one,) = told(met=80, met_helped=60, missed=40, missed_helped=12)
    assert one.difference.value == pytest.approx(0.45)
    assert one.gain == pytest.approx(0.45 * 40)
    assert 0 < one.gain_low < one.gain < one.gain_high


def test_no_gain_is_told_where_those_in_time_did_worse() -> None:
    (one,) = told(met=80, met_helped=20, missed=40, missed_helped=28)
    assert one.gain == one.gain_low == 0


def test_who_came_to_a_session_reached_help_by_whatever_way_they_came() -> None:
    results = (
        Made().people(20, sign(), screened("negative", 2), session(3)).people(20, sign(), screened("negative", 30))
    )
    (one,) = results.results().on_time
    assert (one.in_time.count, one.not_in_time.count) == (Count(20), Count(0))


def test_who_had_reached_help_before_the_step_was_opened_is_in_neither_group() -> None:
    made = Made().people(20, sign(1), screened("negative", 2), session(3)).people(20, sign(1), screened("negative", 30))
    made.people(15, session(0.5), sign(1), screened("negative", 2))
    made.people(15, session(0.5), sign(1), screened("negative", 30))
    (one,) = made.results().on_time
    assert (one.in_time.count, one.in_time.of) == (Count(20), Count(20))
    assert (one.not_in_time.count, one.not_in_time.of) == (Count(0), Count(20))
    assert one.gain == pytest.approx(20)


def test_a_step_of_people_who_had_all_reached_help_before_is_not_told() -> None:
    assert told(met=80, met_helped=80, missed=40, missed_helped=40) == ()


def test_what_is_help_itself_or_comes_after_it_can_not_bring_anybody_there() -> None:
    text = definitions.read("protocol", "human-trafficking-response")
    protocol = parse(text, name="protocol.yaml", schema=definitions.schema("protocol"))
    leading = {step.id for step in protocol.steps if leads_to_help(step)}
    assert leading >= {"talk-alone", "screening", "service-plan", "referral-reply"}
    assert not leading & {"first-session", "referral-outcome", "first-ptsd-measure", "missed-session", "aftercare-30"}


def test_n01_a_step_that_few_missed_is_not_told() -> None:
    assert told(met=80, met_helped=60, missed=5, missed_helped=2) == ()


class Rows:
    """A connection that gives these rows, in this order."""

    def __init__(self, rows: list[tuple[str, bool, Help, int]]) -> None:
        self.rows = rows

    def execute(self, query: str, given: object) -> "Rows":
        return self

    def fetchall(self) -> list[tuple[str, bool, Help, int]]:
        return self.rows


def test_steps_come_in_the_protocols_order_however_the_rows_come() -> None:
    protocol = small_protocol()
    steps = {step.id: (step, protocol.stage(step.stage)) for step in protocol.steps}
    assert len(steps) > 1
    rows = [(step, in_time, reached, 50) for step in steps for in_time, reached in product((True, False), Help)]
    for found in (rows, rows[::-1]):
        cells = on_time(cast(DuckDBPyConnection, Rows(found)), steps, {}, Ledger())
        assert list(cells.steps) == list(steps)


GROUPS = [(in_time, reached) for in_time in (True, False, None) for reached in Help]
PEOPLE = st.one_of(st.integers(0, 14), st.integers(0, 200))


@settings(max_examples=80, deadline=None)
@given(st.tuples(*[PEOPLE] * len(GROUPS)))
def test_n_01_ranking_and_what_if_can_not_be_subtracted_to_find_a_few(numbers: tuple[int, ...]) -> None:
    """Readers have the step's people where shown, what the ranking prints where it may rank, and the what-if where all
    four of its numbers are shown. The auditor finds no count of people from 1 to 10 in them."""
    protocol = small_protocol()
    step = protocol.steps[0]
    people = dict(zip(GROUPS, numbers, strict=True))
    ledger = Ledger()
    enter(ledger, step.id, people)
    cleared = ledger.clear(Threshold())
    cells = OnTimeCells({step.id: (step, protocol.stage(step.stage))})
    values = {f"{in_time} {reached}": number for (in_time, reached), number in people.items()}
    for in_time in (True, False, None):
        values[f"{in_time} waiting"] = people[in_time, Help.SINCE] + people[in_time, Help.NEVER]
        values[f"{in_time}"] = values[f"{in_time} waiting"] + people[in_time, Help.BEFORE]
    sums = [Sum(f"{in_time}", (f"{in_time} waiting", f"{in_time} before")) for in_time in (True, False, None)]
    sums += [Sum(f"{in_time} waiting", (f"{in_time} since", f"{in_time} never")) for in_time in (True, False, None)]
    values |= {"due": values["True"] + values["False"]}
    values |= {"opened": values["due"] + values["None"]}
    sums += [Sum("due", ("True", "False")), Sum("opened", ("due", "None"))]
    printed = {"opened"} if cleared.permits(opened_cell(step.id)) else set()
    if cells.may_rank(step.id, cleared):
        printed |= {"due", "False"}
    if cells.publish(cleared):
        printed |= {"True waiting", "True since", "False waiting", "False since"}
    exposed = audit(values, (), sums, Threshold(), unprinted=values.keys() - printed)
    assert not [name for name in [*exposed, *printed] if 0 < values[name] < 11]
