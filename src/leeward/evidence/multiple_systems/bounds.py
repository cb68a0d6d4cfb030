"""A lower bound that needs no model of how the lists hang together (Chao 1987)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from ..errors import NotEnough
from ..intervals import LEVEL, Estimate, Method, z_of
from .histories import Histories


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaoBound:
    """At least so many people, with the forms that other programs print."""

    bound: Estimate
    f1: int
    f2: int
    many_lists: float | None
    bias_corrected: float


def chao(histories: Histories, *, level: float = LEVEL) -> ChaoBound:
    """n + (t−1)/t · f1²/(2 f2), with f1 on exactly one and f2 on exactly two of the t lists that hold anybody; with
    f2 = 0 the bias-corrected n + (t−1)/t · f1(f1−1)/(2(f2+1)).

    Assumes lists that are equally open to each person, people who are not: it then lies below the truth. The factor
    (t−1)/t makes it a bound for few lists too. Variance and log-normal interval: Chao 1987. Raises NotEnough if nobody
    is on two lists or more.
    """
    if histories.on_several() == 0:
        raise NotEnough(
            "Nobody is on more than one list, so nothing says how many are on none.",
            hint="It needs people who are on two lists or more; check the linkage of the lists.",
        )
    n, lists = histories.n, histories.in_use
    f1, f2 = histories.on_exactly(1), histories.on_exactly(2)
    few = (lists - 1) / lists
    corrected = f1 * (f1 - 1) / (2 * (f2 + 1))
    if f2:
        unseen = few * f1**2 / (2 * f2)
        ratio = f1 / f2
        variance = f2 * (few / 2 * ratio**2 + few**2 * ratio**3 + few**2 / 4 * ratio**4)
    else:
        unseen = few * corrected
        variance = few * f1 * (f1 - 1) / 2 + few**2 * f1 * (2 * f1 - 1) ** 2 / 4
        variance -= few**2 * f1**4 / (4 * (n + unseen))
    error = sqrt(max(variance, 0.0))
    reach = exp(z_of(level) * sqrt(log(1 + (error / unseen) ** 2))) if unseen else 1.0
    return ChaoBound(
        bound=Estimate(
            value=n + unseen,
            low=n + unseen / reach,
            high=n + unseen * reach,
            n=n,
            method=Method.CHAO,
            level=level,
            standard_error=error,
        ),
        f1=f1,
        f2=f2,
        many_lists=n + f1**2 / (2 * f2) if f2 else None,
        bias_corrected=n + corrected,
    )
