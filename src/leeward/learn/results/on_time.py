"""What if a step had met its clock? People are compared with people: those for whom it was done in time, and those who
had it late or not at all. Whoever had it in time and then reached help stands for what the others might have reached.
Who had reached help when the step was opened is in neither group: a cohort begins without what is waited for (Rothman,
Greenland and Lash 2008, ch. 7).

The replay says for each person which steps were met. The gain is the number of those people who missed the step times
the difference in the share that reached help (linked to a partner, or came to treatment), with Newcombe's interval. It
is an association: who is easy to serve is served in time, too. The page says so.

The ranking of bottlenecks prints the same people: for whom a step was due, and who missed it. So what it may print is
decided here, too: of the people of a step some never had it due, the others always had it in time or missed it, and
none of these may be few and found by subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import duckdb

from leeward.evidence.intervals import difference
from leeward.evidence.suppression import Cleared, Count, Ledger
from leeward.rules.protocol import Stage, Step

from .document import OnTime, Words

#: What is help, or says that it was reached; and what comes after it, or when a case has ended.
_HELP: Final = frozenset({"session.attended", "referral.closed"})
_AFTER_HELP: Final = frozenset({"session.attended", "session.missed", "treatment.completed", "case.closed"})


class Help(StrEnum):
    """Whether a person reached help since the step was first opened and due, had reached it before, or never did."""

    SINCE = "since"
    BEFORE = "before"
    NEVER = "never"


#: The people of one step: whether they always had it in time (None: it was never due), and whether they reached help.
People = Mapping[tuple[bool | None, Help], int]


@dataclass(frozen=True, slots=True)
class OnTimeCells:
    """`steps` for which anybody missed it, and the days lost by each."""

    steps: Mapping[str, tuple[Step, Stage]]

    def publish(self, cleared: Cleared) -> tuple[OnTime, ...]:
        """Only steps that may lead to help and of which all four numbers are shown, the greatest cautious gain first.
        Where everybody reached help, in time or not, the step says nothing."""
        leading = [name for name, (step, _stage) in self.steps.items() if leads_to_help(step)]
        found = [one for step in leading if (one := self._published(step, cleared)) is not None]
        return tuple(sorted(found, key=lambda one: -(one.gain_low if one.gain_low is not None else -1.0)))

    def may_rank(self, step: str, cleared: Cleared) -> bool:
        """Whether it may be told for how many people a step was due and how many missed it."""
        cell = f"ontime.{step}"
        return step not in self.steps or cleared.permits(due_cell(step), f"{cell}:missed")

    def _published(self, step: str, cleared: Cleared) -> OnTime | None:
        cell = f"ontime.{step}"
        met, missed = (
            cleared.share(f"{cell}:met:helped", f"{cell}:met:waiting"),
            cleared.share(f"{cell}:missed:helped", f"{cell}:missed:waiting"),
        )
        match (met.count, met.of, missed.count, missed.of):
            case (Count(value=a), Count(value=n_a), Count(value=b), Count(value=n_b)) if (
                n_a and n_b and a + b < n_a + n_b
            ):
                gap = difference(a, n_a, b, n_b)
                title = self.steps[step][0].title
                return OnTime(
                    step=step,
                    title=Words(title.en, title.es),
                    in_time=met,
                    not_in_time=missed,
                    difference=gap,
                    gain=max(gap.value, 0.0) * n_b,
                    gain_low=max(gap.low or 0.0, 0.0) * n_b,
                    gain_high=max(gap.high or 0.0, 0.0) * n_b,
                )
        return None


def leads_to_help(step: Step) -> bool:
    """Whether the step could bring somebody to help: it is not help itself, nor does it come after it or the end."""
    done, after = ({pattern.kind for pattern in trigger.patterns} for trigger in (step.done, step.after))
    return not ((done and done <= _HELP) or (after and after <= _AFTER_HELP))


def on_time(
    connection: duckdb.DuckDBPyConnection,
    steps: Mapping[str, tuple[Step, Stage]],
    helped: Mapping[str, datetime],
    ledger: Ledger,
) -> OnTimeCells:
    """Count the people of each step, by whether they had it in time and whether they reached help, into the ledger.
    `helped` says who did, and when first."""
    given = {"clients": list(helped), "moments": list(helped.values())}
    counts: dict[str, dict[tuple[bool | None, Help], int]] = {}
    for step, in_time, reached, number in connection.execute(_BY_PERSON, given).fetchall():
        counts.setdefault(step, {})[in_time, Help(reached)] = int(number)
    kept = {}
    for step in steps:  # in the protocol's order: rows come in any, and what is entered first may hide first
        found = counts.get(step, {})
        if any(in_time is False for in_time, _ in found):
            kept[step] = steps[step]
            enter(ledger, step, found)
        else:
            ledger.count(opened_cell(step), sum(found.values()))
    return OnTimeCells(kept)


def opened_cell(step: str) -> str:
    """The cell of the people for whom a step was opened."""
    return f"ontime.{step}:opened"


def due_cell(step: str) -> str:
    """The cell of the people for whom a step was due; only steps that somebody missed have it."""
    return f"ontime.{step}:due"


def enter(ledger: Ledger, step: str, people: People) -> None:
    """The people of a step, with every sum that readers can form. How many there are in all hides first."""
    cell = f"ontime.{step}"
    by_time = {in_time: sum(people.get((in_time, reached), 0) for reached in Help) for in_time in (True, False, None)}
    ledger.count(opened_cell(step), sum(by_time.values()))
    ledger.split(opened_cell(step), due_cell(step), by_time[True] + by_time[False], importance=1)
    for name, in_time in (("met", True), ("missed", False)):
        before, since = people.get((in_time, Help.BEFORE), 0), people.get((in_time, Help.SINCE), 0)
        ledger.count(f"{cell}:{name}", by_time[in_time])
        waiting = ledger.split(f"{cell}:{name}", f"{cell}:{name}:waiting", by_time[in_time] - before)
        ledger.split(waiting, f"{cell}:{name}:helped", since)
    ledger.sum(due_cell(step), f"{cell}:met", f"{cell}:missed")


#: A person missed a step if any opening of it that was due was late or is still open.
_BY_PERSON = """
WITH helped AS (SELECT unnest($clients) AS client, unnest($moments) AS since),
     one AS (SELECT client, step, bool_and(state = 'met') FILTER (WHERE is_due) AS in_time,
                    min(opened_at) FILTER (WHERE is_due) AS opened_at
               FROM judged GROUP BY client, step)
SELECT o.step, o.in_time,
       CASE WHEN h.since IS NULL THEN 'never' WHEN h.since <= o.opened_at THEN 'before' ELSE 'since' END AS reached,
       count(*)
  FROM one AS o LEFT JOIN helped AS h USING (client) GROUP BY ALL
"""
