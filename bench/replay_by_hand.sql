-- Every step instance of every case under the shipped protocol, human-trafficking-response 1.0.0, written by hand for
-- DuckDB: what a good analyst would write who knows this protocol, this vocabulary and this engine, and no other.
--
-- In: a table or view `events` with the timeline's columns, and $now. Out: the columns of `leeward protocol replay`.
-- It trusts what the application guarantees: fields of the right type, ids that are time-ordered UUIDs.
--
-- The plan of attack:
-- 1. Say in one small number (`word`) what matters about an event: its kind and, where a step asks, a field.
-- 2. Put each case in order and carry along, as bits, what is known of the case by then (`facts`), and in which `spell`
--    the event falls: a spell ends when the case is closed, or at a death, which is what voids most steps.
-- 3. Join events to the steps for which they play a part. In the order of one case and one step, an event opens the step
--    if it may, unless the one before it left it open; the next event that finishes it closes it, or the end of the spell.
-- 4. Referrals run one clock each; screening opens again after 90 days. Both are small and stand apart.
WITH
cases AS MATERIALIZED (
    SELECT client, (row_number() OVER ())::INT AS n FROM (SELECT DISTINCT client FROM events)
),
steps(step, id, hours, grace) AS (VALUES
    (0, 'talk-alone', 24, 0),
    (1, 'explain-privacy', 1, 0),
    (2, 'offer-information', 14 * 24, 0),
    (3, 'offer-information-after-screening', 24, 0),
    (4, 'screening', 14 * 24, 0),
    (5, 'safety-now', 0, 1),
    (6, 'suicide-risk', 0, 1),
    (7, 'crisis-plan', 0, 4),
    (8, 'minor-report', 0, 1),
    (9, 'talk-about-sharing', 14 * 24, 0),
    (10, 'urgent-needs', 72, 0),
    (11, 'full-needs', 14 * 24, 0),
    (12, 'first-ptsd-measure', 14 * 24, 0),
    (13, 'first-depression-measure', 14 * 24, 0),
    (14, 'first-anxiety-measure', 14 * 24, 0),
    (15, 'safety-plan', 14 * 24, 0),
    (16, 'safety-plan-today', 24, 0),
    (17, 'service-plan', 14 * 24, 0),
    (18, 'plan-review', 30 * 24, 3 * 24),
    (19, 'referral-reply-urgent', 24, 0),
    (20, 'referral-reply', 72, 0),
    (21, 'referral-waiting', 14 * 24, 0),
    (22, 'referral-outcome', 7 * 24, 0),
    (23, 'referral-next', 72, 0),
    (24, 'first-session', 14 * 24, 0),
    (25, 'missed-session', 14 * 24, 0),
    (26, 'next-ptsd-measure', 28 * 24, 7 * 24),
    (27, 'next-depression-measure', 28 * 24, 7 * 24),
    (28, 'next-anxiety-measure', 28 * 24, 7 * 24),
    (29, 'police-choice', 30 * 24, 0),
    (30, 'team-review', 30 * 24, 0),
    (31, 'team-review-after-event', 72, 0),
    (32, 'aftercare-30', 30 * 24, 7 * 24),
    (33, 'aftercare-90', 90 * 24, 14 * 24),
    (34, 'aftercare-180', 180 * 24, 14 * 24),
    (35, 'aftercare-365', 365 * 24, 30 * 24),
    (36, 'review-event', 72, 0),
    (37, 'first-ties-measure', 14 * 24, 0),
    (38, 'next-ties-measure', 28 * 24, 7 * 24)
),
-- `tells`: bits of what stays known once it is known:
--     1 suspected, 2 information offered, 4 sharing talked about, 8 needs asked,
--     16 PCL-5, 32 PHQ-9, 64 GAD-7 taken, 128 plan, 256 safety plan, 512 police choice offered,
--     131072 asked about ties, 262144 TIES-8 taken.
-- Bits of what the latest event says (set below):
--     1024 minor, 2048 talked alone, 4096 screened positive, 8192 report made, 16384 needs no longer only urgent,
--     32768 in treatment, 65536 case closed.
words(kind, detail, word, tells) AS (VALUES
    ('client.registered', '', 1, 0),
    ('indicator.observed', '', 2, 0),
    ('indicator.observed', 'suspected', 3, 1),
    ('indicator.observed', 'danger', 4, 0),
    ('indicator.observed', 'suspected danger', 5, 1),
    ('conversation.private', '', 6, 0),
    ('conversation.declined', '', 7, 0),
    ('confidentiality.explained', '', 8, 0),
    ('education.offered', '', 9, 2),
    ('education.declined', '', 10, 2),
    ('screening.completed', 'positive', 11, 1),
    ('screening.completed', 'negative', 12, 0),
    ('screening.completed', 'inconclusive', 13, 0),
    ('screening.declined', '', 14, 0),
    ('safety.assessed', 'none', 15, 0),
    ('safety.assessed', 'possible', 16, 0),
    ('safety.assessed', 'immediate', 17, 0),
    ('suicide_risk.assessed', 'none', 18, 0),
    ('suicide_risk.assessed', 'low', 18, 0),
    ('suicide_risk.assessed', 'moderate', 19, 0),
    ('suicide_risk.assessed', 'high', 19, 0),
    ('report.made', '', 20, 0),
    ('report.not_required', '', 21, 0),
    ('consent.discussed', '', 22, 4),
    ('consent.granted', '', 23, 4),
    ('consent.declined', '', 24, 4),
    ('needs.assessed', 'urgent', 25, 8),
    ('needs.assessed', 'full', 26, 8),
    ('needs.declined', '', 27, 8),
    ('measure.completed', 'pcl-5', 28, 16),
    ('measure.completed', 'pcl-5 alert', 29, 16),
    ('measure.completed', 'phq-9', 30, 32),
    ('measure.completed', 'phq-9 alert', 31, 32),
    ('measure.completed', 'gad-7', 32, 64),
    ('measure.completed', 'gad-7 alert', 33, 64),
    ('measure.completed', 'other', 34, 0),
    ('measure.completed', 'other alert', 35, 0),
    ('measure.declined', 'pcl-5', 36, 0),
    ('measure.declined', 'phq-9', 37, 0),
    ('measure.declined', 'gad-7', 38, 0),
    ('plan.agreed', '', 39, 128),
    ('plan.reviewed', '', 40, 128),
    ('plan.declined', '', 41, 128),
    ('safety_plan.saved', '', 42, 256),
    ('safety_plan.declined', '', 43, 256),
    ('referral.sent', '', 44, 0),
    ('referral.sent', 'urgent', 45, 0),
    ('referral.accepted', '', 46, 0),
    ('referral.waitlisted', '', 47, 0),
    ('referral.declined', '', 48, 0),
    ('referral.closed', '', 49, 0),
    ('referral.closed', 'not_linked', 50, 0),
    ('referral.withdrawn', '', 51, 0),
    ('session.attended', '', 52, 0),
    ('session.attended', '1', 53, 0),
    ('session.missed', '', 54, 0),
    ('treatment.completed', '', 55, 0),
    ('treatment.declined', '', 56, 0),
    ('law_enforcement.contacted', '', 57, 512),
    ('law_enforcement.declined', '', 58, 512),
    ('conference.held', '', 59, 0),
    ('conference.declined', '', 60, 0),
    ('incident.reported', 'police_contact', 61, 0),
    ('incident.reported', 'retrafficking', 62, 0),
    ('incident.reported', 'retaliation', 62, 0),
    ('incident.reported', 'complaint', 63, 0),
    ('incident.reported', 'breach', 64, 0),
    ('incident.reported', 'hospitalisation', 64, 0),
    ('incident.reported', 'attempt', 65, 0),
    ('incident.reported', 'death', 66, 0),
    ('incident.reviewed', '', 67, 0),
    ('aftercare.contacted', '30', 68, 0),
    ('aftercare.contacted', '90', 69, 0),
    ('aftercare.contacted', '180', 70, 0),
    ('aftercare.contacted', '365', 71, 0),
    ('aftercare.declined', '', 72, 0),
    ('case.closed', '', 73, 0),
    ('case.reopened', '', 74, 0),
    ('measure.completed', 'ties-8', 75, 131072 + 262144),
    ('measure.completed', 'ties-8 alert', 76, 131072 + 262144),
    ('measure.declined', 'ties-8', 77, 131072)
),
-- Which words open, finish, decline and void a step; whether the end of a spell voids it; which facts it needs to open,
-- and which keep it from opening.
rules(step, opened, done, declined, voided, by_spell, needs, bars) AS (VALUES
    (0, [2, 3, 4, 5], [6], [7], [], true, 0, 2048),
    (1, [6], [8], [], [], true, 0, 0),
    (2, [1], [9], [10], [], true, 0, 2),
    (3, [12, 13, 14], [9], [10], [], true, 0, 0),
    (5, [4, 5, 11, 61, 62], [15, 16, 17], [], [66], false, 0, 0),
    (6, [29, 31, 33, 35, 65, 76], [18, 19], [], [66], false, 0, 0),
    (7, [19], [42], [43], [66], false, 0, 0),
    (8, [1, 3, 5, 11], [20, 21], [], [], false, 1024 + 1, 8192),
    (9, [11, 25, 26], [22, 23], [24], [], true, 0, 4),
    (10, [3, 4, 5, 11], [25, 26], [27], [], true, 0, 8),
    (11, [11, 25], [26], [27], [], true, 0, 16384),
    (12, [53], [28, 29], [36], [55, 56], true, 0, 16),
    (13, [53], [30, 31], [37], [55, 56], true, 0, 32),
    (14, [53], [32, 33], [38], [55, 56], true, 0, 64),
    (15, [11, 16], [42], [43], [], true, 0, 256),
    (16, [17], [42], [43], [], true, 0, 0),
    (17, [26, 53], [39], [41], [], true, 0, 128),
    (18, [39, 40], [40], [41], [], true, 0, 0),
    (23, [48, 50], [44, 45, 46], [24, 27], [], true, 0, 0),
    (24, [11], [52, 53], [56], [], true, 0, 32768),
    (25, [54], [52, 53], [56], [55], true, 0, 0),
    (26, [28, 29, 36, 52, 53], [28, 29], [36], [55, 56], true, 32768 + 16, 0),
    (27, [30, 31, 37, 52, 53], [30, 31], [37], [55, 56], true, 32768 + 32, 0),
    (28, [32, 33, 38, 52, 53], [32, 33], [38], [55, 56], true, 32768 + 64, 0),
    (29, [11], [57], [58], [], true, 0, 512),
    (30, [11, 59, 60], [59], [60], [], true, 1, 65536),
    (31, [62, 64, 65, 66], [59], [], [], false, 0, 0),
    (32, [73], [68], [72], [66, 74], false, 1, 0),
    (33, [73], [69], [72], [66, 74], false, 1, 0),
    (34, [73], [70], [72], [66, 74], false, 1, 0),
    (35, [73], [71], [72], [66, 74], false, 1, 0),
    (36, [61, 62, 63, 64, 65, 66], [67], [], [], false, 0, 0),
    (37, [52, 53], [75, 76], [77], [55, 56], true, 1, 131072),
    (38, [75, 76, 77, 52, 53], [75, 76], [77], [55, 56], true, 32768 + 262144, 0)
),
rules_of_referrals(step, opened, done, voided) AS (VALUES
    (19, [45], [46, 47, 48, 49, 50], [51]),
    (20, [44], [46, 47, 48, 49, 50], [51]),
    (21, [47], [46, 48, 49, 50], [51]),
    (22, [44, 45, 46], [49, 50], [47, 48, 51])
),
parts AS MATERIALIZED (
    SELECT
        step::TINYINT AS step, word, by_spell, needs, bars,
        list_contains(opened, word) AS opens,
        CASE
            WHEN list_contains(done, word) THEN 1
            WHEN list_contains(declined, word) THEN 2
            WHEN list_contains(voided, word) THEN 3
            ELSE 0
        END::TINYINT AS cut
    FROM (SELECT *, unnest(list_distinct(opened || done || declined || voided)) AS word FROM rules)
),
parts_of_referrals AS MATERIALIZED (
    SELECT
        step::TINYINT AS step, word, list_contains(opened, word) AS opens,
        CASE WHEN list_contains(done, word) THEN 1 WHEN list_contains(voided, word) THEN 3 ELSE 0 END::TINYINT AS cut
    FROM (SELECT *, unnest(list_distinct(opened || done || voided)) AS word FROM rules_of_referrals)
),
described AS (
    SELECT
        client, id::UUID AS id, kind, subject, epoch_us(occurred_at) AS happened, epoch_us(recorded_at) AS noted,
        CASE WHEN kind = 'client.registered' THEN (data->>'$.is_minor') = 'true' END AS is_minor,
        CASE
            WHEN kind = 'session.attended' THEN CASE WHEN (data->>'$.number') = '1' THEN '1' ELSE '' END
            WHEN kind = 'measure.completed' THEN
                CASE WHEN (data->>'$.instrument') IN ('pcl-5', 'phq-9', 'gad-7', 'ties-8')
                    THEN (data->>'$.instrument') ELSE 'other' END
                || CASE WHEN (data->>'$.alert') = 'true' THEN ' alert' ELSE '' END
            WHEN kind = 'indicator.observed' THEN
                CASE WHEN (data->>'$.suspected') = 'true'
                    THEN CASE WHEN (data->>'$.danger_now') = 'true' THEN 'suspected danger' ELSE 'suspected' END
                    ELSE CASE WHEN (data->>'$.danger_now') = 'true' THEN 'danger' ELSE '' END END
            WHEN kind = 'screening.completed' THEN data->>'$.result'
            WHEN kind = 'needs.assessed' THEN data->>'$.scope'
            WHEN kind = 'measure.declined' THEN data->>'$.instrument'
            WHEN kind = 'incident.reported' THEN data->>'$.kind'
            WHEN kind = 'suicide_risk.assessed' THEN data->>'$.level'
            WHEN kind = 'safety.assessed' THEN data->>'$.danger'
            WHEN kind = 'aftercare.contacted' THEN data->>'$.day'
            WHEN kind = 'referral.sent' THEN CASE WHEN (data->>'$.urgency') = 'urgent' THEN 'urgent' ELSE '' END
            WHEN kind = 'referral.closed' THEN
                CASE WHEN (data->>'$.outcome') = 'not_linked' THEN 'not_linked' ELSE '' END
            ELSE ''
        END AS detail
    FROM events
    ANTI JOIN (SELECT supersedes AS id FROM events WHERE supersedes IS NOT NULL) AS corrected USING (id)
    WHERE occurred_at <= $now
),
timeline AS MATERIALIZED (
    SELECT
        n, id, word, happened, subject,
        (row_number() OVER timewise)::INT AS seq,
        (count(*) FILTER (word IN (66, 73)) OVER timewise)::INT AS spell,
        -- In a run of sessions with nothing in between, only the first can change anything.
        coalesce(word = 52 AND lag(word) OVER timewise IN (52, 53), false) AS is_more_of_the_same,
        bit_or(tells) OVER timewise
        + CASE last_value(CASE WHEN word = 1 THEN coalesce(is_minor, false) END IGNORE NULLS) OVER timewise
            WHEN true THEN 1024 ELSE 0 END
        + CASE last_value(CASE word WHEN 6 THEN true WHEN 7 THEN false END IGNORE NULLS) OVER timewise
            WHEN true THEN 2048 ELSE 0 END
        + CASE last_value(CASE word WHEN 11 THEN true WHEN 12 THEN false WHEN 13 THEN false END IGNORE NULLS)
            OVER timewise WHEN true THEN 4096 ELSE 0 END
        + CASE last_value(CASE word WHEN 20 THEN true WHEN 21 THEN false WHEN 74 THEN false END IGNORE NULLS)
            OVER timewise WHEN true THEN 8192 ELSE 0 END
        + CASE last_value(CASE word WHEN 25 THEN false WHEN 26 THEN true WHEN 27 THEN true END IGNORE NULLS)
            OVER timewise WHEN true THEN 16384 ELSE 0 END
        + CASE last_value(
            CASE word WHEN 52 THEN true WHEN 53 THEN true WHEN 55 THEN false WHEN 56 THEN false WHEN 73 THEN false END
            IGNORE NULLS) OVER timewise WHEN true THEN 32768 ELSE 0 END
        + CASE last_value(CASE word WHEN 73 THEN true WHEN 74 THEN false END IGNORE NULLS) OVER timewise
            WHEN true THEN 65536 ELSE 0 END
        AS facts
    FROM described
    JOIN cases USING (client)
    JOIN words USING (kind, detail)
    WINDOW timewise AS (
        PARTITION BY n ORDER BY happened, noted, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
spell_ends AS MATERIALIZED (
    SELECT n, spell, happened, id FROM timeline WHERE word IN (66, 73)
),

-- Most steps: one row for an event and a step.
played AS (
    SELECT
        n, step, seq, happened, id, cut, CASE WHEN by_spell THEN spell ELSE -1 END AS spell,
        opens AND (facts & needs) = needs AND (facts & bars) = 0 AS opens
    FROM timeline JOIN parts USING (word)
    WHERE NOT is_more_of_the_same
),
stepped AS (
    SELECT
        n, step, happened, id, opens, cut, spell,
        lag(opens) OVER stepwise AS was_open,
        lag(spell) OVER stepwise AS earlier_spell,
        lead(CASE WHEN cut > 0 THEN {happened: happened, id: id, cut: cut, spell: spell} END IGNORE NULLS)
            OVER stepwise AS next_cut
    FROM played
    WHERE opens OR cut > 0
    WINDOW stepwise AS (PARTITION BY n, step ORDER BY seq)
),

-- Referrals: the same for each subject. A death is about no subject and concerns them all.
played_by_referral AS (
    SELECT n, step, subject, seq, happened, id, cut, spell, opens
    FROM timeline JOIN parts_of_referrals USING (word)
    WHERE subject IS NOT NULL
),
stepped_by_referral AS (
    SELECT
        n, step, subject, happened, id, opens, cut, spell,
        lag(opens) OVER stepwise AS was_open,
        lag(spell) OVER stepwise AS earlier_spell,
        lead(CASE WHEN cut > 0 THEN {happened: happened, id: id, cut: cut, spell: spell} END IGNORE NULLS)
            OVER stepwise AS next_cut
    FROM played_by_referral
    WINDOW stepwise AS (PARTITION BY n, step, subject ORDER BY seq)
),

-- Screening opens again 90 days after it was last done or declined, if it was ever opened in this spell.
screened AS (
    SELECT
        n, 4::TINYINT AS step, happened, id, spell, seq,
        word <= 5 AND (facts & 4096) = 0 AS opens,
        CASE WHEN word <= 5 THEN 0 WHEN word = 14 THEN 2 ELSE 1 END::TINYINT AS cut,
        (facts & 4096) = 0 AS may_open
    FROM timeline
    WHERE word BETWEEN 2 AND 5 OR word BETWEEN 11 AND 14
),
screened_stepwise AS (
    SELECT
        *,
        happened + 90 * 86_400_000_000 AS again_at,
        lag(opens) OVER spellwise AS was_open,
        lead(happened) OVER spellwise AS next_at,
        bool_or(opens) OVER (spellwise ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS was_started,
        lead(CASE WHEN cut > 0 THEN {happened: happened, id: id, cut: cut, spell: spell} END IGNORE NULLS)
            OVER spellwise AS next_cut
    FROM screened
    WHERE opens OR cut > 0
    WINDOW spellwise AS (PARTITION BY n, spell ORDER BY seq)
),
screened_again AS (
    SELECT
        s.*,
        s.cut > 0 AND s.may_open AND s.was_started AND s.again_at <= epoch_us($now)
        AND (s.next_at IS NULL OR s.again_at < s.next_at)
        AND (e.happened IS NULL OR s.again_at < e.happened) AS opens_again
    FROM screened_stepwise AS s
    LEFT JOIN spell_ends AS e ON e.n = s.n AND e.spell = s.spell + 1
),

instances AS (
    SELECT n, step, NULL AS subject, happened AS opened, id AS opened_by, false AS is_repeat, spell, next_cut
    FROM stepped
    WHERE opens AND (cut > 0 OR was_open IS NOT TRUE OR earlier_spell <> spell)
    UNION ALL
    SELECT n, step, subject, happened, id, false, spell, next_cut
    FROM stepped_by_referral
    WHERE opens AND (cut > 0 OR was_open IS NOT TRUE OR earlier_spell <> spell)
    UNION ALL
    SELECT n, step, NULL, CASE WHEN opens_again THEN again_at ELSE happened END, id, opens_again, spell, next_cut
    FROM (SELECT *, lag(opens_again) OVER (PARTITION BY n, spell ORDER BY seq) AS opened_again_before FROM screened_again)
    WHERE opens_again OR (opens AND was_open IS NOT TRUE AND opened_again_before IS NOT TRUE)
),
closed AS (
    SELECT
        i.n, i.step, i.subject, i.opened, i.opened_by, i.is_repeat,
        CASE WHEN i.next_cut.spell = i.spell THEN i.next_cut.happened ELSE e.happened END AS closed,
        CASE WHEN i.next_cut.spell = i.spell THEN i.next_cut.id ELSE e.id END AS closed_by,
        CASE WHEN i.next_cut.spell = i.spell THEN i.next_cut.cut WHEN e.happened IS NOT NULL THEN 3 END AS closed_as
    FROM instances AS i
    LEFT JOIN spell_ends AS e ON e.n = i.n AND e.spell = i.spell + 1
)
SELECT
    client, s.id AS step, subject,
    make_timestamptz(opened) AS opened_at,
    make_timestamptz(opened + hours * 3_600_000_000) AS due_at,
    make_timestamptz(opened + (hours + grace) * 3_600_000_000) AS late_after,
    make_timestamptz(closed) AS closed_at,
    CASE closed_as
        WHEN 1 THEN CASE WHEN closed > opened + (hours + grace) * 3_600_000_000 THEN 'late' ELSE 'met' END
        WHEN 2 THEN 'declined'
        WHEN 3 THEN 'void'
        ELSE CASE WHEN epoch_us($now) > opened + (hours + grace) * 3_600_000_000 THEN 'overdue' ELSE 'pending' END
    END AS state,
    is_repeat,
    opened_by::VARCHAR AS opened_by,
    closed_by::VARCHAR AS closed_by
FROM closed
JOIN steps AS s USING (step)
JOIN cases USING (n)
