"""The protocol with a centre's figures on it: only published figures, for leaders only."""

import re
from datetime import UTC, datetime

import pytest
from django.utils import translation

from leeward.learn.protocol_picture import shown
from leeward.learn.reading import Part
from tests.cast import Cast
from tests.rules.protocol.written import shipped
from tests.web.test_pathway_page import box_of

from .published import keep, taken_away

__all__ = ["taken_away"]
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HIDDEN = {"suppressed": True}
FIGURES = [
    {
        "step": "screening",
        "opened": 42,
        "met": {"count": 30, "of": 36, "share": {"estimate": 0.8333, "interval": [0.68, 0.92]}},
        "median_days": {"estimate": 2.14, "interval": [1.4, None]},
        "ninety_percent_days": {"estimate": 9.0, "interval": [6.0, 14.0]},
    },
    {
        "step": "talk-alone",
        "opened": HIDDEN,
        "met": {"count": HIDDEN, "of": HIDDEN, "share": HIDDEN},
        "median_days": HIDDEN,
        "ninety_percent_days": HIDDEN,
    },
    {"step": "minor-report", "opened": 0},
    {"step": "a-step-that-is-gone", "opened": 77},
]


def publish(world: Cast, version: str = "1.0.0") -> None:
    about = {"threshold": 11, "protocol": "human-trafficking-response", "protocol_version": version}
    keep(world, {"format": 1, "about": about, "steps": FIGURES}, at=NOW, version=version)


def row_of(page: str, title: str) -> str:
    found = re.search(rf'<th scope="row" role="rowheader">\d+\. {title}</th>(.*?)</tr>', page)
    assert found, title
    return re.sub(r"<[^>]+>", " ", found[1])


@pytest.mark.parametrize("who", ["program_director", "evaluator", "privacy_officer"])
def test_leaders_see_the_figures_on_the_steps_and_in_the_table(world: Cast, who: str) -> None:
    publish(world)
    page = world.browser(who).get("/protocol/picture/").content.decode()
    drawn, row = box_of(page, "screening"), row_of(page, "Screening conversation")
    assert "Opened: 42" in drawn
    for share in ("83%", "68–92%", "2.1 (1.4–∞)"):
        assert share in drawn
        assert share in row
    for figure in ("30 of 36", "9.0 (6.0–14.0)"):  # the box has no room for it
        assert figure in row


def test_what_results_hide_is_hidden_here_too(world: Cast) -> None:
    publish(world)
    page = world.browser("evaluator").get("/protocol/picture/").content.decode()
    drawn = box_of(page, "talk-alone")
    assert "Opened: hidden" in drawn
    assert "In time: hidden" in drawn
    assert "Half done after: hidden" in drawn
    assert row_of(page, "Talk alone").split().count("hidden") == 4
    assert "Counts from 1 to 10 are hidden" in page


def test_a_step_that_never_opened_says_so_and_one_that_is_gone_is_left_out(world: Cast) -> None:
    publish(world)
    page = world.browser("evaluator").get("/protocol/picture/").content.decode()
    assert "never opened" in box_of(page, "minor-report")
    assert "77" not in re.sub(r'(?:[dxy]|width|height|transform|viewBox)="[^"]*"', "", page.partition("<main")[2])


def test_figures_of_another_version_are_said_to_be(world: Cast) -> None:
    publish(world, version="0.9.0")
    page = world.browser("evaluator").get("/protocol/picture/").content.decode()
    assert "counted by version 0.9.0" in page
    assert "version 1.0.0 is drawn" in page


def test_without_results_the_picture_has_no_figures_and_says_why(world: Cast) -> None:
    page = world.browser("program_director").get("/protocol/picture/").content.decode()
    assert "There are no results yet" in page
    assert "Opened" not in page
    assert page.count('data-step="') == len(shipped().steps)


@pytest.mark.parametrize("who", ["screener", "clinician", "therapist", "case_manager", "shelter", "law_enforcement"])
def test_for_everybody_else_there_is_no_such_page(world: Cast, who: str) -> None:
    publish(world)
    assert world.browser(who).get("/protocol/picture/").status_code == 404


def test_it_speaks_spanish() -> None:
    with translation.override("es"):
        found = shown(shipped(), Part({"steps": FIGURES}))
    assert "Hablar a solas" in found.picture
    assert "Talk alone" not in found.picture
    assert found.table.rows[0][1] == "Personal clínico"
