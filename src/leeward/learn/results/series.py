"""Who was spoken to and who was found, period by period of coming: a control chart and an interrupted series.

A person counts in the period in which they came, and only for what happened within 30 days, so that who came lately
is not held against the centre. Periods are counted from go-live; those that the data do not cover whole are left out.

Limits are a formula of the centre and of how many came, so they give the centre away, and with it how many were reached
before go-live: they are told only where these are. Nor may a rule that is met say on which side a hidden period lies.
The model rests on every period. With few of them hidden one could try what makes it come out as printed, so it is told
where none is, or so many that nobody can, and then in two digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import floor, log10
from typing import Final
from zoneinfo import ZoneInfo

from leeward.evidence.choices import Family, Kind
from leeward.evidence.control import Chart, Signal, chart
from leeward.evidence.errors import EvidenceError
from leeward.evidence.intervals import Estimate
from leeward.evidence.series import LEAST_FOR_SLOPE, Interruption, interrupted
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Ledger

from .cases import Case, Era, Population
from .document import Point, Series, Value
from .settings import ResultsSettings

MONTH: Final = timedelta(days=30.4375)
FOLLOWED: Final = timedelta(days=30)
#: Where fewer people than this come in a usual month, quarters are shown instead.
_ENOUGH_A_MONTH: Final = 40
#: Shares of groups this large vary more than chance alone says (Laney 2002).
_LARGE: Final = 1_000
_LONGEST: Final = 120
#: So many hidden periods have more ways to be filled, by a hundred times, than two digits of all figures tell apart.
_UNTRIABLE: Final = 10


@dataclass(frozen=True, slots=True)
class _Asked:
    """One share that is followed: of whom, and what has to have happened."""

    name: str
    among: Callable[[Case], bool]
    reached: Callable[[Case], bool]


def _soon(case: Case, kind: str, **wanted: object) -> bool:
    """Whether an event of the kind, with these values, came within 30 days."""
    until = case.came_at + FOLLOWED
    return any(
        event.occurred_at <= until and all(event.data.get(name) == value for name, value in wanted.items())
        for event in case.of(kind)
    )


FOLLOWED_SHARES: Final = (
    _Asked("asked", lambda case: _soon(case, "indicator.observed"), lambda case: _soon(case, "conversation.private")),
    _Asked("identified", lambda case: True, lambda case: _soon(case, "screening.completed", result="positive")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """The counts of one share, by period from go-live: below zero before it."""

    name: str
    months: int
    periods: Sequence[int]
    people: Mapping[int, int]
    reached: Mapping[int, int]

    def cell(self, period: int) -> str:
        return f"series.{self.name}.{period}"

    def whole(self, era: Era) -> str:
        return f"series.{self.name}.{era.value}"

    def of(self, era: Era) -> list[int]:
        return [period for period in self.periods if (period < 0) is (era is Era.BEFORE)]


@dataclass(frozen=True, slots=True)
class SeriesCells:
    people: Population
    lines: tuple[_Line, ...]
    zone: str

    def publish(self, cleared: Cleared) -> tuple[Series, ...]:
        return tuple(self._published(line, cleared) for line in self.lines)

    def _published(self, line: _Line, cleared: Cleared) -> Series:
        found = _charted(line)
        model, trouble = _modelled(line)
        enough = all(
            cleared.is_large(line.whole(era), f"{line.whole(era)}:reached")
            for era in (Era.BEFORE, Era.SINCE)
            if line.of(era)
        )
        points = tuple(
            self._point(line, place, found if enough else None, cleared) for place in range(len(line.periods))
        )
        hidden = sum(point.share.estimate is None for point in points)
        told = model if enough and (hidden == 0 or hidden >= _UNTRIABLE) else None
        return Series(
            name=line.name,
            months=line.months,
            followed_days=FOLLOWED.days,
            points=points,
            centre=(found.centre if enough else SUPPRESSED) if found else None,
            baseline=found.baseline if found else None,
            laney=found.laney if found and enough else None,
            rate_ratio=_shown(model.rate_ratio if model else None, told, coarse=hidden > 0),
            slope_ratio=_shown(model.slope if model else None, told, coarse=hidden > 0),
            trend=_shown(model.trend if model else None, told, coarse=hidden > 0),
            dispersion=_coarse(told.dispersion) if told else None,
            durbin_watson=_coarse(told.durbin_watson) if told else None,
            refusal=trouble,
            warnings=_warnings(found if enough else None, told),
        )

    def _point(self, line: _Line, place: int, found: Chart | None, cleared: Cleared) -> Point:
        period = line.periods[place]
        cell = line.cell(period)
        share = cleared.share(f"{cell}:reached", cell)
        known = found is not None and isinstance(share.of, Count) and share.of.value > 0
        go_live = self.people.go_live
        assert go_live is not None  # noqa: S101 - without it there are no lines
        return Point(
            start=(go_live + period * line.months * MONTH).astimezone(ZoneInfo(self.zone)).date(),
            period=period,
            share=share,
            low=float(found.lower[place]) if found and known else None,
            high=float(found.upper[place]) if found and known else None,
            signals=tuple(
                sorted(
                    {
                        signal.rule.value
                        for signal in (found.signals if found else ())
                        if signal.position == place + 1 and self._is_public(line, signal, cleared)
                    }
                )
            ),
        )

    def _is_public(self, line: _Line, signal: Signal, cleared: Cleared) -> bool:
        """Whether every period that the rule looks at is shown."""
        cells = [line.cell(line.periods[place]) for place in range(signal.first - 1, signal.last)]
        return all(cleared.permits(cell, f"{cell}:reached") for cell in cells)


def _shown(value: Estimate | None, told: Interruption | None, *, coarse: bool) -> Value:
    """What the model says: whole, in two digits without an error of its own, or hidden."""
    if value is None:
        return None
    if told is None:
        return SUPPRESSED
    if not coarse:
        return value
    low, high = (None if end is None else _coarse(end) for end in (value.low, value.high))
    return replace(value, value=_coarse(value.value), low=low, high=high, standard_error=None)


def _coarse(number: float) -> float:
    """Two digits."""
    return round(number, 1 - floor(log10(abs(number)))) if number else 0.0


def _warnings(found: Chart | None, model: Interruption | None) -> tuple[str, ...]:
    """How many events were to be expected says how many there were, so a warning is told with its figures only."""
    return tuple(dict.fromkeys((*(found.warnings if found else ()), *(model.warnings if model else ()))))


def series(people: Population, settings: ResultsSettings, ledger: Ledger) -> SeriesCells:
    """Count each share by period into the ledger; nothing where the data do not say when the protocol began."""
    lines = [] if people.go_live is None else [_line(each, people) for each in FOLLOWED_SHARES]
    for line in lines:
        _enter(ledger, line)
    return SeriesCells(people, tuple(line for line in lines if line.periods), settings.zone)


def _line(asked: _Asked, people: Population) -> _Line:
    go_live = people.go_live
    assert go_live is not None  # noqa: S101
    came = [case.came_at for case in people.cases]
    span = max((max(came) - min(came)) / MONTH, 1.0)
    months = 1 if len(came) / span >= _ENOUGH_A_MONTH else 3
    length = months * MONTH
    first = floor((min(came) - go_live) / length)
    first += 1 if go_live + first * length < min(came) - timedelta(days=3) else 0
    last = floor((people.now - FOLLOWED - go_live) / length)  # the first period that is not over, followed up
    periods = list(range(max(first, last - _LONGEST), last))
    counted = {period: 0 for period in periods}
    reached = dict(counted)
    for case in people.cases:
        period = floor((case.came_at - go_live) / length)
        if period in counted and asked.among(case):
            counted[period] += 1
            reached[period] += asked.reached(case)
    return _Line(name=asked.name, months=months, periods=periods, people=counted, reached=reached)


def _enter(ledger: Ledger, line: _Line) -> None:
    for period in line.periods:
        ledger.count(line.cell(period), line.people[period])
        ledger.split(line.cell(period), f"{line.cell(period)}:reached", line.reached[period])
    for era in (Era.BEFORE, Era.SINCE):
        if mine := line.of(era):
            ledger.count(line.whole(era), sum(line.people[each] for each in mine), importance=2)
            ledger.split(
                line.whole(era), f"{line.whole(era)}:reached", sum(line.reached[each] for each in mine), importance=2
            )
            ledger.sum(line.whole(era), *(line.cell(each) for each in mine))
            ledger.sum(f"{line.whole(era)}:reached", *(f"{line.cell(each)}:reached" for each in mine))


def _charted(line: _Line) -> Chart | None:
    """A chart whose limits rest on the periods before go-live where there are three of them, else on all."""
    before = len(line.of(Era.BEFORE))
    sizes = [line.people[period] for period in line.periods]
    try:
        return chart(
            Kind.P,
            [line.reached[period] for period in line.periods],
            sizes,
            baseline=before if before >= 3 else None,
            laney=sorted(sizes)[len(sizes) // 2] >= _LARGE,
        )
    except (EvidenceError, IndexError):
        return None


def _modelled(line: _Line) -> tuple[Interruption | None, str | None]:
    """The interrupted series; why not, as a code, where there is none."""
    filled = [period for period in line.periods if line.people[period]]
    try:
        found = interrupted(
            [period * line.months for period in filled],
            [line.reached[period] for period in filled],
            start=0,
            family=Family.QUASI_POISSON,
            exposure=[line.people[period] for period in filled],
            slope=sum(period >= 0 for period in filled) >= LEAST_FOR_SLOPE,
        )
    except EvidenceError:
        return None, "too_few_periods"
    return found, None
