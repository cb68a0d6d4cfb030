"""How faithfully and how fast the steps of the protocol were done, by people who came since go-live.

Counted are openings of a step, as `plan` says them; one person can open a step more than once. What was declined,
what a closed case voided and what is not due yet counts neither way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from leeward.evidence.suppression import SUPPRESSED, Cleared, Ledger, Suppressed
from leeward.evidence.survival import Curve, kaplan_meier
from leeward.evidence.threshold import Threshold
from leeward.rules.durations import format_duration
from leeward.rules.protocol import Instance, Protocol, State, Step, plan

from .cases import Era, Population
from .document import StepFigures, Value, Words

DAY = timedelta(days=1)
_DONE = (State.MET, State.LATE)
_MISSED = (State.LATE, State.OVERDUE)


@dataclass(slots=True)
class _Tally:
    """One step's openings and the people behind each state."""

    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    people: dict[State, set[str]] = field(default_factory=lambda: {state: set() for state in State})
    waited: list[float] = field(default_factory=list)
    done: list[bool] = field(default_factory=list)
    lost: timedelta = timedelta()

    def add(self, client: str, instance: Instance, population: Population) -> None:
        until = instance.closed_at or population.now
        self.states[instance.state] += 1
        self.people[instance.state].add(client)
        self.waited.append((until - instance.opened_at) / DAY)
        self.done.append(instance.state in _DONE)
        if instance.state in _MISSED:
            self.lost += until - instance.late_after

    def count(self, states: Iterable[State]) -> tuple[int, int]:
        """Openings, and people, in any of these states."""
        chosen = tuple(states)
        return sum(self.states[state] for state in chosen), len(set().union(*(self.people[s] for s in chosen)))


@dataclass(frozen=True, slots=True)
class FidelityCells:
    protocol: Protocol
    tallies: Mapping[str, _Tally]

    def publish(self, cleared: Cleared) -> tuple[StepFigures, ...]:
        """Every step, in the order of the stages."""
        order = {stage.id: place for place, stage in enumerate(self.protocol.stages)}
        steps = sorted(self.protocol.steps, key=lambda step: order[step.stage])
        return tuple(self._figures(step, cleared) for step in steps)

    def _figures(self, step: Step, cleared: Cleared) -> StepFigures:
        cell, tally = f"step.{step.id}", self.tallies[step.id]
        curve = _curve(tally, cleared, cell)
        stage = self.protocol.stage(step.stage)
        return StepFigures(
            step=step.id,
            stage=step.stage,
            title=Words(step.title.en, step.title.es),
            stage_title=Words(stage.title.en, stage.title.es),
            clock=format_duration(step.within),
            grace=format_duration(step.grace),
            opened=cleared[cell],
            due=cleared[f"{cell}:due"],
            met=cleared.share(f"{cell}:met", f"{cell}:due"),
            late=cleared[f"{cell}:late"],
            overdue=cleared[f"{cell}:overdue"],
            declined=cleared[f"{cell}:declined"],
            void=cleared[f"{cell}:void"],
            pending=cleared[f"{cell}:pending"],
            median_days=_time(curve, 0.5),
            ninety_percent_days=_time(curve, 0.9),
            days_lost=_days_lost(tally, cleared, cell),
        )


def fidelity(people: Population, protocol: Protocol, threshold: Threshold, ledger: Ledger) -> FidelityCells:
    """Plan every case since go-live as of the data cut, and count the openings of every step into the ledger."""
    tallies = {step.id: _Tally() for step in protocol.steps}
    for case in people.of(Era.SINCE):
        for instance in plan(protocol, case.events, people.now).instances:
            tallies[instance.step].add(case.client, instance, people)
    for step, tally in tallies.items():
        _enter(ledger, f"step.{step}", tally, threshold)
    return FidelityCells(protocol, tallies)


def _enter(ledger: Ledger, cell: str, tally: _Tally, threshold: Threshold) -> None:
    """The share met matters most. Where it can't be shown because few missed, the number opened does: it carries the
    median."""
    missed = any(threshold.is_small(number) for number in tally.count(_MISSED))
    importance = {"": 2, ":due": 1, ":met": 1} if missed else {"": 1, ":due": 2, ":met": 2}
    judged = (State.MET, State.LATE, State.OVERDUE)
    groups: Mapping[str, tuple[State, ...]] = {
        "": tuple(State),
        ":due": judged,
        ":met:rest": _MISSED,
        **{f":{state.value}": (state,) for state in State},
    }
    for suffix, states in groups.items():
        openings, behind = tally.count(states)
        ledger.count(
            f"{cell}{suffix}",
            openings,
            people=behind,
            importance=importance.get(suffix, 0),
            printed=suffix != ":met:rest",
        )
    ledger.sum(cell, f"{cell}:due", f"{cell}:declined", f"{cell}:void", f"{cell}:pending")
    ledger.sum(f"{cell}:due", f"{cell}:met", f"{cell}:met:rest")
    ledger.sum(f"{cell}:met:rest", f"{cell}:late", f"{cell}:overdue")


def _curve(tally: _Tally, cleared: Cleared, cell: str) -> Curve | Suppressed | None:
    """Time from opening until done; whoever declined, was voided or still waits is counted for as long."""
    if not tally.waited:
        return None
    threshold: Threshold = cleared.threshold
    _, behind_all = tally.count(State)
    done, behind_done = tally.count(_DONE)
    if not cleared.is_large(cell) or threshold.is_small(behind_all) or done < threshold.k or behind_done < threshold.k:
        return SUPPRESSED
    return kaplan_meier(tally.waited, tally.done)


def _time(curve: Curve | Suppressed | None, share: float) -> Value:
    return curve.quantile(share) if isinstance(curve, Curve) else curve


def _days_lost(tally: _Tally, cleared: Cleared, cell: str) -> float | Suppressed | None:
    if not tally.waited:
        return None
    return round(tally.lost / DAY, 1) if cleared.permits(f"{cell}:due", f"{cell}:met") else SUPPRESSED
