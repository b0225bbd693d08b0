-- An entry beside the latest signed head and its public key: what an inclusion proof needs before its hashes.
SELECT entry.leaf_index, entry.body, head.size, head.root, head.body, head.signature, key.public_key
FROM ledger_entry AS entry
LEFT JOIN (SELECT * FROM ledger_head ORDER BY number DESC LIMIT 1) AS head ON TRUE
LEFT JOIN ledger_key AS key ON key.key_id = head.key_id
WHERE entry.entry_id = %s
