"""What people need, and what of it nobody was asked for or gave: barriers, and unmet need by county.

A need is met once a referral for that service ended with the person being served. It says nothing of help that came
without a referral on record, so an unmet need is one that the record does not show to be met.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from leeward.evidence.suppression import Cleared, Ledger

from .cases import Case, Era, Population
from .data import ResultsData
from .document import CountyNeed, Need, Needs

_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedCells:
    codes: tuple[str, ...]
    counties: tuple[str, ...]
    reasons: tuple[str, ...]

    def publish(self, cleared: Cleared) -> Needs:
        return Needs(
            assessed=cleared["needs"],
            by_need=tuple(
                Need(
                    code=code,
                    named=cleared.share(f"needs.{code}", "needs"),
                    referred=cleared.share(f"needs.{code}:referred", f"needs.{code}"),
                    met=cleared.share(f"needs.{code}:met", f"needs.{code}"),
                )
                for code in self.codes
            ),
            unmet=cleared.share("needs:unmet", "needs"),
            by_county=tuple(
                CountyNeed(
                    county=county,
                    seen=cleared[county_cell(county)],
                    assessed=cleared[f"county.{county}:assessed"],
                    unmet=cleared.share(f"county.{county}:unmet", f"county.{county}:assessed"),
                )
                for county in self.counties
            ),
            closed=cleared["closed"],
            reasons={reason: cleared[f"closed:{reason}"] for reason in self.reasons},
        )


def county_cell(county: str) -> str:
    """The cell that tells how many people came from a county."""
    return f"county.{county}"


def needs(people: Population, data: ResultsData, ledger: Ledger) -> NeedCells:
    """Needs of everybody who came since go-live (of all, if nobody did), by need and by county, and why cases ended."""
    era = Era.SINCE if Era.SINCE in people.eras else Era.BEFORE
    cases = list(people.of(era))
    named = {case.client: _named(case) for case in cases if case.has("needs.assessed")}
    met = {case.client: _served(case) for case in cases}
    asked = {case.client: _asked(case) for case in cases}
    often = Counter(code for codes in named.values() for code in codes)
    codes = tuple(code for code, _ in sorted(often.items(), key=lambda item: (-item[1], item[0]))[:_MOST])
    ledger.count("needs", len(named), importance=3)
    for code in codes:
        having = {client for client, wanted in named.items() if code in wanted}
        referred = {client for client in having if code in asked[client]}
        ledger.split("needs", f"needs.{code}", len(having), importance=2)
        ledger.split(f"needs.{code}", f"needs.{code}:referred", len(referred), importance=1)
        ledger.split(f"needs.{code}", f"needs.{code}:met", len({c for c in having if code in met[c]}), importance=1)
    unmet = {client for client, wanted in named.items() if wanted - met[client]}
    ledger.split("needs", "needs:unmet", len(unmet), importance=2)
    counties = _counties(data, cases, named, unmet, ledger)
    reasons = _reasons(cases, ledger)
    return NeedCells(codes=codes, counties=counties, reasons=reasons)


def _counties(
    data: ResultsData, cases: list[Case], named: dict[str, set[str]], unmet: set[str], ledger: Ledger
) -> tuple[str, ...]:
    """People, needs assessments and unmet needs by county; together they are the whole."""
    column = "county" if "county" in data.clients.columns else "site" if "site" in data.clients.columns else None
    if column is None:
        return ()
    of = dict(zip(data.clients["client"], data.clients[column].fillna("").astype(str), strict=True))
    members: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        members[of[case.client] or "not_known"].append(case)
    counties = tuple(sorted(members))
    if not cases:
        return ()
    for county in counties:
        cell, mine = county_cell(county), {case.client for case in members[county]}
        ledger.count(cell, len(mine), importance=2)
        ledger.split(cell, f"{cell}:assessed", len(mine & named.keys()), importance=1)
        ledger.split(f"{cell}:assessed", f"{cell}:unmet", len(mine & unmet), importance=1)
    era = "since" if cases[0].era is Era.SINCE else "before"
    ledger.sum(f"flow.{era}.seen", *(county_cell(county) for county in counties))
    ledger.sum("needs", *(f"county.{county}:assessed" for county in counties))
    ledger.sum("needs:unmet", *(f"county.{county}:unmet" for county in counties))
    return counties


def _reasons(cases: list[Case], ledger: Ledger) -> tuple[str, ...]:
    """Why cases ended, by the last closing that was not taken back."""
    reasons = Counter(case.ended_for for case in cases if case.ended_for is not None)
    ledger.count("closed", reasons.total(), importance=1)
    for reason in sorted(reasons):
        ledger.count(f"closed:{reason}", reasons[reason])
    if reasons:
        ledger.sum("closed", *(f"closed:{reason}" for reason in sorted(reasons)))
    return tuple(sorted(reasons))


def _named(case: Case) -> set[str]:
    found = set()
    for event in case.of("needs.assessed"):
        wanted = event.data.get("needs")
        if isinstance(wanted, list):
            found |= {str(code) for code in wanted}
    return found


def _asked(case: Case) -> set[str]:
    return {str(event.data.get("service")) for event in case.of("referral.sent")}


def _served(case: Case) -> set[str]:
    linked = {event.subject for event in case.of("referral.closed") if event.data.get("outcome") == "linked"}
    here = {"mental_health"} if case.has("session.attended") else set()
    return here | {str(event.data.get("service")) for event in case.of("referral.sent") if event.subject in linked}
