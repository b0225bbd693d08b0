-- The stored hashes of ranges of subtrees, one range a level.
SELECT node.level, node.position, node.hash
FROM unnest(%s::int2[], %s::int8[], %s::int8[]) AS wanted (level, first, past)
JOIN ledger_node AS node
    ON node.level = wanted.level AND node.position >= wanted.first AND node.position < wanted.past
