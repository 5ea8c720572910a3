"""The statements of `services.refunds` and `services.derived`. For their shape see `orders_sql`."""

# Purpose: what orders' refunds depend on. Parameters: tenant_id, order_ids. Grain: one order.
READ_ORDERS = """
SELECT o.id, o.source_id, o.external_id, o.contact_id, o.wait_reason, o.currency, o.fx_rate
FROM unnest(%(order_ids)s::bigint[]) AS k(id)
CROSS JOIN LATERAL (
    SELECT * FROM orders_order h
    WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.id = k.id OFFSET 0) o
"""

# Purpose: the refunds on these orders' lists, and those that came alone and name one of them.
# Parameters: tenant_id; order_ids, source_ids and external_ids, side by side. Grain: one refund; money in
# minor units.
READ_REFUNDS = """
SELECT f.id, f.origin, f.source_id, f.external_id, f.order_id, f.order_external_id, f.contact_id,
       f.wait_reason, f.currency, f.amount_minor, f.base_amount_minor, f.is_superseded
FROM unnest(%(order_ids)s::bigint[], %(source_ids)s::bigint[], %(external_ids)s::text[])
    AS k(order_id, source_id, external_id)
CROSS JOIN LATERAL (
    SELECT * FROM orders_refund h
    WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.order_id = k.order_id AND h.origin = 'order'
    UNION ALL
    SELECT * FROM orders_refund h
    WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.source_id = k.source_id
      AND h.order_external_id = k.external_id AND h.order_external_id > '' AND h.origin = 'alone'
    OFFSET 0) f
"""

# Purpose: write what refunds take from their orders. Parameters: tenant_id, at, refund_ids,
# derived ({id: {order_id, contact_id, wait_reason, base_amount_minor, is_superseded}}). Grain: one refund.
WRITE_DERIVED = """
WITH given AS (SELECT %(derived)s::jsonb AS derived)
UPDATE orders_refund f
SET order_id = ((SELECT derived FROM given) -> f.id::text ->> 'order_id')::bigint,
    contact_id = ((SELECT derived FROM given) -> f.id::text ->> 'contact_id')::bigint,
    wait_reason = (SELECT derived FROM given) -> f.id::text ->> 'wait_reason',
    base_amount_minor = ((SELECT derived FROM given) -> f.id::text ->> 'base_amount_minor')::bigint,
    is_superseded = ((SELECT derived FROM given) -> f.id::text ->> 'is_superseded')::boolean,
    fx_rate = NULL, updated_at = %(at)s
WHERE f.tenant_id = (SELECT %(tenant_id)s::bigint) AND f.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(refund_ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM orders_refund h
        WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.id = k.id OFFSET 0) h))
"""

# Purpose: what is held under some keys, locked by the tenant's write lock.
# Parameters: tenant_id, source_id, external_ids. Grain: one refund that came alone.
READ_HELD = """
SELECT f.external_id, f.id, f.version_at, f.content_hash, f.contact_id, f.currency, f.refunded_at AS dated_at,
       f.fx_rate AS table_rate, f.buyer::text, f.order_external_id, f.order_id
FROM unnest(%(external_ids)s::text[]) AS k(external_id)
CROSS JOIN LATERAL (
    SELECT * FROM orders_refund h
    WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.source_id = %(source_id)s
      AND h.external_id = k.external_id AND h.origin = 'alone' OFFSET 0) f
"""

# Purpose: the orders that refunds name. Parameters: tenant_id, source_id, external_ids. Grain: one order.
READ_NAMED_ORDERS = """
SELECT o.id, o.contact_id
FROM unnest(%(external_ids)s::text[]) AS k(external_id)
CROSS JOIN LATERAL (
    SELECT * FROM orders_order h
    WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.source_id = %(source_id)s
      AND h.external_id = k.external_id OFFSET 0) o
"""

# Purpose: write the newest version of each refund that came alone; one that names an order waits for it until
# `services.derived` finds it. Parameters: tenant_id, source_id, at, rows. Grain: one refund, keys sorted.
WRITE_REFUNDS = """
INSERT INTO orders_refund AS f (
    tenant_id, source_id, origin, external_id, order_external_id, contact_id, wait_reason, is_superseded,
    buyer, currency, amount_minor, base_amount_minor, fx_rate, refunded_at, version_at, content_hash,
    created_at, updated_at)
SELECT %(tenant_id)s, %(source_id)s, 'alone', r.external_id, r.order_external_id, r.contact_id,
       r.wait_reason, false, r.buyer, r.currency, r.amount_minor, r.base_amount_minor, r.fx_rate, r.refunded_at,
       r.version_at, r.content_hash, %(at)s, %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
    external_id text, order_external_id text, contact_id bigint, wait_reason text, buyer jsonb, currency text,
    amount_minor bigint, base_amount_minor bigint, fx_rate numeric, refunded_at timestamptz,
    version_at timestamptz, content_hash text)
ON CONFLICT (tenant_id, source_id, external_id) WHERE origin = 'alone' DO UPDATE SET
    order_external_id = excluded.order_external_id, order_id = NULL, contact_id = excluded.contact_id,
    wait_reason = excluded.wait_reason, buyer = excluded.buyer, currency = excluded.currency,
    amount_minor = excluded.amount_minor, base_amount_minor = excluded.base_amount_minor,
    fx_rate = excluded.fx_rate, refunded_at = excluded.refunded_at, version_at = excluded.version_at,
    content_hash = excluded.content_hash, updated_at = excluded.updated_at
WHERE (f.version_at, f.content_hash) < (excluded.version_at, excluded.content_hash)
RETURNING f.external_id, f.id
"""
