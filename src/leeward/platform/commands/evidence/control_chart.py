"""`leeward evidence control-chart`: did a process change, or does it vary as it always has?"""

from pathlib import Path
from typing import Annotated

import typer

from leeward.evidence.choices import Kind

from .reading import read, wrong
from .shown import AsJson, Json, present


def control_chart(
    file: Annotated[Path, typer.Argument(help="CSV with a line for each period, in order.", metavar="FILE")],
    kind: Annotated[Kind, typer.Option(help="p: shares; u: rates; c: events by period; xmr: measurements.")],
    value: Annotated[str, typer.Option(help="Column of events (p, u, c) or measurements (xmr).", metavar="C")],
    size: Annotated[
        str | None, typer.Option(help="Column of the size of each group, for p and u.", metavar="C")
    ] = None,
    baseline: Annotated[
        int | None, typer.Option(help="Freeze centre and limits on the first so many points; default all.", metavar="N")
    ] = None,
    run: Annotated[int, typer.Option(help="So many points in a row on one side are a signal.", min=6, max=12)] = 8,
    laney: Annotated[
        bool, typer.Option("--laney", help="Widen p and u for spread beyond chance (Laney 2002).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """A p, u, c or XmR chart with 3-sigma limits and named rules.

    Example: leeward evidence control-chart months.csv --kind p --value screened --size seen --baseline 12
    """
    from leeward.evidence.control import chart

    if (size is None) == (kind in (Kind.P, Kind.U)):
        wrong(f"--size is {'needed for' if size is None else 'not for'} a chart of kind {kind}.")
    table = read(file)
    sizes = None if size is None else table.complete(size, "--size")
    found = chart(kind, table.complete(value, "--value"), sizes, baseline=baseline, run_length=run, laney=laney)
    signals: list[Json] = [
        {"position": signal.position, "rule": signal.rule.value, "first": signal.first, "last": signal.last}
        for signal in found.signals
    ]
    moving = found.moving_range
    document: dict[str, Json] = {
        "method": f"{kind} chart, 3 sigma" + (", Laney" if laney else ""),
        "n": len(table),
        "kind": kind.value,
        "centre": found.centre,
        "lower": _same(found.lower.tolist()),
        "upper": _same(found.upper.tolist()),
        "values": found.values.tolist(),
        "baseline": found.baseline,
        "signals": signals,
        "run_length": found.run_length,
        "runs": {
            "useful_points": found.runs.useful,
            "longest": found.runs.longest,
            "longest_allowed": found.runs.longest_allowed,
            "crossings": found.runs.crossings,
            "crossings_needed": found.runs.crossings_needed,
            "signal": found.runs.is_signal,
        },
        "moving_range": None
        if moving is None
        else {"centre": moving.centre, "upper": moving.upper, "values": moving.values.tolist()},
        "laney": found.laney,
        "warnings": list(found.warnings),
    }
    lines = [f"{kind} chart of {len(table)} points, centre {found.centre:.4f} from the first {found.baseline}."]
    marks = {signal.position for signal in found.signals}
    for place, (low, y, high) in enumerate(zip(found.lower, found.values, found.upper, strict=True), start=1):
        lines.append(f"{place:>5}  {low:>10.4f}  {y:>10.4f}  {high:>10.4f}{'  *' if place in marks else ''}")
    lines += [
        f"Signal at {signal.position}: {signal.rule.value.replace('_', ' ')} (points {signal.first} to {signal.last})."
        for signal in found.signals
    ]
    if found.runs.is_signal:
        lines.append(
            f"Runs: longest {found.runs.longest} (at most {found.runs.longest_allowed}), "
            f"crossings {found.runs.crossings} (at least {found.runs.crossings_needed}): not by chance alone."
        )
    present(document, as_json, lines)


def _same(limits: list[float]) -> Json:
    """One limit where all are the same."""
    return limits[0] if len({round(limit, 12) for limit in limits}) == 1 else limits
