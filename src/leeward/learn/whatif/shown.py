"""What may be shown of a comparison, as a document.

Everything is cleared in one ledger: both sides, what came and went, and each role's weeks. Where nothing changed for a
role, its weeks are given once. A difference of few between two shown numbers is a small count like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final

from leeward.evidence.suppression import SUPPRESSED
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import WideLedger
from leeward.learn.fidelity import Tally
from leeward.learn.plain import Json, plain

from .compare import SIDES, StepChange, WeekOfWork, WhatIf

FORMAT: Final = 1
#: What the document gives of each side of a step, and of both.
OF_A_SIDE: Final = ("opened", "due", "met", "missed", "late", "overdue", "declined", "void", "pending")
OF_BOTH: Final = ("new", "gone", "changed", "turned_missed", "turned_fine")
WORK: Final = ("openings", "closings", "open")
#: Which counts of one side make up which.
_SIDE_SUMS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "opened": (("due", "declined", "void", "pending"), ("closed", "still_open")),
    "due": (("met", "missed"),),
    "missed": (("late", "overdue"),),
    "still_open": (("overdue", "pending"),),
}
_STATES: Final = ("met", "late", "overdue", "declined", "void", "pending")
_MISSED: Final = ("late", "overdue")
#: What hides last: how often a step was asked for, and how often it was late or left undone.
_IMPORTANCE: Final = {"opened": 4, "missed": 4, "new": 3, "gone": 3, "changed": 2, "due": 2}
#: How a count is read: by the name of its cell.
_Read = Callable[[str], Json]


def document(found: WhatIf, threshold: Threshold | None, *, last_weeks: int | None = None) -> Mapping[str, Json]:
    """The comparison with all that makes it traceable; not suppressed at all where there is no threshold.

    With `last_weeks` only so many weeks are given, the latest ones: fewer take less time to clear.
    """
    ledger = WideLedger()
    given = _given(found, last_weeks)
    raw = enter(found, ledger, last_weeks)
    read: _Read
    if threshold is None:
        read = raw.__getitem__
    else:
        cleared = ledger.clear(threshold)

        def read(cell: str) -> Json:
            return plain(cleared.shown.get(cell, SUPPRESSED))

    return {
        "format": FORMAT,
        "a": {"protocol": found.a.name, "version": found.a.version},
        "b": {"protocol": found.b.name, "version": found.b.version},
        "now": found.now.isoformat(),
        "zone": found.zone,
        "threshold": None if threshold is None else threshold.k,
        "timeline_held_fixed": True,
        "people": read("people"),
        "steps": [_step(found, change, read) for change in found.steps],
        "roles": [_role(role, _sides(weeks), given[role], read) for role, weeks in _roles(found.weeks)],
    }


def _roles(weeks: Sequence[WeekOfWork]) -> list[tuple[str, list[WeekOfWork]]]:
    return [(role, list(group)) for role, group in groupby(weeks, key=lambda week: week.role)]


def _given(found: WhatIf, last_weeks: int | None) -> Mapping[str, Sequence[WeekOfWork]]:
    """The weeks of each role that the document gives."""
    return {
        role: weeks if last_weeks is None else weeks[max(0, len(weeks) - last_weeks) :]
        for role, weeks in _roles(found.weeks)
    }


def _sides(weeks: Sequence[WeekOfWork]) -> tuple[str, ...]:
    """The sides of a role's work that are counted apart: only one where nothing changes in any week."""
    return SIDES if any(week.is_changed for week in weeks) else ("a",)


# Into the ledger


class _Entered(dict[str, int]):
    """The counts by cell, as they go into the ledger."""

    def __init__(self, ledger: WideLedger) -> None:
        super().__init__()
        self.ledger = ledger

    def count(self, cell: str, tally: Tally, *, importance: int = 0, printed: bool = True) -> None:
        self[cell] = tally.openings
        self.ledger.count(cell, tally.openings, people=tally.people, importance=importance, printed=printed)


def enter(found: WhatIf, ledger: WideLedger, last_weeks: int | None = None) -> Mapping[str, int]:
    """Every count of the document into a ledger, with every sum that its readers can form. Returns the counts."""
    given = _given(found, last_weeks)
    entered = _Entered(ledger)
    entered.count("people", Tally(found.people, found.people), importance=9)
    for change in found.steps:
        _enter_step(entered, change)
    for role, weeks in _roles(found.weeks):
        sides = _sides(weeks)
        is_whole = len(given[role]) == len(weeks)
        _enter_weeks(entered, role, given[role], sides, is_whole=is_whole)
        _link_role(entered, found, role, given[role], sides, is_whole=is_whole)
    for cell in entered:
        # Where a centre is so small that zeros tell too much: first the weeks of a role go, then a step, then all.
        kind, _, rest = cell.partition(".")
        name = rest.partition(":")[0]
        ledger.group(f"{'1' if kind == 'role' else '2'} {kind} {name}", [cell])
    return entered


def _enter_step(entered: _Entered, change: StepChange) -> None:
    """Both sides and how one turns into the other. Where nothing changed both sides are the same, entered once."""
    cell = f"step.{change.step}"
    sides = {"a": change.a, "b": change.b if change.is_changed or change.a is None else None}
    for side, counts in sides.items():
        if counts is None:
            continue
        for name, tally in counts.items():
            importance = _IMPORTANCE.get(name, 1)
            entered.count(f"{cell}:{side}:{name}", tally, importance=importance, printed=name in OF_A_SIDE)
        for total, choices in _SIDE_SUMS.items():
            for parts in choices:
                entered.ledger.sum(f"{cell}:{side}:{total}", *(f"{cell}:{side}:{part}" for part in parts))
    for name, tally in change.both.items():
        entered.count(f"{cell}:{name}", tally, importance=_IMPORTANCE.get(name, 1), printed=name in OF_BOTH)
    if change.is_changed:
        _enter_turns(entered, cell, change, [side for side, counts in sides.items() if counts is not None])


def _enter_turns(entered: _Entered, cell: str, change: StepChange, sides: Sequence[str]) -> None:
    """From each state under A to each under B. What never happened is taken as known: the definitions tell it."""
    names: dict[tuple[str | None, str | None], str] = {}
    for before in (*_STATES, None):
        for after in (*_STATES, None):
            if before or after:
                tally = change.turned.get((before, after), Tally(0, 0))
                names[before, after] = f"{cell}:{before or 'none'}>{after or 'none'}"
                entered.count(names[before, after], tally, printed=tally.openings == 0)
    for state in _STATES:
        if "a" in sides:
            entered.ledger.sum(f"{cell}:a:{state}", *(names[turn] for turn in names if turn[0] == state))
        if "b" in sides:
            entered.ledger.sum(f"{cell}:b:{state}", *(names[turn] for turn in names if turn[1] == state))
    kept = {turn: name for turn, name in names.items() if None not in turn}
    groups = {
        "kept": kept.values(),
        "gone": [name for turn, name in names.items() if turn[1] is None],
        "new": [name for turn, name in names.items() if turn[0] is None],
        "changed": [name for (before, after), name in kept.items() if before != after],
        "turned_missed": [name for (before, after), name in kept.items() if before not in _MISSED and after in _MISSED],
        "turned_fine": [name for (before, after), name in kept.items() if before in _MISSED and after not in _MISSED],
    }
    for total, parts in groups.items():
        entered.ledger.sum(f"{cell}:{total}", *parts)


def _enter_weeks(
    entered: _Entered, role: str, weeks: Sequence[WeekOfWork], sides: Sequence[str], *, is_whole: bool
) -> None:
    """What opened, what closed and what stayed open go together: all that there is to do in a week is what was open
    before and what opens, and it closes or stays open."""
    before = ""
    for week in weeks:
        cell = f"role.{role}:{week.monday}"
        for side in sides:
            for what, tally in (week.a if side == "a" else week.b).items():
                entered.count(f"{cell}:{side}:{what}", tally, importance=what == "open", printed=what in WORK)
            load = f"{cell}:{side}:load"
            entered.ledger.sum(load, f"{cell}:{side}:closings", f"{cell}:{side}:open")
            if before:
                entered.ledger.sum(load, f"{cell}:{side}:openings", f"{before}:{side}:open")
            elif is_whole:
                entered.ledger.sum(load, f"{cell}:{side}:openings")
        if "b" in sides:
            _enter_difference(entered, cell, week)
        before = cell


def _enter_difference(entered: _Entered, cell: str, week: WeekOfWork) -> None:
    """What both sides share and what only one has. That nothing differs is taken as known."""
    for what in WORK:
        entered.count(f"{cell}:same:{what}", week.same[what], printed=False)
        for part, side, tally in (("gone", "a", week.gone[what]), ("new", "b", week.new[what])):
            entered.count(f"{cell}:{part}:{what}", tally, printed=tally.openings == 0)
            entered.ledger.sum(f"{cell}:{side}:{what}", f"{cell}:same:{what}", f"{cell}:{part}:{what}")


def _link_role(
    entered: _Entered, found: WhatIf, role: str, weeks: Sequence[WeekOfWork], sides: Sequence[str], *, is_whole: bool
) -> None:
    """A role's work is that of its steps, and, where every week is given, that of its weeks."""
    for side in sides:
        protocol = found.a if side == "a" else found.b
        steps = [_entered_as(entered, step.id, side) for step in protocol.steps if step.role == role]
        cells = [f"role.{role}:{week.monday}:{side}" for week in weeks]
        for what, name, parts in (
            ("openings", "opened", [f"{cell}:openings" for cell in cells] if is_whole else []),
            ("closings", "closed", [f"{cell}:closings" for cell in cells] if is_whole else []),
            ("open", "still_open", [f"{cell}:open" for cell in cells[-1:]]),
        ):
            total = f"role.{role}:{side}:{what}"
            number = sum(entered[f"{step}:{name}"] for step in steps)
            people = _at_least(found, role, side, name) if number else 0
            entered.count(total, Tally(number, people), importance=5)
            entered.ledger.sum(total, *(f"{step}:{name}" for step in steps))
            if parts:
                entered.ledger.sum(total, *parts)


def _entered_as(entered: _Entered, step: str, side: str) -> str:
    """The cells of one side of a step: those of A where both are the same."""
    return f"step.{step}:{side}" if f"step.{step}:{side}:opened" in entered else f"step.{step}:a"


def _at_least(found: WhatIf, role: str, side: str, name: str) -> int:
    """People behind a role's total: at least those behind the largest of its steps."""
    protocol = found.a if side == "a" else found.b
    counts = {change.step: change.a if side == "a" else change.b for change in found.steps}
    behind = [counts[step.id] for step in protocol.steps if step.role == role]
    return max((each[name].people for each in behind if each is not None), default=0)


# Out of it


def _step(found: WhatIf, change: StepChange, read: _Read) -> Json:
    cell = f"step.{change.step}"
    protocol = found.b if change.b is not None else found.a
    title = protocol.step(change.step).title
    same = not change.is_changed and change.a is not None
    sides: dict[str, Json] = {
        side: None if counts is None else {name: read(f"{cell}:{'a' if same else side}:{name}") for name in OF_A_SIDE}
        for side, counts in (("a", change.a), ("b", change.b))
    }
    both: dict[str, Json] = {name: read(f"{cell}:{name}") for name in OF_BOTH}
    return {"step": change.step, "title": {"en": title.en, "es": title.es}, **sides, **both}


def _role(role: str, counted: Sequence[str], weeks: Sequence[WeekOfWork], read: _Read) -> Json:
    sides = {side: side if side in counted else "a" for side in SIDES}

    def work(before: str) -> dict[str, Json]:
        return {side: {what: read(f"{before}:{source}:{what}") for what in WORK} for side, source in sides.items()}

    each: list[Json] = [
        {"week": f"{week.monday:%G-W%V}", "monday": week.monday.isoformat(), **work(f"role.{role}:{week.monday}")}
        for week in weeks
    ]
    return {"role": role, "changed": len(counted) > 1, **work(f"role.{role}"), "weeks": each}
