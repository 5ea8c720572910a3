"""Statements that find runs that end. The tenant's number is hidden from the planner (docs/decisions/0008), and a run's
state is asked only after it was found by its key: an index of active rows alone would be read whole for each key.
"""

# Purpose: whose run ends because the segment that its version watches was left after she had entered it. Of who was
# taken along the entry is not known: the instants say it, or that she is not there now. Parameters: tenant; of each
# exit contact, segment, transition, instant. Returns: ids of runs.
FIND_LEFT = """
SELECT DISTINCT e.id
FROM unnest(%(contacts)s::bigint[], %(segments)s::bigint[], %(transitions)s::bigint[], %(instants)s::timestamptz[])
    AS g(contact_id, segment_id, transition_id, at)
CROSS JOIN LATERAL (
    SELECT e.id, e.state, e.version_id, e.transition_id, e.entered_at FROM sop_enrollment e
    WHERE e.tenant_id = (SELECT %(tenant)s::bigint) AND e.contact_id = g.contact_id
    OFFSET 0) e
JOIN sop_sopversion v ON v.tenant_id = (SELECT %(tenant)s::bigint) AND v.id = e.version_id
WHERE e.state = 'active' AND v.exits_on_leaving AND v.segment_id = g.segment_id
  AND CASE WHEN e.transition_id IS NOT NULL THEN e.transition_id < g.transition_id
      ELSE e.entered_at <= g.at OR (
          SELECT true FROM segments_segmentmember m
          WHERE m.tenant_id = (SELECT %(tenant)s::bigint) AND m.segment_id = g.segment_id
            AND m.contact_id = g.contact_id) IS NULL END
"""

# Purpose: whose run ends because she has paid an order since she entered. Parameters: tenant, contacts. Returns: ids of
# runs.
FIND_ORDERED = """
SELECT e.id
FROM unnest(%(contacts)s::bigint[]) AS c(id)
CROSS JOIN LATERAL (
    SELECT s.last_purchase_at FROM orders_contactstats s
    WHERE s.tenant_id = (SELECT %(tenant)s::bigint) AND s.contact_id = c.id OFFSET 0) s
CROSS JOIN LATERAL (
    SELECT e.id, e.state, e.version_id, e.entered_at FROM sop_enrollment e
    WHERE e.tenant_id = (SELECT %(tenant)s::bigint) AND e.contact_id = c.id AND s.last_purchase_at IS NOT NULL
    OFFSET 0) e
JOIN sop_sopversion v ON v.tenant_id = (SELECT %(tenant)s::bigint) AND v.id = e.version_id
WHERE e.state = 'active' AND v.exits_on_order AND s.last_purchase_at > e.entered_at
"""

# Purpose: whose run is complete: its last touchpoint was due, and none is open. Parameters: tenant, sops, at, at_most
# to look at per SOP, those first that were due first. Returns: ids of runs.
FIND_COMPLETE = """
WITH due AS MATERIALIZED (
    SELECT e.id FROM unnest(%(sops)s::bigint[]) AS s(id)
    CROSS JOIN LATERAL (
        SELECT e.id FROM sop_enrollment e
        WHERE e.tenant_id = (SELECT %(tenant)s::bigint) AND e.sop_id = s.id AND e.state = 'active'
          AND e.last_due_at <= %(at)s
        ORDER BY e.last_due_at LIMIT %(at_most)s) e
)
SELECT d.id FROM due d
WHERE (
    SELECT true FROM sop_touchpoint t
    WHERE t.tenant_id = (SELECT %(tenant)s::bigint) AND t.enrollment_id = d.id
      AND t.state IN ('planned', 'claimed', 'unknown')
    LIMIT 1) IS NULL
"""
