"""New results: asked for on the page, computed by the job worker, which says so, or why there are none."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import Error, connections, transaction
from django.utils import timezone

from leeward.learn import asking
from leeward.learn.errors import TooSoon
from leeward.learn.models import ResultsAnswer, ResultsRelease, ResultsRequest, ResultsSnapshot
from leeward.learn.worker import WORKER
from leeward.people.models import Agency, Role, Staff
from leeward.platform import jobs
from tests.cast import Cast

from .published import keep, taken_away
from .test_results_page import NOW, PEOPLE, other_centre

__all__ = ["other_centre", "taken_away"]
PAGES = pytest.mark.parametrize("page", ["/results/", "/protocol/fidelity/"])


@pytest.fixture
def request_of_other(other_centre: Agency) -> Iterator[ResultsRequest]:
    """New results asked for at the second centre, committed, for the worker to find; and nothing afterwards."""
    by = Staff.objects.using("admin").filter(agency=other_centre)[0]
    asked = ResultsRequest(agency=other_centre, asked_by=by, asked_at=NOW, early=False, language="es")
    asked.save(using="admin", force_insert=True)
    yield asked
    for model in (ResultsAnswer, ResultsRequest, ResultsRelease, ResultsSnapshot):
        model.objects.using("admin").filter(agency=other_centre).delete()


@PAGES
@pytest.mark.parametrize("who", ["program_director", "evaluator"])
def test_asking_answers_at_once_and_the_page_says_that_it_works(world: Cast, page: str, who: str) -> None:
    browser = world.browser(who)
    assert browser.post(page).status_code == 302
    shown = browser.get(page).content.decode()
    assert "New results are being computed" in shown
    assert f'data-wait="{page}"' in shown
    assert "Look again" in shown
    assert "Compute the results" not in shown


def test_asking_twice_is_asking_once(world: Cast) -> None:
    world.browser("program_director").post("/results/")
    world.browser("evaluator").post("/results/")
    world.act_as("evaluator")
    assert ResultsRequest.objects.count() == 1


@PAGES
def test_the_last_results_stay_while_new_ones_are_computed(world: Cast, page: str) -> None:
    keep(world, {"format": 1, "about": {"threshold": 11, "people": 41}}, at=timezone.now() - timedelta(days=40))
    browser = world.browser("program_director")
    assert "Compute again" in browser.get("/results/").content.decode()
    browser.post(page)
    shown = browser.get("/results/").content.decode()
    assert "41" in shown
    assert "New results are being computed" in shown
    assert "Compute again" not in shown


def test_n02_too_soon_is_said_at_once_and_asks_for_nothing(world: Cast) -> None:
    keep(world, {"format": 1, "about": {"threshold": 11, "people": 41}}, at=timezone.now() - timedelta(days=2))
    answer = world.browser("program_director").post("/results/")
    assert answer.status_code == 422
    assert "Results were published a short while ago." in answer.content.decode()
    with pytest.raises(TooSoon):
        asking.ask(by=world.act_as("program_director"), early=False, now=timezone.now())
    assert not ResultsRequest.objects.exists()
    assert world.browser("program_director").post("/results/", {"early": "yes"}).status_code == 302
    world.act_as("program_director")
    assert ResultsRequest.objects.get().early


def test_who_waits_long_hears_whom_to_ask(world: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = world.browser("program_director")
    browser.post("/results/")
    assert "whether the job worker runs" not in browser.get("/results/").content.decode()
    monkeypatch.setattr(asking, "PATIENCE", timedelta(0))
    assert "whether the job worker runs" in browser.get("/results/").content.decode()


@pytest.mark.parametrize("who", ["privacy_officer", "screener", "shelter"])
def test_n02_the_database_lets_nobody_else_ask(world: Cast, who: str) -> None:
    by = world.act_as(who)
    with pytest.raises(Error), transaction.atomic():
        ResultsRequest(agency_id=by.agency_id, asked_by=by, asked_at=NOW, early=True, language="en").save(
            force_insert=True
        )


def test_the_worker_computes_once(other_centre: Agency, request_of_other: ResultsRequest) -> None:
    assert asking.answer_all(NOW) == 1
    assert asking.answer_all(NOW) == 0
    answer = ResultsAnswer.objects.using("admin").get(request=request_of_other)
    assert answer.trouble == ""
    snapshot = ResultsSnapshot.objects.using("admin").get(agency=other_centre)
    assert snapshot.document["about"]["people"] == PEOPLE
    assert ResultsRelease.objects.using("admin").filter(agency=other_centre).count() == 1


def test_n02_two_who_ask_at_one_moment_get_one_set_of_results(
    other_centre: Agency, request_of_other: ResultsRequest
) -> None:
    """A second set would cost what can be shown later."""
    also = ResultsRequest(
        agency=other_centre, asked_by=request_of_other.asked_by, asked_at=NOW, early=True, language="en"
    )
    also.save(using="admin", force_insert=True)
    assert asking.answer_all(NOW + timedelta(seconds=5)) == 2
    answers = ResultsAnswer.objects.using("admin").filter(agency=other_centre)
    assert [each.trouble for each in answers] == ["", ""]
    assert ResultsRelease.objects.using("admin").filter(agency=other_centre).count() == 1


def test_why_there_are_none_is_kept_in_the_askers_language(
    other_centre: Agency, request_of_other: ResultsRequest
) -> None:
    asking.answer_all(NOW)
    again = ResultsRequest(
        agency=other_centre,
        asked_by=request_of_other.asked_by,
        asked_at=timezone.now(),
        early=False,
        language="es",
    )
    again.save(using="admin", force_insert=True)
    assert asking.answer_all(timezone.now() + timedelta(days=1)) == 1
    answer = ResultsAnswer.objects.using("admin").get(request=again)
    assert "Hace poco se publicaron resultados" in answer.trouble
    assert answer.hint
    assert ResultsSnapshot.objects.using("admin").filter(agency=other_centre).count() == 1


def test_what_fails_is_answered_too_and_holds_up_nobody(
    request_of_other: ResultsRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("a name that no page may show")

    monkeypatch.setattr(asking, "compute_snapshot", fail)
    assert asking.answer_all(NOW) == 1
    answer = ResultsAnswer.objects.using("admin").get(request=request_of_other)
    assert "a name" not in answer.trouble
    assert answer.trouble
    assert asking.answer_all(NOW) == 0


def test_the_page_says_why_there_are_none(world: Cast) -> None:
    by = Staff.objects.using("admin").get(pk=world.staff["program_director"].pk)
    asked = ResultsRequest(agency=world.centre, asked_by=by, asked_at=NOW, early=False, language="en")
    asked.save(using="admin", force_insert=True)
    told = ResultsAnswer(
        request=asked, agency=world.centre, answered_at=NOW, trouble="There is nobody in these data yet.", hint="Wait."
    )
    told.save(using="admin", force_insert=True)
    try:
        shown = world.browser("evaluator").get("/results/").content.decode()
        assert "There is nobody in these data yet. Wait." in shown
        assert "Compute the results" in shown
    finally:
        told.delete(using="admin")
        asked.delete(using="admin")


def test_n02_the_worker_writes_results_only_where_they_were_asked_for(other_centre: Agency) -> None:
    """And it never reads what the register holds."""
    worker = connections[WORKER]
    with worker.cursor() as cursor:
        with pytest.raises(Error, match="row-level security"), transaction.atomic(using=WORKER):
            cursor.execute(
                "INSERT INTO learn_resultssnapshot (id, agency_id, computed_at, data_cut, protocol_version, document)"
                " VALUES (gen_random_uuid(), %s, now(), now(), '1.0.0', '{}')",
                [other_centre.pk],
            )
        with pytest.raises(Error, match="permission denied"), transaction.atomic(using=WORKER):
            cursor.execute("SELECT ledgers FROM learn_resultsrelease")
    worker.close()


def test_the_worker_looks_every_few_seconds() -> None:
    assert "results" in {task.name for task in jobs.app.tasks.values()}
    assert Role.PRIVACY_OFFICER not in asking.MAY_ASK
