"""What opens and closes each step, for all cases at once.

The idea (proven equal to the walk of `plan` by tests): put the events that mean something to a step in order. Those
that finish, decline or void it cut the row into stretches; each stretch opens the step at most once, at its first
opening event, and the next cut closes it. So an event opens the step if it opens and the one before it did not already,
or if it also cuts; and once the superfluous openings are dropped, the next event is what closes it. Nothing depends on
the stretch before, so two passes over sorted rows suffice. Only a `done` that asks for all of several depends on when
its own instance opened, and is followed from instance to instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from leeward.rules.protocol.definition import Part, Pattern, Protocol, Step, Trigger

from .clocks import micros
from .marks import WIDTH, Marks

CUTS: Final = {Part.DONE: 1, Part.DECLINED: 2, Part.VOID: 3}
#: An instance: where in the case's timeline it opened; when, if it opened again without an event; and its ending, which
#: is the place of the closing event times four plus what it closed as.
COLUMNS: Final = "n, step, subject, opened_place, again, ending"
_FOLLOWING: Final = "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
_BEFORE: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
_SO_FAR: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A step with its place in the definition."""

    number: int
    step: Step

    @property
    def is_plain(self) -> bool:
        """Whether two passes over its events say all: no repeating, nothing joint, no other step's closing."""
        step = self.step
        return step.repeat is None and not step.after.is_joint and not step.done.is_joint and not step.after.closings


def instances(
    protocol: Protocol, marks: Marks, layer: Sequence[Numbered], earlier: Sequence[str], number: int
) -> list[tuple[str, str]]:
    """The tables of one layer of steps, the last of which holds every instance of theirs.

    `earlier` are the tables with the instances of the layers before. What is read more than once is a table of its
    own, because not every engine computes a common table expression only once.
    """
    plain = [each for each in layer if each.is_plain and not each.step.each_subject]
    each_subject = [each for each in layer if each.is_plain and each.step.each_subject]
    special = [each for each in layer if not each.is_plain]
    single = [each for each in special if not each.step.done.is_joint]
    joint = [each for each in special if each.step.done.is_joint]
    tables: list[tuple[str, str]] = []
    ctes: list[str] = []
    selects: list[str] = []
    if plain:
        ctes += _two_passes("plain", _for_case(marks, plain), "n, step", "CAST(NULL AS VARCHAR)")
        selects.append(f"SELECT {COLUMNS} FROM plain_instances")
    if each_subject:
        ctes += _two_passes("each", _for_subject(marks, each_subject), "n, step, subject", "subject")
        selects.append(f"SELECT {COLUMNS} FROM each_instances")
    if special:
        tables.append((f"lw_special_{number}", _as_query(_special_rows(protocol, marks, special, earlier))))
    if single:
        tables.append((f"lw_next_{number}", _as_query(_passed(single, f"lw_special_{number}"))))
        ctes += _with_repeats(marks, single, f"lw_next_{number}")
        selects.append(f"SELECT {COLUMNS} FROM special_instances")
    if joint:
        tables.append((f"lw_closed_{number}", _as_query(_endings(joint, f"lw_special_{number}"))))
        tables.append((f"lw_links_{number}", _links(f"lw_closed_{number}")))
        ctes += _followed(f"lw_closed_{number}", f"lw_links_{number}")
        selects.append(f"SELECT {COLUMNS} FROM joint_instances")
    recursive = "RECURSIVE " if joint else ""
    found = f"WITH {recursive}{', '.join(ctes)} {' UNION ALL '.join(selects)}"
    return [*tables, (f"lw_instances_{number}", found)]


def _as_query(ctes: Sequence[str]) -> str:
    """The last of some common table expressions, as the question that it answers."""
    *before, last = ctes
    question = last.partition(" AS (")[2].removesuffix(")")
    return f"WITH {', '.join(before)} {question}" if before else question


# The steps that most definitions consist of


def _two_passes(name: str, played: str, by: str, subject: str) -> list[str]:
    """Rows of cases (and subjects) that never open the step are dropped first: most cases close what they never did."""
    window = f"OVER (PARTITION BY {by} ORDER BY place)"
    same = " AND ".join(f"p.{column} = o.{column}" for column in by.split(", "))
    return [
        f"{name}_played AS (SELECT * FROM ({played}) AS p WHERE opens OR cut > 0)",
        f"{name}_asked AS (SELECT p.* FROM {name}_played AS p"
        f" JOIN (SELECT DISTINCT {by} FROM {name}_played WHERE opens) AS o ON {same})",
        f"{name}_marked AS (SELECT *, LAG(opens) {window} AS already FROM {name}_asked)",
        f"{name}_next AS (SELECT *, LEAD(place * 4 + cut) {window} AS ending FROM {name}_marked"
        " WHERE cut > 0 OR already IS NOT TRUE)",
        f"{name}_instances AS (SELECT n, step, {subject} AS subject, place AS opened_place,"
        f" CAST(NULL AS BIGINT) AS again, ending FROM {name}_next WHERE opens)",
    ]


def _for_case(marks: Marks, steps: Sequence[Numbered]) -> str:
    return (
        f"SELECT t.n, w.step, t.place, {_CUT} AS cut, {_opens(marks)} AS opens"
        f" FROM lw_timeline AS t JOIN {_watches(marks, steps)} ON w.kind = t.kind"
    )


def _for_subject(marks: Marks, steps: Sequence[Numbered]) -> str:
    """An event about no subject in particular opens and finishes nothing, but voids for all subjects."""
    watches = _watches(marks, steps)
    return (
        f"SELECT t.n, w.step, t.subject, t.place, {_CUT} AS cut, {_opens(marks)} AS opens"
        f" FROM lw_timeline AS t JOIN {watches} ON w.kind = t.kind WHERE t.subject IS NOT NULL"
        f" UNION ALL SELECT t.n, w.step, s.subject, t.place, 3 AS cut, FALSE AS opens"
        f" FROM lw_timeline AS t JOIN {watches} ON w.kind = t.kind JOIN {_SUBJECTS} ON s.n = t.n"
        f" WHERE t.subject IS NULL AND {_CUT} = 3"
    )


_CUT: Final = (
    "CASE WHEN (t.mask & w.done) <> 0 THEN 1 WHEN (t.mask & w.declined) <> 0 THEN 2"
    " WHEN (t.mask & w.void) <> 0 THEN 3 ELSE 0 END"
)
_SUBJECTS: Final = "(SELECT DISTINCT n, subject FROM lw_timeline WHERE subject IS NOT NULL) AS s"


def _opens(marks: Marks) -> str:
    return f"(t.mask & w.after) <> 0 AND {_asked(marks)}"


def _asked(marks: Marks) -> str:
    """Whether the step's opening condition holds after the event."""
    holds = " OR ".join(f"(t.{column} & w.{column}) <> 0" for column in marks.when_columns)
    return f"(w.unasked OR {holds})" if holds else "TRUE"


def _watches(marks: Marks, steps: Sequence[Numbered]) -> str:
    rows = []
    for each in steps:
        step = each.step
        for kind in _kinds(step):
            after, done = (marks.bits(trigger.patterns, kind) for trigger in (step.after, step.done))
            declined, void = marks.bits(step.declined, kind), marks.bits(step.void, kind)
            rows.append(f"({each.number}, {marks.kind(kind)}, {after}, {done}, {declined}, {void}{_asks(marks, step)})")
    columns = ", ".join(("unasked", *marks.when_columns))
    return f"(VALUES {', '.join(rows)}) AS w(step, kind, after, done, declined, void, {columns})"


def _asks(marks: Marks, step: Step) -> str:
    number = marks.when(step.when)
    bits = ["TRUE" if number is None else "FALSE"]
    for column in range(len(marks.when_columns)):
        bits.append(str(1 << number % WIDTH if number is not None and number // WIDTH == column else 0))
    return "".join(f", {bit}" for bit in bits)


def _kinds(step: Step) -> list[str]:
    patterns = (*step.after.patterns, *step.done.patterns, *step.declined, *step.void)
    return list(dict.fromkeys(pattern.kind for pattern in patterns))


# Steps that repeat, that wait for several things, or for other steps


def _special_rows(protocol: Protocol, marks: Marks, steps: Sequence[Numbered], earlier: Sequence[str]) -> list[str]:
    """One row for an event and a step (and subject): what it cuts, and which groups of `after` and `done` it shows."""
    after = "CAST(0 AS BIGINT)" + "".join(
        f" + CASE WHEN (t.mask & w.after_{number}) <> 0 THEN {1 << number} ELSE 0 END"
        for number in range(_widest(steps, "after"))
    )
    done = "CAST(0 AS BIGINT)" + "".join(
        f" + CASE WHEN (t.mask & w.done_{number}) <> 0 THEN {1 << number} ELSE 0 END"
        for number in range(_widest(steps, "done"))
    )
    watches = _special_watches(marks, steps)
    columns = "n, step, subject, place, cut, shown, finished"
    rows = [
        f"SELECT t.n, w.step, CASE WHEN w.each THEN t.subject ELSE '' END AS subject, t.place, {_CUT} AS cut,"
        f" {after} AS shown, {done} AS finished"
        f" FROM lw_timeline AS t JOIN {watches} ON w.kind = t.kind WHERE NOT w.each OR t.subject IS NOT NULL"
    ]
    if any(each.step.each_subject for each in steps):
        rows.append(
            "SELECT t.n, w.step, s.subject, t.place, 3 AS cut, CAST(0 AS BIGINT) AS shown,"
            " CAST(0 AS BIGINT) AS finished"
            f" FROM lw_timeline AS t JOIN {watches} ON w.kind = t.kind JOIN {_SUBJECTS} ON s.n = t.n"
            f" WHERE w.each AND t.subject IS NULL AND {_CUT} = 3"
        )
    if follows := _follow_rows(protocol, steps):
        listed = f"(VALUES {', '.join(follows)}) AS f(step, each, before, closed_as, shown)"
        rows += [
            f"SELECT i.n, f.step, CASE WHEN f.each THEN i.subject ELSE '' END AS subject,"
            " LW_FLOOR(i.ending, 4) AS place, 0 AS cut, CAST(f.shown AS BIGINT) AS shown,"
            " CAST(0 AS BIGINT) AS finished"
            f" FROM {table} AS i JOIN {listed} ON f.before = i.step AND f.closed_as = i.ending % 4"
            for table in earlier
        ]
    settled = ", ".join(
        (
            f"({each.number}, {(1 << len(each.step.after.groups)) - 1}, {(1 << len(each.step.done.groups)) - 1},"
            f" {_micros(each.step)}{_asks(marks, each.step)})"
        )
        for each in steps
    )
    names = ", ".join(("unasked", *marks.when_columns))
    return [
        f"special_played AS ({' UNION ALL '.join(f'SELECT {columns} FROM ({row}) AS r' for row in rows)})",
        "special_merged AS (SELECT n, step, subject, place, MAX(cut) AS cut, BIT_OR(shown) AS shown,"
        " BIT_OR(finished) AS finished FROM special_played WHERE cut > 0 OR shown <> 0 OR finished <> 0"
        " GROUP BY n, step, subject, place)",
        "special_cut AS (SELECT *, SUM(CASE WHEN cut > 0 THEN 1 ELSE 0 END) OVER"
        f" (PARTITION BY n, step, subject ORDER BY place {_SO_FAR}) AS stretch FROM special_merged)",
        "special_seen AS (SELECT *, BIT_OR(shown) OVER"
        f" (PARTITION BY n, step, subject, stretch ORDER BY place {_SO_FAR}) AS seen FROM special_cut)",
        "special_marked AS (SELECT s.n, s.step, s.subject, s.place, t.happened, s.cut, s.finished, w.all_done,"
        f" w.again_after, s.shown <> 0 AND s.seen = w.all_after AND {_asked(marks)} AS opens FROM special_seen AS s"
        f" JOIN (VALUES {settled}) AS w(step, all_after, all_done, again_after, {names}) ON w.step = s.step"
        " JOIN lw_timeline AS t ON t.n = s.n AND t.place = s.place)",
    ]


def _special_watches(marks: Marks, steps: Sequence[Numbered]) -> str:
    afters, dones = _widest(steps, "after"), _widest(steps, "done")
    rows = []
    for each in steps:
        step = each.step
        for kind in _kinds(step):
            after, done = _group_bits(marks, step.after, kind, afters), _group_bits(marks, step.done, kind, dones)
            # What finishes only together with others cuts nothing by itself.
            cuts = 0 if step.done.is_joint else marks.bits(step.done.patterns, kind)
            declined, void = marks.bits(step.declined, kind), marks.bits(step.void, kind)
            each_subject = "TRUE" if step.each_subject else "FALSE"
            numbers = ", ".join(map(str, (cuts, declined, void, *after, *done)))
            rows.append(f"({each.number}, {each_subject}, {marks.kind(kind)}, {numbers})")
    groups = ", ".join([f"after_{number}" for number in range(afters)] + [f"done_{number}" for number in range(dones)])
    return f"(VALUES {', '.join(rows)}) AS w(step, each, kind, done, declined, void, {groups})"


def _group_bits(marks: Marks, trigger: Trigger, kind: str, count: int) -> list[int]:
    groups = [[member for member in group if isinstance(member, Pattern)] for group in trigger.groups]
    return [marks.bits(group, kind) for group in groups] + [0] * (count - len(groups))


def _widest(steps: Sequence[Numbered], part: str) -> int:
    return max(len(getattr(each.step, part).groups) for each in steps)


def _follow_rows(protocol: Protocol, steps: Sequence[Numbered]) -> list[str]:
    chosen = {each.number: each.step for each in steps}
    return [
        f"({follower.position}, {'TRUE' if chosen[follower.position].each_subject else 'FALSE'}, {before},"
        f" {CUTS[part]}, {follower.groups})"
        for (before, part), followers in protocol.followers.items()
        for follower in followers
        if follower.position in chosen
    ]


def _micros(step: Step) -> str:
    return "CAST(NULL AS BIGINT)" if step.repeat is None else f"CAST({micros(step.repeat)} AS BIGINT)"


def _listed(steps: Sequence[Numbered]) -> str:
    return ", ".join(str(each.number) for each in steps)


def _passed(steps: Sequence[Numbered], rows: str) -> list[str]:
    """The two passes, with what is needed to know when a step opens again."""
    window = "OVER (PARTITION BY n, step, subject ORDER BY place)"
    before = f"OVER (PARTITION BY n, step, subject ORDER BY place {_BEFORE})"
    return [
        f"special_passed AS (SELECT *, LAG(opens) {window} AS already,"
        f" MAX(CASE WHEN opens THEN place END) {before} AS opened_before,"
        f" MAX(CASE WHEN cut = 3 THEN place END) {before} AS voided_before"
        f" FROM {rows} WHERE (opens OR cut > 0) AND step IN ({_listed(steps)}))",
        f"special_next AS (SELECT *, LEAD(happened) {window} AS next_happened, LEAD(cut) {window} AS next_cut,"
        f" LEAD(place * 4 + cut) {window} AS ending, LEAD(place * 4 + cut, 2) {window} AS ending_after"
        " FROM special_passed WHERE cut > 0 OR already IS NOT TRUE)",
    ]


def _with_repeats(marks: Marks, steps: Sequence[Numbered], rows: str) -> list[str]:
    """The instances, with those that open at the end of a waiting, at which no event happens."""
    window = "OVER (PARTITION BY n, step, subject ORDER BY place)"
    opened = (
        "SELECT n, step, NULLIF(subject, '') AS subject, place AS opened_place, CAST(NULL AS BIGINT) AS again, ending"
    )
    if all(each.step.repeat is None for each in steps):
        return [f"special_instances AS ({opened} FROM {rows} WHERE opens)"]
    return [
        f"special_waiting AS (SELECT *, happened + again_after AS again FROM {rows}"
        " WHERE again_after IS NOT NULL AND cut IN (1, 2) AND NOT opens"
        " AND opened_before IS NOT NULL AND (voided_before IS NULL OR voided_before <= opened_before)"
        " AND (next_happened IS NULL OR next_happened > happened + again_after))",
        "special_again AS (SELECT r.* FROM special_waiting AS r"
        " JOIN lw_timeline AS t ON t.n = r.n AND t.happened <= r.again AND (t.until IS NULL OR t.until > r.again)"
        f" JOIN (VALUES {', '.join(f'({each.number}{_asks(marks, each.step)})' for each in steps)})"
        f" AS w(step, {', '.join(('unasked', *marks.when_columns))}) ON w.step = r.step"
        f" WHERE r.again <= LW_NOW AND {_asked(marks)})",
        f"special_follows AS (SELECT s.*, a.again FROM {rows} AS s LEFT JOIN special_again AS a"
        " ON a.n = s.n AND a.step = s.step AND a.subject = s.subject AND a.place = s.place)",
        f"special_all AS (SELECT *, LAG(again) {window} AS reopened FROM special_follows)",
        f"special_instances AS ({opened} FROM special_all WHERE opens AND (cut > 0 OR reopened IS NULL)"
        " UNION ALL SELECT n, step, NULLIF(subject, '') AS subject, place AS opened_place, again,"
        " CASE WHEN next_cut = 0 THEN ending_after ELSE ending END AS ending FROM special_all WHERE again IS NOT NULL)",
    ]


_SAME: Final = "a.n = b.n AND a.step = b.step AND a.subject = b.subject"


def _endings(steps: Sequence[Numbered], rows: str) -> list[str]:
    """Steps that are done when all of several are: where each opening event would end, if it opened an instance."""
    window = f"OVER (PARTITION BY n, step, subject ORDER BY place {_FOLLOWING})"
    groups = range(_widest(steps, "done"))
    firsts = ", ".join(
        f"CASE WHEN (all_done & {1 << number}) = 0 THEN 0 ELSE"
        f" MIN(CASE WHEN (finished & {1 << number}) <> 0 THEN place END) {window} END AS first_{number}"
        for number in groups
    )
    missing = " OR ".join(f"first_{number} IS NULL" for number in groups)
    latest = f"GREATEST({', '.join(f'first_{number}' for number in groups)})"
    return [
        f"joint_rows AS (SELECT * FROM {rows} WHERE step IN ({_listed(steps)}))",
        f"joint_ahead AS (SELECT *, {firsts}, MIN(CASE WHEN cut > 0 THEN place * 4 + cut END) {window} AS stop"
        " FROM joint_rows)",
        "joint_ends AS (SELECT n, step, subject, place,"
        f" CASE WHEN {missing} THEN NULL ELSE {latest} * 4 + 1 END AS whole, stop FROM joint_ahead WHERE opens)",
        "joint_closed AS (SELECT n, step, subject, place,"
        " CASE WHEN whole IS NULL THEN stop WHEN stop IS NULL OR whole < stop THEN whole ELSE stop END AS ending"
        " FROM joint_ends)",
    ]


def _links(closed: str) -> str:
    """From each opening event to the first one after it ended."""
    return (
        f"SELECT a.n, a.step, a.subject, a.place, MIN(b.place) AS following FROM {closed} AS a"
        f" LEFT JOIN {closed} AS b ON {_SAME} AND b.place >= LW_FLOOR(a.ending, 4)"
        " GROUP BY a.n, a.step, a.subject, a.place"
    )


def _followed(closed: str, links: str) -> list[str]:
    """The instances: what closes one decides where the next can open."""
    return [
        f"joint_chain AS (SELECT n, step, subject, MIN(place) AS place FROM {closed} GROUP BY n, step, subject"
        f" UNION ALL SELECT a.n, a.step, a.subject, a.following AS place FROM {links} AS a JOIN joint_chain AS b"
        f" ON {_SAME} AND a.place = b.place WHERE a.following IS NOT NULL)",
        "joint_instances AS (SELECT a.n, a.step, NULLIF(a.subject, '') AS subject, a.place AS opened_place,"
        f" CAST(NULL AS BIGINT) AS again, a.ending FROM {closed} AS a"
        f" JOIN joint_chain AS b ON {_SAME} AND a.place = b.place)",
    ]
