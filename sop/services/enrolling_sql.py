"""Statements that start runs. The tenant's number is hidden from the planner (docs/decisions/0008)."""

# Purpose: start a run for each entry that may have one, and plan all its touchpoints. Parameters: tenant; of each
# entry sop, version, contact, transition (null: taken along), entered_at, last_due_at, may_reenter; of each version,
# instant of entry and step: step, due_at, late_at. Grain: one run. Under the SOP turn, so that "has been through"
# cannot change meanwhile; who is inside already stays where she is (sop_enrollment_one_at_a_time). Her runs are found
# by her alone, lest an SOP's runs be read whole for each entry.
# Returns: the runs started: sop, version, contact.
ENROLL = """
WITH entries AS MATERIALIZED (
    SELECT * FROM unnest(
        %(sops)s::bigint[], %(versions)s::bigint[], %(contacts)s::bigint[], %(transitions)s::bigint[],
        %(entered)s::timestamptz[], %(last_dues)s::timestamptz[], %(reenters)s::boolean[])
        AS e(sop_id, version_id, contact_id, transition_id, entered_at, last_due_at, may_reenter)
), schedule AS MATERIALIZED (
    SELECT * FROM unnest(
        %(of_versions)s::bigint[], %(of_entries)s::timestamptz[], %(steps)s::bigint[],
        %(dues)s::timestamptz[], %(lates)s::timestamptz[])
        AS s(version_id, entered_at, step_id, due_at, late_at)
), enrolled AS (
    INSERT INTO sop_enrollment (tenant_id, sop_id, version_id, contact_id, transition_id, entered_at, state,
                                exit_reason, ended_at, last_due_at)
    SELECT %(tenant)s, e.sop_id, e.version_id, e.contact_id, e.transition_id, e.entered_at, 'active', '', NULL,
           e.last_due_at
    FROM entries e
    WHERE e.may_reenter OR (
        SELECT true FROM (
            SELECT o.sop_id FROM sop_enrollment o
            WHERE o.tenant_id = (SELECT %(tenant)s::bigint) AND o.contact_id = e.contact_id
            OFFSET 0) o
        WHERE o.sop_id = e.sop_id LIMIT 1) IS NULL
    ORDER BY e.transition_id, e.contact_id
    ON CONFLICT DO NOTHING
    RETURNING id, sop_id, version_id, contact_id, entered_at
), planned AS (
    INSERT INTO sop_touchpoint (tenant_id, sop_id, enrollment_id, step_id, contact_id, occurrence, state, reason,
                                due_at, run_at, late_at, fence, tries, provider_id, text)
    SELECT %(tenant)s, n.sop_id, n.id, s.step_id, n.contact_id, 0, 'planned', '',
           s.due_at, s.due_at, s.late_at, 0, 0, '', ''
    FROM enrolled n
    JOIN schedule s ON s.version_id = n.version_id AND s.entered_at = n.entered_at
    ORDER BY n.id, s.due_at
)
SELECT sop_id, version_id, contact_id FROM enrolled
"""
