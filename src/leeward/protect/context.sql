-- Who is asking, and what they may reach. Owned by leeward_gate, which can log in nowhere and read only what it must.
-- A request passes its session token with SET LOCAL; a token that names no live session is nobody, who sees nothing.
-- What policies ask changes nothing and reads what every process of a statement reads: it is safe in parallel ones.
-- A name after a colon is the file of that name (`standing.sql`, `barring.sql`, `mark.sql`), put in as text: one function
-- more would cost at each question.

-- A transaction begins: whose session it is, forgotten at its end. Until then it holds its person's looks, and a partner's
-- also its agency's, together with others. Nobody acts when the last day of an agreement is over, so a transaction of that
-- partner's is ended by the clock: whatever it does from PostgreSQL 17 on, before that when it waits between statements.
-- There is no way past it: a token alone, without the mark that is made here for this transaction, is nobody, and so is a
-- transaction that reads by an older snapshot than each of its statements.
CREATE FUNCTION ctx.enter(token text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asker record;
BEGIN
    PERFORM set_config('leeward.token', token, true);
    PERFORM set_config('leeward.entered', CASE WHEN current_setting('transaction_isolation') = 'read committed'
                                               THEN (SELECT :mark FROM ctx.entering e) ELSE '' END, true);
    SELECT p.id, p.role, p.agency_id, a.agreement_ends_at - clock_timestamp() AS agreed_for INTO asker
      FROM people_staff p JOIN people_agency a ON a.id = p.agency_id WHERE p.id = ctx.staff();
    IF asker.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('looks ' || asker.id, 0));
    IF asker.role = 'partner' THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('looks ' || asker.agency_id, 0));
        IF asker.agreed_for < interval '1 day' THEN
            PERFORM set_config(CASE WHEN current_setting('server_version_num')::integer < 170000
                                    THEN 'idle_in_transaction_session_timeout' ELSE 'transaction_timeout' END,
                               greatest(1, ceil(extract(epoch FROM asker.agreed_for) * 1000))::integer::text, true);
        END IF;
    END IF;
END
$$;

-- Something of this agency's or this person's is about to be taken back: hold its looks alone, until the end of the
-- transaction. So no statement, cursor or snapshot of theirs is older than what was taken back. A look that holds this up
-- for half a second has hung and is ended; those that were let in meanwhile may last as long again, within the second that
-- is promised (T2). The asker may end it because it is the web role's own.
CREATE FUNCTION ctx.end_looks(recipient uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
DECLARE
    looks bigint := hashtextextended('looks ' || recipient, 0);
BEGIN
    LOOP
        BEGIN
            PERFORM pg_advisory_xact_lock(looks);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_terminate_backend(a.pid)
               FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
              WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND a.pid <> pg_backend_pid()
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND ((l.classid::bigint << 32) | l.objid::bigint) = looks
                AND a.xact_start < clock_timestamp() - interval '0.5 seconds';
        END;
    END LOOP;
END
$$;

-- What `ctx.enter` leaves in its transaction: nobody can make it who does not know the secret, which is another with each
-- migration, and it is of no use in another transaction.
CREATE TABLE ctx.entering (secret bytea NOT NULL);
INSERT INTO ctx.entering VALUES (sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')));

CREATE FUNCTION ctx.staff() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.id
      FROM protect_session s
      JOIN people_staff p ON p.id = s.staff_id AND p.role = s.role AND p.agency_id = s.agency_id
      JOIN people_agency a ON a.id = p.agency_id
     CROSS JOIN ctx.entering e
     WHERE s.token_digest = sha256(convert_to(coalesce(current_setting('leeward.token', true), ''), 'UTF8'))
       AND p.is_active AND (a.agreement_ends_at IS NULL OR a.agreement_ends_at > clock_timestamp())
       AND s.ends_at > clock_timestamp() AND s.idle_until > clock_timestamp()
       AND current_setting('leeward.entered', true) = :mark
$$;

-- Has the asker just proved, in this session, that it is them, by a factor that can't be phished?
CREATE FUNCTION ctx.proved() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT ctx.staff() IS NOT NULL AND EXISTS (
        SELECT FROM protect_session s
         WHERE s.token_digest = sha256(convert_to(coalesce(current_setting('leeward.token', true), ''), 'UTF8'))
           AND s.proved_until > clock_timestamp())
$$;

-- A session is of the role and agency that its person had when they signed in, whatever anybody writes into it.
CREATE FUNCTION ctx.bind_session() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.staff_id IS DISTINCT FROM OLD.staff_id THEN
        SELECT p.role, p.agency_id INTO NEW.role, NEW.agency_id FROM people_staff p WHERE p.id = NEW.staff_id;
        NEW.role := coalesce(NEW.role, '');
    ELSE
        NEW.role := OLD.role;
        NEW.agency_id := OLD.agency_id;
    END IF;
    RETURN NEW;
END
$$;

-- Whoever leaves, or gets another role or agency, is signed out everywhere.
CREATE FUNCTION ctx.end_sessions() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM protect_session WHERE staff_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION ctx.agency() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT agency_id FROM people_staff WHERE id = ctx.staff()
$$;

CREATE FUNCTION ctx.role() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT role FROM people_staff WHERE id = ctx.staff()
$$;

-- Which roles give care. Without a search path of its own it becomes part of the query that asks it.
CREATE FUNCTION ctx.is_of_care(role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(role IN ('screener', 'clinician', 'therapist', 'case_manager'), false)
$$;

CREATE FUNCTION ctx.gives_care() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT ctx.is_of_care(ctx.role())
$$;

-- Clients on whose care team the asker is, now, in a role that gives care.
CREATE FUNCTION ctx.my_clients() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.client_id
      FROM people_staff p JOIN people_careteammember m ON m.staff_id = p.id
     WHERE p.id = (SELECT ctx.staff()) AND ctx.is_of_care(p.role)  -- once, not for each row
       AND (m.until IS NULL OR m.until > clock_timestamp())
       AND NOT EXISTS (SELECT FROM (:barring) AS b WHERE b.client_id = m.client_id AND b.staff_id = p.id)
$$;

-- The public halves of personal keys of active colleagues: what is sealed to one opens for that person alone.
CREATE FUNCTION ctx.public_keys(asked uuid[]) RETURNS TABLE (staff uuid, public bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT k.staff_id, k.public
      FROM protect_personalkey k JOIN people_staff p ON p.id = k.staff_id
     WHERE k.staff_id = ANY (asked) AND p.is_active AND p.agency_id = ctx.agency() AND k.agency_id = p.agency_id
$$;

-- Is this client's record hidden from everybody outside its care team?
CREATE FUNCTION ctx.concealed(asked uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM protect_concealment c
         WHERE c.client_id = asked
           AND NOT EXISTS (SELECT FROM protect_concealmentlift l WHERE l.concealment_id = c.id))
$$;

-- For how many minutes a record may be opened in an emergency, and may the asker open one that is hidden? The site says.
CREATE FUNCTION ctx.emergency_minutes() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$ SELECT {emergency_minutes} $$;

CREATE FUNCTION ctx.may_open_hidden() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(ctx.role() = ANY ({emergency_hidden}::text[]), false)
$$;

-- Clients whose record the asker has opened in an emergency, for as long as it lasts. Until the reason is written, none.
CREATE FUNCTION ctx.broken_glass() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT g.client_id
      FROM protect_breakglass g
     WHERE g.staff_id = ctx.staff() AND g.agency_id = ctx.agency() AND ctx.gives_care()
       AND g.ends_at > clock_timestamp()
       AND EXISTS (SELECT FROM protect_breakglasstext t WHERE t.glass_id = g.id AND t.about = 'reason')
       AND NOT EXISTS (SELECT FROM protect_breakglassend e WHERE e.glass_id = g.id)
       AND (ctx.may_open_hidden() OR NOT ctx.concealed(g.client_id))
       AND g.client_id NOT IN (SELECT ctx.my_clients())
       AND NOT EXISTS (SELECT FROM (:barring) AS b WHERE b.client_id = g.client_id AND b.staff_id = g.staff_id)
$$;

-- Clients whose record the asker must never see: those who said so, and those that are hidden from everybody outside
-- their care team. The privacy officer keeps the case code of a hidden record, to oversee it; partners keep what the
-- survivor allowed them.
CREATE FUNCTION ctx.kept_from() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT b.client_id FROM (:barring) AS b WHERE b.staff_id = ctx.staff()
    UNION ALL
    SELECT c.client_id
      FROM protect_concealment c
     WHERE c.agency_id = ctx.agency() AND ctx.role() <> 'privacy_officer'
       AND NOT EXISTS (SELECT FROM protect_concealmentlift l WHERE l.concealment_id = c.id)
       AND c.client_id NOT IN (SELECT ctx.my_clients())
       AND c.client_id NOT IN (SELECT ctx.broken_glass())
$$;

-- Those of them whom the asker could come upon otherwise, for the policies, which the asker can ask themselves: whose team
-- they were on, whose record they opened, what reached them of somebody, half of whose notes' key they keep or release, and
-- all for a privacy officer. So nobody learns from it of a record of which they do not know.
CREATE FUNCTION ctx.barred() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT kept.client_id
      FROM ctx.kept_from() AS kept (client_id)
     WHERE ctx.role() = 'privacy_officer'
        OR EXISTS (SELECT FROM people_careteammember m WHERE m.client_id = kept.client_id AND m.staff_id = ctx.staff())
        OR EXISTS (SELECT FROM protect_breakglass g WHERE g.client_id = kept.client_id AND g.staff_id = ctx.staff())
        OR EXISTS (SELECT FROM people_escalation e
                    WHERE e.client_id = kept.client_id AND e.role = ctx.role() AND e.agency_id = ctx.agency())
        OR EXISTS (SELECT FROM treat_noteshare n WHERE n.client_id = kept.client_id AND n.keeper_id = ctx.staff())
        OR ctx.role() = 'program_director' AND EXISTS (
               SELECT FROM treat_noterelease r WHERE r.client_id = kept.client_id AND r.agency_id = ctx.agency())
$$;

-- Open one record in an emergency, named by its case code or by exactly the name and birth year. No row comes back when
-- there is no such record, more than one, or one that the asker may not open: it is the same answer. Whoever is on the team
-- needs none. They must have just proved that it is them. The time runs by the database's clock.
CREATE FUNCTION ctx.break_glass(asked_code text, asked_digests bytea[], minutes integer)
RETURNS TABLE (glass uuid, client uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found uuid[];
    began timestamptz := clock_timestamp();
BEGIN
    IF NOT ctx.proved() THEN
        RAISE EXCEPTION 'permission denied: they have not proved again that it is them'
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF minutes IS NULL OR minutes NOT BETWEEN 1 AND ctx.emergency_minutes() THEN
        RAISE EXCEPTION 'permission denied: a record opens for at most % minutes', ctx.emergency_minutes()
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT array_agg(c.id) INTO found
      FROM people_client c
     WHERE c.agency_id = ctx.agency() AND ctx.gives_care()
       AND (c.code = asked_code
            OR c.id IN (SELECT b.client_id FROM people_blindindex b
                         WHERE b.agency_id = ctx.agency() AND b.field = 'person' AND b.digest = ANY (asked_digests)))
       AND c.id NOT IN (SELECT ctx.my_clients())
       AND NOT EXISTS (SELECT FROM (:barring) AS b WHERE b.client_id = c.id AND b.staff_id = ctx.staff())
       AND (ctx.may_open_hidden() OR NOT ctx.concealed(c.id));
    IF coalesce(cardinality(found), 0) <> 1 THEN
        RETURN;
    END IF;
    RETURN QUERY
        INSERT INTO protect_breakglass (id, agency_id, client_id, staff_id, opened_at, ends_at)
        VALUES (gen_random_uuid(), ctx.agency(), found[1], ctx.staff(), began, began + make_interval(mins => minutes))
        RETURNING id, client_id;
END
$$;

-- Write, sealed, why the asker opens a record: once, and only who broke the glass.
CREATE FUNCTION ctx.give_reason(broken uuid, sealed bytea, key_version integer) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO protect_breakglasstext (id, agency_id, client_id, glass_id, about, wrapped, site_key_version)
    SELECT gen_random_uuid(), g.agency_id, g.client_id, g.id, 'reason', sealed, key_version
      FROM protect_breakglass g
     WHERE g.id = broken AND g.staff_id = ctx.staff() AND g.ends_at > clock_timestamp() AND sealed <> ''
    RETURNING true
$$;

-- Somebody who has just registered a client may put themselves on its team, as the first.
CREATE FUNCTION ctx.founding(client uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM people_client c WHERE c.id = client AND c.created_by_id = ctx.staff())
       AND NOT EXISTS (SELECT 1 FROM people_careteammember m WHERE m.client_id = client)
$$;

-- What the asker's session says that it is for: a partner sees what was allowed for that purpose, and no other.
CREATE FUNCTION ctx.purpose() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT s.purpose
      FROM protect_session s
     WHERE s.token_digest = sha256(convert_to(coalesce(current_setting('leeward.token', true), ''), 'UTF8'))
       AND s.staff_id = ctx.staff()
$$;

-- What survivors allow the asker's agency to have, at this moment, for the purpose of the asker's session.
CREATE FUNCTION ctx.my_grants() RETURNS TABLE (client_id uuid, data_class text, grant_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET work_mem = '64MB' AS $$
    SELECT s.client_id, s.data_class, s.grant_id
      FROM (:standing) AS s
     WHERE s.recipient_id = ctx.agency() AND s.purpose = (SELECT ctx.purpose())
       AND s.client_id NOT IN (SELECT b.client_id FROM (:barring) AS b WHERE b.staff_id = (SELECT ctx.staff()))
$$;

-- What one of the asker's own clients allows another agency for a purpose: so that the person sees beforehand what that
-- agency would see.
CREATE FUNCTION ctx.opened_to(asked_client uuid, asked_recipient uuid, asked_purpose text)
RETURNS TABLE (data_class text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT s.data_class
      FROM (:standing) AS s
     WHERE s.client_id = asked_client AND s.recipient_id = asked_recipient AND s.purpose = asked_purpose
       AND (asked_recipient = ctx.agency() AND asked_purpose = ctx.purpose() OR asked_client IN (SELECT ctx.my_clients()))
       AND asked_client NOT IN (SELECT ctx.kept_from())
$$;

-- What the asker, a privacy officer who has just proved that it is them, may answer a legal request with: the classes
-- that the last word of counsel allows, as long as the request is not answered. A therapist's private notes are released to
-- a colleague by two people, never from here.
CREATE FUNCTION ctx.my_releases() RETURNS TABLE (client_id uuid, data_class text, request_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.client_id, class.name, m.request_id
      FROM coordinate_legalmatch m
     CROSS JOIN LATERAL (SELECT s.classes FROM coordinate_legalstep s
                          WHERE s.request_id = m.request_id AND s.kind = 'counsel'
                          ORDER BY s.at DESC, s.id DESC LIMIT 1) AS counsel
     CROSS JOIN LATERAL unnest(counsel.classes) AS class (name)
     WHERE m.agency_id = ctx.agency() AND ctx.role() = 'privacy_officer' AND ctx.proved()
       AND class.name <> 'psychotherapy'
       AND m.client_id NOT IN (SELECT ctx.kept_from())
       AND NOT EXISTS (SELECT FROM coordinate_legalstep s WHERE s.request_id = m.request_id AND s.kind = 'answered')
$$;

-- What an open export of the asker's may hold: what survivors allow its recipient, at this moment, for its purpose. Only for
-- the privacy officer who asked for it and has just proved that it is them, and for an hour at most.
CREATE FUNCTION ctx.my_exports()
RETURNS TABLE (client_id uuid, data_class text, grant_id uuid, export_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT s.client_id, s.data_class, s.grant_id, e.id
      FROM protect_export e
      JOIN (:standing) AS s ON s.recipient_id = e.recipient_id AND s.purpose = e.purpose
      JOIN people_client c ON c.id = s.client_id AND c.agency_id = e.agency_id
     WHERE e.agency_id = ctx.agency() AND e.asked_by_id = ctx.staff() AND ctx.role() = 'privacy_officer'
       AND ctx.proved() AND e.finished_at IS NULL AND e.asked_at > clock_timestamp() - interval '1 hour'
       AND s.client_id NOT IN (SELECT ctx.kept_from())
$$;

-- May the person not hear of this legal request for now? Asked by its random number, so that nobody learns whom it is about.
CREATE FUNCTION ctx.is_withheld(request uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM protect_suspension s WHERE s.process = request AND s.ends_at > clock_timestamp())
$$;

-- Is this a record of legal work? Without a search path of its own it becomes part of the query that asks it.
CREATE FUNCTION ctx.of_legal_work(action text, subject text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT action ~ '^(read|disclosed) legal'
        OR subject ~ '^(coordinate_legal|protect_(suspension|hold)|protect_disclosure legal)'
$$;

-- Is this record one of legal work on somebody who may not hear of it for now? Of any other it tells nothing: not whether
-- its person is one of those.
CREATE FUNCTION ctx.is_withheld_work(record bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM protect_auditrecord r JOIN protect_suspension s ON s.client_id = r.client_id
                    WHERE r.id = record AND ctx.of_legal_work(r.action, r.subject) AND s.ends_at > clock_timestamp())
$$;

-- For the job worker: the words of requests that were answered with nothing are emptied after the site's days, found or not.
-- What a legal hold keeps stays (L-02). Returns how many requests had words.
CREATE FUNCTION ctx.forget_requests() RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH gone AS MATERIALIZED (
        SELECT s.request_id
          FROM coordinate_legalstep s
         WHERE s.kind = 'answered' AND s.at < clock_timestamp() - make_interval(days => {request_days})
           AND NOT EXISTS (SELECT FROM protect_disclosure d WHERE d.process = s.request_id)
           AND NOT EXISTS (SELECT FROM coordinate_legalmatch m JOIN protect_hold h ON h.client_id = m.client_id
                            WHERE m.request_id = s.request_id AND h.lifted_at IS NULL)
    ), steps AS (
        UPDATE coordinate_legalstep s SET sealed = '' FROM gone WHERE s.request_id = gone.request_id AND s.sealed <> ''
    ), requests AS (
        UPDATE coordinate_legalrequest r SET sealed = '' FROM gone WHERE r.id = gone.request_id AND r.sealed <> ''
        RETURNING r.id
    )
    SELECT count(*)::integer FROM requests
$$;

-- Whom a legal request may be about: people of the asker's centre whose name or number is exactly what the papers say.
-- For the privacy officer alone, and for a request that is not answered.
CREATE FUNCTION ctx.asked_about(request uuid, asked_field text, digests bytea[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT b.client_id
      FROM people_blindindex b JOIN coordinate_legalrequest r ON r.id = request AND r.agency_id = b.agency_id
     WHERE b.agency_id = ctx.agency() AND ctx.role() = 'privacy_officer'
       AND b.field = asked_field AND b.digest = ANY (digests)
       AND b.client_id NOT IN (SELECT ctx.kept_from())
       AND NOT EXISTS (SELECT FROM coordinate_legalstep s WHERE s.request_id = r.id AND s.kind = 'answered')
$$;

-- Note whom a request is about: only somebody whom exactly the papers' words find.
CREATE FUNCTION ctx.match_asked(request uuid, client uuid, asked_field text, digests bytea[]) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO coordinate_legalmatch (id, agency_id, client_id, request_id, matched_at, matched_by_id)
    SELECT gen_random_uuid(), ctx.agency(), client, request, clock_timestamp(), ctx.staff()
     WHERE client IN (SELECT ctx.asked_about(request, asked_field, digests))
    RETURNING true
$$;

-- Search before create: is a person with exactly this name and birth year already known at the asker's agency?
CREATE FUNCTION ctx.known_here(asked_field text, asked_digest bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT ctx.gives_care() AND EXISTS (
        SELECT 1 FROM people_blindindex b
         WHERE b.agency_id = ctx.agency() AND b.field = asked_field AND b.digest = asked_digest
           AND b.client_id NOT IN (SELECT ctx.kept_from()))
$$;

-- Every write to a client's record leaves an audit row, whoever wrote it and by whatever path: names of columns only.
CREATE FUNCTION ctx.note_write() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    written jsonb := to_jsonb(coalesce(NEW, OLD));
    changed text[] := '{}';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(array_agg(n.key ORDER BY n.key), '{}') INTO changed
          FROM jsonb_each(to_jsonb(NEW)) n JOIN jsonb_each(to_jsonb(OLD)) o USING (key)
         WHERE n.value IS DISTINCT FROM o.value;
    END IF;
    INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)
    VALUES (clock_timestamp(), ctx.staff(), coalesce(ctx.agency(), (written->>'agency_id')::uuid),
            (written->>TG_ARGV[0])::uuid, lower(TG_OP), TG_TABLE_NAME || coalesce(' ' || coalesce(written->>'kind', written->>'exit'), ''), changed, '');
    RETURN NULL;
END
$$;

-- A partner answers a referral and says how it ended at the time at which it does so, and moves it under no other permission.
CREATE FUNCTION ctx.keep_referral() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    earliest timestamptz := clock_timestamp() - interval '10 minutes';
    latest timestamptz := clock_timestamp() + interval '2 minutes';
BEGIN
    IF ctx.role() = 'partner'
       AND (NEW.grant_id <> OLD.grant_id
            OR NEW.replied_at IS DISTINCT FROM OLD.replied_at AND (NEW.replied_at BETWEEN earliest AND latest) IS NOT TRUE
            OR NEW.closed_at IS DISTINCT FROM OLD.closed_at AND (NEW.closed_at BETWEEN earliest AND latest) IS NOT TRUE) THEN
        RAISE EXCEPTION 'permission denied: a partner answers a referral now, and under the permission that it has'
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

-- An escalation is of an open step for as long as its task is: who must hear of it never reads that it is late when
-- it is done.
CREATE FUNCTION ctx.follow_task() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE people_escalation SET closed_at = NEW.closed_at WHERE task_id = NEW.id;
    RETURN NULL;
END
$$;

-- Whom to call about the steps that reached the asker, who may not open the records: the case code, when the step fell
-- late, the agency that owes the answer if it is a partner, and the care team. Nothing of what happened to anybody.
CREATE FUNCTION ctx.late_steps(asked uuid[])
RETURNS TABLE (escalation uuid, code text, protocol text, version text, late_since timestamptz, owed_by uuid, team uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.id, c.code, c.protocol, c.protocol_version, t.due_at,
           (SELECT r.to_agency_id FROM coordinate_referral r
             WHERE r.id = t.subject AND r.client_id = t.client_id AND t.role = 'partner'),
           ARRAY(SELECT m.staff_id FROM people_careteammember m JOIN people_staff p ON p.id = m.staff_id
                  WHERE m.client_id = e.client_id AND p.is_active
                    AND (m.until IS NULL OR m.until > clock_timestamp())
                  ORDER BY p.role <> t.role, p.display_name)
      FROM people_escalation e
      JOIN people_task t ON t.id = e.task_id
      JOIN people_client c ON c.id = e.client_id
     WHERE e.id = ANY (asked) AND e.agency_id = ctx.agency() AND e.role = ctx.role()
       AND e.client_id NOT IN (SELECT ctx.kept_from())
       AND ctx.role() IN ('program_director', 'privacy_officer')
$$;

-- For the program director: who of their centre opened a record in an emergency, and when, where nobody has reviewed it in
-- time. Not whose record it was, and never what they opened themselves.
CREATE FUNCTION ctx.late_reviews() RETURNS TABLE (staff uuid, opened_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT g.staff_id, g.opened_at
      FROM protect_breakglass g
     WHERE g.agency_id = ctx.agency() AND ctx.role() = 'program_director' AND g.staff_id <> ctx.staff()
       AND g.opened_at <= clock_timestamp() - make_interval(hours => {review_hours})
       AND NOT EXISTS (SELECT FROM protect_breakglassreview r WHERE r.glass_id = g.id)
$$;

-- What the job worker must know to decide about one message that waits, at the moment of sending: is its permission still
-- there, is the case closed, was the referral answered, how may the person be reached, by which code does the partner know
-- them. Nothing of what happened to anybody.
CREATE FUNCTION ctx.message_facts(asked uuid)
RETURNS TABLE (covered boolean, closed boolean, answered boolean, partner_code text, channel text, answered_by text,
               asks_code_word boolean, days smallint[], opens time, closes time, last_day date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM (:standing) AS s WHERE s.grant_id = m.grant_id AND s.client_id = m.client_id
                                                 AND s.recipient_id = m.recipient_id AND s.data_class = 'referral'),
           coalesce((SELECT e.kind <> 'case.reopened' FROM people_event e
                      WHERE e.client_id = m.client_id
                        AND (e.kind IN ('case.closed', 'case.reopened')
                             OR e.kind = 'incident.reported' AND e.data->>'kind' = 'death')
                        AND NOT EXISTS (SELECT FROM people_event s WHERE s.supersedes_id = e.id)
                      ORDER BY e.occurred_at DESC, e.recorded_at DESC, e.id DESC LIMIT 1), false),
           EXISTS (SELECT FROM coordinate_referral r
                    WHERE r.id = m.subject AND r.client_id = m.client_id AND r.status NOT IN ('sent', 'waitlisted')),
           (SELECT p.code FROM people_partnercode p WHERE p.client_id = m.client_id AND p.partner_id = m.recipient_id),
           rule.channel, rule.answered_by, rule.asks_code_word, rule.days, rule.opens, rule.closes, rule.last_day
      FROM protect_message m
      LEFT JOIN people_contactrule rule ON rule.client_id = m.client_id AND rule.ended_at IS NULL
     WHERE m.id = asked AND m.state = 'waiting'
$$;

-- What a second person agreed to, done by the database: nobody else can make an account, raise a role or let a partner
-- in, and nothing is done that was not asked for. A new account has no password: two invitation codes open it.
CREATE FUNCTION ctx.carry_out() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked protect_accountrequest;
    whom uuid;
BEGIN
    SELECT * INTO STRICT asked FROM protect_accountrequest WHERE id = NEW.request_id;
    whom := coalesce(asked.staff_id, asked.place_id);
    IF asked.kind = 'person' THEN
        whom := gen_random_uuid();
        INSERT INTO people_staff (id, agency_id, display_name, role, languages, is_active)
        VALUES (whom, asked.place_id, asked.name, asked.role, '{en}', true);
        INSERT INTO protect_account (id, email, staff_id, password, is_active)
        VALUES (gen_random_uuid(), asked.email, whom, '!' || gen_random_uuid(), true);
    ELSIF asked.kind = 'role' THEN
        UPDATE people_staff SET role = asked.role, is_active = true WHERE id = whom;
    ELSIF asked.kind = 'anew' THEN
        UPDATE protect_account SET password = '!' || gen_random_uuid() WHERE staff_id = whom;
        DELETE FROM protect_passkey WHERE account_id IN (SELECT id FROM protect_account WHERE staff_id = whom);
        DELETE FROM protect_codeapp WHERE account_id IN (SELECT id FROM protect_account WHERE staff_id = whom);
        DELETE FROM protect_onetimecode WHERE account_id IN (SELECT id FROM protect_account WHERE staff_id = whom);
        DELETE FROM protect_session WHERE staff_id = whom;
    ELSIF asked.kind = 'partner' THEN
        whom := gen_random_uuid();
        INSERT INTO people_agency (id, name, kind, regime, counties, services, languages, phone, hours, accepts,
                                   verified_on, agreement_ends_at)
        VALUES (whom, asked.name, asked.sort, asked.regime, '{}', '{}', '{}', asked.called, '', '',
                asked.asked_at::date, asked.agreement_ends_at);
    ELSIF asked.kind = 'agreement' THEN
        UPDATE people_agency SET agreement_ends_at = asked.agreement_ends_at WHERE id = whom AND kind <> 'centre';
    END IF;
    INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)
    VALUES (clock_timestamp(), NEW.decided_by_id, NEW.agency_id, NULL, 'agreed account.' || asked.kind, whom::text, '{}', '');
    RETURN NULL;
END
$$;
