-- The best entries for the words of a query, in one statement. Of the words as typed and of their sounds and letters the
-- rarest are read, each from its heaviest postings, at most so many, from the index alone. If an entry has all that was
-- typed, sounds and letters only rank; otherwise they find as well. An entry needs half of what the best one covers.
WITH typed AS MATERIALIZED (
    SELECT w.id, w.entries, t.plain, t.times * ln(1 + %(many)s::float8 / w.entries) AS weight
    FROM unnest(%(texts)s::text[], %(times)s::float8[], %(plain)s::bool[]) AS t(text, times, plain)
    JOIN catalogue_word AS w ON w.text = t.text AND w.entries > 0
), ranked AS (
    SELECT *, row_number() OVER rarest AS place, sum(least(entries, %(most)s)) OVER rarest AS reading
    FROM typed WINDOW rarest AS (PARTITION BY plain ORDER BY entries, id ROWS UNBOUNDED PRECEDING)
), chosen AS MATERIALIZED (
    SELECT * FROM ranked WHERE place = 1 OR (reading <= %(budget)s AND place <= %(words)s)
), met AS MATERIALIZED (
    SELECT p.entry_id, sum(p.weight * chosen.weight) AS score, sum(chosen.weight) AS cover,
        coalesce(sum(chosen.weight) FILTER (WHERE chosen.plain), 0) AS exact
    FROM chosen
    CROSS JOIN LATERAL (
        SELECT entry_id, weight FROM catalogue_posting
        WHERE word_id = chosen.id ORDER BY weight DESC, entry_id DESC LIMIT %(most)s
    ) AS p
    GROUP BY p.entry_id
), bounds AS MATERIALIZED (
    SELECT max(cover) AS cover, max(exact) AS exact, (SELECT count(*) FROM typed WHERE plain) = %(wanted)s
        AND max(exact) >= 0.999 * (SELECT sum(weight) FROM chosen WHERE plain) AS whole
    FROM met
), fit AS MATERIALIZED (
    SELECT met.entry_id, met.score FROM met, bounds
    WHERE CASE WHEN bounds.whole THEN met.exact >= 0.5 * bounds.exact ELSE met.cover >= 0.5 * bounds.cover END
)
SELECT best.entry_id, e.public_id, e.identifier, e.title, best.score, (SELECT count(*) FROM fit),
    (SELECT max(entries) FROM chosen WHERE plain HAVING count(*) = 1)
FROM (SELECT * FROM fit ORDER BY score DESC, entry_id DESC LIMIT %(size)s) AS best
JOIN catalogue_entry AS e ON e.id = best.entry_id
