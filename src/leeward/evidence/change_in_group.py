"""How many people of a group changed, by the scores that each had first and last (Jacobson & Truax 1991, method JT).

SEM = SD·√(1 − r); S_diff = √2·SEM; reliable is a difference of more than 1.96·S_diff. SD is that of the first scores of
everybody who has one, unless a published one is given. Cut-off: c if a clinical and a healthy group are known, b with
the healthy one alone, a otherwise, from the clinical group or else from these first scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from .change import Change, Criterion, Group, Precision, classes, cut_off_a, cut_off_b, cut_off_c
from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, mean, wilson
from .wording import counted

Score = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """The classes of change, of completers and of everybody who began."""

    classes: Mapping[Change, int]
    #: The same with a missing last score taken as no change, which is an assumption.
    carried_forward: Mapping[Change, int]
    shares: Mapping[Change, Estimate]
    mean_change: Estimate | None
    precision: Precision
    sd_is_given: bool
    cut_off: float
    cut_off_kind: str
    cut_offs: Mapping[str, float]
    lower_is_better: bool
    warnings: tuple[str, ...]


def group_change(
    pairs: Sequence[tuple[Score, Score]],
    reliability: float,
    *,
    sd: float | None = None,
    clinical: Group | None = None,
    normal: Group | None = None,
    lower_is_better: bool | None = None,
    cut_off_kind: str | None = None,
    level: float = LEVEL,
) -> GroupChange:
    """The classes of these first and last scores. `lower_is_better` None: as the means of the two groups say.

    Raises NotEnough without a person who has both scores, or where no spread can be had; ImpossibleFigures for figures
    that contradict each other.
    """
    first = np.array([before for before, _ in pairs if _is_there(before)], dtype=float)
    both = [(b, a) for b, a in pairs if b is not None and a is not None and isfinite(b) and isfinite(a)]
    if not both:
        raise NotEnough("Nobody has both a first and a last score.", hint="Change needs both of at least one person.")
    warnings: list[str] = []
    spread = _spread(first, sd)
    if sd is None and len(first) < 30:
        warnings.append(
            f"The standard deviation rests on {counted(len(first), 'first score', 'first scores')}; a published one "
            "is steadier: --sd."
        )
    precision = Precision(spread, reliability)
    own = clinical or _own_group(first)
    direction = _direction(lower_is_better, clinical, normal, own, warnings)
    cut_offs: dict[str, float] = {}
    if own is not None and own.sd > 0:
        cut_offs["a"] = cut_off_a(own, lower_is_better=direction)
    if normal is not None:
        cut_offs["b"] = cut_off_b(normal, lower_is_better=direction)
        if clinical is not None or (own is not None and own.sd > 0 and cut_off_kind == "c"):
            cut_offs["c"] = cut_off_c(clinical or _insist(own), normal)
    kind = cut_off_kind or ("c" if "c" in cut_offs else "b" if "b" in cut_offs else "a")
    if kind not in cut_offs:
        raise NotEnough(
            f"Cut-off {kind} can't be computed.", hint="a needs a clinical group, b a healthy one, c both: mean and SD."
        )
    if clinical is None and kind != "b":
        warnings.append(f"Cut-off {kind} takes the first scores of this very group as the clinical group.")
    if own is not None and normal is not None and kind == "b" and (own.mean > normal.mean) is not direction:
        warnings.append(
            f"The first scores ({own.mean:.1f} on average) are better than the healthy mean ({normal.mean:g}): check "
            "which way is better."
        )
    criterion = Criterion.from_precision(precision, cut_off=cut_offs[kind], lower_is_better=direction)
    found = classes(criterion, pairs)
    missing = sum(1 for before, after in pairs if _is_there(before) and not _is_there(after))
    if missing:
        who = counted(missing, "person has", "people have")
        warnings.append(f"{who} no last score: not evaluable, never counted as unchanged.")
    carried = dict(found)
    carried[Change.UNCHANGED] += missing
    carried[Change.NOT_EVALUABLE] -= missing
    evaluable = [change for change in Change if change is not Change.NOT_EVALUABLE]
    total = sum(found[change] for change in evaluable)
    if total < 30:
        warnings.append(f"{counted(total, 'person has', 'people have')} both scores: the shares are rough.")
    changes = [after - before for before, after in both]
    return GroupChange(
        classes=found,
        carried_forward=carried,
        shares={change: wilson(found[change], total, level=level) for change in evaluable},
        mean_change=mean(changes, level=level) if len(changes) > 1 else None,
        precision=precision,
        sd_is_given=sd is not None,
        cut_off=cut_offs[kind],
        cut_off_kind=kind,
        cut_offs=cut_offs,
        lower_is_better=direction,
        warnings=tuple(warnings),
    )


def _is_there(score: Score) -> bool:
    return score is not None and isfinite(score)


def _spread(first: np.ndarray[tuple[int], np.dtype[np.float64]], sd: float | None) -> float:
    if sd is not None:
        return sd
    if len(first) < 2:
        raise NotEnough("One first score has no standard deviation.", hint="Give a published one with --sd.")
    if np.ptp(first) == 0:
        raise NotEnough("All first scores are the same.", hint="Give a published standard deviation with --sd.")
    return float(first.std(ddof=1))


def _own_group(first: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Group | None:
    return Group(float(first.mean()), float(first.std(ddof=1))) if len(first) > 1 else None


def _insist(group: Group | None) -> Group:
    if group is None:
        raise NotEnough("There is no clinical group.", hint="Give its mean and standard deviation.")
    return group


def _direction(
    said: bool | None, clinical: Group | None, normal: Group | None, own: Group | None, warnings: list[str]
) -> bool:
    """Whether lower is better: as said, and as the means of the groups say."""
    ill = clinical or own
    if clinical is not None and normal is not None and clinical.mean == normal.mean:
        raise ImpossibleFigures(
            "The clinical and the healthy mean are the same, so nothing lies between them.",
            hint="Check both; a cut-off needs groups that differ.",
        )
    seen = None if normal is None or ill is None or ill.mean == normal.mean else ill.mean > normal.mean
    if said is not None and seen is not None and clinical is not None and said != seen:
        where = "above" if seen else "below"
        raise ImpossibleFigures(
            f"The clinical mean lies {where} the healthy one, which contradicts what is said to be better.",
            hint="Swap the means, or the direction.",
        )
    if said is not None:
        return said
    if seen is not None:
        warnings.append(f"{'Lower' if seen else 'Higher'} is taken as better, because healthy people score so.")
        return seen
    warnings.append("Higher is taken as better; for a scale of symptoms say --lower-is-better.")
    return False
