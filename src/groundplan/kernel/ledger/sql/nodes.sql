-- The stored hashes of some subtrees.
SELECT node.level, node.position, node.hash
FROM unnest(%s::int2[], %s::int8[]) AS wanted (level, position)
JOIN ledger_node AS node ON node.level = wanted.level AND node.position = wanted.position
