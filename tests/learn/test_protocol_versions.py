"""The protocol changes by drafts that two people bring into force; a case keeps its version until its team moves it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from leeward.learn import versions
from leeward.learn.models import Decision
from leeward.people import pathway, timeline
from leeward.people.errors import NoSuchVersion, PeopleError
from leeward.people.models import Client, PublishedProtocol

from ..cast import Cast

NAME = "human-trafficking-response"
FASTER = ("    within: PT72H\n    role: case_manager", "    within: P1D\n    role: case_manager")


def sent(world: Cast, now: datetime, *, change: tuple[str, str] = FASTER) -> versions.Draft:
    """A draft by the first director with one change, sent for review."""
    director = world.act_as("program_director")
    draft = versions.start(by=director, name=NAME, now=now)
    text = draft.newest.text.replace(*change, 1)
    assert text != draft.newest.text
    versions.save(by=director, draft=draft, text=text, over=1, now=now)
    draft = again(world, draft)
    versions.send(by=director, draft=draft, now=now)
    return again(world, draft)


def again(world: Cast, draft: versions.Draft) -> versions.Draft:
    found = versions.draft_of(world.staff["program_director"], draft.row.pk)
    assert found is not None
    return found


def published(world: Cast, now: datetime) -> PublishedProtocol:
    draft = sent(world, now)
    return versions.publish(by=world.act_as("second_director"), draft=draft, why="Needs can't wait.", now=now)


def test_a_second_director_publishes_and_new_cases_follow(world: Cast, now: datetime) -> None:
    row = published(world, now)
    assert row.version == "1.1.0"
    assert pathway.in_force(world.centre.pk, NAME).step("urgent-needs").within == timedelta(days=1)
    assert [each.protocol.version for each in versions.history(world.act_as("clinician"), NAME)] == ["1.1.0", "1.0.0"]


def test_whoever_wrote_a_version_cannot_publish_it_by_the_action(world: Cast, now: datetime) -> None:
    draft = sent(world, now)
    with pytest.raises(PeopleError, match="can't publish it alone") as refused:
        versions.publish(by=world.act_as("program_director"), draft=draft, why="Because.", now=now)
    assert refused.value.hint


def test_nor_past_the_action_by_the_table_itself(world: Cast, now: datetime) -> None:
    draft, director = sent(world, now), world.staff["program_director"]
    row = PublishedProtocol(
        agency=world.centre, name=NAME, version="1.1.0", text=draft.newest.text, draft=draft.row.pk,
        author=director, published_by=director, published_at=now,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="two_people_publish"), transaction.atomic(using="admin"):
        row.save(force_insert=True, using="admin")


def test_nor_by_naming_somebody_else_as_the_author(world: Cast, now: datetime) -> None:
    draft = sent(world, now)
    director = world.act_as("program_director")
    row = PublishedProtocol(
        agency=world.centre, name=NAME, version="1.1.0", text=draft.newest.text, draft=draft.row.pk,
        author=world.staff["second_director"], published_by=director, published_at=now,
    )  # fmt: skip
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


def test_nor_may_a_reviewer_publish_another_text_than_was_written(world: Cast, now: datetime) -> None:
    draft = sent(world, now)
    second = world.act_as("second_director")
    row = PublishedProtocol(
        agency=world.centre, name=NAME, version="1.1.0", text=draft.newest.text + "\n# mine\n", draft=draft.row.pk,
        author=world.staff["program_director"], published_by=second, published_at=now,
    )  # fmt: skip
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize("who", ["clinician", "case_manager", "evaluator", "privacy_officer", "shelter"])
def test_nobody_else_drafts_or_publishes(world: Cast, now: datetime, who: str) -> None:
    draft = sent(world, now)
    asker = world.act_as(who)
    with pytest.raises(PeopleError):
        versions.start(by=asker, name=NAME, now=now)
    with pytest.raises(PeopleError):
        versions.publish(by=asker, draft=draft, why="x", now=now)
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(
            "INSERT INTO learn_draftdecision (id, agency_id, draft_id, decision, text_number, decided_by_id,"
            " decided_at, reason) VALUES (%s, %s, %s, 'published', 1, %s, now(), '')",
            [uuid4(), world.centre.pk, draft.row.pk, asker.pk],
        )
    seen = versions.drafts(asker)
    assert bool(seen) is (who in ("evaluator", "privacy_officer"))


def test_what_was_written_or_decided_is_never_changed(world: Cast, now: datetime) -> None:
    row = published(world, now)
    world.act_as("program_director")
    for table in ("learn_drafttext", "learn_draftdecision", "learn_protocoldraft", "people_publishedprotocol"):
        for statement in (f"UPDATE {table} SET agency_id = agency_id", f"DELETE FROM {table}"):
            refused = pytest.raises(ProgrammingError, match="permission denied")
            with connection.cursor() as cursor, refused, transaction.atomic():
                cursor.execute(statement)
    assert PublishedProtocol.objects.get(pk=row.pk).text == row.text


def test_a_broken_draft_is_kept_but_not_sent(world: Cast, now: datetime) -> None:
    director = world.act_as("program_director")
    draft = versions.start(by=director, name=NAME, now=now)
    versions.save(by=director, draft=draft, text=draft.newest.text.replace("PT72H", "P3M"), over=1, now=now)
    draft = again(world, draft)
    with pytest.raises(PeopleError, match="line"):
        versions.send(by=director, draft=draft, now=now)
    assert "P3M" in draft.newest.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('version: "1.1.0"', 'version: "1.0.0"'), "higher than 1.0.0"),
        (("protocol: human-trafficking-response", "protocol: another"), "must stay"),
    ],
)
def test_a_version_goes_up_and_keeps_its_name(world: Cast, now: datetime, change: tuple[str, str], says: str) -> None:
    director = world.act_as("program_director")
    draft = versions.start(by=director, name=NAME, now=now)
    versions.save(by=director, draft=draft, text=draft.newest.text.replace(*change), over=1, now=now)
    assert says in " ".join(versions.objections(again(world, draft)))


def test_two_people_who_save_at_once_do_not_overwrite_each_other(world: Cast, now: datetime) -> None:
    director = world.act_as("program_director")
    draft = versions.start(by=director, name=NAME, now=now)
    second = world.act_as("second_director")
    versions.save(by=second, draft=draft, text=draft.newest.text + "\n# second\n", over=1, now=now)
    with pytest.raises(versions.Overtaken) as refused:
        versions.save(by=world.act_as("program_director"), draft=draft, text="mine", over=1, now=now)
    assert refused.value.theirs.text.endswith("# second\n")


def test_a_draft_with_its_reviewer_is_not_written_until_it_comes_back(world: Cast, now: datetime) -> None:
    draft = sent(world, now)
    with pytest.raises(PeopleError, match="reviewer"):
        versions.save(by=world.act_as("program_director"), draft=draft, text="x", over=2, now=now)
    second = world.act_as("second_director")
    with pytest.raises(PeopleError, match="what should change"):
        versions.give_back(by=second, draft=draft, reason=" ", now=now)
    versions.give_back(by=second, draft=draft, reason="One day is too short in Greene County.", now=now)
    back = again(world, draft)
    assert back.state is Decision.RETURNED
    assert back.is_writable


def test_a_case_keeps_its_version_until_its_team_moves_it(world: Cast, now: datetime) -> None:
    from leeward.learn import moving

    clinician = world.act_as("clinician")
    client = a_client(world, now)
    timeline.append(
        "indicator.observed", client=client, by=clinician, now=now, data={"suspected": True, "danger_now": False}
    )
    published(world, now)
    clinician = world.act_as("clinician")
    assert pathway.protocol_of(client).version == "1.0.0"
    due = now + timedelta(days=3)
    assert task_due(client) == due
    seen = moving.preview(client, now)
    assert seen is not None
    assert [(change.step, change.due_before, change.due_after) for change in seen.changed] == [
        ("urgent-needs", due, now + timedelta(days=1))
    ]
    moving.move(by=clinician, client=client, to="1.1.0", now=now)
    client.refresh_from_db()
    assert client.protocol_version == "1.1.0"
    assert task_due(client) == now + timedelta(days=1)
    moved = [event for event in pathway.events_of(client) if event.kind == "protocol.moved"]
    assert [event.data for event in moved] == [{"from": "1.0.0", "to": "1.1.0"}]
    assert moving.preview(client, now) is None


def test_a_case_is_not_moved_by_who_is_not_on_its_team_nor_to_what_is_not_in_force(world: Cast, now: datetime) -> None:
    from leeward.learn import moving

    client = a_client(world, now)
    published(world, now)
    with pytest.raises(PeopleError):
        moving.move(by=world.act_as("program_director"), client=client, to="1.1.0", now=now)
    with pytest.raises(PeopleError, match="in force"):
        moving.move(by=world.act_as("clinician"), client=client, to="2.0.0", now=now)


def test_a_version_that_is_nowhere_is_an_error_and_never_another_version(world: Cast, now: datetime) -> None:
    client = a_client(world, now)
    client.protocol_version = "0.9.0"
    with pytest.raises(NoSuchVersion, match=r"0\.9\.0"):
        pathway.plan_of(client, now)


def a_client(world: Cast, now: datetime) -> Client:
    from leeward.people.actions import Arrival, register

    arrival = Arrival(identity={}, birth_year=1990, language="en", county="Lamar", source="walk_in")
    return register(by=world.act_as("clinician"), arrival=arrival, now=now)


def task_due(client: Client) -> datetime:
    from leeward.people.models import Task

    return Task.objects.get(client=client, step="urgent-needs").due_at
