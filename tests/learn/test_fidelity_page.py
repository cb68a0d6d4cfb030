"""The page on how the steps are kept: who sees it, what can be chosen, and that a choice only picks among tables."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from leeward import catalogue
from leeward.evidence.suppression import Ledger
from leeward.learn.actions import compute_snapshot, results_of
from leeward.learn.extract import extract
from leeward.learn.kept import Choice, shown
from leeward.learn.models import ResultsRelease, ResultsRequest
from leeward.learn.reading import Part
from leeward.learn.results import ResultsData, as_json
from leeward.learn.results.training import training
from leeward.learn.tables import read_folder
from leeward.people.models import Agency, Completion, Event, Staff
from leeward.simulation import Parameters, write_centre
from tests.cast import Cast

from .published import keep, taken_away
from .test_results_page import NOW, other_centre

__all__ = ["other_centre", "taken_away"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> ResultsData:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=800, seed=9, out=folder)
    return read_folder(folder)


@pytest.fixture(scope="module")
def document(tables: ResultsData) -> dict[str, object]:
    latest = tables.latest_moment()
    assert latest
    return dict(as_json(results_of(tables, latest)))


def publish(world: Cast, document: dict[str, object]) -> None:
    keep(world, document, at=NOW, people=800)


def page_of(world: Cast, document: dict[str, object], query: str = "", who: str = "evaluator") -> str:
    publish(world, document)
    answer = world.browser(who).get(f"/protocol/fidelity/{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def rows_of(page: str, caption: str) -> dict[str, list[str]]:
    """The rows of one table by their headings."""
    table = next(each for each in re.findall(r"<table.*?</table>", page, re.DOTALL) if f">{caption}</caption>" in each)
    rows = re.findall(r'<th scope="row" role="rowheader">(.*?)</th>(.*?)</tr>', table, re.DOTALL)
    return {head: re.findall(r"<td[^>]*>(.*?)</td>", cells) for head, cells in rows}


@pytest.mark.parametrize("who", ["program_director", "evaluator", "privacy_officer"])
def test_leaders_read_where_most_is_lost_first(world: Cast, document: dict[str, object], who: str) -> None:
    page = page_of(world, document, who=who)
    assert "costs the most people" in page
    assert "costs the most days" in page
    assert page.index("costs the most people") < page.index("How often, and how that went")
    assert 'src="data:image/svg+xml;base64,' in page


@pytest.mark.parametrize("who", ["screener", "clinician", "therapist", "case_manager", "shelter", "law_enforcement"])
def test_for_everybody_else_the_page_does_not_exist(world: Cast, document: dict[str, object], who: str) -> None:
    publish(world, document)
    assert world.browser(who).get("/protocol/fidelity/").status_code == 404


def test_without_results_it_says_what_to_do(world: Cast) -> None:
    page = world.browser("program_director").get("/protocol/fidelity/").content.decode()
    assert "No figures yet" in page
    assert "Compute the results" in page


def test_results_of_an_older_form_have_no_figures_here(world: Cast) -> None:
    page = page_of(world, {"format": 1, "about": {"threshold": 11}, "steps": []})
    assert "No figures yet" in page


@pytest.mark.parametrize(
    ("query", "some", "caption"),
    [
        ("?by=step", "Screening conversation", "How often, and how that went"),
        ("?by=stage", "Talking alone", "How often, and how that went"),
        ("?by=role", "Therapist", "How often, and how that went"),
        ("?by=site", "Hattiesburg", "How often, and how that went"),
        ("?by=month", "March 2026", "How often, and how that went"),
        ("?of=stage:needs&by=step", "Ask about urgent needs", "How often, and how that went"),
        ("?of=role:therapist&by=step", "First session", "How often, and how that went"),
        ("?of=step:talk-alone&by=month", "March 2026", "How often it was due and done in time"),
        ("?of=step:talk-alone&by=site", "Hattiesburg", "How often it was due and done in time"),
    ],
)
def test_each_choice_shows_its_table(
    world: Cast, document: dict[str, object], query: str, some: str, caption: str
) -> None:
    assert some in rows_of(page_of(world, document, query), caption)


def test_a_stage_shows_its_own_steps_only(world: Cast, document: dict[str, object]) -> None:
    rows = rows_of(page_of(world, document, "?of=stage:needs&by=step"), "How often, and how that went")
    assert set(rows) == {"Ask about urgent needs", "Ask about all needs"}


def test_what_has_no_table_is_said_so_and_the_steps_are_shown(world: Cast, document: dict[str, object]) -> None:
    page = page_of(world, document, "?of=stage:needs&by=month")
    assert "There is no table of that" in page
    assert "Ask about urgent needs" in rows_of(page, "How often, and how that went")


def test_a_choice_that_does_not_exist_is_told_and_changes_nothing(world: Cast, document: dict[str, object]) -> None:
    page = page_of(world, document, "?of=step:nothing&by=weather")
    assert "Select a valid choice" in page
    assert "Talking alone" in rows_of(page, "How often, and how that went")


def test_no_choice_shows_a_count_from_1_to_10(document: dict[str, object]) -> None:
    part = Part(document)
    steps = [step["step"].text for step in part["steps"]]
    choices = [Choice("all", by) for by in ("step", "stage", "role", "site", "month")]
    choices += [Choice(f"step:{step}", by) for step in steps for by in ("site", "month")]
    seen = 0
    for choice in choices:
        for table in shown(part, choice).tables:
            if "How long" in table.caption:
                continue
            for row in table.rows:
                for cell in row[1:]:
                    counts = re.sub(r"\(.*?\)|[\d.]+%", "", cell)
                    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", counts)]
                    assert not [number for number in numbers if 0 < number < 11], (choice, row)
                    seen += len(numbers)
    assert seen > 200


def test_what_a_small_centre_withholds_is_left_out_and_named(document: dict[str, object]) -> None:
    part = Part(json.loads(json.dumps(document)))
    before = shown(part, Choice("all", "stage"))
    assert "Done late" in before.tables[0].columns
    for row in part["kept"]["tables"]["stage"]:
        row["counts"].value["late"] = None
    after = shown(part, Choice("all", "stage"))
    assert after.tables[0].columns == tuple(name for name in before.tables[0].columns if name != "Done late")
    assert {*after.left_out} == {*before.left_out, "Done late"}
    assert {len(row) for row in after.tables[0].rows} == {len(after.tables[0].columns)}


def test_the_page_speaks_spanish(world: Cast, document: dict[str, object]) -> None:
    publish(world, document)
    answer = world.browser("evaluator").get("/protocol/fidelity/", headers={"accept-language": "es"})
    page = unescape(answer.content.decode())
    assert "Cómo se cumplen los pasos" in page
    assert "es el paso que más personas cuesta" in page


def test_the_privacy_officer_reads_and_does_not_compute(world: Cast, document: dict[str, object]) -> None:
    page = page_of(world, document, who="privacy_officer")
    assert "Compute again" not in page
    world.browser("privacy_officer").post("/protocol/fidelity/")
    assert not ResultsRequest.objects.exists()


def test_new_ones_are_asked_for_here_too(world: Cast) -> None:
    browser = world.browser("program_director")
    assert browser.post("/protocol/fidelity/")["Location"] == "/protocol/fidelity/"
    assert "New results are being computed" in browser.get("/protocol/fidelity/").content.decode()


# Out of the database


def test_the_extract_says_who_did_what_and_whose_training_held(other_centre: Agency) -> None:
    data = extract(other_centre, now=NOW)
    assert data.knows_who_did_what
    assert set(data.events["actor_role"]) == {"screener"}
    assert data.agencies is not None
    assert str(other_centre.pk) not in set(data.agencies["agency"])  # under a name that leads back to nobody
    assert "centre" in set(data.agencies["kind"])
    assert list(data.staff) == ["staff", "role", "is_active", "trained_on", "course"]


def test_who_left_is_still_judged_for_what_they_did(other_centre: Agency) -> None:
    """Their training is in the extract; the training of the present staff is counted without them."""
    admin = Staff.objects.using("admin")
    left = admin.create(agency=other_centre, display_name="Gone", role="screener", is_active=False)
    done = Completion.objects.using("admin").create(
        agency=other_centre, staff=left, course="soar_basic", completed_on=(NOW - timedelta(days=30)).date()
    )
    data = extract(other_centre, now=NOW)
    gone = set(data.staff["staff"][~data.staff["is_active"]])
    assert len(gone) == 1
    ledger = Ledger()
    training(data, catalogue.competence(), NOW.date(), ledger)
    assert ledger._cells["training.soar_basic"]._value == 1
    done.delete(using="admin")
    admin.filter(pk=left.pk).delete()


def test_a_snapshot_of_the_database_has_tables_by_place_and_month(other_centre: Agency) -> None:
    snapshot = compute_snapshot(agency=other_centre, now=NOW, save_as="admin")
    kept = snapshot.document["kept"]
    assert [row["counts"]["opened"] for row in kept["tables"]["stage"] if row["group"] == ["information"]] == [14]
    assert kept["tables"]["month"]


def test_a_step_done_by_somebody_untrained_is_counted_from_the_database(other_centre: Agency) -> None:
    """Fourteen conversations held by a screener who lacks the second course."""
    staff = Staff.objects.using("admin").get(agency=other_centre, display_name="Someone")
    made = []
    for event in Event.objects.using("admin").filter(agency=other_centre, kind="indicator.observed"):
        at = event.occurred_at + timedelta(days=1)
        made.append(
            Event(
                agency=other_centre, client_id=event.client_id, kind="screening.completed", occurred_at=at,
                recorded_at=at, actor=staff, actor_role=staff.role, actor_agency=other_centre, data_class="case",
                data={"result": "negative"},
            )
        )  # fmt: skip
        made[-1].save(using="admin")
    ResultsRelease.objects.using("admin").filter(agency=other_centre).delete()
    document = compute_snapshot(
        agency=other_centre, now=datetime(2026, 11, 1, 12, tzinfo=UTC), save_as="admin"
    ).document
    screening = next(step for step in document["steps"] if step["step"] == "screening")
    assert screening["untrained"]["count"] == screening["untrained"]["of"] == 14
    for event in made:
        event.delete(using="admin")
