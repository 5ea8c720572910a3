"""The statements of `services.attach`; named parameters only, no joins (see refunds_sql)."""

# Purpose: contacts with news that may free a waiting order. Parameters: tenant_id, after_id, most. One row:
# the last change read, null if none, and the contacts.
NEWS = """
SELECT max(n.id), array_agg(DISTINCT n.contact_id)
FROM (
    SELECT c.id, c.contact_id FROM contacts_change c
    WHERE c.tenant_id = (SELECT %(tenant_id)s::bigint) AND c.id > %(after_id)s AND c.reason = 'identity'
    ORDER BY c.id LIMIT %(most)s
) n
"""

# Purpose: who waits to be matched at all. Parameters: tenant_id. One boolean.
SOMEBODY_WAITS = """
SELECT EXISTS (
    SELECT FROM orders_order o
    WHERE o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.contact_id IS NULL
      AND o.wait_reason IN ('no_match', 'ambiguous')
) OR EXISTS (
    SELECT FROM orders_refund f
    WHERE f.tenant_id = (SELECT %(tenant_id)s::bigint) AND f.contact_id IS NULL
      AND f.wait_reason IN ('no_match', 'ambiguous')
      AND f.order_external_id = ''
)
"""

# Purpose: all names of some contacts. Parameters: tenant_id, contact_ids. Grain: one identity, as `kind` TAB
# `value`.
NAMES = """
SELECT i.kind || E'\\t' || i.value
FROM unnest(%(contact_ids)s::bigint[]) AS k(id)
CROSS JOIN LATERAL (
    SELECT * FROM contacts_identity h WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint)
      AND h.contact_id = k.id OFFSET 0) i
"""

# Purpose: orders, or refunds that name no order, that wait for somebody of these names.
# Parameters: tenant_id, names. Columns: id, buyer. Grain: one order or refund, oldest first.
CONCERNED_ORDERS = """
SELECT o.id, o.buyer::text FROM orders_order o
WHERE o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.contact_id IS NULL
  AND o.wait_reason IN ('no_match', 'ambiguous')
  AND EXISTS (
    SELECT FROM jsonb_each_text(o.buyer -> 'identities') b WHERE b.key || E'\\t' || b.value = ANY(%(names)s))
ORDER BY o.id
"""
CONCERNED_REFUNDS = """
SELECT f.id, f.buyer::text FROM orders_refund f
WHERE f.tenant_id = (SELECT %(tenant_id)s::bigint) AND f.contact_id IS NULL
  AND f.wait_reason IN ('no_match', 'ambiguous')
  AND f.order_external_id = ''
  AND EXISTS (
    SELECT FROM jsonb_each_text(f.buyer -> 'identities') b WHERE b.key || E'\\t' || b.value = ANY(%(names)s))
ORDER BY f.id
"""

# Purpose: give waiting orders, or refunds, what matching found. Parameters: tenant_id, at, ids,
# found ({id: {contact_id, wait_reason}}). Grain: one of them.
ATTACH_ORDERS = """
WITH given AS (SELECT %(found)s::jsonb AS found)
UPDATE orders_order o
SET contact_id = ((SELECT found FROM given) -> o.id::text ->> 'contact_id')::bigint,
    wait_reason = (SELECT found FROM given) -> o.id::text ->> 'wait_reason', updated_at = %(at)s
WHERE o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.contact_id IS NULL AND o.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM orders_order h WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint)
          AND h.id = k.id OFFSET 0) h))
"""
ATTACH_REFUNDS = """
WITH given AS (SELECT %(found)s::jsonb AS found)
UPDATE orders_refund f
SET contact_id = ((SELECT found FROM given) -> f.id::text ->> 'contact_id')::bigint,
    wait_reason = (SELECT found FROM given) -> f.id::text ->> 'wait_reason', updated_at = %(at)s
WHERE f.tenant_id = (SELECT %(tenant_id)s::bigint) AND f.contact_id IS NULL AND f.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM orders_refund h WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint)
          AND h.id = k.id OFFSET 0) h))
"""
