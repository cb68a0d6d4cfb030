"""Whether a permission was in force when something left, from the timeline alone.

A permission runs from the event that records it to the end of its last day by the site's clock, or to the event that
takes permissions for that recipient back, whichever comes first. Events count in the order of the timeline; one that
was corrected never counts. A permission without a readable last day is in force for nobody. Where the event that shares
names only a kind of agency, a permission for any agency of that kind covers it.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from .scratch import small_table
from .sharing import SHARINGS


def lay_out(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Make the tables that `SHARES` and `WITHOUT_CONSENT` look into, of the events that count at `now`."""
    rows: list[tuple[object, ...]] = [
        (each.kind, each.to, each.to_kind, *(each.only or (None, None)), each.data_class) for each in SHARINGS
    ]
    small_table(
        connection,
        "lw_sharings",
        "kind VARCHAR, to_field VARCHAR, to_kind VARCHAR, only_field VARCHAR, only_value VARCHAR, data_class VARCHAR",
        rows,
    )
    connection.execute(_PERMISSIONS, {"now": now})


_PERMISSIONS = """
CREATE OR REPLACE TEMP TABLE lw_permissions AS
SELECT e.client, e.kind, row(e.occurred_at, e.recorded_at, e.id) AS place,
       json_extract_string(e.data, '$.recipient') AS recipient, a.kind AS recipient_kind,
       TRY_CAST(json_extract_string(e.data, '$.until') AS DATE) AS last_day,
       json_extract(e.data, '$.classes') AS classes
  FROM events AS e LEFT JOIN agencies AS a ON a.agency = json_extract_string(e.data, '$.recipient')
 WHERE e.kind IN ('consent.granted', 'consent.withdrawn') AND e.occurred_at <= $now
   AND NOT EXISTS (SELECT 1 FROM events AS c WHERE c.client = e.client AND c.supersedes = e.id)
"""

#: SQL over `d` (id, client, kind, data, place, day), something done: the sharing that it is, if it is one.
SHARES = """
SELECT d.id, d.client, d.place, d.day, s.data_class,
       coalesce(json_extract_string(d.data, '$.' || s.to_field), s.to_kind) AS recipient
  FROM lw_done AS d JOIN lw_sharings AS s ON s.kind = d.kind
 WHERE s.only_field IS NULL OR json_extract_string(d.data, '$.' || s.only_field) = s.only_value
"""

#: SQL over a row `d` of the above: whether no permission covered the recipient.
WITHOUT_CONSENT = """
NOT EXISTS (
    SELECT 1 FROM lw_permissions AS g
     WHERE g.client = d.client AND g.kind = 'consent.granted' AND g.place < d.place AND d.day <= g.last_day
       AND (g.recipient = d.recipient OR g.recipient_kind = d.recipient)
       AND (d.data_class IS NULL OR g.classes IS NULL OR json_contains(g.classes, to_json(d.data_class)))
       AND NOT EXISTS (
           SELECT 1 FROM lw_permissions AS w
            WHERE w.client = g.client AND w.kind = 'consent.withdrawn' AND w.recipient = g.recipient
              AND g.place < w.place AND w.place < d.place))
"""
