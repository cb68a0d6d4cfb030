"""A file for a spreadsheet holds nothing that it would evaluate (X-02)."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.protect.spreadsheet import cell, row

EVALUATED = "=+-@|%\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize(
    "value",
    [
        "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "  =1+1", "\u200b=1+1", "\ufeff=1+1", "\u202e=1+1",
        "\r=1+1", "\n=1+1", "\uff1d1+1", "\uff0b1+A1", "%0A=1", "|calc", "\x00=1+1", "\u00a0=1+1",
    ],
)  # fmt: skip
def test_x02_what_would_begin_a_formula_gets_an_apostrophe(value: str) -> None:
    assert cell(value).startswith("'")


@pytest.mark.parametrize("value", ["-5", "+3", "12.50", "-0,5", "2026", 7, -1.5])
def test_x02_numbers_stay_numbers(value: str | float) -> None:
    assert cell(value) == str(value)


@pytest.mark.parametrize("value", ["Zoë", "601-555-0100", "A room, please", "2 = two", "", "weekdays 9 to 11"])
def test_x02_words_stay_words(value: str) -> None:
    assert cell(value) == value


@given(st.text())
def test_x02_no_text_begins_with_what_is_evaluated(value: str) -> None:
    made = cell(value)
    shown = "".join(c for c in made if unicodedata.category(c) not in {"Cf", "Cc"}).strip()
    number = shown[1:].replace(".", "", 1).replace(",", "", 1).isdigit()
    assert not shown or shown[0] not in EVALUATED or number
    assert "\x00" not in made


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_line_is_read_back_cell_by_cell(values: list[str]) -> None:
    (found,) = csv.reader(io.StringIO(row(values), newline=""))
    assert found == [cell(value) for value in values]
