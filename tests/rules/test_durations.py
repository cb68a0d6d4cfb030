"""Lengths of time: what is read, what is refused and why."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.rules.durations import LONGEST, format_duration, parse_duration
from leeward.rules.errors import DurationError


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT0S", timedelta(0)),
        ("P0D", timedelta(0)),
        ("PT30M", timedelta(minutes=30)),
        ("PT72H", timedelta(hours=72)),
        ("P30D", timedelta(days=30)),
        ("P4W", timedelta(weeks=4)),
        ("P1DT12H30M15S", timedelta(days=1, hours=12, minutes=30, seconds=15)),
    ],
)
def test_a_fixed_length_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["P1Y", "P3M", "P1Y2M", "P1Y2M3D", "P2M1D"])
def test_months_and_years_are_refused_because_they_differ_in_length(text: str) -> None:
    with pytest.raises(DurationError, match="not the same length every time"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "72H", "P-1D", "-P1D", "P1.5D", "P1W2D", "PT1H ", "p1d", "P1H", "P٣D", "three days"]
)
def test_what_is_not_a_length_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DurationError) as refused:
        parse_duration(text)
    assert "PT72H" in refused.value.hint


def test_more_than_ten_years_is_refused() -> None:
    with pytest.raises(DurationError, match="ten years"):
        parse_duration("P99999D")


@given(st.timedeltas(timedelta(0), LONGEST).map(lambda length: timedelta(seconds=int(length.total_seconds()))))
def test_a_length_that_is_written_is_read_back_the_same(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length
