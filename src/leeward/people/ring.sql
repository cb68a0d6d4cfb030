-- One batch of a round: claim open tasks with a rung that is reached, raise what is reached, move on to the next rung.
-- A task waits while a plan is stale that may have closed it (people_staleplan).
WITH claimed AS (
    SELECT t.id, t.agency_id, t.client_id, t.step, t.rung_roles, t.rung_times
      FROM people_task t
     WHERE t.closed_at IS NULL AND t.next_rung_at <= %(now)s
       AND NOT EXISTS (
           SELECT FROM people_staleplan s
            WHERE s.client_id = t.client_id AND s.agency_id = t.agency_id AND t.step = ANY (s.steps)
              AND (s.subject IS NULL OR t.subject IS NULL OR s.subject = t.subject))
     ORDER BY t.next_rung_at
     LIMIT %(limit)s
       FOR UPDATE OF t SKIP LOCKED
), raised AS (
    INSERT INTO people_escalation (id, agency_id, client_id, task_id, step, rung, role, reached_at, raised_at)
    SELECT gen_random_uuid(), c.agency_id, c.client_id, c.id, c.step, r.number - 1, r.role, r.moment, %(now)s
      FROM claimed c
     CROSS JOIN LATERAL unnest(c.rung_roles, c.rung_times) WITH ORDINALITY AS r (role, moment, number)
     WHERE r.moment <= %(now)s
        ON CONFLICT (task_id, rung) DO NOTHING
    RETURNING task_id
), moved AS (
    UPDATE people_task t
       SET next_rung_at = (SELECT min(later.moment) FROM unnest(c.rung_times) AS later (moment)
                            WHERE later.moment > %(now)s)
      FROM claimed c
     WHERE t.id = c.id
    RETURNING t.id
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM raised)
