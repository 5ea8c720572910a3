"""The statements that change who is in a segment. Membership is diffed, never emptied and filled again.

What should be and what is are put together by one aggregation, not by a join: no wrong estimate (a segment that is new
to the statistics) can make it quadratic.
"""

# Who is in a segment now; parameters: tenant, segment. Columns: contact, its row.
_HELD_BY_ALL = """
        SELECT contact_id, ctid FROM segments_segmentmember
        WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s"""
# The same for the contacts asked about alone, each one probe of the primary key; parameter: asked (ids).
_HELD_BY_ASKED = """
        SELECT m.contact_id, m.ctid FROM unnest(%(asked)s::bigint[]) AS k(id)
        CROSS JOIN LATERAL (
            SELECT h.contact_id, h.ctid FROM segments_segmentmember h
            WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.segment_id = (SELECT %(segment)s::bigint)
              AND h.contact_id = k.id OFFSET 0) m"""

# Purpose: make the membership what a rule says, of all contacts or of those asked about, and note each that came or
# went. Parameters: the rule's own; tenant, segment, at, version, cause (of those that `asked` gives none); asked,
# causes, change_ids (same length: contacts, why each may have moved, its change row or null; each as the text of an
# array, which is planned many times faster than a list of constants); tells (whether to return ids).
# Returns one row: how many came, how many went, their contacts (null unless `tells`).
_FOLLOW_RULE = """
WITH moved AS MATERIALIZED (
    SELECT contact_id, bool_or(is_wanted) AS is_entry, max(place) AS place
    FROM (
        SELECT w.id AS contact_id, true AS is_wanted, NULL::tid AS place FROM ({rule}) AS w(id)
        UNION ALL
        SELECT h.contact_id, false, h.ctid FROM ({held}) AS h
    ) both_sides
    GROUP BY contact_id HAVING count(*) = 1
), gone AS (
    DELETE FROM segments_segmentmember
    WHERE tenant_id = %(tenant)s AND ctid = ANY(ARRAY(SELECT place FROM moved WHERE NOT is_entry))
), come AS (
    INSERT INTO segments_segmentmember (tenant_id, segment_id, contact_id, entered_at)
    SELECT %(tenant)s, %(segment)s, contact_id, %(at)s FROM moved WHERE is_entry ORDER BY contact_id
), noted AS (
    INSERT INTO segments_segmenttransition (
        tenant_id, segment_id, contact_id, is_entry, at, cause, change_id, version_number)
    SELECT %(tenant)s, %(segment)s, m.contact_id, m.is_entry, %(at)s, coalesce(k.cause, %(cause)s), k.change_id,
           %(version)s
    FROM moved m
    LEFT JOIN unnest(%(asked)s::bigint[], %(causes)s::text[], %(change_ids)s::bigint[])
        AS k(contact_id, cause, change_id) ON k.contact_id = m.contact_id
    ORDER BY m.contact_id
    RETURNING contact_id, is_entry
)
SELECT count(*) FILTER (WHERE is_entry), count(*) FILTER (WHERE NOT is_entry),
       CASE WHEN %(tells)s THEN array_agg(contact_id) END
FROM noted
"""


def follow_rule(rule: str, *, is_full: bool) -> str:
    """The statement that makes a membership follow a compiled rule, in full or for the contacts asked about."""
    return _FOLLOW_RULE.format(rule=rule, held=_HELD_BY_ALL if is_full else _HELD_BY_ASKED)


# Purpose: put contacts on a list, or take them off, and note each that moved. Parameters: tenant, segment, contacts
# (ids), at. Returns the contacts that moved.
PUT_ON_LIST = """
WITH come AS (
    INSERT INTO segments_segmentmember (tenant_id, segment_id, contact_id, entered_at)
    SELECT %(tenant)s, %(segment)s, c.id, %(at)s
    FROM (SELECT DISTINCT id FROM unnest(%(contacts)s::bigint[]) AS k(id) ORDER BY id) c
    ON CONFLICT DO NOTHING
    RETURNING contact_id
)
INSERT INTO segments_segmenttransition (tenant_id, segment_id, contact_id, is_entry, at, cause)
SELECT %(tenant)s, %(segment)s, contact_id, true, %(at)s, 'hand' FROM come ORDER BY contact_id
RETURNING contact_id
"""
TAKE_OFF_LIST = """
WITH gone AS (
    DELETE FROM segments_segmentmember
    WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s AND contact_id = ANY(%(contacts)s::bigint[])
    RETURNING contact_id
)
INSERT INTO segments_segmenttransition (tenant_id, segment_id, contact_id, is_entry, at, cause)
SELECT %(tenant)s, %(segment)s, contact_id, false, %(at)s, 'hand' FROM gone ORDER BY contact_id
RETURNING contact_id
"""
