"""The statements of `services.orders`; rows to write come as one jsonb parameter, named parameters only.

How rows are found. The planner believes that a tenant whom its statistics do not know has one row, so with
`tenant_id = 7` any index that begins with the tenant looks as good as the right one, and all that the tenant
has is read for every key. Hence `tenant_id = (SELECT 7)`, whose value the planner cannot see; keys are looked
up one by one (`LATERAL … OFFSET 0`), rows are changed by `ctid`, values found by id in one jsonb object.
"""

# Purpose: what is held under some keys, locked by the tenant's write lock.
# Parameters: tenant_id, source_id, external_ids. Grain: one order.
READ_HELD = """
SELECT o.external_id, o.id, o.version_at, o.content_hash, o.contact_id, o.currency,
       coalesce(o.paid_at, o.version_at) AS dated_at,
       CASE WHEN NOT o.fx_given THEN o.fx_rate END AS table_rate,
       o.buyer::text, o.refunds_version_at, o.refunds_hash
FROM unnest(%(external_ids)s::text[]) AS k(external_id)
CROSS JOIN LATERAL (
    SELECT * FROM orders_order h
    WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.source_id = %(source_id)s
      AND h.external_id = k.external_id OFFSET 0) o
"""

# Purpose: write the newest version of each order. The guard stands here too, whatever the caller decided.
# Parameters: tenant_id, source_id, at, rows (columns as below; money in minor units). Grain: one order, keys
# sorted.
WRITE_ORDERS = """
INSERT INTO orders_order AS o (
    tenant_id, source_id, external_id, contact_id, wait_reason, status, paid_at, currency, amount_minor,
    discount_minor, shipping_minor, tax_minor, fx_rate, fx_given, base_amount_minor, buyer, attributes,
    version_at, content_hash, refunds_version_at, refunds_hash, created_at, updated_at)
SELECT %(tenant_id)s, %(source_id)s, r.external_id, r.contact_id, r.wait_reason, r.status, r.paid_at,
       r.currency, r.amount_minor, r.discount_minor, r.shipping_minor, r.tax_minor, r.fx_rate, r.fx_given,
       r.base_amount_minor, r.buyer, r.attributes, r.version_at, r.content_hash, r.refunds_version_at,
       r.refunds_hash, %(at)s, %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
    external_id text, contact_id bigint, wait_reason text, status text, paid_at timestamptz, currency text,
    amount_minor bigint, discount_minor bigint, shipping_minor bigint, tax_minor bigint, fx_rate numeric,
    fx_given boolean, base_amount_minor bigint, buyer jsonb, attributes jsonb, version_at timestamptz,
    content_hash text, refunds_version_at timestamptz, refunds_hash text)
ON CONFLICT (tenant_id, source_id, external_id) DO UPDATE SET
    contact_id = excluded.contact_id, wait_reason = excluded.wait_reason, status = excluded.status,
    paid_at = excluded.paid_at, currency = excluded.currency, amount_minor = excluded.amount_minor,
    discount_minor = excluded.discount_minor, shipping_minor = excluded.shipping_minor,
    tax_minor = excluded.tax_minor, fx_rate = excluded.fx_rate, fx_given = excluded.fx_given,
    base_amount_minor = excluded.base_amount_minor, buyer = excluded.buyer, attributes = excluded.attributes,
    version_at = excluded.version_at, content_hash = excluded.content_hash,
    refunds_version_at = excluded.refunds_version_at, refunds_hash = excluded.refunds_hash,
    updated_at = excluded.updated_at
WHERE (o.version_at, o.content_hash) < (excluded.version_at, excluded.content_hash)
RETURNING o.external_id, o.id
"""

# Purpose: note a newer refunds list on an order whose content stays.
# Parameters: tenant_id, at, order_ids, marks ({id: {at, hash}}). Grain: one order.
MARK_REFUNDS_LIST = """
WITH given AS (SELECT %(marks)s::jsonb AS marks)
UPDATE orders_order o
SET refunds_version_at = ((SELECT marks FROM given) -> o.id::text ->> 'at')::timestamptz,
    refunds_hash = (SELECT marks FROM given) -> o.id::text ->> 'hash', updated_at = %(at)s
WHERE o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(order_ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM orders_order h WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint)
          AND h.id = k.id OFFSET 0) h))
"""

# Purpose: drop the lines that an order has no more; where none is left over, the table is not looked through.
# Parameters: tenant_id; order_ids and kept (how many lines the newest version has), side by side.
DELETE_SURPLUS_ITEMS = """
WITH surplus AS MATERIALIZED (
    SELECT array_agg(h.ctid) AS places
    FROM unnest(%(order_ids)s::bigint[], %(kept)s::int[]) AS k(order_id, kept)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM orders_orderitem h
        WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.order_id = k.order_id
          AND h.position >= k.kept OFFSET 0) h)
DELETE FROM orders_orderitem i
WHERE (SELECT places FROM surplus) IS NOT NULL
  AND i.tenant_id = (SELECT %(tenant_id)s::bigint) AND i.ctid = ANY((SELECT places FROM surplus)::tid[])
"""

# Purpose: write the lines of orders, those of a newer version over the older one's. Parameters: tenant_id, rows.
# Grain: one line of one order.
WRITE_ITEMS = """
INSERT INTO orders_orderitem AS i (
    tenant_id, order_id, position, sku, name, category, quantity, unit_price_minor, amount_minor)
SELECT %(tenant_id)s, r.order_id, r.position, r.sku, r.name, r.category, r.quantity, r.unit_price_minor,
       r.amount_minor
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
    order_id bigint, position smallint, sku text, name text, category text, quantity numeric,
    unit_price_minor bigint, amount_minor bigint)
ON CONFLICT (tenant_id, order_id, position) DO UPDATE SET
    sku = excluded.sku, name = excluded.name, category = excluded.category, quantity = excluded.quantity,
    unit_price_minor = excluded.unit_price_minor, amount_minor = excluded.amount_minor
WHERE (i.sku, i.name, i.category, i.quantity, i.unit_price_minor, i.amount_minor)
      IS DISTINCT FROM (excluded.sku, excluded.name, excluded.category, excluded.quantity,
                        excluded.unit_price_minor, excluded.amount_minor)
"""

# Purpose: drop refunds that are no longer on their order's list. Parameters: tenant_id, order_ids (those with
# a newer list), kept ({order id: {external id of a refund that stays: anything}}).
DELETE_EMBEDDED_REFUNDS = """
DELETE FROM orders_refund f
WHERE f.tenant_id = (SELECT %(tenant_id)s::bigint) AND f.origin = 'order'
  AND f.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(order_ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM orders_refund h
        WHERE h.tenant_id = (SELECT %(tenant_id)s::bigint) AND h.order_id = k.id OFFSET 0) h))
  AND NOT coalesce(%(kept)s::jsonb -> f.order_id::text ? f.external_id, false)
"""

# Purpose: write the refunds of orders' lists; what they take from their order comes by `services.derived`.
# Parameters: tenant_id, source_id, at, rows. Grain: one refund of one order, in minor units of `currency`.
WRITE_EMBEDDED_REFUNDS = """
INSERT INTO orders_refund (
    tenant_id, source_id, origin, external_id, order_id, order_external_id, wait_reason, is_superseded, buyer,
    currency, amount_minor, refunded_at, version_at, content_hash, created_at, updated_at)
SELECT %(tenant_id)s, %(source_id)s, 'order', r.external_id, r.order_id, r.order_external_id, '', false, '{}',
       r.currency, r.amount_minor, r.refunded_at, r.version_at, r.content_hash, %(at)s, %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
    order_id bigint, order_external_id text, external_id text, currency text, amount_minor bigint,
    refunded_at timestamptz, version_at timestamptz, content_hash text)
ON CONFLICT (tenant_id, order_id, external_id) WHERE origin = 'order' DO UPDATE SET
    currency = excluded.currency, amount_minor = excluded.amount_minor, refunded_at = excluded.refunded_at,
    version_at = excluded.version_at, content_hash = excluded.content_hash, updated_at = excluded.updated_at
"""
