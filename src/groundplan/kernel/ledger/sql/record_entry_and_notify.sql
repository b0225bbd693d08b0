-- The same, telling the sequencer when the transaction commits.
WITH added AS (
    INSERT INTO ledger_pending (entry_id, at, actor, action, subject, body) VALUES (%s, %s, %s, %s, %s, %s)
)
SELECT pg_notify('ledger_pending', '')
