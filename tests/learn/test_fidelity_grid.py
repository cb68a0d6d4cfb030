"""The tables of the page can't be subtracted from one another, nor from the steps in the results."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward import catalogue, definitions
from leeward.evidence.releases import Beside
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Ledger, Suppressed
from leeward.evidence.threshold import Threshold
from leeward.learn.fidelity import Following, judged
from leeward.learn.fidelity.cleared import enter
from leeward.learn.fidelity.grid import Grid, Kept, cleared, counted, decided, entered
from leeward.learn.fidelity.overlaps import Telling, overlaps
from leeward.learn.plain import plain
from leeward.rules.protocol import parse

from .hand_made import SMALL, HandMade, moment, small_protocol

NOW = moment("2026-06-15")
K = Threshold()


def centre(seed: int, people: int) -> HandMade:
    """People of three sites over three months, to whom all kinds of things happened, or did not."""
    chance = Random(seed)
    made = HandMade().agency("home", "centre").agency("x", "shelter")
    made.trained("sam", "soar_basic", "2026-01-01").trained("sam", "private_conversation", "2026-01-01")
    for number in range(people):
        name = f"C{number}"
        made.client(name, site=chance.choice(("North", "South", "South", "East")))
        month = chance.randint(2, 4)
        if chance.random() < 0.9:
            made.event(name, "indicator.observed", f"2026-0{month}-03 15:00")
            if chance.random() < 0.8:
                day, by = chance.choice(("05", "08", "25")), chance.choice(("sam", "sam", "newcomer"))
                kind = "screening.declined" if chance.random() < 0.1 else "screening.completed"
                made.event(name, kind, f"2026-0{month}-{day} 15:00", by=by)
        if chance.random() < 0.6:
            made.event(name, "needs.assessed", f"2026-0{month}-09 15:00", scope="full")
            if chance.random() < 0.5:
                made.event(name, "consent.granted", f"2026-0{month}-09 16:00", recipient="x", until="2026-12-31")
            if chance.random() < 0.7:
                day = chance.choice(("10", "12", "28"))
                made.event(
                    name, "referral.sent", f"2026-0{month}-{day} 15:00", subject=f"r{number}", to="x", urgency="other"
                )
        if chance.random() < 0.2:
            made.event(name, "case.closed", f"2026-0{month}-20 15:00", reason="moved")
    return made


def grid_of(made: HandMade) -> Grid:
    with judged(made.frames(), small_protocol(), catalogue.competence(), now=NOW) as (connection, _):
        return counted(connection)


def steps_of(grid: Grid) -> Cleared:
    """The steps as the results clear them, before the grid."""
    ledger = Ledger()
    for (step,), row in grid.by_step.items():
        enter(ledger, row, f"step.{step}:", K)
    return ledger.clear(K)


def kept_of(made: HandMade, *, came: int | None = None) -> Kept:
    """The grid beside results that tell how many came: so many, or as many as began."""
    with judged(made.frames(), small_protocol(), catalogue.competence(), now=NOW) as (connection, _):
        grid = counted(connection)
        begun = {str(client) for (client,) in connection.execute("SELECT DISTINCT client FROM judged").fetchall()}
        others = set() if came is None else {f"other {number}" for number in range(came - len(begun))}
        found = overlaps(connection, {"came": begun | others})
    return cleared(grid, [small_protocol()], steps_of(grid), Beside(), Telling(found, K, told={"came"}))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from((25, 60, 150)))
def test_the_auditor_can_work_out_no_small_count(seed: int, people: int) -> None:
    """With all that the page and the results print about the same openings, over every sum that links them."""
    grid = grid_of(centre(seed, people))
    before = steps_of(grid)
    wide = entered(grid, [small_protocol()], before)
    known, stay = decided(grid, before)
    found = wide.clear(K, known=known, stay=stay)
    for cell in known:
        assert found[cell] == before[cell]
    small = [name for name, raw in wide._cells.items() if raw._value < 11 or raw._people < 11]
    assert not set(wide.exposed(found)) & set(small)


def test_no_count_from_1_to_10_is_published() -> None:
    kept = kept_of(centre(3, 90))
    rows = [kept.everything, *(row for table in kept.tables.values() for row in table)]
    counts = [cell for row in rows for cell in (*row.counts.values(), *row.people.values())]
    shares = [share for table in kept.crossed.values() for by in table.values() for share in by.values()]
    counts += [cell for share in shares for cell in (share.count, share.of)]
    assert any(isinstance(cell, Suppressed) for cell in counts)
    numbers = [cell.value for cell in counts if isinstance(cell, Count)]
    assert len([number for number in numbers if number > 10]) > 30
    assert not [number for number in numbers if 0 < number < 11]
    assert plain(kept)


def everybody_of(places: dict[str, int]) -> HandMade:
    """So many people of each place, for each of whom several steps were opened."""
    made = HandMade().agency("home", "centre").agency("x", "shelter")
    for name, site in ((f"{place}{number}", place) for place, people in places.items() for number in range(people)):
        made.client(name, site=site)
        for day in range(1, 4):
            made.event(name, "indicator.observed", f"2026-02-0{day} 15:00")
            made.event(name, "screening.completed", f"2026-02-0{day} 16:00")
            made.event(name, "needs.assessed", f"2026-02-0{day} 17:00", scope="full")
            made.event(name, "referral.sent", f"2026-02-0{day} 18:00", subject=f"{name}{day}", to="x", urgency="other")
    return made


def test_n_01_people_of_a_place_are_not_told_where_the_hidden_places_hold_few() -> None:
    few = kept_of(everybody_of({"North": 40, "South": 30, "East": 4, "West": 5}))
    assert {row.people["opened"] for row in few.tables["site"]} == {SUPPRESSED}
    many = kept_of(everybody_of({"North": 40, "South": 30, "East": 20, "West": 15}))
    assert (
        sum(row.people["opened"].value for row in many.tables["site"] if isinstance(row.people["opened"], Count)) == 105
    )


def test_n_01_people_of_a_group_are_not_told_where_few_of_all_lack_it() -> None:
    made = everybody_of({"North": 40, "South": 30})
    for came, told in ((70, Count(70)), (75, SUPPRESSED), (90, Count(70))):
        assert kept_of(made, came=came).everything.people["opened"] == told
    sites = kept_of(made, came=75).tables["site"]
    assert {row.people["opened"] for row in sites} == {SUPPRESSED}, "who adds the sites up has everybody"


def test_n_01_people_of_a_group_are_not_told_where_it_holds_another_and_few_more() -> None:
    """Every step of one role: 6 people had a sign only, and who did both steps of a stage is found by adding."""
    with judged(everybody_of({"North": 40}).frames(), small_protocol(), catalogue.competence(), now=NOW) as (found, _):
        groups = {"large": range(40), "within": range(34), "far within": range(20), "beside": range(31, 60)}
        groups |= {"both": range(60), "same": range(40)}
        known = overlaps(found, {name: {str(each) for each in those} for name, those in groups.items()})
    telling = Telling(known, K, told={"large"})
    assert [telling.tells(name) for name in ("within", "far within", "same", "beside", "never")] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert not telling.tells("both", parts=("large", "beside")), "9 are in both"
    assert telling.tells("both")
    assert not Telling(known, K, hidden={"same"}).tells("large")


def test_a_large_centre_hides_nothing_that_is_large() -> None:
    """Every table is there, and adds up."""
    made = HandMade().agency("home", "centre").trained("sam", None, None)
    for number in range(90):
        made.client(f"C{number}", site=("North", "South")[number % 2])
        made.event(f"C{number}", "indicator.observed", f"2026-0{2 + number % 3}-03 15:00")
        made.event(f"C{number}", "screening.declined" if number % 6 == 0 else "screening.completed", "2026-05-20 15:00")
    kept = kept_of(made)
    assert kept.hidden == 0
    assert [row.group for row in kept.tables["month"]] == [("2026-02",), ("2026-03",), ("2026-04",)]
    assert sum(row.counts["due"].value for row in kept.tables["site"] if isinstance(row.counts["due"], Count)) == 75
    by_month = kept.crossed["month"]["screening"]
    assert [share.of for share in by_month.values()] == [row.counts["due"] for row in kept.tables["month"]]


def test_each_person_is_judged_by_the_version_that_they_follow() -> None:
    """The same delay is late by the old version and in time by the new one; a step of the old one stays to be seen."""
    made = HandMade().client("old", "new").agency("home", "centre").trained("sam", None, None)
    for name in ("old", "new"):
        made.event(name, "indicator.observed", "2026-03-01 15:00").event(
            name, "screening.completed", "2026-03-25 15:00"
        )
    made.event("old", "needs.assessed", "2026-03-02 15:00", scope="full")
    made.event("new", "needs.assessed", "2026-03-02 15:00", scope="full")
    text = SMALL.replace("within: P14D", "within: P30D").replace('"0.2.0"', '"0.3.0"')
    without = text[: text.index("  - id: refer\n")] + text[text.index("  - id: police\n") :]
    newer = parse(without, name="newer.yaml", schema=definitions.schema("protocol"))
    follows = [Following(newer, ["new"]), Following(small_protocol(), ["old"])]
    with judged(made.frames(), follows, catalogue.competence(), now=NOW) as (connection, _):
        grid = counted(connection)
    screening, refer = grid.by_step["screening",], grid.by_step["refer",]
    assert (screening.counts["met"].openings, screening.counts["late"].openings) == (1, 1)
    assert refer.counts["opened"].openings == 1
    assert [step for (step,) in grid.by_step] == ["screening", "refer"]


@pytest.mark.parametrize("people", [0, 1, 4])
def test_a_centre_of_hardly_anybody_publishes_nothing_about_them(people: int) -> None:
    nobody = HandMade().client("A").agency("home", "centre").trained("sam", None, None)
    kept = kept_of(centre(1, people) if people else nobody)
    rows = [kept.everything, *(row for table in kept.tables.values() for row in table)]
    assert {cell.value for row in rows for cell in row.counts.values() if isinstance(cell, Count)} <= {0}
