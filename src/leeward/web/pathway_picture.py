"""The pathway of a case as a picture made of words: each stage with its state, its steps, and where to do them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leeward.people.kinds import PAGES, PLAIN
from leeward.rules.protocol.definition import Protocol, Step
from leeward.rules.protocol.plan import CasePlan, Instance, State
from leeward.rules.wording import Text


class Look(StrEnum):
    """How a step or stage is shown; the order is by urgency."""

    LATE = "late"
    DUE = "due"
    DONE = "done"
    DECLINED = "declined"
    NOT_OPEN = "not_open"


_LOOKS = {
    State.OVERDUE: Look.LATE,
    State.PENDING: Look.DUE,
    State.MET: Look.DONE,
    State.LATE: Look.DONE,
    State.DECLINED: Look.DECLINED,
    State.VOID: Look.NOT_OPEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    step: Step
    look: Look
    due_at: datetime | None
    closed_at: datetime | None
    was_late: bool
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStage:
    number: int
    title: Text
    look: Look
    steps: tuple[ShownStep, ...]


def picture(protocol: Protocol, plan: CasePlan) -> tuple[ShownStage, ...]:
    """Stages in order, each with its steps as they stand in the plan."""
    shown = []
    for stage in protocol.stages:
        steps = tuple(_shown(step, plan.of(step.id)) for step in protocol.steps if step.stage == stage.id)
        if steps:
            shown.append(ShownStage(number=stage.number, title=stage.title, look=_stage_look(steps), steps=steps))
    return tuple(shown)


def _shown(step: Step, instances: tuple[Instance, ...]) -> ShownStep:
    """The most urgent instance speaks for the step: an open one before a closed one, the latest of those."""
    real = [i for i in instances if i.state is not State.VOID]
    chosen = min(real, key=lambda i: (not i.is_open, i.due_at if i.is_open else i.opened_at), default=None)
    if chosen is not None and not chosen.is_open:
        chosen = real[-1]
    return ShownStep(
        step=step,
        look=_LOOKS[chosen.state] if chosen else Look.NOT_OPEN,
        due_at=chosen.late_after if chosen and chosen.is_open else None,
        closed_at=chosen.closed_at if chosen else None,
        was_late=bool(chosen and chosen.state is State.LATE),
        times=sum(1 for i in real if not i.is_open),
    )


def _stage_look(steps: tuple[ShownStep, ...]) -> Look:
    looks = {step.look for step in steps}
    return next(look for look in Look if look in looks)


def page_of(step: Step) -> tuple[str, str]:
    """Where a step is done: the name of its page and, for the plain form, the kind of event to record."""
    for pattern in step.done.patterns:
        if pattern.kind in PAGES:
            return PAGES[pattern.kind], ""
    for pattern in step.done.patterns:
        if pattern.kind in PLAIN:
            return "record", pattern.kind
    return "client", ""
