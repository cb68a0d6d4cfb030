"""What went wrong, and what survivors say themselves: harms and ratings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from leeward.evidence.suppression import Cleared, Ledger
from leeward.rules.protocol import KINDS

from .cases import Era, Population
from .document import Harms, Ratings

GOOD = 4


@dataclass(frozen=True, slots=True)
class HarmCells:
    kinds: tuple[str, ...]

    def publish(self, cleared: Cleared) -> Harms:
        return Harms(
            events=cleared["harms"],
            by_kind={kind: cleared[f"harms:{kind}"] for kind in self.kinds},
            people=cleared.share("harms.people", "people"),
        )


def harms(people: Population, ledger: Ledger) -> HarmCells:
    """Serious events of everybody, by kind, into the ledger. A closed list: what never happened is a zero."""
    kinds = tuple(str(kind) for kind in KINDS["incident.reported"].fields["kind"].one_of)
    events: Counter[str] = Counter()
    behind: dict[str, set[str]] = {kind: set() for kind in kinds}
    for case in people.cases:
        for event in case.of("incident.reported"):
            kind = str(event.data.get("kind"))
            if kind in behind:
                events[kind] += 1
                behind[kind].add(case.client)
    everybody = set().union(*behind.values())
    ledger.count("harms", events.total(), people=len(everybody), importance=1)
    for kind in kinds:
        ledger.count(f"harms:{kind}", events[kind], people=len(behind[kind]))
    ledger.sum("harms", *(f"harms:{kind}" for kind in kinds))
    ledger.split("people", "harms.people", len(everybody))
    return HarmCells(kinds)


@dataclass(frozen=True, slots=True)
class RatingCells:
    eras: tuple[Era, ...]

    def publish(self, cleared: Cleared) -> tuple[Ratings, ...]:
        return tuple(
            Ratings(
                era=era.value,
                ratings=cleared[f"ratings.{era.value}"],
                good=cleared.share(f"ratings.{era.value}:good", f"ratings.{era.value}"),
            )
            for era in self.eras
        )


def ratings(people: Population, ledger: Ledger) -> RatingCells:
    """Ratings from 1 to 5, and those of 4 or 5, by era, into the ledger."""
    for era in people.eras:
        given = [
            (case.client, int(str(event.data["score"])))
            for case in people.of(era)
            for event in case.of("rating.given")
            if str(event.data.get("score")) in {"1", "2", "3", "4", "5"}
        ]
        good = [client for client, score in given if score >= GOOD]
        rest = [client for client, score in given if score < GOOD]
        cell = f"ratings.{era.value}"
        ledger.count(cell, len(given), people=len({client for client, _ in given}), importance=1)
        ledger.split(cell, f"{cell}:good", len(good), people=len(set(good)), rest=len(set(rest)))
    return RatingCells(people.eras)
