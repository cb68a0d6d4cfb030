"""Where most could be gained: computed from published figures alone, so that the ranking gives nothing away.

One place goes to the stage of the way that loses the most people other than by their own choice, the others to the
steps that lose the most days past their clock, at most one in each stage of the protocol. A loss counts by the lower
limit of its interval, so that a small sample does not win by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leeward.evidence.intervals import wilson
from leeward.evidence.suppression import Count, Share

from .cases import Era
from .document import Area, Flow, StepFigures
from .flow import NO_LOSS


def areas(flows: Sequence[Flow], steps: Sequence[StepFigures], how_many: int) -> tuple[Area, ...]:
    """The best supported areas for improvement, the greatest loss first within each kind."""
    people = [area for _, area in sorted(_people(flows), key=lambda item: -item[0])]
    days: list[Area] = []
    stages: set[str] = set()
    for _, stage, area in sorted(_days(steps), key=lambda item: -item[0]):
        if stage not in stages:
            stages.add(stage)
            days.append(area)
    chosen = people[:1] + days[: how_many - min(1, len(people))]
    return tuple(chosen + people[1 : 1 + how_many - len(chosen)])


def _people(flows: Sequence[Flow]) -> Iterator[tuple[float, Area]]:
    current = next((flow for flow in flows if flow.era == Era.SINCE.value), None)
    for stage in current.stages if current else ():
        if stage.stage in NO_LOSS:
            continue
        lost = stage.other if isinstance(stage.other, Count) else stage.lost
        match (lost, stage.reached.of):
            case (Count(value=number), Count(value=of)) if number > 0:
                share = wilson(number, of)
                yield (
                    (share.low or 0.0) * of,
                    Area(
                        kind="people",
                        code=stage.stage,
                        title=None,
                        of_stage=stage.of_stage,
                        includes_declined=lost is not stage.other,
                        share=Share(lost, stage.reached.of, share),
                        days_lost=None,
                        median_days=None,
                        clock=None,
                    ),
                )


def _days(steps: Sequence[StepFigures]) -> Iterator[tuple[float, str, Area]]:
    for step in steps:
        match (step.met.count, step.due, step.days_lost):
            case (Count(value=met), Count(value=due), float(days)) if days > 0 and met < due:
                missed = wilson(due - met, due)
                support = (missed.low or 0.0) / missed.value
                yield (
                    days * support,
                    step.stage,
                    Area(
                        kind="days",
                        code=step.step,
                        title=step.title,
                        of_stage=None,
                        includes_declined=False,
                        share=Share(Count(due - met), step.due, missed),
                        days_lost=days,
                        median_days=step.median_days,
                        clock=step.clock,
                    ),
                )
