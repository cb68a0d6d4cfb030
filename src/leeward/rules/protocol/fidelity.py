"""How faithfully steps were followed. What a survivor declined counts neither way, nor does what a closed case voided;
but what was overdue by then was missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .plan import CasePlan, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """Counts of a step's instances by the state that counts."""

    met: int = 0
    late: int = 0
    overdue: int = 0
    pending: int = 0
    declined: int = 0
    void: int = 0

    @property
    def due(self) -> int:
        """Instances that can be judged: met, late or overdue."""
        return self.met + self.late + self.overdue

    @property
    def rate(self) -> float | None:
        """Share met of those that can be judged; None if there are none."""
        return self.met / self.due if self.due else None


def fidelity(plans: Iterable[CasePlan]) -> dict[str, Fidelity]:
    """Fidelity of every step that was ever opened in these plans, by step id."""
    counts: dict[str, Counter[State]] = {}
    for case in plans:
        for instance in case.instances:
            counts.setdefault(instance.step, Counter())[instance.counts_as] += 1
    return {step: Fidelity(**{state.value: count[state] for state in State}) for step, count in counts.items()}
