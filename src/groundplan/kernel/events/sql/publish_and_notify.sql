-- The same, telling the dispatcher when the transaction commits.
WITH added AS (
    INSERT INTO events_outgoing (event_id, type, subject, at, actor, audience, data) VALUES (%s, %s, %s, %s, %s, %s, %s)
)
SELECT pg_notify('events_outgoing', '')
