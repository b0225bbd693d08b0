-- Where an entry with this leaf hash stands now, if anywhere; reads the whole log, only to name a fault.
SELECT leaf_index FROM ledger_entry WHERE sha256('\x00'::bytea || body) = %s ORDER BY leaf_index LIMIT 1
