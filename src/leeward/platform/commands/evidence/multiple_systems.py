"""`leeward evidence multiple-systems`: how many people no list holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .reading import Table, TableError, read
from .shown import AsJson, Json, Level, estimate, present, said

if TYPE_CHECKING:
    from leeward.evidence.multiple_systems import Histories, SystemsEstimate

#: Thresholds of the models that are shown beside the one that was asked for.
_BESIDE = (0.001, 0.01, 0.02, 0.05, 0.1)


def multiple_systems(
    file: Annotated[
        Path, typer.Argument(help="CSV: a column of 0 and 1 for each list, and the count.", metavar="FILE")
    ],
    count: Annotated[str, typer.Option(help="Column of the number of people.", metavar="C")],
    select: Annotated[
        Literal["main", "stepwise"], typer.Option(help="main: lists alone; stepwise: add pairs that hang together.")
    ] = "stepwise",
    threshold: Annotated[float, typer.Option(help="Add a pair below this p.", min=0, max=1)] = 0.02,
    bootstrap: Annotated[int, typer.Option(help="Refits for the BCa interval, such as 1000.", min=0, metavar="N")] = 0,
    seed: Annotated[int, typer.Option(help="Start of chance, so that it can be repeated.", min=0, metavar="S")] = 1,
    level: Level = 0.95,
    as_json: AsJson = False,
) -> None:
    """Multiple systems estimation: a Poisson log-linear model of which lists share people. Disputed: read the caution.

    Example: leeward evidence multiple-systems lists.csv --count people --bootstrap 1000 --seed 7
    """
    from leeward.evidence.multiple_systems import CAUTION, MULTIPLE_SYSTEMS, Gate, chao
    from leeward.evidence.multiple_systems import estimate as estimated

    histories, warnings = _histories(read(file), count)
    bound = chao(histories, level=level)
    gate = Gate.of(histories)
    found = None
    if gate.is_open:
        found = estimated(
            histories,
            threshold=threshold if select == "stepwise" else None,
            refits=bootstrap,
            seed=seed,
            level=level,
        )
        warnings += found.warnings
        if found.total.value < bound.bound.value:
            warnings.append(
                "The estimate lies below the bound of Chao: the lists do not agree with either's assumptions."
            )
    else:
        warnings += [*gate.refusals, "No estimate is given; the bound of Chao says that there are at least so many."]
    others = _other(histories, level) if gate.is_open else []
    document: dict[str, Json] = {
        "method": f"{MULTIPLE_SYSTEMS}, " + (f"stepwise at {threshold:g}" if select == "stepwise" else "main effects"),
        "n": histories.n,
        "n_observed": histories.n,
        "on_several_lists": histories.on_several(),
        "lists": list(histories.lists),
        **_one_model(found),
        "bootstrap": _bootstrap(found),
        "chao": {
            **(estimate(bound.bound) or {}),
            "f1": bound.f1,
            "f2": bound.f2,
            "many_lists": bound.many_lists,
            "bias_corrected": bound.bias_corrected,
        },
        "models": [_beside(name, model) for name, model in others],
        "gate": {"open": gate.is_open, "reasons": list(gate.refusals)},
        "caution": CAUTION,
        "warnings": [*warnings, CAUTION],
    }
    lines = [f"{histories.n} people on {len(histories.lists)} lists, {histories.on_several()} of them on two or more."]
    if found is not None:
        lines.append(f"  everybody    {said(found.total, 0)}, with {', '.join(found.terms) or 'no pair'}")
        lines.append(f"  profile      {said(found.profile, 0)}")
        if found.bootstrap is not None:
            lines.append(f"  bootstrap    {said(found.bootstrap.interval, 0)}, {bootstrap} refits")
    lines.append(f"  at least     {said(bound.bound, 0)} (Chao)")
    if found is not None:
        lines.append("Other models:")
        for name, model in others:
            lines.append(f"  {name:<16}{said(model.total, 0)}  AIC {model.aic:.1f}  {', '.join(model.terms)}".rstrip())
    present(document, as_json, lines)


def _histories(table: Table, count: str) -> "tuple[Histories, list[str]]":
    from leeward.evidence.multiple_systems import Histories
    from leeward.evidence.wording import counted

    people = table.whole(count, "--count")
    lists = [name for name in table.heading if name != count]
    columns = [table.complete(name, "list") for name in lists]
    people_of: dict[tuple[int, ...], int] = {}
    repeated = 0
    for line, (*history, number) in zip(table.lines, zip(*columns, people, strict=True), strict=True):
        if any(each not in (0, 1) for each in history):
            raise TableError(
                f"{table.name}, line {line}: a list holds something other than 0 and 1.",
                hint=f"Every column but {count} is a list: 1 where these people are on it, 0 where not.",
            )
        if not any(history):
            if number:
                raise TableError(
                    f"{table.name}, line {line}: people on no list can't have been counted.", hint="Leave the line out."
                )
            continue
        cell = tuple(int(each) for each in history)
        repeated += cell in people_of
        people_of[cell] = people_of.get(cell, 0) + int(number)
    repeating = counted(repeated, "line repeats a history", "lines repeat a history")
    warnings = [f"{repeating}; counts of one history were added up."] if repeated else []
    return Histories.of(lists, people_of), warnings


def _one_model(found: "SystemsEstimate | None") -> dict[str, Json]:
    if found is None:
        names = ("estimate", "standard_error", "interval", "level", "profile", "aic", "deviance", "degrees_of_freedom")
        return {**dict.fromkeys(names), "terms": [], "non_overlapping": [], "steps": []}
    return {
        **(estimate(found.total) or {}),
        "profile": estimate(found.profile),
        "terms": list(found.terms),
        "non_overlapping": list(found.non_overlapping),
        "steps": [{"term": term, "p_value": p, "total": total} for term, p, total in found.steps],
        "aic": found.aic,
        "deviance": found.deviance,
        "degrees_of_freedom": found.degrees_of_freedom,
    }


def _bootstrap(found: "SystemsEstimate | None") -> Json:
    if found is None or found.bootstrap is None:
        return None
    made = found.bootstrap
    return {
        **(estimate(made.interval) or {}),
        "method": "bca, selection repeated in every refit",
        "refits": made.refits,
        "seed": made.seed,
        "infinite": made.infinite,
        "bias": made.bias,
        "acceleration": made.acceleration,
    }


def _other(histories: "Histories", level: float) -> "list[tuple[str, SystemsEstimate]]":
    """Models side by side, because the model moves the answer more than the interval does."""
    from leeward.evidence.multiple_systems import estimate as estimated

    found = [("main", estimated(histories, threshold=None, level=level))]
    for threshold in _BESIDE:
        model = estimated(histories, threshold=threshold, level=level)
        if all(model.terms != other.terms for _, other in found):
            found.append((f"stepwise {threshold:g}", model))
    return found


def _beside(name: str, model: "SystemsEstimate") -> Json:
    return {
        "name": name,
        **(estimate(model.total) or {}),
        "terms": list(model.terms),
        "aic": model.aic,
        "deviance": model.deviance,
    }
