-- One case's tasks become what its plan says, in one statement: what is no longer told goes, what is told otherwise or
-- anew is written, what stays the same is not touched. A task that is written starts its ladder anew: one that has rung
-- does not ring twice, the job worker moves on from it.
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(told)s) AS i (
        step text, subject uuid, opened_at timestamptz, role text, due_at timestamptz, closed_at timestamptz,
        outcome text, rung_roles text[], rung_times timestamptz[])
), gone AS (
    DELETE FROM people_task t
     WHERE t.client_id = %(client)s
       AND NOT EXISTS (SELECT FROM told i WHERE i.step = t.step AND i.opened_at = t.opened_at
                          AND i.subject IS NOT DISTINCT FROM t.subject)
), fresh AS (
    DELETE FROM people_staleplan WHERE client_id = %(client)s
)
INSERT INTO people_task AS t (id, agency_id, client_id, step, subject, opened_at, role, due_at, closed_at, outcome,
                              rung_roles, rung_times, next_rung_at)
SELECT gen_random_uuid(), %(agency)s, %(client)s, i.step, i.subject, i.opened_at, i.role, i.due_at, i.closed_at,
       i.outcome, i.rung_roles, i.rung_times, CASE WHEN i.closed_at IS NULL THEN i.rung_times[1] END
  FROM told i
 WHERE NOT EXISTS (
       SELECT FROM people_task s
        WHERE s.client_id = %(client)s AND s.step = i.step AND s.opened_at = i.opened_at
          AND s.subject IS NOT DISTINCT FROM i.subject
          AND (s.role, s.outcome, s.rung_roles::text[], s.rung_times) = (i.role, i.outcome, i.rung_roles, i.rung_times)
          AND s.due_at IS NOT DISTINCT FROM i.due_at AND s.closed_at IS NOT DISTINCT FROM i.closed_at)
    ON CONFLICT (client_id, step, subject, opened_at) DO UPDATE
   SET role = excluded.role, due_at = excluded.due_at, closed_at = excluded.closed_at, outcome = excluded.outcome,
       rung_roles = excluded.rung_roles, rung_times = excluded.rung_times, next_rung_at = excluded.next_rung_at
