"""The report is one neutral file, in two languages, that says what is hidden and gives nothing hidden away."""

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from django.utils import translation

from leeward.learn import words
from leeward.learn.charts import Mark, Picture
from leeward.learn.reading import Part, count, percent, points, share
from leeward.learn.report import html, presented
from leeward.learn.results import as_json

from .centres import Made, screened, session, sign, talk


@pytest.fixture(scope="module")
def document() -> Mapping[str, object]:
    """As it comes back from storage."""
    made = (
        Made()
        .people(40, sign(), talk(), screened("negative", 3))
        .people(
            30,
            sign(),
            talk(),
            screened("positive", 3),
            session(5),
            session(90),
            scores=[(1, "phq-9", 18), (80, "phq-9", 7), (1, "ties-8", 14), (80, "ties-8", 9)],
        )
        .people(17, sign())
        .people(60, sign(), since=False)
        .people(25, sign(), talk(), screened("negative"), since=False)
        .trained(15, "screener", None, None)
    )
    document: Mapping[str, object] = json.loads(json.dumps(as_json(made.results())))
    return document


class Seen(HTMLParser):
    """Every tag with its attributes, and the texts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_report_needs_no_other_file(document: Mapping[str, object]) -> None:
    seen = Seen(html(document))
    assert not seen.all("script")
    assert not seen.all("link")
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in seen.all("img"))


def test_a_measure_without_a_rule_is_in_the_means_and_not_among_the_classes(document: Mapping[str, object]) -> None:
    for language, said in (("en", "nobody knows yet how exactly it measures"), ("es", "nadie sabe aún")):
        page = html(document, language=language)
        means, classes = page.split('id="symptoms"')[1].split("</table>")[:2]
        assert "TIES-8" in means
        assert "PHQ-9" in classes
        assert "TIES-8" not in classes
        assert said in page


def test_the_title_is_neutral(document: Mapping[str, object]) -> None:
    assert "<title>Preliminary results</title>" in html(document)


def test_every_picture_has_words_and_a_table(document: Mapping[str, object]) -> None:
    report = presented(document)
    pictured = [table for section in report.sections for table in section.tables if table.picture]
    assert pictured
    assert all(table.rows and table.picture and table.picture.alt for table in pictured)
    assert all(image["alt"] for image in Seen(html(document)).all("img"))


def test_every_row_has_a_text_for_every_column(document: Mapping[str, object]) -> None:
    for section in presented(document).sections:
        for table in section.tables:
            assert {len(row) for row in table.rows} <= {len(table.columns)}, table.caption


def test_a_share_comes_with_its_interval_and_its_n(document: Mapping[str, object]) -> None:
    compared = next(section for section in presented(document).sections if section.id == "compared")
    rows = {row[0]: row for row in compared.tables[0].rows}
    assert rows["Screened"][1] == "29% (21–40%), 25 of 85"
    assert rows["Screened"][2] == "80% (71–87%), 70 of 87"
    assert rows["Screened"][3] == "+51 points (+37 to +62)"


def test_every_section_with_intervals_names_their_method(document: Mapping[str, object]) -> None:
    report = presented(document)
    compared = next(section for section in report.sections if section.id == "compared")
    assert compared.notes[-1].startswith("Method: Wilson")
    assert "Newcombe" in compared.notes[-1]


def test_no_small_count_is_printed_anywhere(document: Mapping[str, object]) -> None:
    whole_cells = re.compile(r"(?<![\d.,–(+−])([1-9]|10)(?= of \d)|(?<= of )([1-9]|10)(?!\d)")
    for section in presented(document).sections:
        for table in section.tables if section.id != "hidden" else ():  # how many cells hide says nothing of people
            for _, cells in table.cells:
                assert not [text for _, text in cells if whole_cells.search(text) or text in map(str, range(1, 11))]


def test_what_is_hidden_says_so_and_stays_hidden() -> None:
    hidden = {"suppressed": True}
    assert count(Part(hidden)) == "hidden"
    assert percent(Part(hidden)) == points(Part(hidden)) == "hidden"
    assert share(Part({"count": hidden, "of": 40, "share": hidden})) == "hidden of 40"
    assert share(Part({"count": hidden, "of": hidden, "share": hidden})) == "hidden"


def test_what_the_data_do_not_reach_is_a_dash_not_a_zero() -> None:
    assert count(Part(None)) == percent(Part(None)) == "–"
    assert count(Part(0)) == "0"


def test_titles_from_definitions_are_said_in_the_readers_language(document: Mapping[str, object]) -> None:
    with translation.override("es"):
        steps = next(section for section in presented(document).sections if section.id == "steps")
    assert steps.tables[0].rows[0][0] == "Conversación"
    assert '<html lang="es">' in html(document, language="es")


def test_an_improvement_is_one_sentence_without_an_open_place(document: Mapping[str, object]) -> None:
    areas = presented(document).areas
    assert areas
    assert all(area.endswith(".") and "%(" not in area and "None" not in area for area in areas)


def test_a_document_that_lacks_what_a_newer_page_shows_still_reads() -> None:
    report = presented({"format": 1, "about": {"threshold": 11}})
    assert report.areas == ()
    assert "1 to 10" in report.hiding


def test_lengths_are_said_as_people_say_them() -> None:
    assert words.length("PT72H") == "3 days"
    assert words.length("PT30M") == "30 minutes"
    assert words.length("PT0S") == "at once"


def test_a_picture_draws_only_its_marks_and_on_its_own_ground() -> None:
    picture = Picture(
        title="Shares", alt="Shares.", axis="Share", percent=True, marks=(Mark("First", "All", 0.5, 0.4, None),)
    )
    import base64

    svg = base64.b64decode(picture.source.split(",", 1)[1]).decode()
    assert "#fffdf9" in svg
    assert "First" in svg
    assert "<script" not in svg
    assert "http" not in svg.replace("http://www.w3.org/", "")


def test_for_whom_it_is_too_early_to_tell_is_told_so_that_a_stage_adds_up() -> None:
    retained = {
        "stage": "retained", "of_stage": "treated", "declined": 0, "other": 20, "too_early": 30, "reasons": {},
        "reached": {"count": 50, "of": 100, "share": {"estimate": 0.5, "interval": [0.4, 0.6]}},
    }  # fmt: skip
    whole = {"about": {}, "flows": [{"era": "since", "seen": 400, "stages": [retained]}]}
    with translation.override("en"):
        (way,) = (each for each in presented(whole).sections if each.id == "way")
    assert (
        "Stayed in treatment, Since go-live: too early to tell for 30. In the share they count as not there yet."
        in (way.notes)
    )
