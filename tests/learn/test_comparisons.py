"""Had another version been in force: asked on a page, answered by the job worker, read by leaders, with small numbers
hidden."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from leeward.learn import comparisons, versions
from leeward.learn.models import CaseSource, Comparison, ComparisonAnswer
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, Staff
from tests.cast import Cast

from .test_results_page import NOW, PEOPLE, other_centre
from .test_version_pages import STEP, over, started, step_page

__all__ = ["other_centre"]
TEXT = versions.definitions.read("protocol", "human-trafficking-response")
#: Information within a minute instead of two weeks.
STRICTER = TEXT.replace("within: P14D", "within: PT1M", 1)


@pytest.fixture
def question(other_centre: Agency) -> Iterator[Comparison]:
    """One question, committed, for the worker to find."""
    by = Staff.objects.using("admin").filter(agency=other_centre)[0]
    asked = Comparison(
        agency=other_centre,
        a="A",
        b="B",
        a_text=TEXT,
        b_text=STRICTER,
        cases=CaseSource.OURS,
        asked_by=by,
        asked_at=NOW,
    )
    asked.save(using="admin", force_insert=True)
    yield asked
    ComparisonAnswer.objects.using("admin").all().delete()
    Comparison.objects.using("admin").all().delete()


def test_a_draft_is_tried_from_its_page(world: Cast) -> None:
    browser = world.browser("program_director")
    draft = started(browser)
    page = browser.get(step_page(draft)).content.decode()
    browser.post(step_page(draft), STEP | {"over": over(page)})
    key = f"draft:{versions.drafts(world.act_as('program_director'))[0].row.pk}"
    assert f"/protocol/what-if/?b={key}" in unescape(browser.get(draft).content.decode())
    page = browser.get(reverse("what_if"), {"b": key}).content.decode()
    assert f'<option value="{key}" selected>Draft of version 1.1.0, text 2</option>' in page
    answer = browser.post(reverse("what_if"), {"a": "version:1.0.0", "b": key, "cases": "made_up"})
    assert answer.status_code == 302
    waits = browser.get(answer["Location"]).content.decode()
    assert "Being computed" in waits
    assert "Draft of version 1.1.0, text 2" in waits
    assert "being computed" in browser.get(reverse("what_if")).content.decode()
    assert world.browser("evaluator").get(answer["Location"]).status_code == 200


def test_who_waits_long_hears_whom_to_ask(world: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = world.browser("program_director")
    started(browser)
    place = browser.post(reverse("what_if"), _chosen(world))["Location"]
    assert "whether the job worker runs" not in browser.get(place).content.decode()
    monkeypatch.setattr(comparisons, "PATIENCE", timedelta(0))
    assert "whether the job worker runs" in browser.get(place).content.decode()


def _chosen(world: Cast) -> dict[str, str]:
    keys = [each.key for each in comparisons.choices(world.act_as("program_director"))]
    return {"a": keys[0], "b": keys[-1], "cases": "ours"}


@pytest.mark.parametrize("who", ["screener", "clinician", "case_manager", "shelter"])
def test_for_everybody_else_the_pages_do_not_exist(world: Cast, who: str, question: Comparison) -> None:
    assert world.browser(who).get(reverse("what_if")).status_code == 404
    assert world.browser(who).get(reverse("what_if_answer", args=[question.pk])).status_code == 404


def test_another_centres_question_does_not_exist(world: Cast, question: Comparison) -> None:
    assert world.browser("program_director").get(reverse("what_if_answer", args=[question.pk])).status_code == 404


def test_two_that_say_the_same_and_what_is_gone_are_refused_in_plain_words(world: Cast) -> None:
    by = world.act_as("program_director")
    with pytest.raises(PeopleError, match="Both say the same"):
        comparisons.ask(by=by, a="version:1.0.0", b="version:1.0.0", cases=CaseSource.OURS, now=NOW)
    with pytest.raises(PeopleError, match="not there any more"):
        comparisons.ask(by=by, a="version:1.0.0", b="draft:gone", cases=CaseSource.OURS, now=NOW)
    answer = world.browser("program_director").post(reverse("what_if"), {"a": "version:9", "b": "x", "cases": "ours"})
    assert answer.status_code == 422


def test_the_worker_answers_once_and_nobody_is_given_away(question: Comparison) -> None:
    assert comparisons.answer_all(NOW) == 1
    assert comparisons.answer_all(NOW) == 0
    answer = ComparisonAnswer.objects.using("admin").get(comparison=question)
    assert answer.trouble == ""
    assert answer.document["people"] == PEOPLE
    assert answer.document["threshold"] == 11
    offered = next(step for step in answer.document["steps"] if step["step"] == "offer-information")
    assert offered["a"]["opened"] == offered["b"]["opened"] == PEOPLE


def test_made_up_people_answer_the_same_each_time(question: Comparison) -> None:
    Comparison.objects.using("admin").filter(pk=question.pk).update(cases=CaseSource.MADE_UP)
    comparisons.answer_all(NOW)
    first = ComparisonAnswer.objects.using("admin").get(comparison=question).document
    ComparisonAnswer.objects.using("admin").all().delete()
    comparisons.answer_all(NOW + timedelta(days=3))
    assert ComparisonAnswer.objects.using("admin").get(comparison=question).document == first
    step = next(step for step in first["steps"] if step["step"] == "offer-information")
    assert step["b"]["missed"] > step["a"]["opened"] / 2, "nobody informs within a minute"
    assert first["threshold"] is None, "nobody is there to be given away"


def test_a_question_that_fails_is_answered_so_and_holds_up_nobody(question: Comparison) -> None:
    Comparison.objects.using("admin").filter(pk=question.pk).update(b_text="steps: 7")
    assert comparisons.answer_all(NOW) == 1
    answer = ComparisonAnswer.objects.using("admin").get(comparison=question)
    assert answer.document is None
    assert answer.trouble
    assert comparisons.answer_all(NOW) == 0


def test_no_page_can_write_an_answer_nor_ask_in_anothers_name(world: Cast) -> None:
    director = world.act_as("program_director")
    draft = versions.start(by=director, name="human-trafficking-response", now=NOW)
    asked = comparisons.ask(by=director, a="version:1.0.0", b=f"draft:{draft.row.pk}", cases=CaseSource.OURS, now=NOW)
    answer = ComparisonAnswer(comparison=asked, agency_id=director.agency_id, answered_at=NOW, document={})
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        answer.save(force_insert=True)
    world.act_as("evaluator")
    asked.pk = None
    asked._state.adding = True
    with pytest.raises(Error, match="row-level security"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO learn_comparison SELECT gen_random_uuid(), a, b, a_text, b_text, cases, asked_at, agency_id,"
            " asked_by_id FROM learn_comparison"
        )
