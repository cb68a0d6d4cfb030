"""No published result holds a count from 1 to 10, nor lets one be worked out (N-01)."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward.evidence.errors import ThresholdTooLow
from leeward.evidence.releases import Beside
from leeward.evidence.suppression import SUPPRESSED, Count, Ledger
from leeward.evidence.threshold import Threshold
from leeward.learn.plain import Json
from leeward.learn.results import ResultsSettings, as_json

from .centres import Happening, Made, screened, session, sign, talk

#: Whole numbers that count nobody.
NOT_COUNTS = {
    "format", "threshold", "silence_days", "retained_days", "cells", "hidden", "days", "points", "cut_off",
    "ranked", "unranked", "redraws", "months", "period", "baseline", "groups", "df", "followed_days",
    "earlier", "shown_before",
}  # fmt: skip

HAPPENINGS: tuple[Happening, ...] = (
    sign(),
    talk(),
    (0, "conversation.declined", {}),
    screened("positive", 1),
    screened("negative", 30),
    screened("positive", 40, "full-assessment"),
    (2, "screening.declined", {}),
    (3, "referral.sent", {}),
    (9, "referral.closed", {"outcome": "linked"}),
    session(4),
    session(80),
    (5, "incident.reported", {"kind": "breach"}),
    (6, "rating.given", {"score": 4, "about": "respect"}),
    (6, "rating.given", {"score": 2, "about": "respect"}),
    (7, "case.closed", {"reason": "moved"}),
    (7, "research.declined", {}),
)
SCORES = ((0.0, "pcl-5", 60), (50.0, "pcl-5", 20), (60.0, "pcl-5", 75), (0.0, "gad-7", 12), (70.0, "gad-7", 4))

groups = st.lists(
    st.tuples(
        st.integers(1, 25), st.sets(st.sampled_from(tuple(range(len(HAPPENINGS))))), st.booleans(),
        st.sets(st.sampled_from(tuple(range(len(SCORES))))),
    ),
    min_size=1,
    max_size=7,
)  # fmt: skip


def _centre(made: list[tuple[int, set[int], bool, set[int]]]) -> Made:
    centre = Made().people(1).people(1, since=False)
    for number, happened, since, scores in made:
        centre.people(
            number,
            *(HAPPENINGS[index] for index in sorted(happened)),
            since=since,
            scores=[SCORES[index] for index in sorted(scores)],
        )
    return centre.trained(len(made) * 3, "screener", None, None)


def counts_in(document: Json, key: str = "") -> Iterator[int]:
    """Every whole number of a document that counts somebody."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield from counts_in(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from counts_in(value, key)
    elif isinstance(document, int) and not isinstance(document, bool) and key not in NOT_COUNTS:
        yield document


@settings(max_examples=12)
@given(groups)
def test_n_01_no_result_holds_a_small_count_or_gives_one_away(
    made: list[tuple[int, set[int], bool, set[int]]],
) -> None:
    ledger = Ledger()
    counted = _centre(made).counted(ledger)
    cleared = ledger.clear(Threshold())
    assert ledger.exposed(cleared) == {}
    beside = Beside(let_out={"results": ledger.released(cleared)})
    found = list(counts_in(as_json(counted.publish(cleared, "", beside))))
    assert found
    assert not [number for number in found if 0 < number < 11]


def test_n_01_a_centre_of_one_person_publishes_nothing_about_them() -> None:
    results = Made().people(1, sign(), talk(), screened("positive"), session(2)).results()
    assert results.about.people is SUPPRESSED
    assert set(counts_in(as_json(results))) == {0}
    assert results.warnings == ("too_few_people", "no_go_live", "no_scores")


def test_n_01_a_small_loss_between_two_large_stages_cannot_be_subtracted() -> None:
    flow = Made().people(50, sign(), talk()).people(4, sign()).people(40).results().flows[0]
    noticed, asked = flow.stages[0], flow.stages[1]
    assert asked.lost is SUPPRESSED
    assert SUPPRESSED in (noticed.reached.count, asked.reached.count)
    assert asked.reached.estimate is None


TWICE, ONCE = [(0.0, "pcl-5", 60), (50.0, "pcl-5", 20)], [(0.0, "pcl-5", 60)]
ASKED = (5, "needs.assessed", {"needs": ["medical"]})


@pytest.mark.parametrize(
    ("made", "cells"),
    [
        pytest.param(
            Made().people(40, scores=TWICE).people(30, since=False, scores=ONCE).people(3, since=False, scores=TWICE),
            ("known.second_score", "symptoms.pcl-5.since:evaluable"),
            id="measured twice before go-live",
        ),
        pytest.param(
            Made().people(40, ASKED).people(30, since=False).people(4, ASKED, since=False),
            ("known.needs", "needs"),
            id="asked what they need before go-live",
        ),
        pytest.param(
            Made().people(40, session(2)).people(5),
            ("flow.since.seen", "retention.since"),
            id="never came to a session",
        ),
        pytest.param(
            Made().people(30, sign(), talk(), screened("positive"), session(2)).people(6, session(2)).people(30),
            ("retention.since", "flow.since.treated"),
            id="came to a session by another way",
        ),
        pytest.param(
            Made().people(40, scores=ONCE).people(6), ("flow.since.seen", "symptoms.pcl-5.since"), id="without a score"
        ),
        pytest.param(
            Made().people(40, (9, "case.closed", {})).people(5), ("flow.since.seen", "closed"), id="still open"
        ),
    ],
)
def test_n_01_parts_of_the_results_can_not_be_subtracted(made: Made, cells: tuple[str, str]) -> None:
    ledger = Ledger()
    made.counted(ledger)
    cleared = ledger.clear(Threshold())
    assert SUPPRESSED in [cleared[cell] for cell in cells]
    assert ledger.exposed(cleared) == {}


def test_n_01_for_how_many_a_step_was_opened_hides_where_few_of_those_who_came_never_had_it() -> None:
    (few,) = Made().people(40, sign(), screened("negative", 2)).people(5).results().steps
    (many,) = Made().people(40, sign(), screened("negative", 2)).people(15).results().steps
    assert (few.people, many.people) == (SUPPRESSED, Count(40))


def test_n_01_medians_that_rest_on_few_people_are_hidden() -> None:
    (step,) = Made().people(5, sign(), screened("negative", 2)).people(40, sign()).results().steps
    assert step.median_days is SUPPRESSED
    assert step.met.estimate is None


def test_n_01_points_of_a_curve_between_which_few_stopped_are_not_both_shown() -> None:
    (stay,) = (
        Made()
        .people(20, session(0), session(20))
        .people(5, session(0), session(45))
        .people(40, session(0), session(100), (101, "treatment.completed", {}))
        .results()
        .retention
    )
    shares = {mark.days: mark.share for mark in stay.stays}
    assert SUPPRESSED in (shares[30], shares[60])


def test_n_01_a_mean_of_few_is_hidden() -> None:
    results = Made().people(6, scores=[(0, "pcl-5", 60), (50, "pcl-5", 20)]).people(30).results()
    pcl5 = next(group for group in results.symptoms if group.instrument == "pcl-5")
    assert pcl5.mean_change is SUPPRESSED
    assert pcl5.mean_first is SUPPRESSED


def test_n_01_a_site_may_raise_the_threshold_and_not_lower_it() -> None:
    centre = Made().people(15).people(40, sign(), talk())
    assert centre.results(ResultsSettings(threshold=Threshold(20))).flows[0].stages[0].lost is SUPPRESSED
    with pytest.raises(ThresholdTooLow):
        ResultsSettings(threshold=Threshold(5))
