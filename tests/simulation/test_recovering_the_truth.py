"""Simple estimates from the synthetic data find the declared parameters again."""

from collections import defaultdict
from datetime import timedelta
from math import sqrt
from statistics import mean, median

import numpy as np
import pytest

from leeward.simulation import Centre, Parameters, Truth
from leeward.simulation.case import TallyKey
from leeward.simulation.chance import Chance
from leeward.simulation.delay import DAY, Delay
from leeward.simulation.parameters import DAYS_A_MONTH
from leeward.simulation.truth import plain

Z = 4.5


def _is_near(found: int, of: int, truth: float) -> bool:
    return abs(found / of - truth) <= Z * sqrt(max(truth * (1 - truth), 0.01) / of)


def _first_screenings(centre: Centre) -> dict[str, str]:
    superseded = {event.supersedes for event in centre.events}
    first: dict[str, str] = {}
    for event in centre.events:
        is_tool = event.data.get("tool") == centre.parameters.screening.tool
        if event.kind == "screening.completed" and is_tool and event.id not in superseded:
            first.setdefault(event.client, str(event.data["result"]))
    return first


def test_prevalence_is_the_declared_one(centre: Centre) -> None:
    experienced = sum(person.experienced for person in centre.people)
    assert _is_near(experienced, len(centre.people), centre.parameters.prevalence)


def test_sensitivity_and_specificity_are_the_declared_ones(centre: Centre) -> None:
    experienced = {person.code: person.experienced for person in centre.people}
    results = defaultdict(list)
    for client, result in _first_screenings(centre).items():
        if result != "inconclusive":
            results[experienced[client]].append(result)
    screening = centre.parameters.screening
    assert _is_near(results[True].count("positive"), len(results[True]), screening.sensitivity)
    assert _is_near(results[False].count("negative"), len(results[False]), screening.specificity)


def test_the_share_that_declines_screening_is_the_declared_one(centre: Centre) -> None:
    era = {person.code: person.era for person in centre.people}
    declined = {e.client for e in centre.events if e.kind == "screening.declined" and era[e.client]}
    screened = {client for client in _first_screenings(centre) if era[client]}
    step = centre.parameters.steps["screening"].after
    share = step.declined / (step.declined + step.done)
    assert len(declined - screened) / len(declined | screened) == pytest.approx(share, abs=0.05)


def test_every_step_is_done_and_declined_as_often_as_declared(centre: Centre) -> None:
    factors = {"screening", "aftercare"}
    for name, step in centre.parameters.steps.items():
        for era, conduct in (("before", step.before), ("after", step.after)):
            counts = {what: centre.tally[TallyKey(name, era, False, what)] for what in ("done", "declined", "never")}
            if (of := sum(counts.values())) < 100 or name in factors:
                continue
            void = centre.tally[TallyKey(name, era, False, "void")] / of
            for what, truth in (("done", conduct.done), ("declined", conduct.declined)):
                assert abs(counts[what] / of - truth) <= Z * sqrt(0.25 / of) + void, (name, era, what)


def test_more_people_are_spoken_to_in_private_since_go_live_by_the_declared_level(centre: Centre) -> None:
    asking = centre.parameters.asking
    noticed = {event.client for event in centre.events if event.kind == "indicator.observed"}
    asked = {event.client for event in centre.events if event.kind == "conversation.private"}
    people = [person for person in centre.people if person.code in noticed and person.months < 11]
    design = np.array([[1, p.months, p.months >= 0, max(p.months, 0)] for p in people], dtype=float)
    found, *_ = np.linalg.lstsq(design, np.array([p.code in asked for p in people], dtype=float), rcond=None)
    truth = (asking.level, asking.trend, asking.level_change, asking.slope_change)
    error = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * 0.25)
    assert np.all(np.abs(found - truth) <= 4 * error)
    assert found[2] > 0.25


@pytest.mark.parametrize("instrument", ["pcl-5", "phq-9", "gad-7", "ties-8"])
def test_symptoms_fall_and_fall_faster_under_the_protocol(centre: Centre, instrument: str) -> None:
    era = {person.code: person.era for person in centre.people}
    symptom = dict(
        zip(("pcl-5", "phq-9", "gad-7", "ties-8"),
            (getattr(centre.parameters.symptoms, n) for n in ("pcl5", "phq9", "gad7", "ties")), strict=True)
    )[instrument]  # fmt: skip
    series = defaultdict(list)
    for row in centre.scores:
        if row.instrument == instrument:
            series[row.client].append((row.taken_at, row.total))
    changes: tuple[list[float], list[float]] = ([], [])
    months: tuple[list[float], list[float]] = ([], [])
    for client, points in series.items():
        if len(points) > 1:
            (start, first), (end, last) = points[0], points[-1]
            months[era[client]].append((end - start) / timedelta(days=DAYS_A_MONTH))
            changes[era[client]].append(last - first)
    slope = np.dot(months[1], changes[1]) / np.dot(months[1], months[1])
    assert slope == pytest.approx(symptom.slope + symptom.protocol_slope, abs=0.06 * symptom.sd_intercept)
    assert slope < symptom.slope


def test_first_scores_have_the_declared_mean_spread_and_correlation(centre: Centre) -> None:
    symptoms = centre.parameters.symptoms
    experienced = {person.code: person.experienced for person in centre.people}
    first = {
        name: {row.client: row.total for row in centre.scores if row.occasion == 0 and row.instrument == name}
        for name in ("pcl-5", "phq-9", "gad-7")
    }
    clients = [client for client in first["pcl-5"] if not experienced[client] and client in first["gad-7"]]
    pcl = np.array([first["pcl-5"][client] for client in clients], dtype=float)
    phq = np.array([first["phq-9"][client] for client in clients], dtype=float)
    spread = sqrt(symptoms.pcl5.sd_intercept**2 + symptoms.pcl5.sd_residual**2)
    assert pcl.mean() == pytest.approx(symptoms.pcl5.mean, abs=Z * spread / sqrt(len(clients)))
    assert pcl.std() == pytest.approx(spread, rel=0.12)
    phq_spread = sqrt(symptoms.phq9.sd_intercept**2 + symptoms.phq9.sd_residual**2)
    expected = symptoms.between_measures * symptoms.pcl5.sd_intercept * symptoms.phq9.sd_intercept / spread / phq_spread
    assert np.corrcoef(pcl, phq)[0, 1] == pytest.approx(expected, abs=0.15)


def test_ties_are_asked_only_where_there_was_reason_to_suspect_and_go_with_stress_as_declared(centre: Centre) -> None:
    suspected = {
        event.client for event in centre.events
        if event.data.get("suspected") is True or event.data.get("result") == "positive"
    }  # fmt: skip
    first = {
        name: {row.client: float(row.total) for row in reversed(centre.scores) if row.instrument == name}
        for name in ("pcl-5", "ties-8")
    }
    both = [client for client in first["ties-8"] if client in first["pcl-5"]]
    assert len(both) > 100
    assert set(both) <= suspected
    assert any(event.kind == "measure.declined" and event.data["instrument"] == "ties-8" for event in centre.events)
    stress, ties = (np.array([first[name][client] for client in both]) for name in ("pcl-5", "ties-8"))
    assert 0.1 < np.corrcoef(stress, ties)[0, 1] < 0.6


def test_people_stay_in_treatment_as_long_as_the_declared_hazard_says(centre: Centre) -> None:
    retention = centre.parameters.retention
    era = {person.code: person.era for person in centre.people}
    insured = {row.client for row in centre.clients if row.payer != "uninsured"}
    sessions = defaultdict(list)
    for event in centre.events:
        if event.kind in ("session.attended", "session.missed") and event.client in insured:
            sessions[event.client].append(event.occurred_at)
    for place in (0, 1):
        whole = [
            times for client, times in sessions.items()
            if era[client] == place and times[0] < centre.parameters.cut - timedelta(days=70)
        ]  # fmt: skip
        stayed = sum(times[-1] - times[0] >= timedelta(days=56) for times in whole)
        survival = [
            np.exp(-((days / retention.dropout_scale_days[place]) ** retention.dropout_shape))
            * np.exp(-days / retention.other_ends_mean_days)
            for days in (56, 64)
        ]
        slack = Z * sqrt(0.25 / len(whole))
        assert survival[1] - slack <= stayed / len(whole) <= survival[0] + slack


@pytest.mark.parametrize(
    "delay", [Delay(days=5), Delay(same_visit=0.6, minutes=20, days=9, spread=1.0), Delay(same_visit=1)]
)
def test_the_share_done_within_a_clock_is_exactly_the_declared_distribution(delay: Delay) -> None:
    chance, opened, draws = Chance(5, 5), 20_000 * DAY + 17 * 3_600, 20_000
    taken = np.array([chance.after(opened, delay) - opened for _ in range(draws)])
    for seconds in (15 * 60, 3_600, 4 * 3_600, DAY, 3 * DAY, 14 * DAY):
        truth = delay.within(seconds)
        assert abs((taken <= seconds).mean() - truth) <= Z * sqrt(max(truth * (1 - truth), 1e-4) / draws)
    assert median(taken) > 0


def test_referrals_are_linked_as_often_as_partners_say(centre: Centre) -> None:
    kind = {agency.agency: agency.kind for agency in centre.agencies}
    era = {person.code: person.era for person in centre.people}
    found = defaultdict(list)
    accepted = {event.subject for event in centre.events if event.kind == "referral.accepted"}
    for referral in centre.referrals:
        if referral.id in accepted and referral.outcome and era[referral.client]:
            found[kind[referral.to_agency]].append(referral.outcome == "linked")
    for name, partner in centre.parameters.partners.by_kind.items():
        assert _is_near(sum(found[name]), len(found[name]), partner.linked)


def test_the_truth_file_says_what_the_parameters_are_and_what_was_counted(centre: Centre) -> None:
    truth = Truth(
        parameters=centre.parameters, seed=centre.seed, clients=4_000, tally=centre.tally, counts=centre.counts
    ).document()
    assert truth["data_cut"] == "2026-11-21T00:00:00+00:00"
    derived, counts = truth["derived"], truth["counts"]
    assert isinstance(derived, dict)
    assert isinstance(counts, dict)
    assert derived["prevalence"] == Parameters().prevalence
    experienced = counts["experienced"]
    assert isinstance(experienced, dict)
    assert sum(int(str(number)) for number in experienced.values()) == sum(p.experienced for p in centre.people)
    screening = derived["steps"]["screening"]
    assert screening["after"]["done_within"]["P14D"] == pytest.approx(
        0.84 * (0.65 + 0.35 * Delay(days=9).within(14 * DAY))
    )
    with pytest.raises(TypeError, match="no place in a truth file"):
        plain(object())


def test_people_come_evenly_on_working_days(centre: Centre) -> None:
    assert {client.first_contact_at.weekday() for client in centre.clients} == {0, 1, 2, 3, 4}
    assert mean(person.era for person in centre.people) == pytest.approx(0.5, abs=0.04)
