"""When an instance falls due, for all at once. Times are whole microseconds since 1970 in UTC.

A clock that runs in office time is looked up in two small tables made from the calendar: how much opening time had
passed by a moment, and at which moment so much has passed. Both are cut into buckets, so that every engine can join
them by equality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from leeward.rules.protocol.definition import Step
from leeward.rules.protocol.office import Clock, Office

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_DAY_MICROS: Final = 86_400_000_000
_MICRO: Final = timedelta(microseconds=1)


def micros(length: timedelta) -> int:
    """A length of time in microseconds."""
    return length // _MICRO


def moment(at: datetime) -> int:
    """A moment in microseconds since 1970, UTC."""
    return micros(at - _EPOCH)


def tables(office: Office, steps: Sequence[Step], first: datetime, last: datetime) -> dict[str, str]:
    """The tables that office clocks are looked up in, for openings from `first` to `last`, as `VALUES`."""
    found: dict[str, str] = {}
    start = office.local_day(first) - 2 * _DAY
    if hours := [step.within for step in steps if step.clock is Clock.OFFICE_HOURS]:
        end = office.local_day(office.due(last, max(hours), Clock.OFFICE_HOURS)) + 2 * _DAY
        found["lw_hours_passed"] = _values(_passed(office, start, end))
        found["lw_hours_reached"] = _values(_reached(office, start, end))
    if days := [step.within for step in steps if step.clock is Clock.OFFICE_DAYS]:
        end = office.local_day(office.due(last, max(days), Clock.OFFICE_DAYS)) + 2 * _DAY
        found["lw_days_passed"] = _values(_days_passed(office, start, end))
        found["lw_days_reached"] = _values(_days_reached(office, start, end))
    return found


#: Columns of the tables above.
COLUMNS: Final = {
    "lw_hours_passed": "day, begins, ends, passed, running",
    "lw_hours_reached": "bucket, beyond, upto, begins",
    "lw_days_passed": "day, begins, ends, number",
    "lw_days_reached": "number, closes",
}

#: SQL for the moment at which an instance `i` of step `w` falls due, and the joins that it needs.
DUE: Final = {
    Clock.ALWAYS: ("i.opened + w.within", ""),
    Clock.OFFICE_HOURS: (
        "r.begins + (p.passed + p.running * (i.opened - p.begins) + w.within - r.beyond)",
        f" JOIN lw_hours_passed AS p ON p.day = LW_FLOOR(i.opened, {_DAY_MICROS})"
        " AND p.begins <= i.opened AND i.opened < p.ends"
        " JOIN lw_hours_reached AS r"
        f" ON r.bucket = LW_FLOOR(p.passed + p.running * (i.opened - p.begins) + w.within - 1, {_DAY_MICROS})"
        " AND r.beyond < p.passed + p.running * (i.opened - p.begins) + w.within"
        " AND p.passed + p.running * (i.opened - p.begins) + w.within <= r.upto",
    ),
    Clock.OFFICE_DAYS: (
        "r.closes",
        f" JOIN lw_days_passed AS p ON p.day = LW_FLOOR(i.opened, {_DAY_MICROS})"
        " AND p.begins <= i.opened AND i.opened < p.ends"
        f" JOIN lw_days_reached AS r ON r.number = p.number + LW_FLOOR(w.within, {_DAY_MICROS})",
    ),
}


def _values(rows: Iterator[tuple[int, ...]]) -> str:
    return ", ".join(f"({', '.join(map(str, row))})" for row in rows)


def _days(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=number) for number in range((end - start).days))


def _spans(office: Office, start: date, end: date) -> Iterator[tuple[int, int]]:
    for day in _days(start, end):
        for span in office.spans(day):
            yield moment(span.starts), moment(span.ends)


def _passed(office: Office, start: date, end: date) -> Iterator[tuple[int, ...]]:
    """Pieces of every UTC day: opening time that had passed when the piece began, and whether time runs in it."""
    passed = 0
    at = (start - date(1970, 1, 1)).days * _DAY_MICROS - _DAY_MICROS
    for begins, ends in _spans(office, start, end):
        for piece in _by_day(at, begins):
            yield (*piece, passed, 0)
        for day, piece_begins, piece_ends in _by_day(begins, ends):
            yield day, piece_begins, piece_ends, passed, 1
            passed += piece_ends - piece_begins
        at = ends
    for piece in _by_day(at, at + 400 * _DAY_MICROS):
        yield (*piece, passed, 0)


def _reached(office: Office, start: date, end: date) -> Iterator[tuple[int, ...]]:
    """For each bucket of opening time, when it passes: beyond so much, up to so much, from this moment on."""
    passed = 0
    for begins, ends in _spans(office, start, end):
        whole = passed + ends - begins
        while passed < whole:
            bucket = passed // _DAY_MICROS
            upto = min(whole, (bucket + 1) * _DAY_MICROS)
            yield bucket, passed, upto, begins
            begins += upto - passed
            passed = upto


def _days_passed(office: Office, start: date, end: date) -> Iterator[tuple[int, ...]]:
    """Pieces of every UTC day: the number of the last open day up to then, the local day of the piece included."""
    number = 0
    for day in _days(start, end):
        number += bool(office.spans(day))
        for piece in _by_day(moment(office.midnight(day)), moment(office.midnight(day + _DAY))):
            yield (*piece, number)


def _days_reached(office: Office, start: date, end: date) -> Iterator[tuple[int, ...]]:
    """Each open day's number and when it closes."""
    open_days = (day for day in _days(start, end) if office.spans(day))
    for number, day in enumerate(open_days, start=1):
        yield number, moment(office.spans(day)[-1].ends)


def _by_day(begins: int, ends: int) -> Iterator[tuple[int, int, int]]:
    """A stretch of time cut at UTC midnights, each piece with its day."""
    while begins < ends:
        day = begins // _DAY_MICROS
        cut = min(ends, (day + 1) * _DAY_MICROS)
        yield day, begins, cut
        begins = cut
