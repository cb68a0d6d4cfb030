"""What if a step had met its clock: those who had it in time stand for what the others might have reached."""

import pytest

from leeward.evidence.suppression import Ledger
from leeward.evidence.threshold import Threshold
from leeward.learn.results.document import OnTime
from leeward.learn.results.on_time import OnTimeCells

from .hand_made import small_protocol


def told(met: int, met_helped: int, missed: int, missed_helped: int) -> tuple[OnTime, ...]:
    protocol = small_protocol()
    step = protocol.steps[0]
    ledger = Ledger()
    for name, people, helped in (("met", met, met_helped), ("missed", missed, missed_helped)):
        cell = f"ontime.{step.id}:{name}"
        ledger.count(cell, people)
        ledger.split(cell, f"{cell}:helped", helped)
    return OnTimeCells({step.id: (step, protocol.stage(step.stage))}).publish(ledger.clear(Threshold()))


def test_the_gain_is_the_difference_times_those_who_missed_it() -> None:
    (one,) = told(met=80, met_helped=60, missed=40, missed_helped=12)
    assert one.difference.value == pytest.approx(0.45)
    assert one.gain == pytest.approx(0.45 * 40)
    assert 0 < one.gain_low < one.gain < one.gain_high


def test_no_gain_is_told_where_those_in_time_did_worse() -> None:
    (one,) = told(met=80, met_helped=20, missed=40, missed_helped=28)
    assert one.gain == one.gain_low == 0


def test_n01_a_step_that_few_missed_is_not_told() -> None:
    assert told(met=80, met_helped=60, missed=5, missed_helped=2) == ()
