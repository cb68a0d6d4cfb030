"""What happens to a synthetic person could have happened: order, gates, consent, vocabulary, data cut."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from leeward import catalogue, definitions
from leeward.rules.instruments import DECLINED, score
from leeward.rules.protocol import KINDS, Event, blocked, departures, parse
from leeward.simulation import Centre
from leeward.simulation.measures import ALL_MEASURES
from leeward.simulation.rows import EventRow
from leeward.simulation.staffing import SERVICES

Timelines = dict[str, list[EventRow]]


@pytest.fixture(scope="module")
def timelines(centre: Centre) -> Timelines:
    """Each person's events that count, in order."""
    superseded = {event.supersedes for event in centre.events}
    by_client: Timelines = defaultdict(list)
    for event in centre.events:
        if event.id not in superseded:
            by_client[event.client].append(event)
    return by_client


def _of_kind(events: list[EventRow], *kinds: str) -> Iterator[EventRow]:
    return (event for event in events if event.kind in kinds)


def test_every_kind_of_event_of_the_vocabulary_occurs_and_no_other(centre: Centre) -> None:
    assert {event.kind for event in centre.events} == set(KINDS) - {"protocol.moved"}  # there is one version


def test_every_event_fits_the_vocabulary_with_all_its_fields(centre: Centre) -> None:
    for event in centre.events:
        kind = KINDS[event.kind]
        assert departures(event.kind, event.data) == ()
        assert event.data.keys() == kind.fields.keys()
        assert event.data_class == kind.data_class
        assert (event.subject is not None) == kind.has_subject


def test_ids_are_unique_version_7_and_follow_the_time_of_recording(centre: Centre) -> None:
    ids = [UUID(event.id) for event in centre.events]
    assert len(set(ids)) == len(ids)
    assert {id.version for id in ids} == {7}
    by_recording = sorted(centre.events, key=lambda event: event.recorded_at)
    assert all(one.id[:13] <= other.id[:13] for one, other in pairwise(by_recording))


def test_nothing_happens_before_registration_or_is_recorded_after_the_data_cut(centre: Centre) -> None:
    arrived = {client.client: client.first_contact_at for client in centre.clients}
    for event in centre.events:
        assert arrived[event.client] <= event.occurred_at <= event.recorded_at < centre.parameters.cut
    assert min(arrived.values()) >= centre.parameters.start


def test_each_persons_first_event_is_the_registration(timelines: Timelines) -> None:
    assert {events[0].kind for events in timelines.values()} == {"client.registered"}


def test_no_question_before_a_private_talk_and_the_limits_of_confidentiality(timelines: Timelines) -> None:
    for events in timelines.values():
        for screening in _of_kind(events, "screening.completed", "screening.declined"):
            before = {event.kind for event in events if event.occurred_at < screening.occurred_at}
            assert {"conversation.private", "confidentiality.explained"} <= before


def test_since_go_live_no_event_passes_a_gate_of_the_protocol(centre: Centre, timelines: Timelines) -> None:
    protocol = parse(
        definitions.read("protocol", "human-trafficking-response"),
        name="human-trafficking-response",
        schema=definitions.schema("protocol"),
    )
    held = {kind for gate in protocol.gates for kind in gate.holds}
    asked = 0
    for person in [person for person in centre.people if person.era][:700]:
        events = [
            Event(
                id=event.id,
                kind=event.kind,
                occurred_at=event.occurred_at,
                recorded_at=event.recorded_at,
                subject=event.subject,
                data=event.data,
            )
            for event in timelines[person.code]
        ]
        for place, event in enumerate(events):
            if event.kind in held:
                asked += 1
                assert blocked(protocol, events[:place], event.kind, event.occurred_at) == ()
    assert asked > 500


def test_a_referral_is_sent_under_a_permission_and_answered_after_it_was_sent(
    centre: Centre, timelines: Timelines
) -> None:
    grants = defaultdict(list)
    for grant in centre.grants:
        grants[grant.client, grant.recipient].append(grant)
    for referral in centre.referrals:
        assert any(
            grant.valid_from <= referral.sent_at
            and referral.sent_at.date() <= grant.valid_until
            and (grant.withdrawn_at is None or referral.sent_at < grant.withdrawn_at)
            for grant in grants[referral.client, referral.to_agency]
        )
        steps = [event for event in timelines[referral.client] if event.subject == referral.id]
        assert steps[0].kind == "referral.sent"
        assert steps[0].occurred_at == referral.sent_at
        assert steps[-1].kind == f"referral.{referral.status}"
        assert all(event.occurred_at > referral.sent_at for event in steps[1:])
        assert (referral.outcome is not None) == (referral.status == "closed")


def test_withdrawing_permission_stops_the_referral(centre: Centre, timelines: Timelines) -> None:
    withdrawn = [grant for grant in centre.grants if grant.withdrawn_at]
    assert len(withdrawn) > 50
    for grant in withdrawn:
        others = [
            other for other in centre.grants if (other.client, other.recipient) == (grant.client, grant.recipient)
        ]
        if len(others) > 1 or grant.withdrawn_at is None:
            continue
        subjects = {
            one.id for one in centre.referrals if (one.client, one.to_agency) == (grant.client, grant.recipient)
        }
        late = [
            event.kind
            for event in timelines[grant.client]
            if event.subject in subjects and event.occurred_at >= grant.withdrawn_at
        ]
        assert set(late) <= {"referral.withdrawn"}


def test_a_service_is_asked_of_an_agency_that_offers_it(centre: Centre) -> None:
    kind = {agency.agency: agency.kind for agency in centre.agencies}
    assert {agency.kind for agency in centre.agencies} == set(SERVICES)
    assert all(referral.service in SERVICES[kind[referral.to_agency]] for referral in centre.referrals)


def test_a_correction_replaces_an_earlier_record_of_the_same_event(centre: Centre) -> None:
    by_id = {event.id: event for event in centre.events}
    corrections = [event for event in centre.events if event.supersedes]
    assert {event.kind for event in corrections} >= {"client.registered", "screening.completed", "measure.completed"}
    for event in corrections:
        wrong = by_id[event.supersedes or ""]
        assert (wrong.kind, wrong.client, wrong.occurred_at) == (event.kind, event.client, event.occurred_at)
        assert wrong.recorded_at < event.recorded_at
        assert wrong.data != event.data


def test_some_events_are_recorded_late_and_fewer_since_go_live(centre: Centre) -> None:
    era = {person.code: person.era for person in centre.people}
    late, seen = [0, 0], [0, 0]
    for event in centre.events:
        seen[era[event.client]] += 1
        late[era[event.client]] += event.recorded_at - event.occurred_at > timedelta(hours=1)
    assert 0.03 < late[1] / seen[1] < late[0] / seen[0] < 0.4


def test_scores_are_what_the_definitions_make_of_the_answers(centre: Centre) -> None:
    answers: dict[tuple[str, str, object], dict[str, int | None]] = defaultdict(dict)
    for item in centre.items:
        answers[item.client, item.instrument, item.taken_at][item.item] = item.answer
    instruments = {measure.instrument: catalogue.instrument(measure.instrument) for measure in ALL_MEASURES}
    assert len(answers) == len(centre.scores)
    for row in centre.scores[:3_000]:
        given = answers[row.client, row.instrument, row.taken_at]
        real = score(
            instruments[row.instrument],
            {item: DECLINED if answer is None else answer for item, answer in given.items()},
        )
        assert real.total == row.total
        assert (real.band.id if real.band else "") == row.band
        assert real.prorated == row.prorated


def test_measures_on_the_timeline_agree_with_the_scores(centre: Centre, timelines: Timelines) -> None:
    by_key = {(row.client, row.instrument, row.taken_at): row for row in centre.scores}
    measured = [event for events in timelines.values() for event in _of_kind(events, "measure.completed")]
    assert len(measured) == len(by_key)
    for event in measured:
        row = by_key[event.client, str(event.data["instrument"]), event.occurred_at]
        assert (event.data["total"], event.data["band"] or "") == (row.total, row.band)


def test_an_alert_is_raised_exactly_when_the_last_item_of_phq9_is_above_zero(
    centre: Centre, timelines: Timelines
) -> None:
    above = {
        (item.client, item.taken_at)
        for item in centre.items
        if item.instrument == "phq-9" and item.item == "q9" and item.answer
    }
    alerts = {
        (event.client, event.occurred_at)
        for events in timelines.values()
        for event in _of_kind(events, "measure.completed")
        if event.data["alert"]
    }
    assert alerts == above
    assert len(alerts) > 50


def test_indicators_tool_and_courses_are_those_of_the_definitions(centre: Centre) -> None:
    definition = definitions.read("indicators", "indicators")
    seen = {str(code) for e in centre.events if e.kind == "indicator.observed" for code in _list(e.data["indicators"])}
    assert seen
    assert all(f"code: {code}," in definition for code in seen)
    talk = catalogue.conversation(centre.parameters.screening.tool)
    assert (talk.version, len(talk.questions)) == (
        centre.parameters.screening.version,
        centre.parameters.screening.questions,
    )
    courses = definitions.read("competence", "centre")
    assert all(f"code: {course}\n" in courses for course in centre.parameters.training.valid_days)


def test_since_go_live_nobody_screens_whose_training_has_lapsed(centre: Centre) -> None:
    era = {person.code: person.era for person in centre.people}
    for course in ("private_conversation", "soar_basic"):
        valid = timedelta(days=centre.parameters.training.valid_days[course])
        taken = defaultdict(list)
        for row in centre.staff:
            if row.course == course and row.trained_on:
                taken[row.staff].append(row.trained_on)
        for event in centre.events:
            if event.kind == "screening.completed" and era[event.client]:
                day = event.occurred_at.date()
                assert any(on <= day <= on + valid for on in taken[event.actor])


def test_some_staff_have_lapsed_by_the_data_cut(centre: Centre) -> None:
    valid = centre.parameters.training.valid_days
    newest: dict[tuple[str, str], date] = {}
    for row in centre.staff:
        if row.course and row.trained_on:
            newest[row.staff, row.course] = max(newest.get((row.staff, row.course), row.trained_on), row.trained_on)
    lapsed = [
        on for (_, course), on in newest.items() if on + timedelta(days=valid[course]) < centre.parameters.data_cut
    ]
    assert 0 < len(lapsed) < len(newest) / 2


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
