"""Which step costs the most people and days: exact costs, and ranks as sure as the people make them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt

import duckdb
import numpy as np
import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from leeward import catalogue
from leeward.evidence.threshold import Threshold
from leeward.learn.fidelity import Bottlenecks, bottlenecks, count, judged, losses
from leeward.learn.fidelity.cleared import clear, may_rank
from leeward.platform.commands.fidelity import _first
from leeward.platform.commands.protocol import app

from .hand_made import SMALL, HandMade, moment, small_protocol

NOW = moment("2026-06-01 00:00")
run = CliRunner().invoke


def made(*, screening_late: int = 0, refer_open: int = 0, fine: int = 60, declined: int = 0) -> HandMade:
    """People whose conversation came two days late, whose referral was never sent, and to whom all came in time."""
    found = HandMade().agency("home", "centre").trained("sam", None, None)
    for number in range(screening_late):
        name = f"late{number}"
        found.client(name).event(name, "indicator.observed", "2026-03-01 00:00")
        found.event(name, "screening.completed", "2026-03-17 00:00")
    for number in range(refer_open):
        name = f"open{number}"
        found.client(name).event(name, "needs.assessed", "2026-04-01 00:00", scope="full")
    for number in range(fine):
        name = f"fine{number}"
        found.client(name).event(name, "indicator.observed", "2026-03-01 00:00")
        found.event(name, "screening.completed", "2026-03-02 00:00")
        found.event(name, "needs.assessed", "2026-03-03 00:00", scope="full")
        found.event(name, "referral.sent", "2026-03-04 00:00", subject=f"r{number}", to="x", urgency="other")
    for number in range(declined):
        name = f"no{number}"
        found.client(name).event(name, "indicator.observed", "2026-03-01 00:00")
        found.event(name, "screening.declined", "2026-05-01 00:00")
    return found


@contextmanager
def opened(centre: HandMade) -> Iterator[duckdb.DuckDBPyConnection]:
    with judged(centre.frames(), small_protocol(), catalogue.competence(), now=NOW) as (connection, _):
        yield connection


def ranked(centre: HandMade) -> Bottlenecks:
    with opened(centre) as connection:
        return bottlenecks(losses(connection), count(connection, ["step"]))


def test_it_counts_people_who_waited_too_long_and_the_days_beyond_the_clock() -> None:
    found = ranked(made(screening_late=30, refer_open=20))
    (screening, refer), (by_days, _) = found.people, found.days
    assert (screening.step, screening.value, screening.missed.people, screening.due.people) == ("screening", 30, 30, 90)
    assert (refer.step, refer.value, refer.due.people) == ("refer", 20, 80)
    assert by_days.step == "refer"
    assert by_days.value == pytest.approx(20 * (61 - 7))  # from 1 April to 1 June, less the week of its clock
    assert next(cost for cost in found.days if cost.step == "screening").value == pytest.approx(30 * 2)


def test_what_somebody_declined_costs_nothing_however_late() -> None:
    found = ranked(made(screening_late=3, declined=40))
    assert found.people[0].value == 3
    assert found.people[0].due.people == 63


def test_what_costs_nothing_has_no_rank() -> None:
    assert ranked(made()).people == ()
    assert ranked(made(refer_open=1)).people[0].step == "refer"


def test_a_person_counts_once_however_often_a_step_was_late() -> None:
    centre = HandMade().client("A").agency("home", "centre").trained("sam", None, None)
    for month in ("01", "02", "03"):
        centre.event("A", "indicator.observed", f"2026-{month}-01 00:00")
        centre.event("A", "screening.completed", f"2026-{month}-20 00:00")
    (cost,) = ranked(centre).people
    assert (cost.value, cost.missed.openings, cost.missed.people) == (1, 3, 1)


def test_the_interval_of_people_is_that_of_redrawing_them() -> None:
    """So many of n people drawn with replacement is binomial."""
    cost = ranked(made(screening_late=30, fine=170)).people[0]
    assert cost.low == pytest.approx(binom.ppf(0.025, 200, 0.15), abs=2)
    assert cost.high == pytest.approx(binom.ppf(0.975, 200, 0.15), abs=2)


def test_the_interval_of_days_widens_with_what_few_people_lost() -> None:
    centre = made(screening_late=30, fine=170)
    cost = ranked(centre).days[0]
    each = np.array([2.0] * 30 + [0.0] * 170)
    reach = 1.96 * sqrt(200 * each.var())
    assert cost.low == pytest.approx(60 - reach, abs=4)
    assert cost.high == pytest.approx(60 + reach, abs=4)


def test_how_often_a_step_comes_first_is_never_rounded_to_always_or_never() -> None:
    assert [_first(share) for share in (0.0, 0.001, 0.4, 0.997, 1.0)] == ["0%", "1%", "40%", "99%", "100%"]


def test_a_clear_loss_comes_first_always_and_two_equal_ones_by_turns() -> None:
    clear_loss = ranked(made(screening_late=50, refer_open=2)).people
    assert clear_loss[0].first == 1.0
    assert clear_loss[1].first == 0.0
    equal = ranked(made(screening_late=25, refer_open=25)).people
    assert all(0.4 < cost.first < 0.6 for cost in equal)


def test_equal_tables_give_equal_ranks() -> None:
    assert ranked(made(screening_late=20, refer_open=15)) == ranked(made(screening_late=20, refer_open=15))


def test_only_steps_whose_numbers_may_be_shown_are_ranked() -> None:
    with opened(made(screening_late=5, refer_open=20)) as connection:
        rows = count(connection, ["step"])
        found = bottlenecks(losses(connection), rows, may_rank(rows, clear(rows, Threshold()), Threshold()))
    assert [cost.step for cost in found.people] == ["refer"]
    assert (found.ranked, found.unranked) == (1, 1)
    assert all(cost.missed.people >= 11 for cost in found.people)


def test_the_command_says_it_in_both_languages(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = made(screening_late=30, refer_open=20).write(tmp_path_factory.mktemp("data"))
    file = folder / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    asked = ["fidelity", str(file), "--data", str(folder), "--now", "2026-06-01T00:00Z", "--bottlenecks"]
    said = json.loads(run(app, [*asked, "--json"]).stdout)["bottlenecks"]
    english, spanish = said["sentences"]["en"], said["sentences"]["es"]
    assert english[0].startswith("“Conversation” costs the most people: 30 of the 90 for whom it was due (33%, ")
    assert english[1].startswith("“Referral” costs the most days: 1,080 days past its clock (")
    assert spanish[0].startswith("“Conversación” ")
    assert english[0].split("”")[1] != spanish[0].split("”")[1]
    done = run(app, [*asked, "--language", "es"])
    assert done.stdout.splitlines()[:2] == spanish
    assert run(app, [*asked, "--language", "fr"]).exit_code == 2


def test_a_centre_where_nothing_may_be_shown_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = made(screening_late=4, fine=3).write(tmp_path_factory.mktemp("data"))
    file = folder / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    done = run(app, ["fidelity", str(file), "--data", str(folder), "--bottlenecks"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("No step was late or left undone, as far as the numbers may be shown.")


def test_n_01_a_rank_does_not_tell_how_few_always_had_it_in_time() -> None:
    """Neither those who always had it in time nor those who never had it due may be few: readers subtract."""
    with opened(made(screening_late=20, fine=4, declined=60)) as connection:
        rows = count(connection, ["step"])
        shown = clear(rows, Threshold())
        assert "screening" not in may_rank(rows, shown, Threshold())
    with opened(made(screening_late=20, fine=14, declined=60)) as connection:
        rows = count(connection, ["step"])
        assert "screening" in may_rank(rows, clear(rows, Threshold()), Threshold())
    with opened(made(screening_late=20, fine=14, declined=6)) as connection:
        rows = count(connection, ["step"])
        assert "screening" not in may_rank(rows, clear(rows, Threshold()), Threshold())
