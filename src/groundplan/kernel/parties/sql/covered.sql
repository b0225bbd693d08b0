-- Parties at or below the given ones on a day, along the relations that carry rights downwards.
WITH RECURSIVE covered(id) AS (
    SELECT unnest(%(above)s::bigint[])
    UNION
    SELECT relation.from_party_id
    FROM covered JOIN parties_relation AS relation ON relation.to_party_id = covered.id
    WHERE relation.kind = ANY(%(kinds)s)
      AND relation.valid_from <= %(day)s AND (relation.valid_until IS NULL OR relation.valid_until > %(day)s)
)
SELECT id FROM covered
