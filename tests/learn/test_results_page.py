"""Leaders see the newest results of their agency; the reporter reads them out of the database without a name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import ProgrammingError, connections, transaction
from django.utils import timezone, translation

from leeward.evidence.releases import exposed_across
from leeward.evidence.threshold import Threshold
from leeward.learn.actions import compute_snapshot
from leeward.learn.errors import TooSoon
from leeward.learn.extract import extract
from leeward.learn.extract_tables import SCHEMAS
from leeward.learn.models import ResultsAnswer, ResultsRelease, ResultsRequest, ResultsSnapshot
from leeward.learn.register import from_json
from leeward.learn.report import presented
from leeward.people.models import Agency, AgencyKind, Client, Completion, Event, Regime, Role, Staff
from leeward.treat.models import Measure
from tests.cast import Cast

from .published import keep, taken_away

__all__ = ["taken_away"]

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PEOPLE = 14


@pytest.fixture(scope="module")
def other_centre(cast: Cast) -> Iterator[Agency]:
    """A centre of its own with people in it, committed so that the reporter sees it, and taken away afterwards."""
    agency = Agency.objects.using("admin").create(name="Second centre", kind=AgencyKind.CENTRE, regime=Regime.HIPAA)
    staff = Staff.objects.using("admin").create(agency=agency, display_name="Someone", role=Role.SCREENER)
    Completion.objects.using("admin").create(
        agency=agency, staff=staff, course="soar_basic", completed_on=(NOW - timedelta(days=20)).date()
    )
    for number in range(PEOPLE):
        came = NOW - timedelta(days=100 + number)
        client = Client(
            agency=agency, protocol="human-trafficking-response", protocol_version="1.0.0",
            created_at=came, created_by=staff, is_synthetic=True,
        )  # fmt: skip
        client.save(using="admin")
        for minutes, kind, data_class, data in (
            (0, "client.registered", "existence", {}),
            (5, "indicator.observed", "case", {"suspected": True}),
        ):
            at = came + timedelta(minutes=minutes)
            Event(
                agency=agency, client=client, kind=kind, occurred_at=at, recorded_at=at, actor=staff,
                actor_role=staff.role, actor_agency=agency, data_class=data_class, data=data,
            ).save(using="admin")  # fmt: skip
    yield agency
    for model in (ResultsAnswer, ResultsRequest, ResultsRelease, ResultsSnapshot, Measure, Event):
        model.objects.using("admin").filter(agency=agency).delete()
    with connections["admin"].cursor() as cursor:
        for table in ("people_client", "people_completion", "protect_auditrecord", "people_staff"):
            cursor.execute(f"DELETE FROM {table} WHERE agency_id = %s", [agency.pk])
        cursor.execute("DELETE FROM people_agency WHERE id = %s", [agency.pk])


def test_the_reporter_reads_the_people_of_one_agency(other_centre: Agency) -> None:
    data = extract(other_centre, now=NOW)
    assert len(data.clients) == PEOPLE
    assert set(data.events["kind"]) == {"client.registered", "indicator.observed"}
    assert data.scores.empty
    assert data.staff["course"].tolist() == ["soar_basic"]


def test_the_extract_has_no_name_and_no_code(other_centre: Agency) -> None:
    data = extract(other_centre, now=NOW)
    codes = set(Client.objects.using("admin").filter(agency=other_centre).values_list("code", flat=True))
    assert not codes & set(data.clients["client"])
    ids = {str(pk) for pk in Client.objects.using("admin").filter(agency=other_centre).values_list("pk", flat=True)}
    assert not ids & set(data.clients["client"])
    assert list(data.clients) == [column for column in SCHEMAS["clients"].names]


def test_what_was_recorded_after_the_data_cut_does_not_count(other_centre: Agency) -> None:
    early = NOW - timedelta(days=110)
    data = extract(other_centre, now=early)
    assert 0 < len(data.clients) < PEOPLE
    assert data.events["recorded_at"].max() <= early


def test_a_corrected_score_is_left_out(other_centre: Agency) -> None:
    client = Client.objects.using("admin").filter(agency=other_centre).first()
    staff = Staff.objects.using("admin").get(agency=other_centre)
    assert client is not None

    def fill(total: int, corrects: Measure | None = None) -> Measure:
        measure = Measure(
            agency=other_centre, client=client, instrument="phq-9", version="1", wording="own", language="en",
            mode="self", answers=b"", total=total, answered=9, declined=0, taken_at=NOW - timedelta(days=3),
            recorded_at=NOW - timedelta(days=3), by=staff, corrects=corrects,
        )  # fmt: skip
        measure.save(using="admin")
        return measure

    wrong = fill(27)
    right = fill(12, corrects=wrong)
    assert extract(other_centre, now=NOW).scores["total"].tolist() == [12]
    right.delete(using="admin")
    wrong.delete(using="admin")


def test_a_snapshot_keeps_only_what_was_cleared(other_centre: Agency) -> None:
    snapshot = compute_snapshot(agency=other_centre, now=NOW, save_as="admin")
    assert snapshot.n_clients == PEOPLE
    assert snapshot.document["flows"][0]["seen"] == PEOPLE
    assert isinstance(snapshot.pk, UUID)


def given(world: Cast, people: int = 40, at: datetime = NOW) -> None:
    """A snapshot of the cast's centre."""
    about = {"threshold": 11, "people": people, "data_cut": NOW.isoformat()}
    keep(world, {"format": 1, "about": about}, at=at, people=people)


@pytest.mark.parametrize("who", ["program_director", "evaluator", "privacy_officer"])
def test_leaders_see_the_newest_results(world: Cast, who: str) -> None:
    given(world, people=41)
    page = world.browser(who).get("/results/")
    assert page.status_code == 200
    assert "41" in page.content.decode()


@pytest.mark.parametrize("who", ["screener", "clinician", "therapist", "case_manager", "shelter", "law_enforcement"])
def test_for_everybody_else_the_page_does_not_exist(world: Cast, who: str) -> None:
    given(world)
    assert world.browser(who).get("/results/").status_code == 404


@pytest.mark.parametrize("who", ["screener", "shelter"])
def test_the_database_shows_snapshots_to_leaders_only(world: Cast, who: str) -> None:
    given(world)
    world.act_as(who)
    assert not ResultsSnapshot.objects.exists()


def test_without_results_the_page_says_what_to_do(world: Cast) -> None:
    page = world.browser("evaluator").get("/results/").content.decode()
    assert "No results yet" in page
    assert "Compute the results" in page


def test_the_privacy_officer_reads_but_does_not_compute(world: Cast) -> None:
    given(world)
    browser = world.browser("privacy_officer")
    assert "Compute again" not in browser.get("/results/").content.decode()
    browser.post("/results/")
    assert not ResultsRequest.objects.exists()


def test_the_pictures_are_part_of_the_page_itself(world: Cast, other_centre: Agency) -> None:
    """As its security policy asks: no picture comes from another address."""
    snapshot = compute_snapshot(agency=other_centre, now=NOW, save_as="admin")
    keep(world, snapshot.document, at=NOW, people=PEOPLE)
    page = world.browser("program_director").get("/results/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page


@pytest.fixture
def released(other_centre: Agency) -> Iterator[ResultsSnapshot]:
    """Results of the second centre, the only ones; afterwards none."""
    yield compute_snapshot(agency=other_centre, now=NOW, save_as="admin")
    for model in (ResultsRelease, ResultsSnapshot):
        model.objects.using("admin").filter(agency=other_centre).delete()


def test_n02_results_of_the_same_moment_are_given_again(other_centre: Agency, released: ResultsSnapshot) -> None:
    again = compute_snapshot(agency=other_centre, now=NOW, save_as="admin")
    assert again.document == released.document
    assert ResultsRelease.objects.using("admin").filter(agency=other_centre).count() == 1


def test_n02_the_next_results_wait_unless_somebody_says_early(other_centre: Agency, released: ResultsSnapshot) -> None:
    later = timezone.now() + timedelta(days=20)
    with pytest.raises(TooSoon, match="The next are due on"):
        compute_snapshot(agency=other_centre, now=later, save_as="admin")
    early = compute_snapshot(agency=other_centre, now=later, early=True, save_as="admin")
    assert early.document["about"]["earlier"] == 1
    assert ResultsRelease.objects.using("admin").filter(agency=other_centre).count() == 2


def test_n02_three_people_more_hide_how_many_there_are(other_centre: Agency, released: ResultsSnapshot) -> None:
    """And the report says that earlier results were taken into account."""
    assert released.document["about"]["people"] == PEOPLE
    staff = Staff.objects.using("admin").get(agency=other_centre)
    for _ in range(3):
        client = Client(
            agency=other_centre, protocol="human-trafficking-response", protocol_version="1.0.0",
            created_at=NOW, created_by=staff, is_synthetic=True,
        )  # fmt: skip
        client.save(using="admin")
        at = NOW + timedelta(days=1)
        Event(
            agency=other_centre, client=client, kind="client.registered", occurred_at=at, recorded_at=at, actor=staff,
            actor_role=staff.role, actor_agency=other_centre, data_class="existence", data={},
        ).save(using="admin")  # fmt: skip
    later = compute_snapshot(agency=other_centre, now=timezone.now() + timedelta(days=29), save_as="admin")
    assert later.document["about"]["people"] == {"suppressed": True}
    assert later.document["about"]["shown_before"] >= 1
    held = ResultsRelease.objects.using("reporter").filter(agency=other_centre)
    assert exposed_across([from_json(each.ledgers)["results"] for each in held], Threshold()) == {}
    with translation.override("en"):
        hidden = next(each for each in presented(later.document).sections if each.id == "hidden")
        notes = " ".join(hidden.notes)
    assert "1 earlier set of results was taken into account" in notes


@pytest.mark.parametrize("who", ["program_director", "evaluator", "privacy_officer", "screener", "shelter"])
def test_n02_no_page_reads_the_register(world: Cast, who: str) -> None:
    """It holds the true counts behind what is hidden. The web role reads nothing of it and adds nothing to it."""
    world.act_as(who)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ResultsRelease.objects.exists()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ResultsRelease(agency=world.centre, released_at=NOW, data_cut=NOW, digest="0" * 64, ledgers={}).save(
            force_insert=True
        )


@pytest.mark.parametrize("who", ["program_director", "evaluator", "privacy_officer"])
def test_n02_nobody_writes_results_by_hand(world: Cast, who: str) -> None:
    """Only what the worker computed and cleared is ever shown."""
    world.act_as(who)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ResultsSnapshot(
            agency=world.centre, computed_at=NOW, data_cut=NOW, n_clients=9, protocol_version="1", document={}
        ).save(force_insert=True)


def test_n02_the_page_says_why_and_until_when_to_wait(world: Cast) -> None:
    given(world, at=timezone.now() - timedelta(days=2))
    page = world.browser("program_director").get("/results/").content.decode()
    assert "Next results:" in page
    assert "can subtract them" in page
    assert "Compute early" in page
    assert "Compute again" not in page
    assert "Compute early" not in world.browser("privacy_officer").get("/results/").content.decode()


def test_n02_after_that_time_they_are_computed_as_ever(world: Cast) -> None:
    given(world, at=timezone.now() - timedelta(days=29))
    page = world.browser("program_director").get("/results/").content.decode()
    assert "Compute again" in page
    assert "Next results:" not in page
