"""How often the 95% intervals hold the truth, where the truth is known because it was made.

The claim: in 93 to 97 of 100 replications, over 200 of them, for each estimand. Seeds are 0, 1, 2, …, declared before
anything was run. By 200 replications a coverage of 95% is told with a Monte-Carlo error of 1.5 points, so of true ones
one in seven falls outside 93 to 97. What is cheap is therefore repeated `--many` times, which tells luck from
error. `--write` renews the table in docs/reference/coverage.md. Calm, with all replications, it takes about 15 minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, sqrt
from pathlib import Path
from statistics import fmean, stdev

from estimands import WORLDS, Aim, Found, World
from measure import Report, arguments, begin, figure, finish, say

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "coverage.md"
BEGIN, END = "<!-- written by bench/coverage.py -->", "<!-- end -->"
#: Of fewer replications than this nothing is judged: the Monte-Carlo error is above two points.
_TELLING = 119
HEADING = (
    "| estimand | truth | bias | mean width | holds the truth | of | verdict | again |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One estimand over all replications. `silent` is in how many nothing was told."""

    name: str
    aim: Aim
    n: int
    silent: int
    truth: float
    bias: float
    bias_error: float
    width: float
    holds: float

    @classmethod
    def of(cls, name: str, aim: Aim, found: Sequence[Found | None]) -> Row:
        told = [each for each in found if each is not None]
        off = [each.value - each.truth for each in told]
        widths = [width for each in told if not isnan(width := each.high - each.low) and width < float("inf")]
        return cls(
            name=name,
            aim=aim,
            n=len(told),
            silent=len(found) - len(told),
            truth=fmean(each.truth for each in told),
            bias=fmean(off),
            bias_error=stdev(off) / sqrt(len(off)),
            width=fmean(widths) if widths else float("nan"),
            holds=fmean(each.held for each in told),
        )

    @property
    def error(self) -> float:
        """The Monte-Carlo error of a coverage of 95%, in points."""
        return 100 * sqrt(0.95 * 0.05 / self.n)

    @property
    def is_kept(self) -> bool:
        return self.aim.least <= self.holds <= self.aim.most

    @property
    def outside(self) -> float:
        """Points by which it misses what it aims at."""
        return 100 * max(self.aim.least - self.holds, self.holds - self.aim.most, 0.0)

    @property
    def verdict(self) -> str:
        if self.n < _TELLING:
            return "too few to tell"
        return "PASS" if self.is_kept else "short" if self.holds < self.aim.least else "wide"


def replicated(world: World, replications: int) -> dict[str, list[Found | None]]:
    """What was found of every estimand of a world, with the seeds from 0 on."""
    found: dict[str, list[Found | None]] = {name: [] for name in world.estimands}
    for seed in range(replications):
        once = world.once(seed)
        for name, told in found.items():
            told.append(once[name])
    return found


def measured(worlds: Sequence[World], replications: int, many: int, dear: int, report: Report) -> dict[str, str]:
    """Run the worlds, report each estimand, and return a table for each world. The first replications are the claim;
    where there are more, all of them tell luck from error."""
    tables: dict[str, str] = {}
    for world in worlds:
        most = max(replications, dear if world.is_dear else many)
        found = replicated(world, most)
        rows = {name: Row.of(name, world.estimands[name], told[:replications]) for name, told in found.items()}
        again = {name: Row.of(name, world.estimands[name], told) for name, told in found.items()}
        again = again if most > replications else {}
        say(f"  {world.about} ({world.through})")
        lines = [_title(world), "", HEADING]
        for name, row in rows.items():
            more = again.get(name)
            lines.append(_line(row, more))
            report.note(f"{name}: bias", f"{row.bias:.3g} ± {row.bias_error:.2g}")
            report.note(f"{name}: holds the truth, of {row.n}", 100 * row.holds, "%")
            if more is not None:
                report.note(f"{name}: holds the truth, of {more.n}", 100 * more.holds, "%")
            report.claim(f"{name}: outside {_aimed(row.aim)}", row.outside, "points", at_most=0)
        tables[_title(world)] = "\n".join(lines)
    return tables


def _title(world: World) -> str:
    return f"**{world.about}** (`{world.through}`)"


def _aimed(aim: Aim) -> str:
    return f"{100 * aim.least:g} to {100 * aim.most:g}"


def _line(row: Row, more: Row | None) -> str:
    told = f"{row.n}" + (f" ({row.silent} told nothing)" if row.silent else "")
    again = "" if more is None else f"{100 * more.holds:.1f}% of {more.n:,}: {more.verdict}"
    why = f" ({row.aim.why})" if row.aim.why else ""
    width = "" if isnan(row.width) else figure(row.width)
    return (
        f"| {row.name}{why} | {figure(row.truth)} | {row.bias:.2g} ± {row.bias_error:.1g} | {width} "
        f"| {100 * row.holds:.1f}% | {told} | {row.verdict} | {again} |"
    )


def written(tables: dict[str, str], worlds: Sequence[World]) -> None:
    """Put the tables in their places on the page; those that were not made anew stay."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    there, after = rest.split(END)
    blocks = {block.split("\n")[0]: block.strip() for block in there.strip().split("\n\n**")}
    kept = {title if title.startswith("**") else f"**{title}": block for title, block in blocks.items()}
    kept = {title: block if block.startswith("**") else f"**{block}" for title, block in kept.items()} | tables
    in_order = "\n\n".join(kept[title] for world in worlds if (title := _title(world)) in kept)
    PAGE.write_text(f"{before}{BEGIN}\n{in_order}\n{END}{after}", encoding="utf-8")


def main() -> int:
    options = arguments(__doc__)
    options.add_argument("--replications", type=int, default=200)
    options.add_argument(
        "--many", type=int, default=2_000, help="replications of what is cheap, to tell luck from error"
    )
    options.add_argument(
        "--dear", type=int, default=0, help="likewise of what takes seconds each, such as whole centres"
    )
    options.add_argument("--compared", type=int, default=2, help="centres whose published results are compared")
    options.add_argument("--only", default="", metavar="TEXT", help="worlds whose description has this in it")
    options.add_argument("--write", action="store_true", help="renew the table in docs/reference/coverage.md")
    asked = options.parse_args()
    import whole_way  # loads all of the results, which what is alone does without

    every = (*WORLDS, whole_way.WORLD)
    worlds = [world for world in every if asked.only in world.about]
    report = begin(__file__, "numpy", "scipy", "statsmodels", "duckdb")
    tables = measured(worlds, asked.replications, asked.many, asked.dear, report)
    if whole_way.WORLD in worlds:
        compared = [whole_way.differing(seed) for seed in range(asked.compared)]
        shown, off = (sum(each) for each in zip(*compared, strict=True)) if compared else (0, 0)
        report.note("estimates that published results show", float(shown))
        report.claim("estimates that they show otherwise", float(off), "", at_most=0)
    if asked.write:
        written(tables, every)
    finish(report, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
