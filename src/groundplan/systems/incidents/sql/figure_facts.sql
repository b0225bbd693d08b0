-- One row for each thing that counts towards a figure: unit, case, key of the figure, and whether it speaks for the unit.
-- The definitions stand in words in docs/incidents.md; queries/figures.py computes the same plainly, for comparison.
WITH lead AS (
    -- What a unit was asked to do: the lead task of the handling stage, not those of assisting or lower units.
    SELECT task.*
    FROM cases_task AS task
    JOIN cases_case AS kase ON kase.id = task.case_id
    WHERE kase.flow = %(flow)s AND task.kind = 'work' AND task.level = 0
      AND task.stage IN ('handle', 'territory') AND task.key IN ('', 'lead')
), standing AS (
    -- The unit that answers for a case: the last lead task that was not returned.
    SELECT DISTINCT ON (case_id) case_id, party_id, done_at, due_at
    FROM lead WHERE state NOT IN ('returned', 'cancelled')
    ORDER BY case_id, id DESC
), counted_once AS (
    SELECT lead.party_id AS unit, lead.case_id, f.key, f.hit
    FROM lead
    CROSS JOIN LATERAL (VALUES
        ('handled', lead.state = 'done'),
        ('handled_in_time', lead.state = 'done' AND lead.done_at <= lead.due_at),
        ('waiting_overdue', lead.state <> 'done' AND lead.due_at < %(now)s),
        ('extended', position('+' IN lead.limit_spans) > 0)
    ) AS f (key, hit)
    WHERE lead.due_at >= %(start)s AND lead.due_at < %(end)s AND lead.state IN ('offered', 'open', 'waiting', 'done')
    UNION ALL
    SELECT standing.party_id, kase.id, f.key, f.hit
    FROM cases_case AS kase
    JOIN standing ON standing.case_id = kase.id
    CROSS JOIN LATERAL (VALUES
        ('closed', kase.closed_at IS NOT NULL),
        ('closed_in_time', kase.closed_at IS NOT NULL AND kase.closed_at <= kase.due_at),
        ('reworked', coalesce(kase.data ->> 'rework', '') = 'true' OR kase.reopened > 0)
    ) AS f (key, hit)
    WHERE kase.flow = %(flow)s AND kase.state NOT IN ('cancelled', 'merged')
      AND kase.due_at >= %(start)s AND kase.due_at < %(end)s
    UNION ALL
    SELECT dispatcher.party_id, lead.case_id, 'dispatched_right', lead.state <> 'returned'
    FROM lead
    JOIN LATERAL (
        SELECT before.party_id FROM cases_task AS before
        WHERE before.case_id = lead.case_id AND before.stage IN ('dispatch', 'assign', 'accept')
          AND before.kind = 'work' AND before.done_at <= lead.opened_at
        ORDER BY before.done_at DESC, before.id DESC LIMIT 1
    ) AS dispatcher ON true
    WHERE lead.opened_at >= %(start)s AND lead.opened_at < %(end)s AND lead.state <> 'cancelled'
    UNION ALL
    SELECT task.party_id, task.case_id, CASE task.stage WHEN 'register' THEN 'filed_in_time' ELSE 'dispatched_in_time' END,
           task.state = 'done' AND task.done_at <= task.due_at
    FROM cases_task AS task
    JOIN cases_case AS kase ON kase.id = task.case_id
    WHERE kase.flow = %(flow)s AND task.kind = 'work' AND task.stage IN ('register', 'dispatch', 'assign')
      AND task.state IN ('open', 'done') AND task.due_at >= %(start)s AND task.due_at < %(end)s
    UNION ALL
    SELECT first.party_id, incident.case_id, 'valid',
           EXISTS (SELECT 1 FROM cases_task AS task WHERE task.case_id = incident.case_id
                   AND task.stage = 'register' AND task.outcome = 'file')
    FROM incidents_incident AS incident
    JOIN cases_case AS kase ON kase.id = incident.case_id
    JOIN LATERAL (
        SELECT task.party_id FROM cases_task AS task WHERE task.case_id = incident.case_id ORDER BY task.id LIMIT 1
    ) AS first ON true
    WHERE kase.flow = %(flow)s AND kase.flow = 'city-management'
      AND incident.received_at >= %(start)s AND incident.received_at < %(end)s
    UNION ALL
    SELECT standing.party_id, called.case_id, f.key, f.hit
    FROM cases_task AS called
    JOIN cases_case AS kase ON kase.id = called.case_id
    JOIN standing ON standing.case_id = called.case_id
    CROSS JOIN LATERAL (VALUES
        ('responded', standing.done_at IS NOT NULL AND (standing.due_at IS NULL OR standing.done_at <= standing.due_at)),
        ('solved', CASE WHEN called.outcome <> 'unreachable' THEN coalesce(kase.data ->> 'solved', '') = 'yes' END),
        ('satisfied', CASE WHEN called.outcome <> 'unreachable' THEN coalesce(kase.data ->> 'satisfied', '') IN ('yes', 'basic') END)
    ) AS f (key, hit)
    WHERE kase.flow = %(flow)s AND called.stage = 'callback' AND called.kind = 'work' AND called.state = 'done'
      AND called.done_at >= %(start)s AND called.done_at < %(end)s AND f.hit IS NOT NULL
    UNION ALL
    SELECT drawn.unit_id, drawn.about_id, 'audited', audit.outcome = 'passed'
    FROM incidents_drawn_case AS drawn
    JOIN cases_case AS audit ON audit.id = drawn.case_id
    JOIN cases_case AS kase ON kase.id = drawn.about_id
    WHERE kase.flow = %(flow)s AND drawn.unit_id IS NOT NULL AND audit.state = 'closed'
      AND audit.closed_at >= %(start)s AND audit.closed_at < %(end)s
), counted AS (
    -- Two equal facts of one case stay two.
    SELECT counted_once.*, row_number() OVER () AS number FROM counted_once
), judged AS (
    -- Upheld objections: an excluded case (剔除) counts in no figure of the unit, a contested figure (申诉) in its favour.
    SELECT counted.unit, counted.case_id, counted.key,
           CASE WHEN coalesce(bool_or(objection.indicator = counted.key), false)
                THEN counted.key <> ALL(%(less_is_better)s::text[]) ELSE counted.hit END AS hit,
           coalesce(bool_or(objection.kind = 'exclusion'), false) AS left_out
    FROM counted
    LEFT JOIN (
        SELECT made.about_id, made.unit_id, made.kind, made.indicator
        FROM incidents_objection AS made JOIN cases_case AS ruled ON ruled.id = made.case_id
        WHERE ruled.state = 'closed' AND ruled.outcome = 'upheld'
    ) AS objection ON objection.about_id = counted.case_id AND objection.unit_id = counted.unit
    GROUP BY counted.number, counted.unit, counted.case_id, counted.key, counted.hit
), facts AS (
    SELECT unit, case_id, key, hit FROM judged WHERE NOT left_out
)
