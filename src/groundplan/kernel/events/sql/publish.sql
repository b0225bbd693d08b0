-- One event on its way into the event log, in the writer's own transaction.
INSERT INTO events_outgoing (event_id, type, subject, at, actor, audience, data) VALUES (%s, %s, %s, %s, %s, %s, %s)
