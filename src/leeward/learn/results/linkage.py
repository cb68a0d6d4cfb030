"""What became of referrals, by kind of partner: each has exactly one outcome at the data cut."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from leeward.evidence.suppression import Cleared, Ledger

from .cases import Case, Era, Population
from .data import ResultsData
from .document import Linkage

OUTCOMES: Final = ("linked", "not_linked", "declined", "withdrawn", "accepted", "waitlisted", "no_answer")
#: What ends or moves a referral, the last word first.
_SAID: Final = (
    ("referral.withdrawn", "withdrawn"),
    ("referral.declined", "declined"),
    ("referral.accepted", "accepted"),
    ("referral.waitlisted", "waitlisted"),
)


@dataclass(frozen=True, slots=True)
class LinkageCells:
    groups: tuple[tuple[Era, str], ...]

    def publish(self, cleared: Cleared) -> tuple[Linkage, ...]:
        return tuple(
            Linkage(
                era=era.value,
                kind=kind,
                sent=cleared[_cell(era, kind)],
                linked=cleared.share(f"{_cell(era, kind)}:linked", _cell(era, kind)),
                outcomes={name: cleared[f"{_cell(era, kind)}:{name}"] for name in OUTCOMES},
            )
            for era, kind in self.groups
        )


def linkage(people: Population, data: ResultsData, ledger: Ledger) -> LinkageCells:
    """Every referral that was sent, into the ledger. Where the data name no agencies, all kinds are one."""
    kinds = {} if data.agencies is None else dict(zip(data.agencies["agency"], data.agencies["kind"], strict=True))
    groups: list[tuple[Era, str]] = []
    for era in people.eras:
        sent: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for case in people.of(era):
            for kind, outcome in _referrals(case, kinds):
                sent[kind].append((case.client, outcome))
                if kind != "all":
                    sent["all"].append((case.client, outcome))
        for kind in sorted(sent, key=lambda name: (name != "all", name)):
            _enter(ledger, _cell(era, kind), sent[kind], importance=3 if kind == "all" else 1)
            groups.append((era, kind))
        parts = [kind for kind in sent if kind != "all"]
        for suffix in ("", *(f":{name}" for name in OUTCOMES)) if parts else ():
            ledger.sum(f"{_cell(era, 'all')}{suffix}", *(f"{_cell(era, kind)}{suffix}" for kind in parts))
    return LinkageCells(tuple(groups))


def _referrals(case: Case, kinds: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    said = {outcome: {event.subject for event in case.of(kind)} for kind, outcome in _SAID}
    closed = {event.subject: str(event.data.get("outcome")) for event in case.of("referral.closed")}
    for event in case.of("referral.sent"):
        outcome = closed.get(event.subject) or next(
            (outcome for _, outcome in _SAID if event.subject in said[outcome]), "no_answer"
        )
        kind = kinds.get(str(event.data.get("to")), "not_known" if kinds else "all")
        found.append((kind, outcome if outcome in OUTCOMES else "not_linked"))
    return found


def _enter(ledger: Ledger, cell: str, sent: list[tuple[str, str]], *, importance: int) -> None:
    ledger.count(cell, len(sent), people=len({client for client, _ in sent}), importance=importance)
    for name in OUTCOMES:
        behind = {client for client, outcome in sent if outcome == name}
        number = sum(outcome == name for _, outcome in sent)
        others = len({client for client, outcome in sent if outcome != name})
        if name == "linked":
            ledger.split(cell, f"{cell}:{name}", number, people=len(behind), rest=others, importance=importance)
        else:
            ledger.count(f"{cell}:{name}", number, people=len(behind))
    ledger.sum(cell, *(f"{cell}:{name}" for name in OUTCOMES))


def _cell(era: Era, kind: str) -> str:
    return f"linkage.{era.value}.{kind}"
