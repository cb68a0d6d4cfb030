"""Every step instance with what it is counted by: stage, role, site, month; how long it took; who did it, and whether
they were trained and, where something left, permitted."""
# ruff: noqa: S608 - the parts of these queries are constants of this package

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import duckdb

from leeward.rules.competence import Competence
from leeward.rules.protocol import Protocol

from . import consent, training
from .errors import FidelityError

#: What instances can be counted by.
DIMENSIONS: Final = ("step", "stage", "role", "site", "month")


def start(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that `judge` adds to: `judged`, and the steps in their order."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE lw_order (step VARCHAR, stage VARCHAR, role VARCHAR, position INTEGER)"
    )
    connection.execute(_TABLE)


def judge(
    connection: duckdb.DuckDBPyConnection,
    protocol: Protocol,
    competence: Competence | None,
    now: datetime,
    *,
    zone: str,
    only: Collection[str] | None = None,
) -> None:
    """Add the table `instances` to the table `judged`, as of `now`.

    Days and months are those of `zone`; `only` names the people to add. Without rules of training nobody is asked for
    it. Raises FidelityError, or ActionError for a training that no rule knows.
    """
    for step in protocol.steps:
        connection.execute(_PLACE, {"step": step.id, "stage": step.stage, "role": step.role})
    people = "" if only is None else " WHERE i.client IN (SELECT unnest($only))"
    given = {"zone": zone, "now": now} | ({} if only is None else {"only": sorted(only)})
    try:
        training.lay_out(connection, protocol, competence)
        consent.lay_out(connection, now)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE lw_done AS {_DONE}", {"zone": zone})
        connection.execute(f"CREATE OR REPLACE TEMP TABLE lw_shared AS {_SHARED}")
        connection.execute(f"INSERT INTO judged {_JUDGED}{people}", given)
    except duckdb.Error as error:
        raise FidelityError(
            f"The tables can't be counted: {str(error).splitlines()[0]}",
            hint="Check that events hold data as JSON text and that staff hold days in trained_on.",
        ) from error


_TABLE = """
CREATE OR REPLACE TEMP TABLE judged (
    client VARCHAR, step VARCHAR, stage VARCHAR, role VARCHAR, site VARCHAR, month VARCHAR, state VARCHAR,
    is_due BOOLEAN, is_done BOOLEAN, waited BIGINT, beyond BIGINT, needs_training BOOLEAN, is_untrained BOOLEAN,
    is_shared BOOLEAN, is_without_consent BOOLEAN, opened_at TIMESTAMPTZ)
"""

#: A step that another protocol had before keeps the place, stage and role that it has there.
_PLACE = """
INSERT INTO lw_order SELECT $step, $stage, $role, (SELECT count(*) FROM lw_order)
 WHERE NOT EXISTS (SELECT 1 FROM lw_order WHERE step = $step)
"""

_DONE = """
SELECT i.client, i.step, e.id, e.kind, e.data, e.actor, e.actor_role,
       row(e.occurred_at, e.recorded_at, e.id) AS place, CAST(timezone($zone, e.occurred_at) AS DATE) AS day
  FROM instances AS i JOIN events AS e ON e.client = i.client AND e.id = i.closed_by
 WHERE i.state IN ('met', 'late')
"""

_SHARED = f"""
SELECT d.id, bool_or({consent.WITHOUT_CONSENT}) AS is_without_consent FROM ({consent.SHARES}) AS d GROUP BY d.id
"""

#: What was overdue when its case closed had been missed by then: it does not become void, or failures would vanish from
#: the share done in time as cases close.
_JUDGED = f"""
WITH done AS (
    SELECT DISTINCT d.step, d.id, {training.NEEDS_TRAINING} AS needs_training, {training.UNTRAINED} AS is_untrained
      FROM lw_done AS d),
ended AS (
    SELECT * REPLACE (CASE WHEN state = 'void' AND closed_at > late_after THEN 'overdue' ELSE state END AS state)
      FROM instances)
SELECT i.client, i.step, s.stage, s.role, coalesce(CAST(c.site AS VARCHAR), '') AS site,
       strftime(timezone($zone, i.opened_at), '%Y-%m') AS month, i.state,
       i.state IN ('met', 'late', 'overdue') AS is_due, i.state IN ('met', 'late') AS is_done,
       epoch_us(coalesce(i.closed_at, $now)) - epoch_us(i.opened_at) AS waited,
       CASE WHEN i.state IN ('late', 'overdue')
            THEN epoch_us(coalesce(i.closed_at, $now)) - epoch_us(i.late_after) ELSE 0 END AS beyond,
       coalesce(d.needs_training, FALSE) AS needs_training, coalesce(d.is_untrained, FALSE) AS is_untrained,
       h.id IS NOT NULL AS is_shared, coalesce(h.is_without_consent, FALSE) AS is_without_consent,
       i.opened_at
  FROM ended AS i JOIN lw_order AS s ON s.step = i.step
  LEFT JOIN clients AS c ON c.client = i.client
  LEFT JOIN done AS d ON d.id = i.closed_by AND d.step = i.step AND i.state IN ('met', 'late')
  LEFT JOIN lw_shared AS h ON h.id = i.closed_by AND i.state IN ('met', 'late')
"""
