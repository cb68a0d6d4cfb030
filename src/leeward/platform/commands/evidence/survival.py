"""`leeward evidence survival`: how long until something happens, when for some it has not happened yet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leeward.evidence.choices import Scale

from .reading import TableError, read
from .shown import AsJson, Json, Level, estimate, present, said

if TYPE_CHECKING:
    from leeward.evidence.survival import Curve, Incidence

#: A person's time and code: 0 censored, 1 the event, above that what competes with it.
_Person = tuple[float, int]


def survival(
    file: Annotated[Path, typer.Argument(help="CSV with a line for each person.", metavar="FILE")],
    time: Annotated[str, typer.Option(help="Column of the time watched.", metavar="C")],
    event: Annotated[
        str,
        typer.Option(
            help="Column with 1 (it happened), 0 (only watched so long), 2, 3 … (something else did).", metavar="C"
        ),
    ],
    group: Annotated[str | None, typer.Option(help="Column of the group.", metavar="C")] = None,
    until: Annotated[
        float | None, typer.Option(help="Restrict the mean to this time; default the longest time of all.")
    ] = None,
    interval: Annotated[Scale, typer.Option(help="Scale of the curve's interval; R uses log.")] = Scale.LOG_LOG,
    level: Level = 0.95,
    as_json: AsJson = False,
) -> None:
    """Kaplan-Meier curves with medians, restricted means and the log-rank test; Aalen-Johansen with competing events.

    Example: leeward evidence survival stays.csv --time days --event left --group site
    """
    from leeward.evidence.errors import NotEnough
    from leeward.evidence.survival import aalen_johansen, kaplan_meier, log_rank
    from leeward.evidence.wording import counted

    table = read(file)
    names = [text or None for text in table.texts(group, "--group")] if group else ["all"] * len(table)
    people: dict[str, list[_Person]] = {}
    left_out = 0
    for watched, code, name in zip(table.numbers(time, "--time"), table.codes(event, "--event"), names, strict=True):
        if watched is None or code is None or name is None:
            left_out += 1
        else:
            people.setdefault(name, []).append((watched, code))
    everybody = [person for group_ in people.values() for person in group_]
    codes = {code for _, code in everybody}
    if 0 not in codes and len(codes) > 1:
        raise TableError(
            f"{event} holds {', '.join(map(str, sorted(codes)))} and no 0.",
            hint="Write 0 for whoever was only watched, 1 for the event, 2 and more for what competes with it.",
        )
    if not everybody:
        raise TableError("No line has a time and an event.", hint="Each person needs both.")
    if codes == {0}:
        raise NotEnough(
            "It has happened to nobody: all are censored.", hint="It needs at least one event; watch longer."
        )
    if 1 not in codes:
        raise TableError(
            f"{event} holds {', '.join(map(str, sorted(codes)))} and no 1.",
            hint="Write 1 for the event that is asked for, 0 for whoever was only watched, 2 and more for the others.",
        )
    competing = bool(codes - {0, 1})
    longest = max(watched for watched, _ in everybody)
    if longest == 0:
        raise NotEnough("Every time is 0: nobody was watched.", hint="It needs times above zero, such as days.")
    end = longest if until is None else until
    if not 0 < end <= longest and until is not None:
        raise NotEnough(
            f"A mean up to {end:g} can't be had: the longest time is {longest:g}.",
            hint="Beyond that nothing is known; choose a time above zero and up to it.",
        )
    lacking = counted(left_out, "line lacks", "lines lack")
    warnings = [f"{lacking} a time, an event or a group: not counted."] if left_out else []
    groups: dict[str, Json] = {}
    incidence: Json
    lines = [
        f"{counted(len(everybody), 'person', 'people')}; interval on the {interval.value} scale; means up to {end:g}."
    ]
    for name in sorted(people):
        times, kinds = [watched for watched, _ in people[name]], [code for _, code in people[name]]
        curve = kaplan_meier(times, [code > 0 for code in kinds], level=level, scale=interval)
        mean = curve.restricted_mean(end) if curve.events else None
        if not curve.events:
            warnings.append(f"{name}: it has happened to nobody, so there is no median and no mean.")
        elif max(times) < end and curve.surviving[-1] > 0:
            warnings.append(
                f"{name}: nobody was watched beyond {max(times):g}; the curve is drawn on level to {end:g}."
            )
        if curve.n < 20:
            warnings.append(f"{name}: {counted(curve.n, 'person', 'people')}; the curve is rough.")
        incidence = None
        if competing and curve.events:
            incidence = {str(each.cause): _incidence(each) for each in aalen_johansen(times, kinds, level=level)}
        groups[name] = {
            "n": curve.n,
            "events": sum(code == 1 for code in kinds),
            "censored": sum(code == 0 for code in kinds),
            "median": _median(curve),
            "restricted_mean": estimate(mean) or _unknown(level),
            "curve": _curve(curve),
            "cumulative_incidence": incidence,
        }
        happened = sum(code == 1 for code in kinds)
        other = f", {curve.events - happened} of what competes" if competing else ""
        lines.append(f"  {name}: {counted(curve.n, 'person', 'people')}, {counted(happened, 'event', 'events')}{other}")
        low, _high = curve.limits(0.5)
        beyond = "not reached" if low is None else f"not reached ({level:.0%} {low:,.1f} to open)"
        median = beyond if curve.median is None else said(curve.median, 1)
        lines.append(f"    median {median}, mean up to {end:g} {said(mean, 2)}")
    if competing:
        warnings.append(
            "Something competes with the event: curve, median and mean are of whatever came first; read "
            "cumulative_incidence for each. The log-rank test compares the hazards of event 1 alone."
        )
    test: Json = None
    if len(people) > 1:
        found = log_rank([([t for t, _ in people[name]], [c == 1 for _, c in people[name]]) for name in sorted(people)])
        test = {
            "chi_square": found.chi_square,
            "df": found.df,
            "p_value": found.p_value,
            "observed": dict(zip(sorted(people), found.observed, strict=True)),
            "expected": dict(zip(sorted(people), found.expected, strict=True)),
        }
        lines.append(f"Log-rank: chi-square {found.chi_square:.3f} on {found.df} df, p = {found.p_value:.4g}")
    document: dict[str, Json] = {
        "method": f"kaplan_meier, greenwood, {interval.value} interval" + (", aalen_johansen" if competing else ""),
        "n": len(everybody),
        "until": end,
        "groups": groups,
        "log_rank": test,
        "warnings": warnings,
    }
    present(document, as_json, lines)


def _median(curve: "Curve") -> Json:
    """An object also where the data do not reach it: how late it is at the least may be known all the same."""
    if (found := curve.median) is not None:
        return estimate(found)
    return _unknown(curve.level) | {"interval": list(curve.limits(0.5))}


def _unknown(level: float) -> dict[str, Json]:
    return {"estimate": None, "standard_error": None, "interval": [None, None], "level": level}


def _curve(curve: "Curve") -> list[Json]:
    return [
        {
            "time": float(curve.times[place]),
            "at_risk": int(curve.at_risk[place]),
            "events": int(curve.happened[place]),
            **(estimate(curve.point(place)) or {}),
        }
        for place in range(len(curve.times))
    ]


def _incidence(found: "Incidence") -> list[Json]:
    return [
        {
            "time": float(found.times[place]),
            "estimate": float(found.share[place]),
            "standard_error": float(found.standard_error[place]),
            "interval": [float(found.low[place]), float(found.high[place])],
            "level": found.level,
        }
        for place in range(len(found.times))
    ]
