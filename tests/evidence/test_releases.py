"""Two reports subtracted give nobody away: a later release is cleared beside the earlier ones (N-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from leeward.evidence.errors import ImpossibleFigures
from leeward.evidence.protection import Range, Sum
from leeward.evidence.releases import HELD_WHOLE, Beside, Document, Release, exposed_across
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Ledger
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import WideLedger

K = Threshold(11)
COUNTS = st.one_of(st.integers(0, 14), st.integers(0, 80), st.just(0))
CHANGES = st.one_of(st.just(0), st.integers(1, 4), st.integers(11, 40), st.integers(-12, -1))


@dataclass(frozen=True)
class Tables:
    """Some people by two or three features, each with its totals; how many there are of each sort, release by release,
    and which features each release tells."""

    groups: tuple[tuple[int, ...], ...]
    releases: tuple[tuple[int, ...], ...]
    told: tuple[frozenset[int], ...]
    unprinted: frozenset[str]

    def enter(self, ledger: Ledger, number: int) -> Ledger:
        counts = self.releases[number]
        for place, value in enumerate(counts):
            ledger.count(f"cell {place}", value, printed=f"cell {place}" not in self.unprinted)
        ledger.count("all", sum(counts), importance=2)
        for feature in sorted(self.told[number]):
            totals = []
            for group in sorted(set(self.groups[feature])):
                parts = [place for place, mine in enumerate(self.groups[feature]) if mine == group]
                totals.append(ledger.count(f"{feature}.{group}", sum(counts[place] for place in parts), importance=1))
                ledger.sum(totals[-1], *(f"cell {place}" for place in parts))
            ledger.sum("all", *totals)
        return ledger


@st.composite
def tables(draw: st.DrawFn, releases: int) -> Tables:
    size = draw(st.integers(3, 7))
    features = draw(st.integers(2, 3))
    groups = tuple(tuple(draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))) for _ in range(features))
    counts = [tuple(draw(st.lists(COUNTS, min_size=size, max_size=size)))]
    for _ in range(releases - 1):
        counts.append(tuple(max(0, value + draw(CHANGES)) for value in counts[-1]))
    told = tuple(
        draw(st.frozensets(st.sampled_from(range(features)), min_size=1, max_size=features)) for _ in range(releases)
    )
    unprinted = draw(st.frozensets(st.sampled_from([f"cell {place}" for place in range(size)]), max_size=2))
    return Tables(groups, tuple(counts), told, unprinted)


def released(made: Tables, kind: type[Ledger] = Ledger) -> list[Release]:
    """All releases, each cleared beside those before it, up to one that is refused."""
    found: list[Release] = []
    for number in range(len(made.releases)):
        ledger = made.enter(kind(), number)
        try:
            cleared = ledger.clear(K, after=found)
        except ImpossibleFigures:
            event("refused")
            return found
        found.append(ledger.released(cleared))
    event("all released")
    return found


def given_away(releases: Sequence[Release]) -> dict[str, Range]:
    """What the audit finds, without what is out already when the last release prints nothing at all."""
    found = exposed_across(releases, K)
    if not found:
        return found
    silent = replace(releases[-1], shown=frozenset(), hidden=frozenset())
    out = exposed_across([*releases[:-1], silent], K)
    return {name: each for name, each in found.items() if name not in out}


def ledger_of(cells: Mapping[str, int], sums: Sequence[tuple[str, ...]] = ()) -> Ledger:
    ledger = Ledger()
    for name, value in cells.items():
        ledger.count(name, value)
    for total, *parts in sums:
        ledger.sum(total, *parts)
    return ledger


def alone(cells: Mapping[str, int], hidden: set[str], *sums: tuple[str, ...]) -> Release:
    """A release of which somebody else chose what hides."""
    return Release(
        values=cells,
        people=cells,
        sums=tuple(Sum(total, tuple(parts)) for total, *parts in sums),
        shown=frozenset(cells) - hidden,
        hidden=frozenset(hidden),
    )


def hidden_of(cleared: Cleared) -> set[str]:
    return {name for name, cell in cleared.shown.items() if cell is SUPPRESSED}


def test_t8_n02_two_reports_each_sound_by_itself_give_three_people_away() -> None:
    """What the register is for: this pair must fail, or the audit proves nothing."""
    sums = [("all", "a", "b")]
    first, second = ({"a": 40, "b": 60, "all": 100}, {"a": 43, "b": 80, "all": 123})
    pair = []
    for cells in (first, second):
        ledger = ledger_of(cells, sums)
        pair.append(ledger.released(ledger.clear(K)))
    assert not pair[0].hidden | pair[1].hidden
    exposed = exposed_across(pair, K)
    assert set(exposed) == {"0-1 a"}
    assert (exposed["0-1 a"].least, exposed["0-1 a"].most) == (3, 3)


def test_n02_a_small_change_hides_the_later_count_and_another_beside_it() -> None:
    sums = [("all", "a", "b")]
    first = ledger_of({"a": 40, "b": 60, "all": 100}, sums)
    before = first.released(first.clear(K))
    later = ledger_of({"a": 43, "b": 80, "all": 123}, sums)
    cleared = later.clear(K, after=[before])
    assert "a" in hidden_of(cleared)
    assert len(hidden_of(cleared)) == 2
    assert exposed_across([before, later.released(cleared)], K) == {}


def test_n02_a_count_that_fell_by_few_hides_too() -> None:
    sums = [("due", "met", "overdue")]
    first = ledger_of({"met": 40, "overdue": 30, "due": 70}, sums)
    before = first.released(first.clear(K))
    later = ledger_of({"met": 63, "overdue": 27, "due": 90}, sums)
    cleared = later.clear(K, after=[before])
    assert "overdue" in hidden_of(cleared)
    assert exposed_across([before, later.released(cleared)], K) == {}


def test_n02_the_same_counts_with_another_cell_hidden_give_all_away_and_are_not_chosen() -> None:
    cells, sums = {"a": 5, "b": 20, "c": 20, "all": 45}, ("all", "a", "b", "c")
    one, other = alone(cells, {"a", "b"}, sums), alone(cells, {"a", "c"}, sums)
    assert exposed_across([one], K) == exposed_across([other], K) == {}
    assert {"0 a", "1 a"} <= set(exposed_across([one, other], K))
    for before in (one, other):
        ledger = ledger_of(cells, [sums])
        assert hidden_of(ledger.clear(K, after=[before])) == before.hidden


def test_n02_what_an_earlier_release_hid_stays_protected() -> None:
    """What stood beside it then is large enough to be shown now, and did not change."""
    sums = [("all", "a", "b", "c")]
    first = ledger_of({"a": 5, "b": 11, "c": 80, "all": 96}, sums)
    before = first.released(first.clear(K))
    assert before.hidden == {"a", "b"}
    later = ledger_of({"a": 30, "b": 11, "c": 120, "all": 161}, sums)
    shown = later.released(later.clear(K))
    assert "0 a" in exposed_across([before, shown], K)
    cleared = later.clear(K, after=[before])
    assert exposed_across([before, later.released(cleared)], K) == {}


def test_n02_many_new_openings_of_the_same_few_people_count_as_few() -> None:
    """How many people are behind the change is not known; there are no more of them than before."""
    before = Ledger()
    before.count("reminders", 40, people=20)
    after = Ledger()
    after.count("reminders", 60, people=20)
    assert hidden_of(after.clear(K, after=[before.released(before.clear(K))])) == {"reminders"}
    more = Ledger()
    more.count("reminders", 60, people=31)
    assert not hidden_of(more.clear(K, after=[before.released(before.clear(K))]))


def test_n02_what_is_less_important_hides_first_beside_an_earlier_release_too() -> None:
    first, later = Ledger(), Ledger()
    for ledger, values in ((first, (40, 60, 100)), (later, (43, 90, 133))):
        for name, value, importance in zip(("a", "b", "all"), values, (0, 1, 2), strict=True):
            ledger.count(name, value, importance=importance)
        ledger.sum("all", "a", "b")
    cleared = later.clear(K, after=[first.released(first.clear(K))])
    assert hidden_of(cleared) == {"a", "b"}


def test_n02_cells_of_only_one_release_are_free() -> None:
    first = ledger_of({"january": 30})
    later = ledger_of({"january": 30, "february": 25, "all": 55}, [("all", "january", "february")])
    assert not hidden_of(later.clear(K, after=[first.released(first.clear(K))]))


def test_n02_a_chain_is_not_subtracted_over_many_releases() -> None:
    """Four more people each time, more often than releases are held whole: any two that show it lie eleven apart."""
    documents: list[Document] = []
    for number in range(HELD_WHOLE + 5):
        ledger = ledger_of({"a": 40 + 4 * number, "b": 300, "all": 340 + 4 * number}, [("all", "a", "b")])
        cleared = ledger.clear(K, after=Beside(documents).before("results"))
        documents.append(Document(str(number), {"results": ledger.released(cleared)}))
    found = [each.ledgers["results"] for each in documents]
    assert exposed_across(found, K) == {}
    seen = [release.values["a"] for release in found if "a" in release.shown]
    assert len(seen) > 1
    assert all(later - earlier >= 11 for earlier, later in pairwise(seen))


def test_n02_where_nothing_can_be_published_the_release_is_refused() -> None:
    """A count that others' sums fix can't hide: nothing is left to hide."""
    before = ledger_of({"a": 40})
    later = WideLedger()
    later.count("a", 43)
    with pytest.raises(ImpossibleFigures) as refusal:
        later.clear(K, known=["a"], after=[before.released(before.clear(K))])
    assert "published before" in str(refusal.value)


def test_n02_the_first_release_is_what_it_was() -> None:
    ledger = ledger_of({"a": 5, "b": 12, "c": 80, "all": 97}, [("all", "a", "b", "c")])
    assert ledger.clear(K, after=()) == ledger.clear(K)


def test_n02_a_release_has_no_text() -> None:
    release = alone({"a": 3}, {"a"})
    assert "3" not in f"{release} {release!r}"


def test_n02_the_number_of_counts_that_now_hide_is_what_readers_of_both_can_count() -> None:
    before = alone({"a": 40, "b": 50, "c": 3}, {"c"})
    beside = Beside([Document("", {"results": before})])
    beside.let_out["results"] = replace(before, shown=frozenset({"b"}), hidden=frozenset({"a", "c"}))
    assert beside.shown_before() == 1
    assert Beside().shown_before() == 0


@settings(max_examples=40, deadline=None)
@given(tables(2))
def test_n02_no_cell_and_no_change_of_two_linked_releases_can_be_derived(made: Tables) -> None:
    assert exposed_across(released(made), K) == {}


#: Of these, what the first two told of other groupings gives away a change of the last one, whatever that prints.
_TOLD = (frozenset({0, 1}), frozenset({0}), frozenset({0, 1}))
_COUNTS = ((0, 1, 12, 0, 0), (0, 1, 11, 0, 12), (0, 1, 11, 0, 12))


@example(Tables(((0, 0, 0, 0, 0), (0, 1, 1, 0, 0)), _COUNTS, _TOLD, frozenset()))
@example(Tables(((0, 0, 0, 0, 0), (0, 0, 0, 0, 1)), _COUNTS, _TOLD, frozenset()))  # and here zeros hide
@settings(max_examples=20, deadline=None)
@given(tables(3))
def test_n02_nor_of_three_in_a_row(made: Tables) -> None:
    assert given_away(released(made)) == {}


@settings(max_examples=20, deadline=None)
@given(tables(2))
def test_n02_the_wide_ledger_holds_to_the_same(made: Tables) -> None:
    assert exposed_across(released(made, WideLedger), K) == {}


@settings(max_examples=40, deadline=None)
@given(tables(3))
def test_n02_no_small_count_is_shown_and_zeros_stay(made: Tables) -> None:
    for release in released(made):
        assert not [name for name in release.shown if K.is_small(release.values[name])]
        assert not [name for name in release.hidden if release.values[name] == 0]


def test_a_count_shown_is_a_count_that_may_be() -> None:
    ledger = ledger_of({"a": 40})
    assert ledger.clear(K, after=[alone({"a": 20}, set())])["a"] == Count(40)
