-- Gives committed events the next positions; rows of open transactions are not seen and stay for a later batch.
-- Runs under the dispatcher's lock.
WITH taken AS (
    DELETE FROM events_outgoing
    WHERE id = ANY (ARRAY(SELECT id FROM events_outgoing ORDER BY id LIMIT %(batch)s))
    RETURNING id, event_id, type, subject, at, actor, audience, data
)
INSERT INTO events_event (position, event_id, type, subject, at, actor, audience, data)
SELECT %(last)s + row_number() OVER (ORDER BY id), event_id, type, subject, at, actor, audience, data
FROM taken ORDER BY id
