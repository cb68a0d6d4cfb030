"""Results that can be worked out on paper are what the computation says."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from leeward.evidence.intervals import Estimate, difference, wilson
from leeward.evidence.suppression import SUPPRESSED, Count, Share, Shown
from leeward.learn.results import ResultsSettings
from leeward.learn.results.document import Flow, Reached, StepFigures

from .centres import CUT, START, Made, harm, screened, session, sign, talk


def _stage(flow: Flow, name: str) -> Reached:
    return next(stage for stage in flow.stages if stage.stage == name)


def _numbers(share: Share) -> tuple[Shown, Shown]:
    return share.count, share.of


@pytest.fixture(scope="module")
def way() -> Flow:
    """80 people: 20 without a sign, 15 who don't talk, 12 not screened, 11 negative, 22 positive.

    All 22 come to a session: 11 once, 11 for ninety days. 11 of them are sent to a partner and linked.
    """
    positive = (sign(), talk(), screened("positive"), session(3))
    centre = (
        Made()
        .people(20)
        .people(15, sign(), (0, "conversation.declined", {}))
        .people(12, sign(), talk())
        .people(11, sign(), talk(), screened("negative"))
        .people(11, *positive)
        .people(11, *positive, session(93), (5, "referral.sent", {}), (9, "referral.closed", {"outcome": "linked"}))
    )
    (flow,) = centre.results().flows
    return flow


def test_each_stage_counts_those_who_reached_it_and_the_one_before(way: Flow) -> None:
    assert way.seen == Count(80)
    reached = {stage.stage: _numbers(stage.reached) for stage in way.stages}
    assert reached == {
        "noticed": (Count(60), Count(80)),
        "asked": (Count(45), Count(60)),
        "screened": (Count(33), Count(45)),
        "identified": (Count(22), Count(33)),
        "accepted": (Count(22), Count(22)),
        "referred": (Count(11), Count(22)),
        "linked": (Count(11), Count(11)),
        "treated": (Count(22), Count(22)),
        "retained": (Count(11), Count(22)),
    }


def test_each_share_has_its_n_and_wilsons_interval(way: Flow) -> None:
    assert _stage(way, "asked").reached.estimate == wilson(45, 60)


def test_losses_tell_those_who_declined_from_the_others(way: Flow) -> None:
    asked, screening = _stage(way, "asked"), _stage(way, "screened")
    assert (asked.lost, asked.declined, asked.other) == (Count(15), Count(15), Count(0))
    assert (screening.lost, screening.declined, screening.other) == (Count(12), Count(0), Count(12))


def test_who_began_too_recently_is_neither_retained_nor_lost() -> None:
    lately = CUT - timedelta(days=20)
    positive = (sign(), talk(), screened("positive"))
    flow = (
        Made()
        .people(20, *positive, session(1), session(70))
        .people(12, *positive, session(1), came=lately)
        .people(15, *positive, session(1))
        .results()
        .flows[0]
    )
    retained = _stage(flow, "retained")
    assert _numbers(retained.reached) == (Count(20), Count(47))
    assert (retained.too_early, retained.other) == (Count(12), Count(15))


def test_before_and_since_are_compared_with_newcombes_interval() -> None:
    before = START - timedelta(days=200)
    results = (
        Made()
        .people(70, since=False, came=before)
        .people(30, sign(), talk(), screened("negative"), since=False, came=before)
        .people(40)
        .people(60, sign(), talk(), screened("negative"))
        .results()
    )
    row = next(row for row in results.compared if row.stage == "screened")
    assert _numbers(row.before) == (Count(30), Count(100))
    assert _numbers(row.since) == (Count(60), Count(100))
    assert row.difference == difference(60, 100, 30, 100)
    assert results.about.go_live == START


def test_a_given_day_of_go_live_overrules_what_the_rows_say() -> None:
    centre = Made().people(20, came=START).people(30, came=START + timedelta(days=100))
    results = centre.results(ResultsSettings(go_live=date(2026, 3, 1)))
    assert {flow.era: flow.seen for flow in results.flows} == {"before": Count(20), "since": Count(30)}


@pytest.fixture(scope="module")
def step() -> StepFigures:
    """40 openings of a step with 14 days: 15 done on day 2, 12 on day 20, 13 never; the data end on day 300."""
    centre = (
        Made()
        .people(15, sign(), screened("negative", 2))
        .people(12, sign(), screened("negative", 20))
        .people(13, sign())
        .people(14, sign(), (3, "screening.declined", {}))
        .people(11, sign(), (5, "case.closed", {"reason": "moved"}))
    )
    (figures,) = centre.results().steps
    return figures


def test_fidelity_counts_what_was_due_and_not_what_was_declined_or_void(step: StepFigures) -> None:
    assert _numbers(step.met) == (Count(15), Count(40))
    assert step.met.estimate == wilson(15, 40)
    assert (step.late, step.overdue) == (Count(12), Count(13))
    assert (step.declined, step.void, step.pending, step.opened) == (Count(14), Count(11), Count(0), Count(65))


def test_the_median_waits_for_those_who_are_still_waiting(step: StepFigures) -> None:
    # 65 at risk, 15 done on day 2: 50/65. 14 leave on day 3, 11 on day 5. 25 at risk, 12 done on day 20: · 13/25 = 0.4
    assert isinstance(step.median_days, Estimate)
    assert step.median_days.value == 20
    assert step.median_days.n == 65
    assert step.ninety_percent_days is None


def test_days_lost_run_from_the_end_of_the_clock(step: StepFigures) -> None:
    assert step.days_lost == 12 * 6 + 13 * 286


def test_symptoms_change_by_the_instruments_own_rule() -> None:
    results = (
        Made()
        .people(11, scores=[(0, "pcl-5", 50), (20, "pcl-5", 70), (90, "pcl-5", 20)])
        .people(12, scores=[(0, "pcl-5", 70), (90, "pcl-5", 50)])
        .people(14, scores=[(0, "pcl-5", 40), (90, "pcl-5", 38)])
        .people(13, scores=[(0, "pcl-5", 40)])
        .results()
    )
    pcl5 = next(group for group in results.symptoms if group.instrument == "pcl-5")
    assert pcl5.with_score == Count(50)
    assert _numbers(pcl5.evaluable) == (Count(37), Count(50))
    assert pcl5.not_evaluable == Count(13)
    counts = {name: share.count for name, share in pcl5.classes.items()}
    assert counts == {
        "recovered": Count(11),
        "improved": Count(12),
        "unchanged": Count(14),
        "deteriorated": Count(0),
        "harmed": Count(0),
    }
    assert (pcl5.better.count, pcl5.worse.count) == (Count(23), Count(0))
    assert isinstance(pcl5.mean_change, Estimate)
    assert pcl5.mean_change.value == pytest.approx((11 * -30 + 12 * -20 + 14 * -2) / 37)
    assert pcl5.mean_change.n == 37
    gad7 = next(group for group in results.symptoms if group.instrument == "gad-7")
    assert gad7.mean_change is None


def test_every_loss_has_the_reason_that_the_record_gives() -> None:
    """Exclusive, in the order of `Why`; together they are everybody who was lost otherwise than by a no."""
    came = (sign(), talk())
    results = (
        Made()
        .people(11, *came, screened("positive", 3), (4, "plan.agreed", {}))
        .people(12, *came, (5, "case.closed", {"reason": "lost_contact"}))
        .people(13, *came, (5, "case.closed", {"reason": "moved"}))
        .people(14, *came, (5, "case.closed", {"reason": "ineligible"}))
        .people(15, *came, (5, "case.closed", {"reason": "moved"}), (6, "case.reopened", {}))
        .people(16, *came, (5, "screening.declined", {}))
        .results()
    )
    (flow,) = (each for each in results.flows if each.era == "since")
    stages = {each.stage: each for each in flow.stages}
    screened_ = stages["screened"]
    assert (screened_.declined, screened_.other) == (Count(16), Count(12 + 13 + 14 + 15))
    assert dict(screened_.reasons) == {
        "contact_lost": Count(12), "left": Count(13), "closed": Count(14), "silent": Count(15),
    }  # fmt: skip
    assert not stages["noticed"].reasons
    assert not stages["identified"].reasons


def test_a_referral_that_came_to_nothing_says_whether_the_partner_answered() -> None:
    came = (sign(), talk(), screened("positive", 3), (4, "referral.sent", {"service": "shelter"}))
    results = (
        Made()
        .people(20, *came, (5, "referral.closed", {"outcome": "linked"}))
        .people(12, *came, (5, "referral.declined", {}))
        .people(13, *came, (6, "case.closed", {"reason": "withdrew"}))
        .people(14, *came)
        .results()
    )
    linked = next(each for each in results.flows[-1].stages if each.stage == "linked")
    assert dict(linked.reasons) == {"refused": Count(12), "their_choice": Count(13), "unanswered": Count(14)}


def test_where_no_rule_judges_change_it_is_told_as_a_mean_without_classes() -> None:
    results = Made().people(30, scores=[(0, "ties-8", 14), (90, "ties-8", 9)]).people(12).results()
    ties = next(group for group in results.symptoms if group.instrument == "ties-8")
    assert (ties.points, ties.cut_off, ties.classes, ties.better, ties.worse) == (None, None, {}, None, None)
    assert _numbers(ties.evaluable) == (Count(30), Count(30))
    assert isinstance(ties.mean_change, Estimate)
    assert ties.mean_change.value == -5
    assert not any(aim.name == "better:ties-8" for aim in results.reaim)


def test_retention_is_the_time_to_sixty_days_of_silence() -> None:
    results = (
        Made()
        .people(15, session(0), session(20))
        .people(15, session(0), session(50), session(100), (110, "treatment.completed", {}))
        .people(12, session(0), session(40), (41, "case.closed", {"reason": "moved"}))
        .results()
    )
    (stay,) = results.retention
    assert (stay.treated, stay.stopped) == (Count(42), Count(15))
    shares = {mark.days: mark.share for mark in stay.stays}
    assert isinstance(shares[30], Estimate)
    assert shares[30].value == pytest.approx(27 / 42)
    assert isinstance(shares[90], Estimate)
    assert shares[90].value == pytest.approx(27 / 42)  # who moved left for another cause
    assert stay.median_days is None


def test_days_on_which_nobody_could_be_seen_to_stop_do_not_make_staying_look_longer() -> None:
    """The data end on day 300. Whoever had a session after day 240 may have stopped since, or not."""
    results = (
        Made()
        .people(15, session(0), session(20))
        .people(15, session(200), session(260))  # still there on day 240, and nobody knows whether on day 270
        .people(14, session(250), session(255))  # began when silence could no longer be told
        .people(20, session(0), session(140))
        .results()
    )
    (stay,) = results.retention
    assert (stay.treated, stay.stopped) == (Count(64), Count(35))
    shares = {mark.days: mark.share for mark in stay.stays}
    assert isinstance(shares[30], Estimate)
    assert shares[30].value == pytest.approx(35 / 50)
    assert shares[30].n == 64
    assert isinstance(shares[90], Estimate)
    assert shares[90].value == pytest.approx(35 / 50)
    assert isinstance(stay.median_days, Estimate)
    assert stay.median_days.value == 140


def test_a_step_that_was_overdue_stays_missed_when_the_case_closes() -> None:
    (step,) = (
        Made()
        .people(20, sign(), screened("negative", 2))
        .people(15, sign(), (40, "case.closed", {"reason": "no_need"}))  # the 14 days were over
        .people(13, sign(), (5, "case.closed", {"reason": "no_need"}))  # there was time left
        .results()
        .steps
    )
    assert (step.due, step.overdue, step.void) == (Count(35), Count(15), Count(13))
    assert step.met.estimate == wilson(20, 35)


def test_the_predictive_value_rests_on_those_who_were_assessed() -> None:
    long = "full-assessment"
    results = (
        Made()
        .people(24, screened("positive"), screened("positive", 5, long))
        .people(12, screened("positive"), screened("negative", 5, long))
        .people(14, screened("positive"))
        .people(11, screened("negative"), screened("positive", 5, long))
        .people(33, screened("negative"), screened("negative", 5, long))
        .people(56, screened("negative"))
        .people(15, screened("inconclusive"))
        .results()
    ).accuracy
    assert (results.screened, results.positive, results.assessed_positive) == (Count(150), Count(50), Count(36))
    assert results.ppv == wilson(24, 36)
    # Begg and Greenes: 50 · 2/3 ill among positives, 100 · 1/4 among negatives
    assert isinstance(results.sensitivity, Estimate)
    assert results.sensitivity.value == pytest.approx((50 * 2 / 3) / (50 * 2 / 3 + 25))
    assert isinstance(results.specificity, Estimate)
    assert results.specificity.value == pytest.approx(75 / (75 + 50 / 3))


def test_without_assessed_negatives_only_the_predictive_value_is_given() -> None:
    results = (
        Made()
        .people(24, screened("positive"), screened("positive", 5, "full-assessment"))
        .people(12, screened("positive"), screened("negative", 5, "full-assessment"))
        .people(40, screened("negative"))
        .results()
    ).accuracy
    assert isinstance(results.ppv, Estimate)
    assert results.sensitivity is None
    assert "missed people" in results.warnings[0]


def test_harms_are_counted_as_events_and_as_people() -> None:
    results = Made().people(12, harm("breach"), harm("breach")).people(13, harm("retaliation")).people(60)
    harms = results.results().harms
    assert harms.events == Count(37)
    assert (harms.by_kind["breach"], harms.by_kind["retaliation"], harms.by_kind["death"]) == (
        Count(24),
        Count(13),
        Count(0),
    )
    assert _numbers(harms.people) == (Count(25), Count(85))


def test_many_events_of_few_people_stay_hidden() -> None:
    harms = Made().people(3, *[harm("breach")] * 5).people(60).results().harms
    assert harms.by_kind["breach"] is SUPPRESSED
    assert harms.events is SUPPRESSED


def test_ratings_of_four_and_five_are_good() -> None:
    results = (
        Made()
        .people(30, (1, "rating.given", {"score": 5, "about": "respect"}))
        .people(12, (1, "rating.given", {"score": 3, "about": "respect"}))
        .results()
    )
    assert _numbers(results.ratings[0].good) == (Count(30), Count(42))


def test_training_counts_staff_whose_course_still_holds() -> None:
    on = CUT.date()
    results = (
        Made()
        .people(20)
        .trained(15, "screener", "private_conversation", on - timedelta(days=30))
        .trained(12, "screener", "private_conversation", on - timedelta(days=400))
        .trained(4, "evaluator", None, None)
        .results()
    )
    course = next(row for row in results.training if row.course == "private_conversation")
    assert _numbers(course.current) == (Count(15), Count(27))


def test_who_declined_research_use_is_left_out() -> None:
    results = Made().people(30).people(12, (1, "research.declined", {})).results()
    assert (results.about.people, results.about.left_out) == (Count(30), Count(12))


def test_areas_name_the_stage_and_the_step_that_lose_most() -> None:
    results = (
        Made()
        .people(50, sign())
        .people(15, sign(), talk())
        .people(40, sign(), talk(), screened("negative", 20))
        .people(30, sign(), talk(), screened("negative", 2))
        .results()
    )
    people, days, further = results.areas
    assert (people.kind, people.code, people.share.count) == ("people", "asked", Count(50))
    assert (days.kind, days.code, days.share.count, days.share.of) == ("days", "screening", Count(105), Count(135))
    assert days.days_lost == 40 * 6 + 65 * 286
    assert (further.kind, further.code, further.share.count) == ("people", "screened", Count(15))


def test_equal_data_give_equal_results() -> None:
    centre = Made().people(40, sign(), talk(), screened("positive"), session(2)).people(30)
    assert centre.results() == centre.results()


def test_go_live_is_a_day_of_the_centre_and_periods_begin_on_it() -> None:
    zone = "America/Chicago"
    centre = Made().people(40, sign(), talk(), since=False).people(40, sign(), talk(), came=START + timedelta(days=100))
    results = centre.results(ResultsSettings(go_live=date(2026, 3, 1), zone=zone))
    assert results.about.go_live is not None
    assert results.about.go_live.astimezone(ZoneInfo(zone)).date() == date(2026, 3, 1)
    assert date(2026, 3, 1) in [point.start for point in results.series[0].points]


def test_still_linked_after_half_a_year_is_what_they_said_then_and_not_before() -> None:
    def contact(day: int, *, linked: bool) -> tuple[float, str, dict[str, object]]:
        return (8.0 + day, "aftercare.contacted", {"day": day, "safe": True, "still_linked": linked})

    closed = (8, "case.closed", {"reason": "goals_met"})
    results = (
        Made()
        .people(20, closed, contact(30, linked=True), contact(180, linked=False))
        .people(30, closed, contact(30, linked=False), contact(180, linked=True))
        .people(15, closed, (20, "case.reopened", {}), contact(180, linked=True))
        .results()
    )
    (aim,) = [aim for aim in results.reaim if aim.name == "still_linked_after_half_a_year"]
    assert aim.share is not None
    assert _numbers(aim.share) == (Count(30), Count(50))


def test_who_was_opened_again_has_not_left_and_may_still_stay() -> None:
    moved, opened = {"reason": "moved"}, {}
    came = (sign(), talk(), screened("positive", 2), (3, "plan.agreed", {}))
    results = (
        Made()
        .people(20, *came, session(4), (8, "case.closed", moved))
        .people(15, *came, session(4), (8, "case.closed", moved), (20, "case.reopened", opened))
        .people(13, *came, session(290), (291, "case.closed", moved), (292, "case.reopened", opened))
        .people(12, *came, session(290), (291, "case.closed", moved))
        .results()
    )
    (stay,) = results.retention
    assert stay.stopped == Count(15), "silent since, and not moved away"
    (flow,) = results.flows
    assert next(each for each in flow.stages if each.stage == "retained").too_early == Count(13)


def test_steps_of_a_tiny_centre_are_hidden_and_not_said_to_be_missing() -> None:
    few = Made().people(3, sign(), screened("negative", 2)).people(2, sign(), screened("negative", 30)).results()
    (aim,) = [aim for aim in few.reaim if aim.name == "in_time"]
    assert aim.share is not None
    assert _numbers(aim.share) == (SUPPRESSED, SUPPRESSED)
    (none,) = [aim for aim in Made().people(30).results().reaim if aim.name == "in_time"]
    assert none.share is None


def test_how_many_figures_are_hidden_is_the_sum_of_its_parts() -> None:
    results = Made().people(40, sign(), screened("negative", 2)).people(5, sign()).results()
    assert results.about.cells == sum(part.cells for part in results.hiding)
    assert results.about.hidden == sum(part.hidden for part in results.hiding) > 0
