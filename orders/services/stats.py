"""Each contact's sums, recomputed from the rows whenever one of them changes: they cannot drift."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from contacts.services.acquisition import tell_first_purchases
from tenants.arrays import array_of
from tenants.models import Tenant

# Purpose: recompute the sums of some contacts over what counts (orders/models.py: Refund), in the tenant's
# currency. Parameters: tenant_id, contact_ids. Grain: one contact; minor units; a contact without orders has zeros.
# Returns contacts whose sums changed, with their first purchase.
REFRESH_STATS = """
INSERT INTO orders_contactstats AS s (
    tenant_id, contact_id, purchases, gross_minor, refunded_minor, first_purchase_at, last_purchase_at)
SELECT %(tenant_id)s, c.id, coalesce(o.purchases, 0), coalesce(o.gross_minor, 0),
       coalesce(f.refunded_minor, 0), o.first_at, o.last_at
FROM unnest(%(contact_ids)s::bigint[]) AS c(id)
LEFT JOIN LATERAL (
    SELECT count(*) AS purchases,
           least(coalesce(sum(o.base_amount_minor), 0), 9223372036854775807)::bigint AS gross_minor,
           min(o.paid_at) AS first_at, max(o.paid_at) AS last_at
    FROM orders_order o
    WHERE o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.contact_id = c.id AND o.status = 'paid'
      AND o.amount_minor > 0
) o ON true
LEFT JOIN LATERAL (
    SELECT least(coalesce(sum(f.base_amount_minor), 0), 9223372036854775807)::bigint AS refunded_minor
    FROM orders_refund f
    LEFT JOIN orders_order o ON o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.id = f.order_id
    WHERE f.tenant_id = (SELECT %(tenant_id)s::bigint) AND f.contact_id = c.id AND NOT f.is_superseded
      AND (f.order_id IS NULL OR o.status = 'paid')
) f ON true
ON CONFLICT (tenant_id, contact_id) DO UPDATE SET
    purchases = excluded.purchases, gross_minor = excluded.gross_minor,
    refunded_minor = excluded.refunded_minor, first_purchase_at = excluded.first_purchase_at,
    last_purchase_at = excluded.last_purchase_at
WHERE (s.purchases, s.gross_minor, s.refunded_minor, s.first_purchase_at, s.last_purchase_at)
      IS DISTINCT FROM (excluded.purchases, excluded.gross_minor, excluded.refunded_minor,
                        excluded.first_purchase_at, excluded.last_purchase_at)
RETURNING s.contact_id, s.first_purchase_at
"""


def refresh_stats(*, tenant: Tenant, contact_ids: Iterable[int], at: datetime) -> None:
    """Recompute these contacts' sums, first purchase and acquisition. Call it under the write lock."""
    ids = sorted(set(contact_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(REFRESH_STATS, {"tenant_id": tenant.pk, "contact_ids": array_of(ids)})
        firsts = dict(cursor.fetchall())
    tell_first_purchases(tenant=tenant, firsts=firsts, at=at)
