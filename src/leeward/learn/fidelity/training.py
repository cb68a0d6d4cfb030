"""Whether who did a step had the role and the training for it that day: `rules.competence.may`, for all at once.

A course holds from the day it was completed until the day before it lapses, so `may` says yes when for each course that
the action needs there is a completion that holds that day. Completions of later days don't count.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from leeward.rules.competence import Action, ActionError, Competence
from leeward.rules.protocol import Protocol
from leeward.rules.yaml_source import nearest

from .scratch import small_table

_Row = tuple[object, ...]


def lay_out(connection: duckdb.DuckDBPyConnection, protocol: Protocol, competence: Competence | None) -> None:
    """Make the tables that `UNTRAINED` looks into. Raises ActionError for an action that no rule of training names."""
    actions: list[_Row] = []
    roles: list[_Row] = []
    needs: list[_Row] = []
    courses: list[_Row] = []
    if competence is not None:
        courses = [(course.code, course.valid_months) for course in competence.courses.values()]
        for step, action in _asked(protocol, competence):
            actions.append((step, action.code))
            roles += [(step, action.code, role) for role in sorted(action.roles)]
            needs += [(step, course) for course in action.needs]
    small_table(connection, "lw_actions", "step VARCHAR, action VARCHAR", actions)
    small_table(connection, "lw_roles", "step VARCHAR, action VARCHAR, role VARCHAR", roles)
    small_table(connection, "lw_needs", "step VARCHAR, course VARCHAR", needs)
    small_table(connection, "lw_courses", "course VARCHAR, months INTEGER", courses)
    connection.execute(_HELD)


def _asked(protocol: Protocol, competence: Competence) -> Iterator[tuple[str, Action]]:
    """Each step with each action that it requires."""
    for step in protocol.steps:
        for code in dict.fromkeys(step.requires):
            action = competence.actions.get(code)
            if action is None:
                raise ActionError(
                    f"No training rule names the action `{code}` that the step `{step.id}` requires.",
                    hint=nearest(code, competence.actions),
                )
            yield step.id, action


_HELD = """
CREATE OR REPLACE TEMP TABLE lw_held AS
SELECT DISTINCT s.staff, s.course, CAST(s.trained_on AS DATE) AS since,
       CAST(CAST(s.trained_on AS DATE) + to_months(c.months) AS DATE) AS until
  FROM staff AS s JOIN lw_courses AS c ON c.course = s.course
 WHERE s.trained_on IS NOT NULL
"""

#: SQL over `d` (step, actor, actor_role, day), something done: whether the step asks for training at all.
NEEDS_TRAINING = "EXISTS (SELECT 1 FROM lw_actions AS a WHERE a.step = d.step)"

#: SQL over the same: whether who did it might not do it that day.
UNTRAINED = """
(EXISTS (SELECT 1 FROM lw_actions AS a WHERE a.step = d.step AND NOT EXISTS (
    SELECT 1 FROM lw_roles AS r WHERE r.step = a.step AND r.action = a.action AND r.role = d.actor_role))
 OR EXISTS (SELECT 1 FROM lw_needs AS n WHERE n.step = d.step AND NOT EXISTS (
    SELECT 1 FROM lw_held AS h
     WHERE h.staff = d.actor AND h.course = n.course AND h.since <= d.day AND d.day < h.until)))
"""
