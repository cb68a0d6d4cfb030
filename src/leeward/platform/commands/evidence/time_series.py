"""`leeward evidence time-series`: did level or slope change when something began?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leeward.evidence.choices import Family

from .reading import Table, is_sound, read, wrong
from .shown import AsJson, Json, Level, estimate, present, said

if TYPE_CHECKING:
    from leeward.evidence.series import Season


def time_series(
    file: Annotated[Path, typer.Argument(help="CSV with a line for each time, in order.", metavar="FILE")],
    time: Annotated[str, typer.Option(help="Column of the time, a number that counts up.", metavar="C")],
    outcome: Annotated[str, typer.Option(help="Column of the counts, or of measurements for ols.", metavar="C")],
    start: Annotated[float, typer.Option(help="The first time of the new regime.", metavar="N")],
    offset: Annotated[
        str | None,
        typer.Option(help="Column of the exposure, such as people at risk; its logarithm is taken.", metavar="C"),
    ] = None,
    family: Annotated[Family, typer.Option(help="How counts vary, or ols for measurements.")] = Family.QUASI_POISSON,
    harmonics: Annotated[int, typer.Option(help="Pairs of sine and cosine for the season.", min=0, max=6)] = 0,
    period: Annotated[
        str,
        typer.Option(
            help="Column of the place in the season, such as the month; or its length, such as 12.", metavar="C"
        ),
    ] = "12",
    slope: Annotated[bool, typer.Option("--slope", help="Let the slope change too.")] = False,
    level: Level = 0.95,
    as_json: AsJson = False,
) -> None:
    """An interrupted time series: y = b0 + b1 t + b2 D + b3 D (t - start) + season, with D = 1 from the start on.

    Example: leeward evidence time-series months.csv --time t --outcome found --offset seen --start 13 --harmonics 2
    """
    from leeward.evidence.series import interrupted

    if not is_sound(start):
        wrong("--start must be a number of the column of times, such as 13.")
    table = read(file)
    times = table.complete(time, "--time")
    season = _season(table, period, times, harmonics) if harmonics else None
    found = interrupted(
        times,
        table.complete(outcome, "--outcome"),
        start=start,
        family=family,
        exposure=None if offset is None else table.complete(offset, "--offset"),
        season=season,
        slope=slope,
        level=level,
    )
    document: dict[str, Json] = {
        "method": f"segmented regression, {family.value}"
        + ("" if found.lags is None else f", Newey-West {found.lags} lags"),
        "n": len(table),
        "parametrisation": f"b0 + b1*t + b2*D + b3*D*(t - {start:g}) + season; D = 1 from t = {start:g} on"
        + ("" if family is Family.OLS else "; logarithm of the expectation"),
        "level": estimate(found.level),
        "slope": estimate(found.slope),
        "trend": estimate(found.trend),
        "intercept": estimate(found.intercept),
        "rate_ratio": estimate(found.rate_ratio),
        "level_counted_from_one": estimate(found.level_counted_from_one),
        "autoregressive": {name: estimate(each) for name, each in found.autoregressive.items()} or None,
        "dispersion": found.dispersion,
        "durbin_watson": found.durbin_watson,
        "lag_one_autocorrelation": found.lag_one,
        "before": found.before,
        "after": found.after,
        "season": None if season is None else {"harmonics": season.harmonics, "cycle": season.cycle},
        "fitted": found.fitted.tolist(),
        "without_the_change": found.without.tolist(),
        "warnings": list(found.warnings),
    }
    lines = [f"{found.before} points before {start:g}, {found.after} from it on; {document['method']}."]
    named = (("level", found.level), ("slope", found.slope), ("trend", found.trend), ("rate ratio", found.rate_ratio))
    lines += [f"  {name:<12}{said(each)}" for name, each in named if each is not None]
    lines += [f"  {name:<12}{said(each)}, neighbours alike" for name, each in found.autoregressive.items()]
    lines.append(f"  dispersion {found.dispersion:.3f}, Durbin-Watson {found.durbin_watson:.3f}")
    present(document, as_json, lines)


def _season(table: Table, period: str, times: list[float], harmonics: int) -> "Season":
    """A column of places in the season, whose different values make one cycle; or the length of a cycle of times."""
    from leeward.evidence.series import Season

    if period in table.heading:
        place = table.complete(period, "--period")
        different = sorted(set(place))
        if different != [different[0] + step for step in range(len(different))]:
            wrong(f"--period: the column {period} does not hold 1, 2, 3, … of a cycle without gaps.")
        return Season(harmonics, len(different), place)
    try:
        cycle = float(period)
    except ValueError:
        wrong(f"--period is a column or a number of times; `{period}` is neither. Columns: {', '.join(table.heading)}.")
    if not cycle > 1:
        wrong("--period must be above 1, such as 12 for months.")
    return Season(harmonics, cycle, times)
