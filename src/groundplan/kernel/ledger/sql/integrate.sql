-- Moves committed entries into the log with the next free leaf indexes; rows of open transactions are not seen and
-- stay for a later batch, whatever their id. Runs under the sequencer's lock.
WITH taken AS (
    DELETE FROM ledger_pending
    WHERE id = ANY (ARRAY(SELECT id FROM ledger_pending ORDER BY id LIMIT %(batch)s))
    RETURNING id, entry_id, at, actor, action, subject, body
)
INSERT INTO ledger_entry (leaf_index, entry_id, at, actor, action, subject, body)
SELECT %(size)s + row_number() OVER (ORDER BY id) - 1, entry_id, at, actor, action, subject, body
FROM taken ORDER BY id
RETURNING leaf_index, body
