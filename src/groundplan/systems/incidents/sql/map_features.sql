-- Incidents of a viewport that a reader may see, joined by cells of the screen; a cell with one incident shows it.
WITH seen AS (
    SELECT incident.longitude, incident.latitude, kase.public_id, kase.number, kase.title, kase.flow,
           CASE WHEN kase.state IN ('open', 'suspended') AND (kase.overdue OR (kase.state = 'open' AND kase.due_at < %(now)s)) THEN 'overdue'
                WHEN kase.state IN ('open', 'suspended') THEN 'active'
                ELSE 'closed' END AS state
    FROM incidents_incident AS incident
    JOIN cases_case AS kase ON kase.id = incident.case_id
    WHERE incident.longitude BETWEEN %(west)s AND %(east)s
      AND incident.latitude BETWEEN %(south)s AND %(north)s
      AND kase.state <> 'merged'
      AND (%(flow)s = '' OR kase.flow = %(flow)s)
      AND (%(since)s::timestamptz IS NULL OR incident.reported_at >= %(since)s)
      AND (%(everything)s OR EXISTS (
            SELECT 1 FROM cases_involvement AS involved
            WHERE involved.case_id = kase.id AND involved.party_id = ANY(%(parties)s::bigint[])))
), wanted AS (
    SELECT * FROM seen
    WHERE %(state)s = 'all' OR seen.state = %(state)s OR (%(state)s = 'active' AND seen.state = 'overdue')
), cells AS (
    SELECT floor(longitude / %(cell)s) AS x, floor(latitude / %(cell)s) AS y,
           CASE WHEN %(singles)s AND (SELECT count(*) FROM wanted) <= %(most)s THEN public_id END AS single,
           avg(longitude) AS lon, avg(latitude) AS lat, count(*) AS count,
           count(*) FILTER (WHERE state = 'overdue') AS overdue,
           min(public_id::text) AS public_id, min(number) AS number, min(title) AS title, min(state) AS state, min(flow) AS flow
    FROM wanted
    GROUP BY 1, 2, 3
)
SELECT lon, lat, count, overdue,
       CASE WHEN count = 1 THEN public_id END, CASE WHEN count = 1 THEN number END,
       CASE WHEN count = 1 THEN title END, CASE WHEN count = 1 THEN state END, CASE WHEN count = 1 THEN flow END
FROM cells
ORDER BY overdue DESC, count DESC, public_id
LIMIT %(most)s
