-- One case's tasks become what its plan says, in one statement: what is no longer told goes, what is told otherwise or
-- anew is written, what stays the same is not touched. A task that is written starts its ladder anew: one that has rung
-- does not ring twice, the job worker moves on from it. Its caller holds the case's lock, so nobody writes beside it.
-- The tasks are read once, and each writing finds its rows by what was read: one with nothing to do asks no policy.
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(told)s) AS i (
        step text, subject uuid, opened_at timestamptz, role text, due_at timestamptz, closed_at timestamptz,
        outcome text, rung_roles text[], rung_times timestamptz[])
), held AS MATERIALIZED (
    SELECT * FROM people_task WHERE client_id = %(client)s
), gone AS (
    DELETE FROM people_task t
     WHERE t.id IN (SELECT s.id FROM held s
                     WHERE NOT EXISTS (SELECT FROM told i WHERE i.step = s.step AND i.opened_at = s.opened_at
                                          AND i.subject IS NOT DISTINCT FROM s.subject))
), fresh AS (
    DELETE FROM people_staleplan WHERE client_id = %(client)s
), moved AS (
    UPDATE people_task t
       SET role = i.role, due_at = i.due_at, closed_at = i.closed_at, outcome = i.outcome, rung_roles = i.rung_roles,
           rung_times = i.rung_times, next_rung_at = CASE WHEN i.closed_at IS NULL THEN i.rung_times[1] END
      FROM told i JOIN held s ON s.step = i.step AND s.opened_at = i.opened_at
                             AND s.subject IS NOT DISTINCT FROM i.subject
     WHERE t.id = s.id
       AND ((s.role, s.outcome, s.rung_roles::text[], s.rung_times) <> (i.role, i.outcome, i.rung_roles, i.rung_times)
            OR s.due_at IS DISTINCT FROM i.due_at OR s.closed_at IS DISTINCT FROM i.closed_at)
)
INSERT INTO people_task (id, agency_id, client_id, step, subject, opened_at, role, due_at, closed_at, outcome,
                         rung_roles, rung_times, next_rung_at)
SELECT gen_random_uuid(), %(agency)s, %(client)s, i.step, i.subject, i.opened_at, i.role, i.due_at, i.closed_at,
       i.outcome, i.rung_roles, i.rung_times, CASE WHEN i.closed_at IS NULL THEN i.rung_times[1] END
  FROM told i
 WHERE NOT EXISTS (
       SELECT FROM held s
        WHERE s.step = i.step AND s.opened_at = i.opened_at AND s.subject IS NOT DISTINCT FROM i.subject)
