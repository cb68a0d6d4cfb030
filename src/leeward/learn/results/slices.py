"""The way of people by who they are and where and when they came: equity, and the only filters that there are.

Every choice of a reader is one of these tables. All of them are counted beside the results and cleared in one ledger
with them, so no choice can be subtracted from another, nor from the whole: that is the guard against differencing over
filters. Two filters at once are not offered, because their cells would be too small to show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from leeward.evidence.equity import Equity, by_group
from leeward.evidence.errors import EvidenceError, TooMuchIsOut
from leeward.evidence.releases import Beside, Release
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count
from leeward.evidence.wide import WideLedger

from .cases import Era, Population
from .data import ResultsData
from .document import Slice, Slices, SliceStage, Unequal
from .flow import AFTER, FlowCells, Stage, cell_of
from .needs import county_cell

#: The columns of the table of clients by which the way is told, and `quarter`, the one in which a person came.
DIMENSIONS: Final = (
    "county",
    "language",
    "age_band",
    "gender",
    "race_ethnicity",
    "payer",
    "referral_source",
)
#: The stages that are told by group: of these, each is a share of the one before.
STAGES: Final = (
    Stage.SEEN,
    Stage.NOTICED,
    Stage.ASKED,
    Stage.SCREENED,
    Stage.IDENTIFIED,
    Stage.ACCEPTED,
    Stage.LINKED,
    Stage.TREATED,
    Stage.RETAINED,
)
_BEFORE: Final[Mapping[Stage, Stage]] = {
    **{stage: before for stage, before in AFTER.items() if stage in STAGES},
    Stage.LINKED: Stage.ACCEPTED,
}
#: So many groups at most; the smallest are put together.
_REST: Final = "other"
_MOST_GROUPS: Final = 12


@dataclass(frozen=True, slots=True)
class SliceCells:
    """Who belongs to which group, and who of everybody reached which stage."""

    era: Era
    groups: Mapping[str, Mapping[str, frozenset[str]]]
    at: Mapping[Stage, frozenset[str]]
    #: Counties with how many came from each, and which of them are put together under `other`.
    counties: Mapping[str, int]
    together: tuple[str, ...]

    def publish(self, before: Cleared, beside: Beside) -> Slices:
        """Cleared beside the results: what they print is known, what they hide stays hidden, with every sum that links
        it to the groups; and beside earlier documents."""
        if not self.groups:
            return Slices(era=self.era.value, dimensions={}, unequal=(), cells=0, hidden=0)
        ledger = WideLedger()
        known, stay = _enter_whole(ledger, beside.let_out["results"].linked(_whole(self.era, Stage.SEEN)))
        for dimension, groups in self.groups.items():
            self._enter(ledger, dimension, groups)
        self._enter_counties(ledger)
        try:
            found = ledger.clear(before.threshold, known=known, stay=stay, after=beside.before("slices", whole=1))
        except TooMuchIsOut:
            found = ledger.withhold(before.threshold, known=known, stay=stay)
        beside.let_out["slices"] = ledger.released(found)
        tables = {
            dimension: tuple(self._slice(dimension, group, found) for group in groups)
            for dimension, groups in self.groups.items()
        }
        return Slices(
            era=self.era.value,
            dimensions=tables,
            unequal=tuple(
                unequal
                for dimension in self.groups
                for stage in _BEFORE
                if (unequal := self._unequal(dimension, stage, tables[dimension])) is not None
            ),
            cells=len(found.shown) - len(known) - len(stay),
            hidden=found.n_hidden - len(stay),
        )

    def _enter(self, ledger: WideLedger, dimension: str, groups: Mapping[str, frozenset[str]]) -> None:
        cells: list[str] = []
        for group, members in groups.items():
            for stage in STAGES:
                cell = _cell(dimension, group, stage)
                cells.append(ledger.count(cell, len(self.at[stage] & members), importance=1))
                if stage in _BEFORE:
                    whole = self.at[_BEFORE[stage]] & members
                    ledger.count(f"{cell}:rest", len(whole - self.at[stage]), printed=False)
                    ledger.sum(_cell(dimension, group, _BEFORE[stage]), cell, f"{cell}:rest")
        for stage in STAGES:
            ledger.sum(_whole(self.era, stage), *(_cell(dimension, group, stage) for group in groups))
        ledger.group(f"by {dimension}", cells)

    def _enter_counties(self, ledger: WideLedger) -> None:
        """How many people came from a county is told by the table of needs too: one number, printed twice or hidden
        twice, and linked, so that neither table gives away what the other hides."""
        rest = _cell("county", _REST, Stage.SEEN)
        told = {county: cell for county in self.counties if (cell := county_cell(county)) in ledger}
        for county, cell in told.items():
            mine = _cell("county", county, Stage.SEEN)
            if county not in self.together and mine in ledger:
                ledger.sum(mine, cell)
        if rest in ledger and self.together and all(county in told for county in self.together):
            ledger.sum(rest, *(told[county] for county in self.together))

    def _slice(self, dimension: str, group: str, found: Cleared) -> Slice:
        return Slice(
            group=group,
            seen=found.shown.get(_cell(dimension, group, Stage.SEEN), SUPPRESSED),
            stages=tuple(
                SliceStage(
                    stage=stage.value,
                    of_stage=_BEFORE[stage].value,
                    reached=found.share(_cell(dimension, group, stage), _cell(dimension, group, _BEFORE[stage]))
                    if _cell(dimension, group, stage) in found.shown
                    else None,
                )
                for stage in _BEFORE
            ),
        )

    def _unequal(self, dimension: str, stage: Stage, slices: Sequence[Slice]) -> Unequal | None:
        """Whether the groups differ, from the shown figures alone: a test over hidden ones would give them away."""
        counts = {}
        for each in slices:
            share = next(item.reached for item in each.stages if item.stage == stage.value)
            if share is not None and isinstance(share.count, Count) and isinstance(share.of, Count):
                counts[each.group] = (share.count.value, share.of.value)
        try:
            tested: Equity = by_group(counts)
        except EvidenceError:
            return None
        if stage in (Stage.NOTICED, Stage.IDENTIFIED):
            return None  # that groups differ in what they live through is no inequity of ours
        lowest = min(tested.against_others.items(), key=lambda item: item[1].value)
        return Unequal(
            dimension=dimension,
            stage=stage.value,
            groups=len(counts),
            hidden=len(slices) - len(counts),
            statistic=tested.heterogeneity.statistic,
            df=tested.heterogeneity.df,
            p_value=tested.heterogeneity.p_value,
            method=tested.heterogeneity.method,
            lowest=lowest[0],
            lowest_against_others=lowest[1],
        )


def slices(people: Population, data: ResultsData, ways: FlowCells, *, zone: str) -> SliceCells:
    """Groups of the people who came since go-live, of everybody if nobody did."""
    era = Era.SINCE if Era.SINCE in people.eras else Era.BEFORE
    at = ways.at[era]
    everybody = at[Stage.SEEN]
    of: dict[str, Mapping[str, str]] = {}
    for name in DIMENSIONS:
        if name in data.clients.columns:
            texts = data.clients[name].fillna("").astype(str)
            of[name] = dict(zip(data.clients["client"], texts, strict=True))
    site = ZoneInfo(zone)
    of["quarter"] = {case.client: _quarter(case.came_at.astimezone(site)) for case in people.of(era)}
    members = {name: _members(values, everybody) for name, values in of.items()}
    groups = {name: _grouped(found) for name, found in members.items()}
    counties = members.get("county", {})
    kept = groups.get("county", {})
    return SliceCells(
        era,
        {name: found for name, found in groups.items() if len(found) > 1},
        at,
        counties={county: len(clients) for county, clients in counties.items()},
        together=tuple(county for county in counties if kept.get(county) != frozenset(counties[county])),
    )


def _quarter(came: datetime) -> str:
    return f"{came.year}-Q{(came.month + 2) // 3}"


def _members(values: Mapping[str, str], everybody: frozenset[str]) -> dict[str, set[str]]:
    members: dict[str, set[str]] = defaultdict(set)
    for client in everybody:
        members[values.get(client) or "not_known"].add(client)
    return members


def _grouped(members: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """The largest groups, the others together."""
    largest = sorted(members, key=lambda group: (-len(members[group]), group))
    kept = largest[:_MOST_GROUPS]
    found = {group: frozenset(members[group]) for group in sorted(kept)}
    if rest := frozenset(client for group in largest[_MOST_GROUPS:] for client in members[group]):
        found[_REST] = found.get(_REST, frozenset()) | rest
    return found


def _enter_whole(ledger: WideLedger, before: Release) -> tuple[frozenset[str], frozenset[str]]:
    """What the results say of everybody, with the sums that link it; which of it they show, and which they hide."""
    for name, value in before.values.items():
        ledger.count(name, value, people=before.people[name], importance=9, printed=name in before.printed)
    for each in before.sums:
        ledger.sum(each.total, *each.parts)
    return before.shown, before.hidden


def _whole(era: Era, stage: Stage) -> str:
    return cell_of(era, stage)


def _cell(dimension: str, group: str, stage: Stage) -> str:
    return f"by.{dimension}.{group}:{stage.value}"
