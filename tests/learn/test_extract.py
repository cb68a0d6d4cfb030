"""An extract holds what results need and nothing that leads back to anybody."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.db import connections

from leeward.learn.errors import TablesUnreadable
from leeward.learn.extract import extract
from leeward.learn.extract_files import write_extract
from leeward.learn.extract_rows import _tidier
from leeward.learn.extract_tables import SCHEMAS
from leeward.learn.pseudonyms import Pseudonyms
from leeward.learn.results import ResultsError
from leeward.learn.tables import read_folder
from leeward.people.models import Agency, AgencyKind, Client, Event, Regime, Role, Staff
from tests.cast import Cast

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PEOPLE = 13
#: A word that somebody typed into a field where a code belongs.
TYPED = "Her name is Maria Canary"


@pytest.fixture(scope="module")
def centre(cast: Cast) -> Iterator[Agency]:
    """A centre with thirteen people, one of whom declined research use, one of whom took that back."""
    agency = Agency.objects.using("admin").create(name="Third centre", kind=AgencyKind.CENTRE, regime=Regime.HIPAA)
    staff = Staff.objects.using("admin").create(agency=agency, display_name="Someone", role=Role.SCREENER)
    for number in range(PEOPLE):
        came = NOW - timedelta(days=100 + number)
        client = Client(
            agency=agency, protocol="human-trafficking-response", protocol_version="1.0.0", county="Forrest",
            created_at=came, created_by=staff, is_synthetic=True,
        )  # fmt: skip
        client.save(using="admin")
        happened = [
            ("client.registered", {"age_at_contact": 37, "is_minor": False, "county": "Forrest", "source": "court"}),
            ("screening.completed", {"tool": "safety-conversation", "result": "positive", "mode": TYPED}),
            ("report.made", {"to": TYPED, "reference": "CPS-4711"}),
            ("consent.granted", {"recipient": str(agency.pk), "classes": ["contact"], "purpose": "legal"}),
        ]
        happened += [("research.declined", {})] if number in (3, 5) else []
        earlier: Event | None = None
        for minutes, (kind, data) in enumerate(happened):
            earlier = _event(agency, client, staff, kind, came + timedelta(minutes=minutes), data)
        if number == 5:
            _event(agency, client, staff, "consent.discussed", came + timedelta(hours=1), {}, supersedes=earlier)
    yield agency
    Event.objects.using("admin").filter(agency=agency, supersedes__isnull=False).delete()
    Event.objects.using("admin").filter(agency=agency).delete()
    with connections["admin"].cursor() as cursor:
        for table in ("people_client", "protect_auditrecord", "people_staff"):
            cursor.execute(f"DELETE FROM {table} WHERE agency_id = %s", [agency.pk])
        cursor.execute("DELETE FROM people_agency WHERE id = %s", [agency.pk])


def _event(
    agency: Agency, client: Client, staff: Staff, kind: str, at: datetime, data: dict[str, object],
    supersedes: Event | None = None,
) -> Event:  # fmt: skip
    event = Event(
        agency=agency, client=client, kind=kind, occurred_at=at, recorded_at=at, actor=staff, actor_role=staff.role,
        actor_agency=agency, data_class="case", data=data, supersedes=supersedes,
    )  # fmt: skip
    event.save(using="admin")
    return event


@pytest.fixture
def folder(centre: Agency, tmp_path: Path) -> Path:
    write_extract(centre, tmp_path / "extract", now=NOW)
    return tmp_path / "extract"


def everything(folder: Path) -> str:
    """All that the folder says, as text."""
    tables = [str(pq.read_table(folder / f"{name}.parquet").to_pylist()) for name in SCHEMAS]
    return "\n".join([*tables, (folder / "meta.json").read_text(), (folder / "dictionary.json").read_text()])


def test_nothing_that_somebody_typed_leaves(folder: Path) -> None:
    said = everything(folder)
    assert "Canary" not in said
    assert "CPS-4711" not in said


def test_no_id_and_no_case_code_leaves(centre: Agency, folder: Path) -> None:
    said = everything(folder)
    for row in Client.objects.using("admin").filter(agency=centre):
        assert str(row.pk) not in said
        assert row.code not in said
    for event in Event.objects.using("admin").filter(agency=centre):
        assert str(event.pk) not in said
    assert str(centre.pk) not in said


def test_two_extracts_can_not_be_joined_by_their_names(centre: Agency, folder: Path, tmp_path: Path) -> None:
    write_extract(centre, tmp_path / "again", now=NOW)
    one, other = (
        set(pq.read_table(each / "clients.parquet")["client"].to_pylist()) for each in (folder, tmp_path / "again")
    )
    assert len(one) == len(other)
    assert not one & other


def test_names_say_nothing_of_who_came_first(folder: Path) -> None:
    rows = pq.read_table(folder / "clients.parquet").sort_by("first_contact_at")["client"].to_pylist()
    assert rows != sorted(rows)
    assert rows != sorted(rows, reverse=True)


def test_who_declined_research_use_is_not_in_it_and_who_took_that_back_is(folder: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["left_out"] == 1
    assert meta["rows"]["clients"] == PEOPLE - 1
    assert "research.declined" in set(pq.read_table(folder / "events.parquet")["kind"].to_pylist())  # taken back


def test_ages_leave_as_the_first_year_of_their_band(folder: Path) -> None:
    data = [json.loads(text) for text in pq.read_table(folder / "events.parquet")["data"].to_pylist()]
    assert {each["age_at_contact"] for each in data if "age_at_contact" in each} == {35}
    assert set(pq.read_table(folder / "clients.parquet")["age_band"].to_pylist()) == {"35-44"}


def test_events_keep_their_order_under_their_new_names(folder: Path) -> None:
    rows = pq.read_table(folder / "events.parquet").to_pylist()
    for client in {row["client"] for row in rows}:
        mine = [row for row in rows if row["client"] == client]
        by_time = sorted(mine, key=lambda row: (row["occurred_at"], row["recorded_at"]))
        assert [row["id"] for row in by_time] == sorted(row["id"] for row in mine)


def test_every_column_is_in_the_dictionary(folder: Path) -> None:
    dictionary = json.loads((folder / "dictionary.json").read_text())["tables"]
    for name in SCHEMAS:
        assert list(dictionary[name]) == pq.read_schema(folder / f"{name}.parquet").names


def test_the_dictionary_says_what_each_kind_of_event_may_hold_and_nothing_else_is_there(folder: Path) -> None:
    events = json.loads((folder / "dictionary.json").read_text())["events"]
    for row in pq.read_table(folder / "events.parquet").to_pylist():
        assert set(json.loads(row["data"])) <= set(events[row["kind"]])
    assert events["rating.given"] == {"about": "text", "score": [1, 2, 3, 4, 5]}
    assert "reference" not in events["report.made"]


def test_the_definitions_are_named_with_version_and_digest(folder: Path) -> None:
    named = json.loads((folder / "meta.json").read_text())["definitions"]
    assert named["protocol"]["version"] == "1.0.0"
    assert len(named["protocol"]["sha256"]) == 64
    assert named["instruments"]["pcl-5"] == "1"


@pytest.mark.parametrize(
    ("kind", "name", "given", "leaves"),
    [
        ("rating.given", "score", 4, 4),
        ("rating.given", "score", "four, she said", None),
        ("rating.given", "score", 9, None),
        ("aftercare.contacted", "safe", "with her aunt", None),
        ("consent.granted", "until", "2026-02-01", "2026-02-01"),
        ("consent.granted", "until", "when Ana is home", None),
        ("screening.completed", "result", "positive", "positive"),
        ("screening.completed", "result", "she cried", None),
        ("plan.agreed", "goals", True, None),
    ],
)
def test_a_word_where_a_number_a_day_or_a_code_belongs_stays_inside(
    kind: str, name: str, given: object, leaves: object
) -> None:
    assert json.loads(_tidier(Pseudonyms())(kind, json.dumps({name: given}))).get(name) == leaves


def test_a_file_that_was_changed_afterwards_is_refused(folder: Path) -> None:
    table = pq.read_table(folder / "clients.parquet")
    pq.write_table(table.slice(1), folder / "clients.parquet")
    with pytest.raises(TablesUnreadable, match="not the file that the extract wrote"):
        read_folder(folder)


def test_results_name_the_extract_that_they_come_from(folder: Path) -> None:
    data = read_folder(folder)
    assert data.digest == json.loads((folder / "meta.json").read_text())["digest"]
    assert data.meta["left_out"] == "1"


def test_files_and_memory_hold_the_same_people(centre: Agency, folder: Path) -> None:
    read, kept = read_folder(folder), extract(centre, now=NOW)
    assert len(read.clients) == len(kept.clients)
    assert sorted(read.events["kind"]) == sorted(kept.events["kind"])


def test_an_extract_never_replaces_a_folder_of_something_else(centre: Agency, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("mine")
    with pytest.raises(ResultsError, match="holds something else"):
        write_extract(centre, tmp_path / "letters", now=NOW)
    assert (tmp_path / "letters" / "letter.txt").read_text() == "mine"


def test_progress_counts_everybody(centre: Agency, tmp_path: Path) -> None:
    heard: list[int] = []
    write_extract(centre, tmp_path / "extract", now=NOW, progress=heard.append)
    assert heard[-1] == PEOPLE
