"""Data that can't be right are refused in one sentence that says what would be needed."""

from dataclasses import replace

import pandas as pd
import pytest

from leeward import catalogue
from leeward.learn.results import ResultsData, ResultsError, ResultsSettings, compute
from leeward.learn.results.cases import population, roll

from .centres import CUT, Made, sign, tiny_protocol


@pytest.fixture
def data() -> ResultsData:
    return Made().people(12, sign(), scores=[(0, "pcl-5", 30)]).trained(2, "screener", None, None).data()


def test_a_missing_column_is_named(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="The table events lacks the column kind") as refusal:
        replace(data, events=data.events.drop(columns="kind"))
    assert "occurred_at" in refusal.value.hint


def test_times_without_a_zone_are_refused(data: ResultsData) -> None:
    events = data.events.assign(occurred_at=data.events["occurred_at"].dt.tz_localize(None))
    with pytest.raises(ResultsError, match="occurred_at of the table events"):
        replace(data, events=events)


def test_an_event_that_is_given_twice_is_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="same id"):
        replace(data, events=pd.concat([data.events, data.events.head(1)]))


def test_a_client_who_is_given_twice_is_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="same client"):
        replace(data, clients=pd.concat([data.clients, data.clients.head(1)]))


def test_events_of_unknown_people_are_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="about clients whom the table clients lacks"):
        replace(data, clients=data.clients.head(3))


def test_an_empty_cell_where_a_time_belongs_is_refused(data: ResultsData) -> None:
    events = data.events.assign(occurred_at=data.events["occurred_at"].where(data.events.index > 0))
    with pytest.raises(ResultsError, match="empty cells"):
        replace(data, events=events)


def test_scores_that_are_no_numbers_are_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="does not hold numbers"):
        replace(data, scores=data.scores.assign(total="many"))


def test_event_data_that_are_not_json_are_refused(data: ResultsData) -> None:
    broken = replace(data, events=data.events.assign(data="not json"))
    with pytest.raises(ResultsError, match="not a JSON object"):
        population(broken, roll(broken, ResultsSettings(), CUT), CUT)


def test_a_go_live_that_is_no_date_is_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="not a date of go-live"):
        roll(replace(data, meta={"go_live": "spring"}), ResultsSettings(), CUT)


def test_an_empty_centre_says_what_it_needs() -> None:
    with pytest.raises(ResultsError, match="nobody in these data yet") as refusal:
        Made().results()
    assert refusal.value.hint == "Results need at least one registered person."


def test_a_data_cut_without_a_zone_is_refused() -> None:
    centre = Made().people(12)
    with pytest.raises(ResultsError, match="no time zone"):
        compute(
            centre.data(),
            tiny_protocol(),
            {},
            catalogue.competence(),
            CUT.replace(tzinfo=None),
            ResultsSettings(),
        )


def test_scores_that_a_measure_cannot_have_are_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="12 scores on PCL-5 are impossible") as refusal:
        computed(replace(data, scores=data.scores.assign(total=-5)))
    assert "from 0 to 80" in refusal.value.hint


def test_people_of_whom_nothing_is_on_record_are_refused(data: ResultsData) -> None:
    with pytest.raises(ResultsError, match="Nothing is on record"):
        computed(replace(data, events=data.events.head(0)))


def computed(data: ResultsData) -> None:
    compute(
        data, tiny_protocol(), {"pcl-5": catalogue.instrument("pcl-5")}, catalogue.competence(), CUT, ResultsSettings()
    )
