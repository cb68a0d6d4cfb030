"""Periods, groups, partners, needs and what-if, in a centre that can be worked out on paper."""

import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from pypdf import PageObject, PdfReader
from pypdf.generic import DictionaryObject

from leeward.evidence.intervals import Estimate
from leeward.evidence.suppression import SUPPRESSED, Count
from leeward.learn import funders, groups
from leeward.learn.pdf import pdf
from leeward.learn.report import Report, html, paper, presented
from leeward.learn.results import ResultsData, ResultsSettings, as_json, compute
from leeward.learn.results.document import Results

from .centres import CUT, START, Made, catalogue, screened, session, sign, talk, tiny_protocol

GO_LIVE = START.date()


def computed(data: ResultsData) -> Results:
    measures = {name: catalogue.instrument(name) for name in ("pcl-5",)}
    settings = ResultsSettings(go_live=GO_LIVE)
    return compute(data, tiny_protocol(), measures, catalogue.competence(), CUT, settings)


def two_counties() -> ResultsData:
    """Sixty people of Here, of whom thirty are found; forty of There, of whom twenty are; before go-live nobody is."""
    made = Made()
    for month in range(6):
        came = START + timedelta(days=31 * month + 1)
        made.people(20, sign(), talk(), screened("positive"), session(2), came=came)
        made.people(20, sign(), talk(), screened("negative"), came=came)
        made.people(40, sign(), since=False, came=START - timedelta(days=31 * month + 15))
    data = made.trained(12, "screener", None, None).data()
    county = ["Here" if number % 5 < 3 else "There" for number in range(len(data.clients))]
    return replace(data, clients=data.clients.assign(county=county))


@pytest.fixture(scope="module")
def results() -> Results:
    return computed(two_counties())


def test_a_share_rises_at_go_live_and_the_chart_says_so(results: Results) -> None:
    line = next(each for each in results.series if each.name == "asked")
    since = [point for point in line.points if point.period >= 0]
    assert since
    assert all(point.share.count == point.share.of for point in since)
    before = [point for point in line.points if point.period < 0]
    assert all(point.share.count == Count(0) for point in before)


def with_few_before(months: int, number: int) -> ResultsData:
    """Some twenty a month are found since go-live; before it about `number` a month were, in so many of the months."""
    made = Made()
    for month in range(12):
        came = START + timedelta(days=30.4375 * month + 3)
        made.people(19 + month % 3, sign(), talk(), screened("positive"), came=came)
        made.people(30, sign(), talk(), screened("negative"), came=came)
        came = START - timedelta(days=30.4375 * (month + 1) - 3)
        if month < months:
            made.people(number + month % 2, sign(), talk(), screened("positive"), since=False, came=came)
        made.people(60, sign(), talk(), screened("negative"), since=False, came=came)
    return made.trained(12, "screener", None, None).data()


def test_n02_the_limits_of_a_chart_do_not_say_how_few_were_found_before() -> None:
    line = next(each for each in computed(with_few_before(3, 1)).series if each.name == "identified")
    assert any(isinstance(point.share.count, Count) and point.share.count.value >= 11 for point in line.points)
    assert line.centre is SUPPRESSED
    assert all(point.low is None and point.high is None and not point.signals for point in line.points)
    assert not line.warnings, "how many events were expected a month would say it, too"


def test_n02_a_rule_that_is_met_does_not_say_on_which_side_a_hidden_month_lies(results: Results) -> None:
    found = computed(with_few_before(12, 4))
    for line in (*found.series, *results.series):
        hidden = [not isinstance(point.share.count, Count) for point in line.points]
        for place, point in enumerate(line.points):
            if set(point.signals) & {"run_on_one_side", "trend"}:
                assert not any(hidden[max(0, place - 5) : place + 1])
    line = next(each for each in found.series if each.name == "identified")
    assert line.centre is not SUPPRESSED
    assert all(point.high is not None for point in line.points), "of hidden months the limits are known all the same"


def test_n02_a_model_whose_few_hidden_months_could_be_tried_is_not_told() -> None:
    found = computed(with_few_before(12, 4))
    line = next(each for each in found.series if each.name == "identified")
    hidden = sum(not isinstance(point.share.count, Count) for point in line.points)
    assert hidden >= 10
    assert isinstance(line.rate_ratio, Estimate)
    assert line.rate_ratio.value == float(f"{line.rate_ratio.value:.2g}"), "in two digits"
    assert line.rate_ratio.standard_error is None
    followed = next(each for each in presented(as_json(found)).sections if each.id == "followed")
    assert any("two digits" in note for note in followed.notes)
    assert any("told apart poorly" in note for note in followed.notes), "what the statistics warn of is in the report"
    few = Made()
    for month in range(12):
        few.people(19 + month % 3, sign(), talk(), came=START + timedelta(days=30.4375 * month + 3))
        few.people(40, sign(), came=START + timedelta(days=30.4375 * month + 3))
        before = START - timedelta(days=30.4375 * (month + 1) - 3)
        few.people(6 if month in (2, 5) else 18 + month % 4, sign(), talk(), since=False, came=before)
        few.people(40, sign(), since=False, came=before)
    line = next(each for each in computed(few.data()).series if each.name == "asked")
    assert 0 < sum(not isinstance(point.share.count, Count) for point in line.points) < 10
    assert line.rate_ratio is SUPPRESSED
    assert line.dispersion is None


def test_only_periods_that_were_followed_up_are_counted(results: Results) -> None:
    for line in results.series:
        last = line.points[-1]
        assert last.start + timedelta(days=30.4375 * line.months + 30) <= CUT.date() + timedelta(days=1)


def test_groups_add_up_to_everybody_where_they_are_shown(results: Results) -> None:
    seen = [each.seen for each in results.slices.dimensions["county"]]
    assert all(isinstance(each, Count) for each in seen)
    everybody = next(flow.seen for flow in results.flows if flow.era == "since")
    assert isinstance(everybody, Count)
    assert sum(each.value for each in seen if isinstance(each, Count)) == everybody.value


def test_n02_a_small_group_can_not_be_had_by_subtracting_the_others() -> None:
    data = two_counties()
    since = data.clients["protocol_version"].notna()
    odd = set(data.clients[since].index[:4])
    county = ["Elsewhere" if index in odd else name for index, name in data.clients["county"].items()]
    small = computed(replace(data, clients=data.clients.assign(county=county)))
    cells = {each.group: each.seen for each in small.slices.dimensions["county"]}
    assert cells["Elsewhere"] is SUPPRESSED
    assert sum(each is SUPPRESSED for each in cells.values()) >= 2
    unmet = {each.county: each.seen for each in small.needs.by_county}
    assert cells == unmet, "one table gives away what the other hides"


def test_n02_counties_that_are_told_one_by_one_can_not_be_had_from_those_told_together() -> None:
    data = two_counties()
    county = [f"County {index % 14:02}" for index in range(len(data.clients))]
    many = computed(replace(data, clients=data.clients.assign(county=county)))
    told = {each.county: each.seen for each in many.needs.by_county}
    for each in many.slices.dimensions.get("county", ()):
        assert each.seen == told.get(each.group, each.seen)


def test_n01_no_count_from_one_to_ten_is_anywhere_in_the_document(results: Results) -> None:
    assert not list(_small(as_json(results), ()))


#: Numbers that count no people.
_NOT_PEOPLE = {
    *("format", "threshold", "level", "months", "period", "baseline", "df", "n", "silence_days", "retained_days"),
    *("groups", "hidden", "cells", "statistic", "days", "points", "cut_off", "unranked", "ranked", "followed_days"),
    *("stays", "gain", "gain_low", "gain_high", "redraws"),
}


def _small(value: object, path: tuple[str, ...]):  # type: ignore[no-untyped-def]
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _small(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _small(item, path)
    elif isinstance(value, int) and not isinstance(value, bool) and 0 < value < 11 and path[-1] not in _NOT_PEOPLE:
        yield path, value


def test_the_numbers_name_the_definition_that_made_them(results: Results) -> None:
    page = html(as_json(results))
    assert "SHA-256" in page


def test_everything_has_its_table_and_its_words(results: Results) -> None:
    report = presented(as_json(results))
    assert report.short[-1].startswith("There was no comparison group")
    for section in report.sections:
        for table in section.tables:
            assert table.rows or table.picture is None
            if table.picture:
                assert table.picture.alt
                assert table.picture.source.startswith("data:image/svg+xml")


def test_a_choice_shows_one_group_beside_everybody(results: Results) -> None:
    document = as_json(results)
    assert ("county:Here", "Here") in dict(groups.choices(document))["County"]
    found = groups.chosen(document, "county:Here")
    assert found is not None
    assert found.table.columns == ("Stage", "Here", "Everybody")
    assert groups.chosen(document, "county:Nowhere") is None
    assert groups.chosen(document, "") is None
    assert groups.chosen(document, "client:x") is None


def test_funders_get_counts_and_no_person(results: Results) -> None:
    document = as_json(results)
    for sheet in (funders.ovc(document), funders.otip(document)):
        lines = sheet.splitlines()
        assert lines[0] == "section,element,group,count,note"
        numbers = [line.split(",")[3] for line in lines[1:]]
        assert all(each in ("", "hidden", "0") or int(each) >= 11 for each in numbers)
    assert "reach,asked," in funders.re_aim(document)
    brief = funders.brief(document)
    assert "What people need, by county" in brief
    assert "Qué necesitan" in funders.brief(document, language="es")


def test_the_brief_tells_the_needs_that_most_people_named_and_the_day_in_words(results: Results) -> None:
    document: dict[str, Any] = dict(as_json(results))
    share = {"estimate": 0.4, "interval": [0.3, 0.5]}
    asked = {"count": 40, "of": 100, "share": share}
    less = {"count": 20, "of": 100, "share": share | {"estimate": 0.2, "interval": [0.13, 0.29]}}
    hidden = {"count": {"suppressed": True}, "of": 100, "share": {"suppressed": True}}
    needs = [{"code": "legal", "named": less}, {"code": "shelter", "named": asked}, {"code": "food", "named": hidden}]
    document["needs"] = document["needs"] | {"by_need": needs}
    page = funders.brief(document)
    assert page.index("40% (30–50%), 40 of 100") < page.index("20% (13–29%), 20 of 100")
    assert "hidden of 100" not in page
    assert "Nov. 1, 2026" in page


def test_x02_a_county_that_a_spreadsheet_would_evaluate_is_text() -> None:
    data = two_counties()
    county = ["=1+1" if name == "There" else name for name in data.clients["county"]]
    sheet = funders.ovc(as_json(computed(replace(data, clients=data.clients.assign(county=county)))))
    assert ",'=1+1," in sheet


def test_groups_are_told_for_what_the_data_know_only(results: Results) -> None:
    assert set(results.slices.dimensions) <= {"county", "quarter"}


def test_a_centre_before_go_live_only_says_what_it_can_not_say() -> None:
    data = Made().people(40, sign(), talk(), since=False).trained(2, "screener", None, None).data()
    found = compute(
        data,
        tiny_protocol(),
        {},
        catalogue.competence(),
        CUT,
        ResultsSettings(go_live=(CUT + timedelta(days=9)).date()),
    )
    assert "nobody_since_go_live" in found.warnings
    assert all(line.rate_ratio is None and line.refusal for line in found.series)


def test_one_person_is_no_result_but_no_error_either() -> None:
    found = Made().people(1, sign(), talk(), scores=[(0, "pcl-5", 40)]).results()
    assert "too_few_people" in found.warnings
    assert not list(_small(as_json(found), ()))


def test_scores_without_a_second_one_are_said_to_show_no_change() -> None:
    found = Made().people(30, sign(), scores=[(0, "pcl-5", 40)]).results()
    assert "no_second_scores" in found.warnings
    assert all(course.refusal or course.a_month is None for course in found.courses)


def test_the_pdf_is_tagged_and_has_bookmarks_and_a_language(results: Results) -> None:
    made = read_pdf(pdf("report", paper(as_json(results), language="es")))
    root = made.trailer["/Root"]
    assert root["/Lang"] == "es"
    assert root["/MarkInfo"]["/Marked"]
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
    report = in_spanish(results)
    marks = [mark.title for mark in made.outline if not isinstance(mark, list)]
    opening = [report.words[name] for name in ("short", "gained", "contents")]
    assert marks == [*opening, *(section.title for section in report.sections), report.words["made"]]
    tags = Counter(each["/S"] for each in tagged(root["/StructTreeRoot"]))
    tables = [table for section in report.sections for table in section.tables]
    assert tags["/Table"] == len(tables)
    assert tags["/TH"] == sum(len(table.columns) for table in tables)
    assert tags["/TD"] == sum(len(row) for table in tables for row in table.rows)
    pictures = [table.picture.alt for table in tables if table.picture]
    assert [each["/Alt"] for each in tagged(root["/StructTreeRoot"]) if "/Alt" in each] == pictures


def test_equal_results_make_equal_papers(results: Results) -> None:
    made = pdf("report", paper(as_json(results)))
    time.sleep(1.01)  # whole seconds stand in a PDF
    assert pdf("report", paper(as_json(results))) == made
    assert read_pdf(made).metadata.creation_date == datetime(2026, 11, 1, tzinfo=UTC)


def in_spanish(results: Results) -> Report:
    with translation.override("es"):
        return presented(as_json(results))


def read_pdf(made: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(made))


def tagged(node: DictionaryObject) -> Iterator[DictionaryObject]:
    """Every element of the tree of tags."""
    below = node.get("/K", [])
    for each in below if isinstance(below, list) else [below]:
        element = each.get_object() if hasattr(each, "get_object") else each
        if isinstance(element, DictionaryObject) and "/S" in element:
            yield element
            yield from tagged(element)


def test_no_page_of_the_pdf_ends_in_a_heading(results: Results) -> None:
    """Nor in the title of a table, nor in the sentence that opens a section."""
    given = as_json(results)
    report = presented(given)
    openings = {section.title for section in report.sections} | {section.lead for section in report.sections}
    openings |= {table.caption for section in report.sections for table in section.tables}
    openings |= {report.words[name] for name in ("short", "gained", "met_its_clock", "contents", "made")}
    pages = read_pdf(pdf("report", paper(given))).pages
    assert len(pages) > 5
    ends = [lines_of(page)[-2] for page in pages]  # the last line says which page it is
    assert [line for line in ends if line in openings] == []


def lines_of(page: PageObject) -> list[str]:
    return [line.strip() for line in page.extract_text().splitlines() if line.strip()]


def test_x02_what_is_given_to_a_paper_is_text_and_no_markup(results: Results) -> None:
    given = {**paper(as_json(results)), "lead": '#read("look.typ") = $x$ *bold* \\ #include "/etc/passwd" <a>'}
    assert '#read("look.typ") = $x$ *bold* \\ #include "/etc/passwd" <a>' in lines_of(
        read_pdf(pdf("report", given)).pages[0]
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_brief_is_one_page_on_paper_too(results: Results, language: str) -> None:
    made = read_pdf(pdf("brief", funders.brief_on_paper(as_json(results), language=language)))
    assert len(made.pages) == 1
    assert made.trailer["/Root"]["/Lang"] == language
    assert any(each["/S"] == "/TH" for each in tagged(made.trailer["/Root"]["/StructTreeRoot"]))
