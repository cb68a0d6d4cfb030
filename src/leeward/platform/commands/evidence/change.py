"""`leeward evidence change`: who changed by more than measurement error, and who recovered."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .reading import is_sound, read, wrong
from .shown import AsJson, Json, Level, estimate, present, said

if TYPE_CHECKING:
    from leeward.evidence.change import Group


def change(
    file: Annotated[Path, typer.Argument(help="CSV with a line for each person.", metavar="FILE")],
    id: Annotated[str, typer.Option(help="Column that names the person.", metavar="C")],
    pre: Annotated[str, typer.Option(help="Column of the first score.", metavar="C")],
    post: Annotated[str, typer.Option(help="Column of the last score.", metavar="C")],
    reliability: Annotated[float, typer.Option(help="Reliability of the scale, such as 0.87.", metavar="R")],
    sd: Annotated[
        float | None,
        typer.Option(help="Published standard deviation before treatment; default that of the first scores."),
    ] = None,
    normal_mean: Annotated[float | None, typer.Option(help="Mean of a healthy group.")] = None,
    normal_sd: Annotated[float | None, typer.Option(help="Its standard deviation.")] = None,
    clinical_mean: Annotated[float | None, typer.Option(help="Mean of a clinical group.")] = None,
    clinical_sd: Annotated[float | None, typer.Option(help="Its standard deviation.")] = None,
    lower_is_better: Annotated[
        bool | None,
        typer.Option(
            "--lower-is-better/--higher-is-better", help="Which way is health; default as the means of the groups say."
        ),
    ] = None,
    cutoff: Annotated[
        Literal["a", "b", "c"] | None,
        typer.Option(help="Cut-off a, b or c; default c with both groups, b with the healthy one, else a."),
    ] = None,
    level: Level = 0.95,
    as_json: AsJson = False,
) -> None:
    """Reliable and clinically significant change (Jacobson & Truax 1991), in five classes and one for the missing.

    Example: leeward evidence change scores.csv --id code --pre first --post last --reliability 0.87 --lower-is-better
    """
    from leeward.evidence.change_in_group import group_change
    from leeward.evidence.wording import counted

    table = read(file)
    people = table.names(id, "--id")
    if sd is not None and not (is_sound(sd) and sd > 0):
        wrong("--sd must be a number above zero.")
    if pre == post:
        wrong("--pre and --post name the same column.")
    scores = list(zip(table.numbers(pre, "--pre"), table.numbers(post, "--post"), strict=True))
    found = group_change(
        scores,
        reliability,
        sd=sd,
        clinical=_group("clinical", clinical_mean, clinical_sd),
        normal=_group("normal", normal_mean, normal_sd),
        lower_is_better=lower_is_better,
        cut_off_kind=cutoff,
        level=level,
    )
    shares: dict[str, Json] = {change.value: estimate(share) for change, share in found.shares.items()}
    evaluable = sum(found.classes[change] for change in found.shares)
    document: dict[str, Json] = {
        "method": "jacobson_truax_1991",
        "n": len(people),
        "n_evaluable": evaluable,
        "classes": {change.value: count for change, count in found.classes.items()},
        "shares": shares,
        "last_observation_carried_forward": {change.value: count for change, count in found.carried_forward.items()},
        "mean_change": estimate(found.mean_change),
        "reliability": reliability,
        "sd": found.precision.sd,
        "sd_source": "given" if found.sd_is_given else "first scores of everybody who has one",
        "sem": found.precision.sem,
        "s_diff": found.precision.s_diff,
        "smallest_reliable_change": found.precision.smallest_reliable_change,
        "cutoff": found.cut_off,
        "cutoff_kind": found.cut_off_kind,
        "cutoffs": dict(found.cut_offs),
        "lower_is_better": found.lower_is_better,
        "warnings": list(found.warnings),
    }
    lines = [
        f"{counted(len(people), 'person', 'people')}, {evaluable} with both scores; "
        f"cut-off {found.cut_off_kind} at {found.cut_off:.2f}.",
        f"Reliable above {found.precision.smallest_reliable_change:.2f} points "
        f"(SEM {found.precision.sem:.2f}, S_diff {found.precision.s_diff:.2f}).",
    ]
    for change, count in found.classes.items():
        share = said(found.shares[change], 3) if change in found.shares else ""
        lines.append(f"  {change.value:<14}{count:>6}  {share}".rstrip())
    present(document, as_json, lines)


def _group(name: str, mean: float | None, sd: float | None) -> "Group | None":
    from leeward.evidence.change import Group

    if (mean is None) != (sd is None):
        wrong(f"--{name}-mean and --{name}-sd belong together: give both or none.")
    if mean is None or sd is None:
        return None
    if not is_sound(mean):
        wrong(f"--{name}-mean must be a number.")
    if not (is_sound(sd) and sd > 0):
        wrong(f"--{name}-sd must be a number above zero.")
    return Group(mean, sd)
