-- One entry on its way into the log, in the writer's own transaction.
INSERT INTO ledger_pending (entry_id, at, actor, action, subject, body) VALUES (%s, %s, %s, %s, %s, %s)
