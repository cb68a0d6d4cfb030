"""What every measurement here shares: interleaved runs, medians of five, ratios, and one form of report.

Timings on a shared machine wander by tens of per cent. So both sides of a comparison run in turns within one process
(A B, B A, A B, …), the median of the rounds is taken on each side, and the spread is told beside it. A ratio of two
medians from the same minutes is steadier than either of them.
"""

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

ROUNDS = 5
#: Where data and results of measurements are kept; never in the repository.
KEPT = Path(__file__).parents[1] / "var" / "bench"


@dataclass(frozen=True, slots=True)
class Side:
    """Something to be timed. One call of `run` does `work` units; if it returns a number, that is its own seconds."""

    name: str
    work: float
    run: Callable[[], float | None]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of every round of one side."""

    name: str
    work: float
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds of the middle round."""
        return median(self.seconds)

    @property
    def rate(self) -> float:
        """Units a second, by the middle round."""
        return self.work / self.median

    @property
    def spread(self) -> float:
        """How far the slowest round lies above the fastest, as a share of the median."""
        return (max(self.seconds) - min(self.seconds)) / self.median


def interleaved(sides: Sequence[Side], *, rounds: int = ROUNDS, warm: bool = True) -> dict[str, Timing]:
    """Time all sides in turns, the order reversed every other round. `warm` runs each once beforehand, uncounted."""
    if warm:
        for side in sides:
            side.run()
    seconds: dict[str, list[float]] = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in sides if turn % 2 == 0 else reversed(sides):
            gc.collect()
            began = perf_counter()
            own = side.run()
            seconds[side.name].append(perf_counter() - began if own is None else own)
    return {side.name: Timing(side.name, side.work, tuple(seconds[side.name])) for side in sides}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A promise with the figure that was measured for it."""

    promise: str
    value: float
    unit: str
    bound: float
    at_least: bool

    @property
    def is_kept(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        verdict = "PASS" if self.is_kept else "short"
        return f"{verdict}  {self.promise}: {figure(self.value)} {self.unit}, must be {word} {figure(self.bound)}"


@dataclass(slots=True)
class Report:
    """What one script found; printed as it comes, and written as JSON at the end if asked for."""

    script: str
    machine: str
    versions: Mapping[str, str]
    figures: dict[str, float | str | Sequence[float]] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)

    def timing(self, timing: Timing, unit: str) -> None:
        """Print and keep the rate of a side."""
        self.figures[f"{timing.name}, {unit}/s"] = timing.rate
        self.figures[f"{timing.name}, seconds of each round"] = timing.seconds
        say(f"  {timing.name:<66}{figure(timing.rate):>12} {unit}/s   (spread {timing.spread:.0%})")

    def note(self, name: str, value: float | str, unit: str = "") -> None:
        """Print and keep a figure that is no promise."""
        self.figures[f"{name}, {unit}" if unit else name] = value
        shown = value if isinstance(value, str) else figure(value)
        say(f"  {name:<66}{shown:>12} {unit}")

    def claim(
        self, promise: str, value: float, unit: str, *, at_least: float | None = None, at_most: float = 0
    ) -> None:
        """Print and keep a promise: either `at_least` or `at_most` is its bound."""
        bound = at_most if at_least is None else at_least
        claim = Claim(promise=promise, value=value, unit=unit, bound=bound, at_least=at_least is not None)
        self.claims.append(claim)
        say(f"{claim}")

    def document(self) -> dict[str, object]:
        """The report as JSON can hold it."""
        return {
            "script": self.script,
            "machine": self.machine,
            "versions": dict(self.versions),
            "figures": self.figures,
            "claims": [
                {
                    "promise": claim.promise,
                    "value": claim.value,
                    "unit": claim.unit,
                    "bound": claim.bound,
                    "at_least": claim.at_least,
                    "kept": claim.is_kept,
                }
                for claim in self.claims
            ],
        }


class Run(NamedTuple):
    """Seconds that passed, seconds of processors, and the most memory at any moment, of one process."""

    wall: float
    processor: float
    mebibytes: float


def leeward(*command: str) -> Run:
    """One command of `leeward`, start of Python included, waited for by itself, so that its memory is its own."""
    start = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "leeward.platform.cli", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def arguments(about: str | None) -> argparse.ArgumentParser:
    """The options that every script has."""
    parser = argparse.ArgumentParser(description=(about or "").strip().split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to this file")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of which the median is taken")
    return parser


def begin(script: str, *packages: str) -> Report:
    """A report that starts by saying on what it was measured."""
    versions = {"python": platform.python_version(), **{package: version(package) for package in packages}}
    report = Report(Path(script).stem, machine(), versions)
    say(f"{report.script}: {report.machine}")
    say("  " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return report


def finish(report: Report, file: Path | None) -> None:
    """Write the report where it was asked for."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report.document(), indent=2) + "\n", encoding="utf-8")


def machine() -> str:
    """One line about the machine and how busy it was at the start."""
    load = os.getloadavg()[0]
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_memory()} GB, load {load:.1f}"


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def figure(value: float) -> str:
    """A number with as many digits as it deserves."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
