-- What survivors allow anybody to have, at this moment: what `rules.consent.decide` permits under a grant, for all clients
-- at once. The law's cell decides for the holder's regime; a restriction beats every grant; a grant must carry what the law
-- asks for, which it does in an approved language only; a minor's counts while whoever signed with them stands, or from the
-- age at which the law lets the minor decide alone; any grant includes that the person exists. What the law permits without
-- a grant opens no record.
-- Stands as `:standing` in the functions of `context.sql`, which alone may read it.
SELECT one.client_id, one.data_class, one.grant_id, one.recipient_id, one.purpose
  FROM (SELECT g.client_id, unnest(allowed.classes) AS data_class, g.id AS grant_id, g.recipient_id, g.purpose,
               recipient.kind AS recipient_kind, talk.representation_id
          FROM protect_grant g
          JOIN people_agency recipient ON recipient.id = g.recipient_id
          JOIN people_agency holder ON holder.id = g.agency_id
         -- The talks that ask for more: those with a minor. Every permission has its talk; the others need not be read.
          LEFT JOIN protect_consenttalk talk
            ON talk.id = g.talk_id AND (talk.age IS NOT NULL OR talk.representation_id IS NOT NULL)
         -- Alike for all grants of one form, purpose and choice of classes: the planner remembers it.
         CROSS JOIN LATERAL (
               SELECT array_agg(law.data_class) AS classes
                 FROM protect_lawcell law
                WHERE law.regime = holder.regime AND law.recipient_kind = recipient.kind AND law.purpose = g.purpose
                  AND (law.data_class = ANY (g.data_classes)
                       OR law.data_class = 'existence' AND g.data_classes <> '{}')
                  AND (law.outcome = 'permitted' OR law.outcome = 'needs_authorisation'
                       AND law.elements <@ coalesce((SELECT f.elements FROM protect_lawform f
                                                      WHERE f.form = g.form_version AND f.method = g.method
                                                        AND f.language = g.language), '{}'))
               ) AS allowed
         WHERE g.starts_at <= clock_timestamp() AND g.ends_at > clock_timestamp()
           AND NOT EXISTS (SELECT FROM protect_withdrawal w WHERE w.grant_id = g.id)
           AND (talk.age IS NULL OR talk.representation_id IS NOT NULL OR talk.age >= (
               SELECT alone.from_age FROM protect_lawalone alone
                WHERE alone.regime = holder.regime AND alone.recipient_kind = recipient.kind
                  AND alone.purpose = g.purpose))
       ) AS one
       -- What whoever signed with a minor may sign about; nothing when they no longer stand, or never did.
  LEFT JOIN (SELECT r.id, r.client_id, r.data_classes AS classes
               FROM protect_representation r
               JOIN protect_representationdecision d ON d.representation_id = r.id
              WHERE d.allowed AND d.decided_at <= clock_timestamp() AND r.ends_at > clock_timestamp()
                AND NOT EXISTS (SELECT FROM protect_representationend e WHERE e.representation_id = r.id)
                -- A flag ends for good what was proposed before it was lifted.
                AND NOT EXISTS (SELECT FROM protect_controllerflag f
                                 WHERE f.person_id = r.person_id
                                   AND NOT EXISTS (SELECT FROM protect_controllerflaglift l
                                                     JOIN protect_controllerflagliftdecision ld ON ld.lift_id = l.id
                                                    WHERE l.flag_id = f.id AND ld.lifted
                                                      AND ld.decided_at <= r.proposed_at))
            ) AS signed ON signed.id = one.representation_id AND signed.client_id = one.client_id
       -- What they said may never be shared: only what meets none of it stands. As `NOT EXISTS` the planner would lay out all
       -- permissions to ask the few restrictions. (The clock is asked inside, so that it may compare all at once.)
  LEFT JOIN (SELECT true AS said, r.client_id, r.recipient_id, r.purpose, r.data_classes
               FROM protect_restriction r
              WHERE r.starts_at <= clock_timestamp()
                AND NOT EXISTS (SELECT FROM protect_restrictionlift l WHERE l.restriction_id = r.id)
            ) AS no ON no.client_id = one.client_id
                   AND (no.recipient_id = one.recipient_id
                        OR no.recipient_id IS NULL AND one.recipient_kind <> 'centre')
                   AND (no.purpose = '' OR no.purpose = one.purpose)
                   AND (no.data_classes IS NULL OR one.data_class = ANY (no.data_classes))
 WHERE (one.representation_id IS NULL OR one.data_class = ANY (signed.classes)
        OR one.data_class = 'existence' AND signed.classes <> '{}')
   AND no.said IS NOT TRUE
