"""What late steps cost is in the report: ranked, a plain sentence for each, with people, days and the what-if."""

import base64
import io
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.utils import translation
from pypdf import PdfReader

from leeward.learn.charts import Run, RunPoint
from leeward.learn.layout import Section
from leeward.learn.pdf import pdf
from leeward.learn.reading import Part
from leeward.learn.report import html, paper, presented
from leeward.learn.sections.costs import cost_sentence
from leeward.learn.sections.sentences import gain_sentence

RANK = {"step": "talk", "title": {"en": "Talk alone", "es": "Hablar a solas"}}
MISSED = {"due_people": 120, "missed_people": 48, "share": {"estimate": 0.4, "interval": [0.32, 0.49]}}
PEOPLE = RANK | MISSED | {"value": 48.0, "low": 38.0, "high": 59.0, "first": 0.997}
DAYS = RANK | MISSED | {"value": 1204.4, "low": 900.2, "high": 1500.9, "first": 0.4}
GAIN = RANK | {
    "in_time": {"count": 30, "of": 72, "share": {"estimate": 0.417, "interval": [0.31, 0.53]}},
    "not_in_time": {"count": 12, "of": 48, "share": {"estimate": 0.25, "interval": [0.15, 0.39]}},
    "difference": {"estimate": 0.167, "interval": [-0.01, 0.32]},
    "gain": 8.0, "gain_low": 0.0, "gain_high": 15.3,
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "about": {"people": 400, "cells": 10, "hidden": 1, "retained_days": 60, "silence_days": 60},
    "bottlenecks": {"people": [PEOPLE], "days": [DAYS], "ranked": 1, "unranked": 3, "redraws": 2000},
    "on_time": [GAIN],
}


def section(name: str, document: object = DOCUMENT) -> Section:
    return next(each for each in presented(document).sections if each.id == name)


def test_one_sentence_tells_the_people_the_days_and_what_if() -> None:
    with translation.override("en"):
        assert cost_sentence(Part(PEOPLE), Part(DAYS), Part(GAIN)) == (
            "“Talk alone”: 48 of 120 people (40%, 32–49%) had it late or not at all, and 1,204 days went by past its "
            "clock (900–1,501); had it always been in time, about 8 more people (0–15) might have reached help."
        )
        no_gain = GAIN | {"gain": 0.0, "gain_low": 0.0, "gain_high": 4.0}
        assert cost_sentence(Part(PEOPLE), Part(DAYS), Part(no_gain)).endswith(
            "; those who had it in time did not reach help more often."
        )
        assert cost_sentence(Part(PEOPLE), Part(None), Part(None)) == (
            "“Talk alone”: 48 of 120 people (40%, 32–49%) had it late or not at all."
        )
    with translation.override("es"):
        assert "lo tuvieron tarde o nunca" in cost_sentence(Part(PEOPLE), Part(DAYS), Part(GAIN))


def test_the_rank_says_how_sure_it_is_and_is_never_rounded_to_always() -> None:
    found = section("costs")
    assert found.tables[0].rows == (
        ("Talk alone", "40% (32–49%), 48 of 120", "1,204 (900–1,501)", "8 (0–15)", "99 in 100", "40 in 100"),
    )
    assert any("3 steps are not ranked" in note for note in found.notes)
    assert any("association" in note for note in found.notes)


def test_the_first_five_sentences_stand_there_and_the_others_open_when_asked_for() -> None:
    assert "had it late or not at all, and 1,204 days" in html(DOCUMENT)
    assert "The other steps" not in html(DOCUMENT)
    seven = [PEOPLE | {"step": f"step{number}"} for number in range(7)]
    many = DOCUMENT | {"bottlenecks": DOCUMENT["bottlenecks"] | {"people": seven}}
    assert '<details class="figures"><summary>The other steps' in html(many)
    assert '<ol start="6">' in html(many)
    on_paper = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf("report", paper(many)))).pages)
    assert "The other steps" not in on_paper, "paper can't be opened"
    assert " ".join(on_paper.split()).count("49%) had it late or not at all") == 7


def test_a_centre_without_a_ranking_says_that_there_is_nothing_yet() -> None:
    nothing = section("costs", {"about": {}})
    assert not nothing.tables
    assert not nothing.sentences
    assert not nothing.notes


@pytest.mark.parametrize("source", ["Wilson 1927", "Jacobson & Truax 1991", "Kaplan & Meier 1958", "Laird & Ware 1982",
                                    "Begg & Greenes 1983; Zou & Donner 2008", "Glasgow et al. 1999"])  # fmt: skip
def test_the_appendix_names_each_method_with_its_source(source: str) -> None:
    counted, reckoned = section("methods").tables
    assert any(row[-1] == source for row in reckoned.rows)
    assert (
        "Stayed in treatment",
        "Came 60 days or more after the first session, or completed treatment",
    ) in counted.rows


def test_the_line_of_a_chart_does_not_run_across_hidden_months_and_its_axis_has_numbers() -> None:
    def drawn(*values: float | None) -> str:
        points = tuple(
            RunPoint(start=f"2025-{month:02}-01", since=month > 2, value=value, low=0.1, high=0.6, signal=False)
            for month, value in enumerate(values, start=1)
        )
        run = Run(title="t", alt="a", axis="Share", points=points, centre=0.3, go_live="go")
        return base64.b64decode(run.source.split(",")[1]).decode()

    def pieces(svg: str) -> int:
        line = re.search(r"mark-line[^>]*>(.*?)</g>", svg, re.S)
        assert line
        return sum(path.count("M") for path in re.findall(r' d="([^"]*)"', line.group(1)))

    assert pieces(drawn(0.2, 0.3, 0.3, 0.4, 0.5)) == 1
    assert pieces(drawn(0.2, 0.3, None, 0.4, 0.5)) == 2
    assert "100%" in drawn(0.2, 0.3, None, 0.4, 0.5)


_DRAWN = """
from leeward.learn.charts import Run, RunPoint
points = tuple(
    RunPoint(start=f"2026-0{n}-01", since=n > 3, value=0.3, low=0.1, high=0.5, signal=False) for n in range(1, 7)
)
print(Run(title="t", alt="a", axis="Share", points=points, centre=0.3, go_live="go").source)
"""


def test_the_machines_zone_moves_nothing_in_a_picture() -> None:
    def drawn(zone: str) -> str:
        command = [sys.executable, "-c", _DRAWN]
        return subprocess.run(
            command, env={**os.environ, "TZ": zone}, check=True, capture_output=True, text=True
        ).stdout

    assert drawn("America/Chicago") == drawn("Asia/Tokyo")


def test_a_gain_is_told_as_about_so_many_and_one_is_not_many() -> None:
    one = GAIN | {"gain": 1.3, "gain_low": 1.0, "gain_high": 2.6}
    with translation.override("en"):
        assert gain_sentence(Part(GAIN)).endswith("about 8 more people (0–15) might have reached help.")
        assert gain_sentence(Part(one)).endswith("about 1 more person (1–3) might have reached help.")
    with translation.override("es"):
        assert gain_sentence(Part(one)).endswith("quizá 1 persona más (1–3) habría llegado a recibir ayuda.")
