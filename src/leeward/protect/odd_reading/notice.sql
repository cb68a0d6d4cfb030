-- Reading that somebody should look at (A-05): of staff of centres, by what the audit record holds since a moment, a row for
-- each person, kind and day. What was noted of these days before is made anew, so that a second round changes nothing. What
-- was opened in an emergency is not noted here: that has a review of its own.
CREATE FUNCTION ctx.notice_odd(
    since timestamptz, open_hours tstzmultirange, zone text, many integer, idle_days integer)
RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH looks AS MATERIALIZED (
        SELECT a.id, a.at, a.staff_id, a.agency_id, a.client_id, (a.at AT TIME ZONE zone)::date AS day,
               a.action IN ('searched web.people', 'refused web.emergency') AS is_search,
               a.client_id IS NOT NULL AND (starts_with(a.action, 'read ') OR starts_with(a.action, 'printed '))
               AND a.action NOT IN ('read web.worklist', 'read web.people', 'read web.late_steps') AS is_opening
          FROM protect_auditrecord a
         WHERE a.at >= since AND a.staff_id IS NOT NULL AND a.rule <> 'emergency'
           AND a.agency_id IN (SELECT g.id FROM people_agency g WHERE g.kind = 'centre')
    ), odd AS (
        SELECT 'after_hours' AS kind, l.staff_id, l.agency_id, l.day, l.id
          FROM looks l
         WHERE l.is_opening AND NOT l.at <@ open_hours
        UNION ALL
        SELECT 'searches', l.staff_id, l.agency_id, l.day, l.id
          FROM (SELECT s.*, count(*) OVER (PARTITION BY s.staff_id ORDER BY s.at
                                           RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW) AS so_many
                  FROM looks s WHERE s.is_search) AS l
         WHERE l.so_many >= many
        UNION ALL
        SELECT 'no_part', l.staff_id, l.agency_id, l.day, l.id
          FROM looks l JOIN people_staff p ON p.id = l.staff_id AND ctx.is_of_care(p.role)
         WHERE l.is_opening
           AND NOT EXISTS (SELECT FROM people_careteammember m
                            WHERE m.client_id = l.client_id AND m.staff_id = l.staff_id
                              AND m.since > l.at - make_interval(days => idle_days))
           AND NOT EXISTS (SELECT FROM protect_auditrecord w
                            WHERE w.client_id = l.client_id AND w.staff_id = l.staff_id
                              AND w.action IN ('insert', 'update')
                              AND w.at BETWEEN l.at - make_interval(days => idle_days) AND l.at)
    ), noted AS (
        INSERT INTO protect_oddreading AS o (id, agency_id, staff_id, kind, day, records, looks, noticed_at)
        SELECT gen_random_uuid(), odd.agency_id, odd.staff_id, odd.kind, odd.day,
               (array_agg(odd.id ORDER BY odd.id))[:500], count(*), clock_timestamp()
          FROM odd
         GROUP BY odd.agency_id, odd.staff_id, odd.kind, odd.day
            ON CONFLICT (staff_id, kind, day) DO UPDATE SET records = excluded.records, looks = excluded.looks
         WHERE o.looks < excluded.looks
        RETURNING 1
    )
    SELECT count(*)::integer FROM noted
$$;
